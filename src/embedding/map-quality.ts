import { assertDevice } from "../gpu/device.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { withScope } from "../gpu/scope.ts";
import { readTensor } from "../gpu/tensor.ts";
import { createRankCount, createRankGather } from "../kernels/neighbours.ts";
import { LOOP, type LoopOptions } from "../sampling/batches.ts";
import { blockOf, overDistances } from "./distance-tiles.ts";
import { nearestNeighbours, spacesOf } from "./neighbours.ts";
import { assertPoints, METRICS, type Metric, type Points } from "./points.ts";

export interface MapQualityOptions extends LoopOptions {
  /** How many neighbours of each point are looked at, below N / 2. Default 12. */
  readonly k?: number | undefined;
  /** Of the points; places of a map are compared by `"euclidean"`. */
  readonly metric?: Metric | undefined;
}

const QUALITY: Fields<MapQualityOptions> = { ...{ ...LOOP }, k: "may", metric: METRICS };

/** How well a map keeps neighbours; each 0 to 1, 1 the best. */
export interface MapQuality {
  /** Whether those who are near in the map are near in truth: 1 less what their ranks exceed k by (Venna and Kaski 2001). */
  readonly trustworthiness: number;
  /** The same with the spaces in turn: whether those who are near in truth are near in the map. */
  readonly continuity: number;
  /** Part of the k nearest that a point keeps in the map, on average. */
  readonly recall: number;
}

/**
 * Measures a map by the k nearest neighbours of every point, in the space of the points and in the map. Trustworthiness is
 * scikit-learn's. All ranks are exact; distances are taken tile by tile.
 * @param points [N, D]
 * @param places [N, C]
 * @throws InputError for points or a k that do not fit; the signal's reason; DeviceLostError.
 * @example
 * const { places } = await tsne(device, features);
 * const { trustworthiness, recall } = await mapQuality(device, features, places, { k: 12 });
 */
export async function mapQuality(
  device: GPUDevice,
  points: Points,
  places: Points,
  options: MapQualityOptions = {},
): Promise<MapQuality> {
  const who = "mapQuality";
  assertDevice(who, device);
  assertFields(who, options, QUALITY);
  const { k = 12, metric = "euclidean", signal, onProgress } = options;
  const { n } = assertPoints(who, points);
  const there = assertPoints(who, places, "places").n;
  if (there !== n) throw new InputError(`${who}: expected a place of each of ${n} points, got ${there}`);
  if (!(Number.isInteger(k) && k >= 1 && k < n / 2)) {
    throw new InputError(
      `${who}: expected a k of at least 1 and below ${n / 2}, half of ${n} points, got ${k}`,
    );
  }
  /** A quarter of the work. */
  const part = (number: number): LoopOptions => ({
    signal,
    onProgress: onProgress && ((fraction) => onProgress((number + fraction) / 4)),
  });
  const truth = await nearestNeighbours(device, points, { k, metric, ...part(0) });
  const shown = await nearestNeighbours(device, places, { k, ...part(1) });
  const inTruth = await ranksOf(device, points, metric, shown.indices, part(2));
  const inMap = await ranksOf(device, places, "euclidean", truth.indices, part(3));
  return {
    trustworthiness: kept(inTruth, n, k),
    continuity: kept(inMap, n, k),
    recall: inTruth.reduce((sum, rank) => sum + Number(rank < k), 0) / (n * k),
  };
}

/** 1 less what ranks, counted from 0, exceed k by, in units of the most that it can be. */
function kept(ranks: Uint32Array, n: number, k: number): number {
  const excess = ranks.reduce((sum, rank) => sum + Math.max(0, rank + 1 - k), 0);
  return 1 - (2 * excess) / (n * k * (2 * n - 3 * k - 1));
}

/** For each point, how many others are nearer to it than each of the given. */
async function ranksOf(
  device: GPUDevice,
  points: Points,
  metric: Metric,
  given: Uint32Array,
  loop: LoopOptions,
): Promise<Uint32Array> {
  const who = "mapQuality";
  const [n = 1, d = 1] = points.shape;
  const k = given.length / n;
  const found = new Uint32Array(n * k);
  const spaces = { ...spacesOf(who, points, undefined, metric), channels: d };
  const block = blockOf(device, spaces, k);
  await withScope(device, who, async (scope) => {
    const lists = {
      given: scope.tensor([block, k], { dtype: "u32", label: "points to rank" }),
      squared: scope.tensor([block, k], { label: "their squared distances" }),
    };
    const ranks = scope.tensor([block, k], { dtype: "u32", label: "ranks" });
    await overDistances(
      device,
      who,
      spaces,
      block,
      async (site) => ({
        passes: [
          [await scope.command(createRankGather(device, { ...site, ...lists }))],
          [await scope.command(createRankCount(device, { ...site, ...lists, ranks }))],
        ],
        begin: (first, count) =>
          device.queue.writeBuffer(lists.given.buffer, 0, given.slice(first * k, (first + count) * k)),
        async end(first, count) {
          found.set((await readTensor(device, ranks)).subarray(0, count * k), first * k);
        },
      }),
      { scope, ...loop },
    );
  });
  return found;
}
