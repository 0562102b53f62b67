import { sizeOf } from "../../gpu/tensor.ts";
import { type Graph, type Layer, pictureOf, type Shapes, shapesOf } from "../../graph/graph.ts";
import { multiplyAddsOf } from "../../graph/layer-facts.ts";
import { ancestorsOf } from "../../graph/traverse.ts";
import type { PatchSweep } from "../../kernels/occlusion.ts";
import type { RectangleLayout } from "../../layers/incremental.ts";
import { opOf } from "../../layers/ops.ts";
import { channelAxesOf } from "../../layers/sight.ts";
import { aliasBuffers, type BufferAliasing, isView } from "../memory-plan.ts";
import { type DirtyRegions, dirtyRegionsOf, type Span } from "./dirty-regions.ts";

/** Multiply-adds that a sweep takes, the clean image's apart. */
export interface SweepCost {
  /** Every covered image computed in full. */
  readonly full: number;
  /** Only what the patches change. */
  readonly exact: number;
  /** Multiply-adds of the plan: some layers run in full, because rectangles would cover most of them. */
  readonly planned: number;
}

/** The plan of a sweep: the layers that run incrementally, the chunks, the rectangles. */
export interface IncrementalPlan {
  /** The input that patches cover; the values of all others stay. */
  readonly picture: string;
  /** The layers that lead to the targets, in order. */
  readonly layers: readonly Layer[];
  /** The layers that are asked for. */
  readonly targets: readonly string[];
  /** For one image. */
  readonly shapes: Shapes;
  /** The rectangles of each layer that runs incrementally. The others run in full, on a chunk as a batch. */
  readonly partial: ReadonlyMap<string, RectangleLayout>;
  /** Patches of a chunk. */
  readonly patches: number;
  readonly chunks: number;
  readonly layouts: number;
  /** Entries of the work list. */
  readonly entries: number;
  /** [chunks, layouts, patches + 1, 4]; see incremental_worklist.wgsl. Slot s of chunk c holds patch c + s · chunks. */
  readonly tables: Uint32Array<ArrayBuffer>;
  /**
   * Buffers of the layers that run on a chunk as a batch, of those that they read, and of the targets; sizes are for one patch. They
   * share buffers: one is free again when the last layer that reads it has run.
   */
  readonly batch: BufferAliasing;
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

/** The size that a chunk is to have: enough work to fill a GPU, little enough to stop promptly and to spare its watchdog. */
const CHUNK = { products: 4e9, bytes: 2 ** 28, least: 16, most: MOST_PATCHES } as const;

export interface PlanOptions {
  /** The most bytes that a buffer of the device may have. */
  readonly bufferBytes?: number | undefined;
  /** Patches of a chunk; default: chosen by work and memory. */
  readonly patches?: number | undefined;
  /** The most bytes of GPU buffers that the plan may take. Default: no limit but the chunk's usual size. */
  readonly memory?: number | undefined;
}

/**
 * Plans a sweep up to one or several target layers, which the graph has.
 * @returns nothing where the rectangles of so many patches, or one patch's layers, exceed the device's buffers or the
 * memory.
 */
export function planIncremental(
  graph: Graph,
  sweep: PatchSweep,
  target: string | readonly string[],
  { bufferBytes = 2 ** 27, patches: wanted, memory = Number.POSITIVE_INFINITY }: PlanOptions = {},
): IncrementalPlan | undefined {
  const shapes = shapesOf(graph);
  const targets = typeof target === "string" ? [target] : target;
  const { name: picture } = pictureOf(graph, "occlusion");
  const layers = ancestorsOf(graph.layers, [picture, ...targets]);
  const regions = dirtyRegionsOf({ ...graph, layers, output: layers.at(-1)?.name ?? "" }, sweep, shapes);
  const partial = new Map<string, DirtyRegions>();
  for (const layer of layers) {
    const found = regions.get(layer.name);
    const starts = layer.op === "input";
    const follows = starts || layer.inputs.every((name) => partial.has(name));
    if (found && follows && (starts || shareOf(found) < COVERED)) partial.set(layer.name, found);
  }

  const total = sweep.rows * sweep.columns;
  const cost = costOf(layers, shapes, regions, partial, total);
  const floats = layers.map(({ name }) => {
    const size = sizeOf(shapes.get(name) ?? []);
    const found = partial.get(name);
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
  const batch = batchesOf({ layers, shapes, targets }, partial);
  const chunked = (most: number): IncrementalPlan => {
    const chunks = Math.ceil(total / most);
    const patches = Math.ceil(total / chunks);
    const layout = layOut(partial, sweep, patches, chunks);
    const plan = { picture, layers, targets, shapes, patches, chunks, cost, batch, ...layout };
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
function bytesOf(plan: Omit<IncrementalPlan, "bytes">): number {
  const { layers, shapes, partial, patches, layouts, entries, tables, batch } = plan;
  let words = 4 * layouts * (patches + 1) + 2 * Math.max(1, entries) + tables.length;
  for (const layer of layers) {
    const shape = shapes.get(layer.name) ?? [];
    if (!isView(layer))
      words += sizeOf(shape) + (partial.get(layer.name)?.items ?? 0) * sizeOf(channelAxesOf(shape));
  }
  for (const size of batch.sizes) words += patches * size;
  return 4 * words + PARAMS * layers.length;
}

/** Buffers of the batches: each is needed from one layer to another, by their places in the order. */
function batchesOf(
  { layers, shapes, targets }: Pick<IncrementalPlan, "layers" | "shapes" | "targets">,
  partial: ReadonlyMap<string, unknown>,
): BufferAliasing {
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
    const { name, inputs } = layer;
    const [source = ""] = inputs;
    if (partial.has(name)) {
      if (targets.includes(name)) need(name, index);
      continue;
    }
    for (const input of inputs) if (!gathers(layer) || !partial.has(input)) need(input, index);
    if (isView(layer)) origin.set(name, origin.get(source) ?? source);
    need(name, index);
  }
  const size = (name: string): number => sizeOf(shapes.get(name) ?? []);
  const { sizes, bufferOf } = aliasBuffers(
    Array.from(found, ([name, span]) => ({ name, size: size(name), ...span })),
  );
  const views = Array.from(origin, ([name, own]) => [name, bufferOf.get(own) ?? 0] as const);
  return { sizes, bufferOf: new Map([...bufferOf, ...views]) };
}

/** Rectangles as the kernels read them. */
function layOut(
  changed: ReadonlyMap<string, DirtyRegions>,
  sweep: PatchSweep,
  patches: number,
  chunks: number,
): Pick<IncrementalPlan, "partial" | "layouts" | "entries" | "tables"> {
  const distinct = new Map<string, { index: number; regions: DirtyRegions; items: number }>();
  const keys = new Map<string, string>();
  for (const [name, regions] of changed) {
    const key = JSON.stringify([regions.rows, regions.columns]);
    keys.set(name, key);
    if (!distinct.has(key)) distinct.set(key, { index: distinct.size, regions, items: 0 });
  }
  const layouts = distinct.size;
  const row = (patches + 1) * 4;
  const tables = new Uint32Array(chunks * layouts * row);
  let entries = 0;
  for (const layout of distinct.values()) {
    const { index, regions } = layout;
    for (let chunk = 0; chunk < chunks; chunk++) {
      const at = (chunk * layouts + index) * row;
      let items = 0;
      for (let slot = 0; slot < patches; slot++) {
        const { y, x } = rectangle(regions, sweep, chunk + slot * chunks);
        const [height, width] = [y.to - y.from, x.to - x.from];
        tables.set([y.from, x.from, height * 65536 + width, items], at + 4 * slot);
        items += height * width;
      }
      tables.set([entries, 0, 0, items], at + 4 * patches);
      layout.items = Math.max(layout.items, items);
    }
    entries += layout.items;
  }
  const partial = new Map<string, RectangleLayout>();
  for (const [name, key] of keys) {
    const layout = distinct.get(key);
    if (!layout) continue;
    const rects = layout.index * (patches + 1);
    const work = tables[(layout.index * (patches + 1) + patches) * 4] ?? 0;
    partial.set(name, { rects, count: rects + patches, work, items: layout.items });
  }
  return { partial, layouts, entries, tables };
}

/** The rectangle that a patch changes; nothing where the sweep has no such patch. */
function rectangle({ rows, columns }: DirtyRegions, sweep: PatchSweep, patch: number): { y: Span; x: Span } {
  const y = rows[Math.floor(patch / sweep.columns)];
  const x = columns[patch % sweep.columns];
  if (!y || !x || y.to <= y.from || x.to <= x.from) return { y: { from: 0, to: 0 }, x: { from: 0, to: 0 } };
  return { y, x };
}

/** Mean share of a layer that a patch changes. */
function shareOf({ shape: [height, width], rows, columns }: DirtyRegions): number {
  const mean = (spans: readonly Span[]): number =>
    spans.reduce((sum, { from, to }) => sum + to - from, 0) / spans.length;
  return (mean(rows) * mean(columns)) / (height * width);
}

function costOf(
  layers: readonly Layer[],
  shapes: Shapes,
  regions: ReadonlyMap<string, DirtyRegions>,
  partial: ReadonlyMap<string, DirtyRegions>,
  patches: number,
): SweepCost {
  let [full, exact, planned] = [0, 0, 0];
  for (const layer of layers) {
    const one = patches * multiplyAddsOf(layer, shapes);
    const changed = regions.get(layer.name);
    const computed = partial.get(layer.name);
    full += one;
    exact += changed ? one * shareOf(changed) : one;
    planned += computed ? one * shareOf(computed) : one;
  }
  return { full, exact, planned };
}

/** Tells whether a layer that runs in full reads the rectangles of its input as they are. */
export function gathers(layer: Layer): boolean {
  return layer.op !== "input" && opOf(layer).incremental.kind === "gather";
}
