import { sizeOf } from "../../gpu/tensor.ts";
import { type Graph, inputOf, type Layer, type Shapes, shapesOf } from "../../graph/graph.ts";
import { ancestorsOf } from "../../graph/traverse.ts";
import type { Sweep } from "../../kernels/occlusion.ts";
import type { WindowLayout } from "../../layers/window.ts";
import { isView, type Slots, shareSlots } from "../memory-plan.ts";
import { type Reach, reachOf, type Span } from "./reach.ts";

/** Multiply-adds that a sweep takes, the clean image's apart. */
export interface SweepCost {
  /** Every covered image computed in full. */
  readonly full: number;
  /** Only what the patches change. */
  readonly exact: number;
  /** What the plan computes: some layers in full, because windows would cover most of them. */
  readonly planned: number;
}

/** How a sweep runs: which layers in windows, in what chunks, with which rectangles. */
export interface WindowPlan {
  /** The layers that lead to the targets, in order. */
  readonly layers: readonly Layer[];
  /** The layers that are asked for. */
  readonly targets: readonly string[];
  /** For one image. */
  readonly shapes: Shapes;
  /** Where each layer that runs in windows keeps its rectangles. The others run in full, on a chunk as a batch. */
  readonly windowed: ReadonlyMap<string, WindowLayout>;
  /** Patches of a chunk. */
  readonly patches: number;
  readonly chunks: number;
  readonly layouts: number;
  /** Entries of the work list. */
  readonly entries: number;
  /** [chunks, layouts, patches + 1, 4]; see window_worklist.wgsl. Slot s of chunk c holds patch c + s · chunks. */
  readonly tables: Uint32Array<ArrayBuffer>;
  /**
   * Where layers are that run on a chunk as a batch, those that they read, and the targets; sizes are for one patch. They
   * share buffers: one is free again when the last layer that reads it has run.
   */
  readonly batch: Slots;
  readonly cost: SweepCost;
  /** Bytes of the GPU buffers that it takes beside the network's weights. */
  readonly bytes: number;
}

/** The most that the parameters of a layer's kernels take, for the clean image and for a chunk. */
const PARAMS = 1024;

/** The mean share of a layer that patches change, from which on it is computed in full: nothing is left to save. */
const COVERED = 0.95;

/** The most patches of a chunk, unless told otherwise. */
export const MOST_PATCHES = 1024;

/** What a chunk is to take: enough work to fill a GPU, little enough to stop promptly and to spare its watchdog. */
const CHUNK = { products: 4e9, bytes: 2 ** 28, least: 16, most: MOST_PATCHES } as const;

export interface PlanOptions {
  /** The most bytes that a buffer of the device may have. */
  readonly bufferBytes?: number;
  /** Patches of a chunk; default: chosen by work and memory. */
  readonly patches?: number;
  /** The most bytes of GPU buffers that the plan may take. Default: no limit but the chunk's usual size. */
  readonly memory?: number;
}

/**
 * Plans a sweep up to one or several target layers, which the graph has.
 * @returns nothing where the rectangles of so many patches, or one patch's layers, exceed the device's buffers or the
 * memory.
 */
export function planWindows(
  graph: Graph,
  sweep: Sweep,
  target: string | readonly string[],
  { bufferBytes = 2 ** 27, patches: wanted, memory = Number.POSITIVE_INFINITY }: PlanOptions = {},
): WindowPlan | undefined {
  const shapes = shapesOf(graph);
  const targets = typeof target === "string" ? [target] : target;
  const layers = ancestorsOf(graph.layers, [inputOf(graph).name, ...targets]);
  const reach = reachOf({ ...graph, layers, output: layers.at(-1)?.name ?? "" }, sweep, shapes);
  const inWindows = new Map<string, Reach>();
  for (const layer of layers) {
    const found = reach.get(layer.name);
    const followed = layer.op === "input" || layer.inputs.every((name) => inWindows.has(name));
    if (found && followed && (layer.op === "input" || shareOf(found) < COVERED))
      inWindows.set(layer.name, found);
  }

  const total = sweep.rows * sweep.columns;
  const cost = costOf(layers, shapes, reach, inWindows, total);
  const floats = layers.map(({ name }) => {
    const size = sizeOf(shapes.get(name) ?? []);
    const found = inWindows.get(name);
    // Two numbers an item of the work list beside the channels.
    return found ? (size + 2 * found.shape[0] * found.shape[1]) * shareOf(found) : size;
  });
  const bytes = 4 * floats.reduce((sum, count) => sum + count, 0);
  const largest = 4 * Math.max(...layers.map(({ name }) => sizeOf(shapes.get(name) ?? [])));
  const fitting = Math.min(
    Math.max(CHUNK.least, (CHUNK.products * total) / Math.max(1, cost.planned)),
    Math.max(1, CHUNK.bytes / bytes),
    CHUNK.most,
  );
  const most = Math.floor(Math.min(wanted ?? fitting, bufferBytes / largest - 1, total));
  const batch = batchesOf({ layers, shapes, targets }, inWindows);
  const chunked = (most: number): WindowPlan => {
    const chunks = Math.ceil(total / most);
    const patches = Math.ceil(total / chunks);
    const layout = layOut(inWindows, sweep, patches, chunks);
    const plan = { layers, targets, shapes, patches, chunks, cost, batch, ...layout };
    return { ...plan, bytes: bytesOf(plan) };
  };
  for (let patches = most; patches >= 1; ) {
    const plan = chunked(patches);
    if (plan.bytes <= memory) {
      const largestList = Math.max(plan.tables.byteLength, 8 * plan.entries);
      return largestList > bufferBytes ? undefined : plan;
    }
    // What the clean image takes does not shrink with the chunk.
    const fitting = (plan.patches * (memory - bytesOf({ ...plan, patches: 0 }))) / plan.bytes;
    patches = Math.floor(Math.min(plan.patches - 1, Math.max(fitting, plan.patches / 2)));
  }
  return undefined;
}

/** Bytes of everything that a plan allocates. */
function bytesOf(plan: Omit<WindowPlan, "bytes">): number {
  const { layers, shapes, windowed, patches, layouts, entries, tables, batch } = plan;
  let words = 4 * layouts * (patches + 1) + 2 * Math.max(1, entries) + tables.length;
  for (const layer of layers) {
    const shape = shapes.get(layer.name) ?? [];
    if (!isView(layer)) words += sizeOf(shape) + (windowed.get(layer.name)?.items ?? 0) * (shape[3] ?? 1);
  }
  for (const size of batch.sizes) words += patches * size;
  return 4 * words + PARAMS * layers.length;
}

/** Where the batches are: each is needed from one layer to another, by their places in the order. */
function batchesOf(
  { layers, shapes, targets }: Pick<WindowPlan, "layers" | "shapes" | "targets">,
  windowed: ReadonlyMap<string, unknown>,
): Slots {
  const found = new Map<string, { readonly from: number; until: number }>();
  const origin = new Map<string, string>();
  const need = (name: string, index: number): void => {
    const own = origin.get(name) ?? name;
    const until = targets.includes(name) ? layers.length : index;
    const known = found.get(own);
    if (known) known.until = Math.max(known.until, until);
    else found.set(own, { from: index, until });
  };
  for (const [index, layer] of layers.entries()) {
    const { name, op, inputs } = layer;
    const [source = ""] = inputs;
    if (windowed.has(name)) {
      if (targets.includes(name)) need(name, index);
      continue;
    }
    for (const input of inputs) if (op !== "globalPool" || !windowed.has(input)) need(input, index);
    if (isView(layer)) origin.set(name, origin.get(source) ?? source);
    need(name, index);
  }
  const size = (name: string): number => sizeOf(shapes.get(name) ?? []);
  const { sizes, slotOf } = shareSlots(
    Array.from(found, ([name, span]) => ({ name, size: size(name), ...span })),
  );
  const views = Array.from(origin, ([name, own]) => [name, slotOf.get(own) ?? 0] as const);
  return { sizes, slotOf: new Map([...slotOf, ...views]) };
}

/** Rectangles as the kernels read them. */
function layOut(
  inWindows: ReadonlyMap<string, Reach>,
  sweep: Sweep,
  patches: number,
  chunks: number,
): Pick<WindowPlan, "windowed" | "layouts" | "entries" | "tables"> {
  const distinct = new Map<string, { index: number; reach: Reach; items: number }>();
  const keys = new Map<string, string>();
  for (const [name, reach] of inWindows) {
    const key = JSON.stringify([reach.rows, reach.columns]);
    keys.set(name, key);
    if (!distinct.has(key)) distinct.set(key, { index: distinct.size, reach, items: 0 });
  }
  const layouts = distinct.size;
  const row = (patches + 1) * 4;
  const tables = new Uint32Array(chunks * layouts * row);
  let entries = 0;
  for (const layout of distinct.values()) {
    const { index, reach } = layout;
    for (let chunk = 0; chunk < chunks; chunk++) {
      const at = (chunk * layouts + index) * row;
      let items = 0;
      for (let slot = 0; slot < patches; slot++) {
        const { y, x } = rectangle(reach, sweep, chunk + slot * chunks);
        const [height, width] = [y.to - y.from, x.to - x.from];
        tables.set([y.from, x.from, height * 65536 + width, items], at + 4 * slot);
        items += height * width;
      }
      tables.set([entries, 0, 0, items], at + 4 * patches);
      layout.items = Math.max(layout.items, items);
    }
    entries += layout.items;
  }
  const windowed = new Map<string, WindowLayout>();
  for (const [name, key] of keys) {
    const layout = distinct.get(key);
    if (!layout) continue;
    const rects = layout.index * (patches + 1);
    const work = tables[(layout.index * (patches + 1) + patches) * 4] ?? 0;
    windowed.set(name, { rects, count: rects + patches, work, items: layout.items });
  }
  return { windowed, layouts, entries, tables };
}

/** What a patch changes; nothing where the sweep has no such patch. */
function rectangle(reach: Reach, sweep: Sweep, patch: number): { y: Span; x: Span } {
  const y = reach.rows[Math.floor(patch / sweep.columns)];
  const x = reach.columns[patch % sweep.columns];
  if (!y || !x || y.to <= y.from || x.to <= x.from) return { y: { from: 0, to: 0 }, x: { from: 0, to: 0 } };
  return { y, x };
}

/** Mean share of a layer that a patch changes. */
function shareOf({ shape: [height, width], rows, columns }: Reach): number {
  const mean = (spans: readonly Span[]): number =>
    spans.reduce((sum, { from, to }) => sum + to - from, 0) / spans.length;
  return (mean(rows) * mean(columns)) / (height * width);
}

function costOf(
  layers: readonly Layer[],
  shapes: Shapes,
  reach: ReadonlyMap<string, Reach>,
  inWindows: ReadonlyMap<string, Reach>,
  patches: number,
): SweepCost {
  let [full, exact, planned] = [0, 0, 0];
  for (const layer of layers) {
    const one = patches * productsOf(layer, shapes);
    const changed = reach.get(layer.name);
    const followed = inWindows.get(layer.name);
    full += one;
    exact += changed ? one * shareOf(changed) : one;
    planned += followed ? one * shareOf(followed) : one;
  }
  return { full, exact, planned };
}

/** Multiply-adds of a layer for one image. */
function productsOf(layer: Layer, shapes: Shapes): number {
  const size = sizeOf(shapes.get(layer.name) ?? []);
  switch (layer.op) {
    case "conv2d":
      return (size * sizeOf(layer.w.shape)) / (layer.w.shape[3] ?? 1);
    case "depthwiseConv2d":
      return size * (layer.w.shape[0] ?? 1) * (layer.w.shape[1] ?? 1);
    case "dense":
      return size * (layer.w.shape[0] ?? 1);
    default:
      return 0;
  }
}
