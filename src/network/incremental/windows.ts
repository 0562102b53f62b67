import { checked } from "../../gpu/device.ts";
import { InputError } from "../../gpu/errors.ts";
import { type Command, sequence } from "../../gpu/kernel.ts";
import { all, type Own } from "../../gpu/scope.ts";
import { createTensor, type Shape, sizeOf, type Tensor } from "../../gpu/tensor.ts";
import type { Layer } from "../../graph/graph.ts";
import {
  createSpread,
  createWindowFill,
  createWindowGlobalPool,
  createWorklist,
} from "../../kernels/window-sweep.ts";
import type { Tensors } from "../../layers/op.ts";
import type { Windowed, WindowLayout, WindowLists } from "../../layers/window.ts";
import { isView } from "../memory-plan.ts";
import { createForward } from "../stages.ts";
import { createWindowCommand } from "./ops.ts";
import type { WindowPlan } from "./plan.ts";

/** A sweep on the device: the clean image once, then chunk after chunk of what its patches change. */
export interface Windows {
  /** `[1, H, W, C]`: write the preprocessed image here. */
  readonly image: Tensor;
  /** A target's layer for the clean image, [1, …]. */
  clean(target: string): Tensor;
  /** A target's layer for the patches of a chunk, [patches, …]. */
  changed(target: string): Tensor;
  /** Covers the image and computes the clean one. */
  readonly start: Command;
  /** Computes the next chunk. */
  readonly step: Command;
}

/** A sweep runs forward only: nothing is saved for a backward pass. */
const saved: ReadonlyMap<string, Tensors> = new Map();

/** What a sweep borrows from its caller. */
interface Site {
  /** `[C]`: the colour that covers the image. */
  readonly fill: Tensor;
  /** One u32: the number of the next covered image, from 1; whoever reads `changed` moves it on. */
  readonly position: Tensor;
  /** Every layer's weights, as the network holds them. */
  readonly constants: ReadonlyMap<string, Tensors>;
}

/**
 * Puts a planned sweep on a device: allocates every buffer, compiles every pipeline. All that it makes
 * it hands to `own`, also before it fails.
 */
export async function createWindows(
  device: GPUDevice,
  plan: WindowPlan,
  { fill, position, constants }: Site,
  own: Own,
): Promise<Windows> {
  const owned = (made: Promise<Command>): Promise<Command> => made.then(own);
  const buffers = await checked(device, "occlusion", () => allocate(device, plan, own));
  const { clean, windows, lists, tables, batch } = buffers;
  const [input] = plan.layers;
  const covered = input && windows.get(input.name);
  if (!input || !covered) throw new InputError("occlusion: expected an input layer, got none");

  const cleanCommands = all(
    plan.layers.map((layer) => owned(createForward(device, layer, { activations: clean, constants, saved }))),
  );
  const widest = Math.max(...[...plan.windowed.values()].map(({ items }) => items));
  const [cover, worklist, before, computed] = await all([
    owned(createWindowFill(device, fill, covered)),
    owned(createWorklist(device, lists, { tables, position, items: widest })),
    cleanCommands,
    all(spreads(plan).map((task) => createLayer(device, task, { ...buffers, constants }, own))),
  ]);
  return {
    image: tensorOf(clean, input.name),
    clean: (target) => tensorOf(clean, target),
    changed: (target) => tensorOf(batch, target),
    start: sequence([cover, ...before]),
    step: sequence([worklist, ...computed]),
  };
}

interface SweepBuffers {
  /** Every layer for the clean image. */
  readonly clean: ReadonlyMap<string, Tensor>;
  readonly windows: ReadonlyMap<string, Windowed>;
  /** Layers for a chunk as a batch: those that run in full, and those that they read. */
  readonly batch: ReadonlyMap<string, Tensor>;
  readonly lists: WindowLists;
  readonly tables: Tensor;
}

function allocate(device: GPUDevice, plan: WindowPlan, own: Own): SweepBuffers {
  const { layers, shapes, windowed, patches, layouts } = plan;
  const tensor = (shape: Shape, label: string, options: Parameters<typeof createTensor>[2] = {}): Tensor => {
    const made = createTensor(device, shape, { ...options, label: `occlusion ${label}` });
    own(made.buffer);
    return made;
  };
  const shapeOf = (name: string): Shape => shapes.get(name) ?? [];
  const clean = new Map<string, Tensor>();
  const windows = new Map<string, Windowed>();
  for (const layer of layers) {
    const { name } = layer;
    const shape = shapeOf(name);
    const layout = windowed.get(name);
    const [source = ""] = layer.inputs;
    const viewed = isView(layer) ? clean.get(source) : undefined;
    const elements = sizeOf(shape) + (layout?.items ?? 0) * (shape[3] ?? 1);
    const { buffer, dtype } = viewed ?? tensor([elements], name);
    clean.set(name, { buffer, dtype, shape });
    if (layout) windows.set(name, windowedOf(buffer, shape, layout));
  }
  const rects = tensor([layouts, patches + 1, 4], "rectangles", { dtype: "u32" });
  const work = tensor([Math.max(1, plan.entries), 2], "work list", { dtype: "u32" });
  const tables = tensor([plan.tables.length], "tables", { dtype: "u32", data: plan.tables });
  return {
    clean,
    windows,
    tables,
    lists: { layouts, patches, rects, work },
    batch: allocateBatch(plan, tensor),
  };
}

function windowedOf(buffer: GPUBuffer, shape: Shape, layout: WindowLayout): Windowed {
  const [, height = 1, width = 1, channels = 1] = shape;
  return { buffer, shape: [1, height, width, channels], layout };
}

/** Tensors for the layers that run on a chunk as a batch, where the plan has them. */
function allocateBatch(
  { shapes, patches, batch }: WindowPlan,
  tensor: (shape: Shape, label: string) => Tensor,
): ReadonlyMap<string, Tensor> {
  const slots = batch.sizes.map((size, slot) => tensor([patches * size], `batch ${slot}`));
  const found = new Map<string, Tensor>();
  for (const [name, shape] of shapes) {
    const slot = slots[batch.slotOf.get(name) ?? -1];
    if (slot) found.set(name, { ...slot, shape: [patches, ...shape.slice(1)] });
  }
  return found;
}

/** What computes a layer for a chunk: its windows, or the batch of it, for which windows that it reads are laid out whole. */
async function createLayer(
  device: GPUDevice,
  { layer, whole }: { readonly layer: Layer; readonly whole: readonly string[] },
  { clean, windows, batch, constants, lists }: SweepBuffers & Pick<Site, "constants">,
  own: Own,
): Promise<Command> {
  const { name } = layer;
  const owned = (made: Promise<Command>): Promise<Command> => made.then(own);
  const compute = async (): Promise<Command> => {
    const y = windows.get(name);
    if (y) {
      const x = layer.inputs.map((input) => windows.get(input)).filter((found) => found !== undefined);
      return createWindowCommand(device, { layer, x, y, constants: constants.get(name) ?? {}, lists });
    }
    const pooled = layer.op === "globalPool" ? windows.get(layer.inputs[0] ?? "") : undefined;
    if (layer.op === "globalPool" && pooled) {
      const { mode } = layer;
      const site = { label: name, mode, x: pooled, clean: tensorOf(clean, name), y: tensorOf(batch, name) };
      return createWindowGlobalPool(device, lists, site);
    }
    return createForward(device, layer, { activations: batch, constants, saved });
  };
  const spread = whole.map((source): Promise<Command> => {
    const x = windows.get(source);
    if (!x) throw new InputError(`layer "${source}": expected it to run in windows`);
    return owned(createSpread(device, lists, { label: source, x, y: tensorOf(batch, source) }));
  });
  const [before, command] = await all([all(spread), owned(compute())]);
  return sequence(layer.name === whole[0] ? [command, ...before] : [...before, command]);
}

/** Which windows each layer, in order, needs laid out whole, where no layer before it did. */
function spreads({ layers, windowed, targets }: WindowPlan): { layer: Layer; whole: readonly string[] }[] {
  const done = new Set<string>();
  return layers.map((layer) => {
    const reads = windowed.has(layer.name) || layer.op === "globalPool" ? [] : layer.inputs;
    const asked = targets.includes(layer.name) ? [layer.name] : [];
    const whole = [...new Set([...reads, ...asked])].filter((name) => windowed.has(name) && !done.has(name));
    for (const name of whole) done.add(name);
    return { layer, whole };
  });
}

function tensorOf(tensors: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const tensor = tensors.get(name);
  if (!tensor) throw new InputError(`layer "${name}": expected it to be allocated`);
  return tensor;
}
