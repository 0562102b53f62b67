import { recordCommands } from "../gpu/command.ts";
import { assertDevice } from "../gpu/device.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { withScope } from "../gpu/scope.ts";
import { readTensors } from "../gpu/tensor.ts";
import { createNearestMerge, createNearestScan } from "../kernels/neighbours.ts";
import { LOOP, type LoopOptions } from "../sampling/batches.ts";
import { blockOf, mostNumbers, overDistances } from "./distance-tiles.ts";
import {
  assertPoints,
  assertSameSpace,
  directionsOf,
  METRICS,
  type Metric,
  type Points,
  scaled,
} from "./points.ts";

export interface NeighbourOptions extends LoopOptions {
  /** How many neighbours of each. */
  readonly k: number;
  /** `"euclidean"` (default), or `"cosine"`: 1 − the cosine of the angle. */
  readonly metric?: Metric | undefined;
  /** Points whose neighbours are sought; without them, those of the points themselves, and none is its own neighbour. */
  readonly queries?: Points | undefined;
}

const NEIGHBOURS: Fields<NeighbourOptions> = { ...{ ...LOOP }, k: "must", metric: METRICS, queries: "may" };

/** The nearest of each query, nearest first. */
export interface Neighbours {
  /** `[M, k]`: numbers of points. */
  readonly indices: Uint32Array;
  /** `[M, k]`: how far they are, in the metric's unit. */
  readonly distances: Float32Array;
  readonly shape: readonly [queries: number, k: number];
}

/** Threads that a device should have to do while lists are made. */
const THREADS = 8192;

/**
 * The exact k nearest neighbours of every point, or of every query among the points. Distances are sums of squared
 * differences in f32; of points that are equally far the one with the smaller number comes first. The same points give the
 * same bits on the same device, whatever else is asked at once. Distances are made and used tile by tile: memory grows with the
 * points and the answer, never with their product.
 *
 * Identical points are at distance 0 of each other, and their numbers say which comes first.
 * @param points [N, D]
 * @throws InputError for points that are no numbers, a k that is larger than the number of other points, or zeros for the
 * metric "cosine"; the signal's reason; DeviceLostError.
 * @example
 * const features = { data: new Float32Array([0, 0, 0, 1, 5, 5]), shape: [3, 2] };
 * const { indices, distances } = await nearestNeighbours(device, features, { k: 1 });
 * // indices: 1, 0, 1; distances: 1, 1, √41
 */
export async function nearestNeighbours(
  device: GPUDevice,
  points: Points,
  options: NeighbourOptions,
): Promise<Neighbours> {
  const who = "nearestNeighbours";
  assertDevice(who, device);
  assertFields(who, options, NEIGHBOURS);
  const { k, metric = "euclidean", queries, signal, onProgress } = options;
  const { n, d } = assertPoints(who, points);
  if (queries) assertSameSpace(who, d, assertPoints(who, queries, "queries").d, "queries");
  const most = queries ? n : n - 1;
  if (!(Number.isInteger(k) && k >= 1 && k <= most)) {
    const others = queries ? `${n} points` : `${n} points have ${most} others each`;
    throw new InputError(`${who}: expected a k of 1 to ${most}, since ${others}, got ${k}`);
  }
  signal?.throwIfAborted();
  const spaces = { ...spacesOf(who, points, queries, metric), channels: d };
  const m = spaces.queries.length / d;
  const indices = new Uint32Array(m * k);
  const distances = new Float32Array(m * k);
  await withScope(device, who, async (scope) => {
    const block = blockOf(device, spaces, 2 * k);
    // Each list has to be filled, so that none should be made of few points.
    const held = Math.floor(mostNumbers(device) / (2 * k));
    const threads = Math.min(THREADS, block * Math.floor(n / (4 * k)), held);
    const segments = Math.max(1, Math.min(64, Math.floor(threads / block)));
    const lists = scope.tensor([2, segments, k, block], { dtype: "u32", label: "nearest so far" });
    const nearest = {
      indices: scope.tensor([block, k], { dtype: "u32", label: "nearest" }),
      squared: scope.tensor([block, k], { label: "squared distances of the nearest" }),
    };
    const merge = await scope.command(createNearestMerge(device, { lists, ...nearest }));
    await overDistances(
      device,
      who,
      spaces,
      block,
      async (site) => ({
        passes: [[await scope.command(createNearestScan(device, { ...site, lists, apart: !queries }))]],
        async end(first, count) {
          const encoder = device.createCommandEncoder({ label: `vitrine ${who}` });
          recordCommands(encoder, [merge]);
          device.queue.submit([encoder.finish()]);
          const [numbers, squared] = await readTensors(device, [nearest.indices, nearest.squared]);
          indices.set((numbers as Uint32Array).subarray(0, count * k), first * k);
          for (let i = 0; i < count * k; i++) {
            const square = squared[i] ?? Number.NaN;
            // Of unit vectors, half the square is 1 − the cosine.
            distances[first * k + i] = metric === "cosine" ? square / 2 : Math.sqrt(square) * spaces.unit;
          }
        },
      }),
      { scope, signal, onProgress },
    );
  });
  return { indices, distances, shape: [m, k] };
}

/** Both sets of points as the kernels take them. */
export function spacesOf(
  who: string,
  points: Points,
  queries: Points | undefined,
  metric: Metric,
): { points: Float32Array; queries: Float32Array; unit: number } {
  if (metric === "cosine") {
    const directions = directionsOf(who, points);
    return {
      points: directions,
      queries: queries ? directionsOf(who, queries, "queries") : directions,
      unit: 1,
    };
  }
  const { spaces, unit } = scaled(...(queries ? [points.data, queries.data] : [points.data]));
  const [first = points.data, second = first] = spaces;
  return { points: first, queries: second, unit };
}
