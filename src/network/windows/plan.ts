import { sizeOf } from "../../gpu/tensor.ts";
import type { Sweep } from "../../ops/occlusion.ts";
import type { WindowLayout } from "../../ops/window.ts";
import { type Graph, inputOf, type Layer, type Shapes, shapesOf } from "../graph.ts";
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
  /** The layers that lead to the target, in order. */
  readonly layers: readonly Layer[];
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
  readonly cost: SweepCost;
}

/** The mean share of a layer that patches change, from which on it is computed in full: nothing is left to save. */
const COVERED = 0.95;

/** What a chunk is to take: enough work to fill a GPU, little enough to stop promptly and to spare its watchdog. */
const CHUNK = { products: 4e9, bytes: 2 ** 28, least: 16, most: 1024 } as const;

export interface PlanOptions {
  /** The most bytes that a buffer of the device may have. */
  readonly bufferBytes?: number;
  /** Patches of a chunk; default: chosen by work and memory. */
  readonly patches?: number;
}

/**
 * Plans a sweep up to a target layer, which the graph has.
 * @returns nothing where the rectangles of so many patches, or one patch's layers, exceed the device's buffers.
 */
export function planWindows(
  graph: Graph,
  sweep: Sweep,
  target: string,
  { bufferBytes = 2 ** 27, patches: wanted }: PlanOptions = {},
): WindowPlan | undefined {
  const shapes = shapesOf(graph);
  const layers = leadingTo(graph, target);
  const reach = reachOf({ ...graph, layers, output: target }, sweep, shapes);
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
  if (most < 1) return undefined;
  const chunks = Math.ceil(total / most);
  const patches = Math.ceil(total / chunks);
  const layout = layOut(inWindows, sweep, patches, chunks);
  if (Math.max(layout.tables.byteLength, 8 * layout.entries) > bufferBytes) return undefined;
  return { layers, shapes, patches, chunks, cost, ...layout };
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

/** The layers that lead to one, itself included, in the graph's order. */
function leadingTo(graph: Graph, target: string): Layer[] {
  const needed = new Set([inputOf(graph).name, target]);
  const kept = [...graph.layers].reverse().filter(({ name, inputs }) => {
    if (needed.has(name)) for (const input of inputs) needed.add(input);
    return needed.has(name);
  });
  return kept.reverse();
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
