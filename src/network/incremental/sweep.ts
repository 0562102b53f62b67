import { type Command, NOTHING, sequence } from "../../gpu/command.ts";
import { checked } from "../../gpu/device.ts";
import { InputError, UnsupportedError } from "../../gpu/errors.ts";
import { all, type Own } from "../../gpu/scope.ts";
import { createTensor, type Shape, sizeOf, type Tensor } from "../../gpu/tensor.ts";
import type { Layer } from "../../graph/graph.ts";
import { createRectangleFill, createWholeLayers, createWorklist } from "../../kernels/dirty-rectangles.ts";
import type { DirtyRectangles, PartialLayer, RectangleLayout } from "../../layers/incremental.ts";
import type { IncrementalSite, Tensors } from "../../layers/op.ts";
import { opOf } from "../../layers/ops.ts";
import { channelAxesOf, extentOf } from "../../layers/sight.ts";
import { isView } from "../memory-plan.ts";
import { createForward } from "../stages.ts";
import { gathers, type IncrementalPlan } from "./plan.ts";

/** A sweep on the device: the clean image once, then chunk after chunk of what its patches change. */
export interface IncrementalSweep {
  /** `[1, H, W, C]`: write the preprocessed image here. */
  readonly image: Tensor;
  /** A layer for the clean image, [1, …]; of an input beside the picture, where its values are written. */
  clean(layer: string): Tensor;
  /** A target's layer for the patches of a chunk, [patches, …]. */
  changed(target: string): Tensor;
  /** Covers the image and computes the clean one. */
  readonly start: Command;
  /** Computes the next chunk. */
  readonly step: Command;
}

/** A sweep runs forward only: nothing is saved for a backward pass. */
const saved: ReadonlyMap<string, Tensors> = new Map();

/** Tensors that a sweep borrows from its caller. */
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
export async function createIncrementalSweep(
  device: GPUDevice,
  plan: IncrementalPlan,
  { fill, position, constants }: Site,
  own: Own,
): Promise<IncrementalSweep> {
  const owned = (made: Promise<Command>): Promise<Command> => made.then(own);
  const buffers = await checked(device, "occlusion", () => allocate(device, plan, own));
  const { clean, partials, dirty, tables, batch } = buffers;
  const covered = partials.get(plan.picture);
  if (!covered) throw new InputError("occlusion: expected an input layer, got none");

  const cleanCommands = all(
    plan.layers.map((layer) => owned(createForward(device, layer, { activations: clean, constants, saved }))),
  );
  const widest = Math.max(...[...plan.partial.values()].map(({ items }) => items));
  const [cover, worklist, before, computed] = await all([
    owned(createRectangleFill(device, fill, covered)),
    owned(createWorklist(device, dirty, { tables, position, items: widest })),
    cleanCommands,
    all(wholesOf(plan).map((task) => createLayer(device, task, { ...buffers, constants }, own))),
  ]);
  return {
    image: tensorOf(clean, plan.picture),
    clean: (layer) => tensorOf(clean, layer),
    changed: (target) => tensorOf(batch, target),
    start: sequence([cover, ...before]),
    step: sequence([worklist, ...computed]),
  };
}

interface SweepBuffers {
  /** Every layer for the clean image. */
  readonly clean: ReadonlyMap<string, Tensor>;
  readonly partials: ReadonlyMap<string, PartialLayer>;
  /** Layers for a chunk as a batch: those that run in full, and those that they read. */
  readonly batch: ReadonlyMap<string, Tensor>;
  readonly dirty: DirtyRectangles;
  readonly tables: Tensor;
}

function allocate(device: GPUDevice, plan: IncrementalPlan, own: Own): SweepBuffers {
  const { layers, shapes, partial, patches, layouts } = plan;
  const tensor = (shape: Shape, label: string, options: Parameters<typeof createTensor>[2] = {}): Tensor => {
    const made = createTensor(device, shape, { ...options, label: `occlusion ${label}` });
    own(made.buffer);
    return made;
  };
  const shapeOf = (name: string): Shape => shapes.get(name) ?? [];
  const clean = new Map<string, Tensor>();
  const partials = new Map<string, PartialLayer>();
  for (const layer of layers) {
    const { name } = layer;
    const shape = shapeOf(name);
    const layout = partial.get(name);
    const [source = ""] = layer.inputs;
    const viewed = isView(layer) ? clean.get(source) : undefined;
    const elements = sizeOf(shape) + (layout?.items ?? 0) * sizeOf(channelAxesOf(shape));
    const { buffer, dtype } = viewed ?? tensor([elements], name);
    clean.set(name, { buffer, dtype, shape });
    if (layout) partials.set(name, partialOf(buffer, shape, layout));
  }
  const rects = tensor([layouts, patches + 1, 4], "rectangles", { dtype: "u32" });
  const work = tensor([Math.max(1, plan.entries), 2], "work list", { dtype: "u32" });
  const tables = tensor([plan.tables.length], "tables", { dtype: "u32", data: plan.tables });
  return {
    clean,
    partials,
    tables,
    dirty: { layouts, patches, rects, work },
    batch: allocateBatch(plan, tensor),
  };
}

function partialOf(buffer: GPUBuffer, shape: Shape, layout: RectangleLayout): PartialLayer {
  const [height, width] = [extentOf(shape, 0), extentOf(shape, 1)];
  // One that no patch changes may have any rank: all of it is then one pixel.
  const channelAxes = shape.length >= 4 ? channelAxesOf(shape) : shape.slice(1);
  return { buffer, shape: [1, height, width, sizeOf(channelAxes)], channelAxes, layout };
}

/** Tensors for the layers that run on a chunk as a batch, where the plan has them. */
function allocateBatch(
  { shapes, patches, batch }: IncrementalPlan,
  tensor: (shape: Shape, label: string) => Tensor,
): ReadonlyMap<string, Tensor> {
  const slots = batch.sizes.map((size, slot) => tensor([patches * size], `batch ${slot}`));
  const found = new Map<string, Tensor>();
  for (const [name, shape] of shapes) {
    const slot = slots[batch.bufferOf.get(name) ?? -1];
    if (slot) found.set(name, { ...slot, shape: [patches, ...shape.slice(1)] });
  }
  return found;
}

/** The command that computes a layer for a chunk: its rectangles, or the batch of it, for which those that it reads are laid out whole. */
async function createLayer(
  device: GPUDevice,
  { layer, whole }: { readonly layer: Layer; readonly whole: readonly string[] },
  { clean, partials, batch, constants, dirty }: SweepBuffers & Pick<Site, "constants">,
  own: Own,
): Promise<Command> {
  const { name } = layer;
  const owned = (made: Promise<Command>): Promise<Command> => made.then(own);
  const site = { constants: constants.get(name) ?? {}, dirty };
  const compute = async (): Promise<Command> => {
    const y = partials.get(name);
    const x = layer.inputs.map((input) => partials.get(input));
    if (y) return createPartial(device, layer, { ...site, x: x.filter((one) => one !== undefined), y });
    const [first] = x;
    if (first && layer.op !== "input") {
      const { incremental } = opOf(layer);
      if (incremental.kind === "gather") {
        const whole = { clean: tensorOf(clean, name), y: tensorOf(batch, name) };
        return incremental.create(device, { layer, x: first, dirty, ...whole });
      }
    }
    return createForward(device, layer, { activations: batch, constants, saved });
  };
  const laid = whole.map((source): Promise<Command> => {
    const x = partials.get(source);
    if (!x) throw new InputError(`layer "${source}": expected it to run incrementally`);
    return owned(createWholeLayers(device, dirty, { label: source, x, y: tensorOf(batch, source) }));
  });
  const [before, command] = await all([all(laid), owned(compute())]);
  return sequence(layer.name === whole[0] ? [command, ...before] : [...before, command]);
}

/** The command that computes a layer's rectangles. */
async function createPartial(
  device: GPUDevice,
  layer: Layer,
  {
    x: [first, ...others],
    ...site
  }: Omit<IncrementalSite<Layer>, "layer" | "x"> & { readonly x: readonly PartialLayer[] },
): Promise<Command> {
  // The image's own rectangles are covered at the start; some layers a patch never reaches.
  if (layer.op === "input" || !first || site.y.layout.items === 0) return NOTHING;
  const { incremental } = opOf(layer);
  if (incremental.kind !== "rectangles") {
    throw new UnsupportedError(`layer "${layer.name}": op "${layer.op}" cannot run incrementally`);
  }
  return incremental.create(device, { ...site, layer, x: [first, ...others] });
}

/** The layers that each layer, in order, needs laid out whole, where no layer before it did. */
function wholesOf({
  layers,
  partial,
  targets,
}: IncrementalPlan): { layer: Layer; whole: readonly string[] }[] {
  const done = new Set<string>();
  return layers.map((layer) => {
    const reads = partial.has(layer.name) || gathers(layer) ? [] : layer.inputs;
    const asked = targets.includes(layer.name) ? [layer.name] : [];
    const whole = [...new Set([...reads, ...asked])].filter((name) => partial.has(name) && !done.has(name));
    for (const name of whole) done.add(name);
    return { layer, whole };
  });
}

function tensorOf(tensors: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const tensor = tensors.get(name);
  if (!tensor) throw new InputError(`layer "${name}": expected it to be allocated`);
  return tensor;
}
