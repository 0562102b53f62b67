import { readersOf } from "../../src/graph.ts";
import type { Graph, Layer } from "../../src/index.ts";

/** One stand in the row: a layer and those that only re-present it (batch norm, activation, padding, softmax, the order of its axes). */
export interface Stand {
  /** Layers that it can show, in order. */
  readonly stages: readonly string[];
  /** The one that it shows unless asked for another. */
  readonly shown: string;
  /** Place along the row, counted from the image. */
  readonly depth: number;
  /** Place among those of equal depth, and their number. */
  readonly lane: number;
  readonly lanes: number;
  /** Stands that feed it. */
  readonly from: readonly number[];
}

const REPRESENTS = new Set<Layer["op"]>([
  "batchNorm",
  "activation",
  "reshape",
  "permute",
  "pad",
  "softmax",
  "lrn",
]);
const HIDDEN = new Set<Layer["op"]>(["reshape", "permute", "pad", "softmax"]);

/** Works out the row of a graph: which layers share a stand, how deep each stands, and beside which. */
export function planOf(graph: Graph): Stand[] {
  const readers = readersOf(graph.layers);
  const stands: { stages: Layer[]; depth: number; from: number[] }[] = [];
  const standOf = new Map<string, number>();
  for (const layer of graph.layers) {
    const [input] = layer.inputs;
    const before = input === undefined ? undefined : standOf.get(input);
    const last = before === undefined ? undefined : stands[before]?.stages.at(-1);
    const joins =
      REPRESENTS.has(layer.op) &&
      last !== undefined &&
      last.op !== "input" &&
      last.name === input &&
      readers.get(input ?? "")?.length === 1;
    if (joins && before !== undefined) {
      stands[before]?.stages.push(layer);
      standOf.set(layer.name, before);
      continue;
    }
    const from = [...new Set(layer.inputs.flatMap((name) => standOf.get(name) ?? []))];
    const depth = Math.max(-1, ...from.map((index) => stands[index]?.depth ?? 0)) + 1;
    standOf.set(layer.name, stands.length);
    stands.push({ stages: [layer], depth, from });
  }
  const lanes = new Map<number, number>();
  const placed = stands.map((stand) => {
    const lane = lanes.get(stand.depth) ?? 0;
    lanes.set(stand.depth, lane + 1);
    return { ...stand, lane };
  });
  return placed.map(({ stages, ...stand }) => {
    // Attention is a softmax that others read; one at the end only re-presents its scores.
    const shown =
      stages.findLast(({ name, op }) => !HIDDEN.has(op) || (op === "softmax" && readers.has(name))) ??
      stages[0];
    return {
      ...stand,
      stages: stages.map(({ name }) => name),
      shown: shown?.name ?? "",
      lanes: lanes.get(stand.depth) ?? 1,
    };
  });
}

/** Width, height and depth of a volume in the room, from its sizes and the largest ones: roots, so that all are readable. */
export function extentOf(
  [height, width, channels]: readonly [number, number, number],
  largest: { readonly edge: number; readonly channels: number },
): { cell: number; width: number; height: number; depth: number } {
  const edge = Math.max(height, width);
  const long = 6 * (edge / largest.edge) ** 0.32;
  const cell = Math.min(long / edge, 1.2);
  const depth = Math.min(4.5 * (channels / Math.max(64, largest.channels)) ** 0.5, channels * cell * 3);
  return { cell, width: width * cell, height: height * cell, depth };
}

/** The step between drawn values along H, W, C with which at most `most` voxels are drawn. */
export function strideFor(
  [height, width, channels]: readonly [number, number, number],
  most: number,
): [number, number, number] {
  let [space, deep] = [1, 1];
  const drawn = () => Math.ceil(height / space) * Math.ceil(width / space) * Math.ceil(channels / deep);
  while (drawn() > most) {
    // Maps larger than 64 are shrunk first; then maps are left out, down to a dozen; then pixels again.
    const maps = Math.ceil(channels / deep);
    const pixels = Math.max(height, width) / space;
    if (maps > 1 && pixels <= 64 && (maps > 12 || pixels <= 14)) deep++;
    else space++;
  }
  return [space, space, deep];
}

/**
 * The maps of an open layer that are drawn together: whole pages, none left out, so that `map` is among them.
 * `most` is how many a full page holds: at least one, and no more than there are voxels for; all pages hold about as many.
 */
export function pageOf(
  [height, width, channels]: readonly [number, number, number],
  voxels: number,
  map: number,
): { first: number; maps: number; most: number } {
  const fit = Math.min(channels, Math.max(1, Math.floor(voxels / (height * width))));
  const most = Math.ceil(channels / Math.ceil(channels / fit));
  const chosen = Math.min(Math.max(0, map), channels - 1);
  const first = Math.floor(chosen / most) * most;
  return { first, maps: Math.min(most, channels - first), most };
}

/** Columns and rows of a sheet of maps whose outline comes nearest to an aspect. */
export function sheetOf(
  count: number,
  width: number,
  height: number,
  aspect: number,
): [columns: number, rows: number] {
  const columns = Math.min(count, Math.max(1, Math.round(Math.sqrt((count * aspect * height) / width))));
  return [columns, Math.ceil(count / columns)];
}
