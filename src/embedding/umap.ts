import { UMAP } from "umap-js";
import { assertDevice } from "../gpu/device.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { LOOP, type LoopOptions } from "../sampling/batches.ts";
import { Draws } from "../sampling/draws.ts";
import { seedOf } from "../sampling/seed.ts";
import { type Neighbours, nearestNeighbours } from "./neighbours.ts";
import { assertPoints, METRICS, type Metric, type Points } from "./points.ts";
import type { LiveMap } from "./tsne.ts";

export interface UmapOptions extends LoopOptions {
  /** Of the map. Default 2. */
  readonly dimensions?: 2 | 3 | undefined;
  /** Nearest points that each point is held by, itself among them as in the paper's code: at least 2. Default 15, or N where that is less. */
  readonly neighbours?: number | undefined;
  /** How far points are apart. Default `"euclidean"`. */
  readonly metric?: Metric | undefined;
  /** Nearest neighbours that were found before, at least `neighbours` − 1 of each point; they stand in for `metric`. */
  readonly nearest?: Neighbours | undefined;
  /** How near points may come in the map. Default .1. */
  readonly minDistance?: number | undefined;
  /** Over how much room the points spread. Default 1. */
  readonly spread?: number | undefined;
  /** Default 500, 400, 300 and 200 for N up to 2500, 5000, 7500 and above. */
  readonly epochs?: number | undefined;
  /** Default 0. */
  readonly seed?: number | undefined;
  /** Called with the map a few times a second. */
  readonly onPlaces?: ((map: LiveMap) => void) | undefined;
}

const UMAP_OPTIONS: Fields<UmapOptions> = {
  ...{ ...LOOP },
  dimensions: [2, 3],
  neighbours: "may",
  metric: METRICS,
  nearest: "may",
  minDistance: "may",
  spread: "may",
  epochs: "may",
  seed: "may",
  onPlaces: "may",
};

/** Time between pauses, in which a page draws and a stop is heard, in ms. */
const PAUSE = 60;
/** Time between maps that are shown while somebody watches, in ms. */
const WATCH = 250;

/**
 * A map of points by UMAP (McInnes, Healy and Melville 2018): umap-js on the CPU, from the exact nearest neighbours that the GPU
 * found, with random numbers by the seed. The same points, options and seed give the same map.
 * @param points [N, D]
 * @returns the places, [N, dimensions].
 * @throws InputError for points that are no numbers or options out of range; the signal's reason; DeviceLostError.
 * @example
 * const { data } = await umap(device, features, { neighbours: 15, minDistance: 0.1 });
 */
export async function umap(device: GPUDevice, points: Points, options: UmapOptions = {}): Promise<Points> {
  const who = "umap";
  assertDevice(who, device);
  assertFields(who, options, UMAP_OPTIONS);
  const { n } = assertPoints(who, points);
  if (n < 3) throw new InputError(`${who}: expected at least 3 points, got ${n}`);
  const { dimensions = 2, metric, minDistance = 0.1, spread = 1, signal, onProgress, onPlaces } = options;
  // Below its number of neighbours, umap-js wants one point more than it takes of each.
  const { neighbours = Math.min(15, n - 1), epochs } = options;
  const draws = new Draws(seedOf(options.seed, who), 0);
  if (!(Number.isInteger(neighbours) && neighbours >= 2 && neighbours < n)) {
    throw new InputError(
      `${who}: expected neighbours of at least 2 and below ${n} of ${n} points, got ${neighbours}`,
    );
  }
  if (!(spread > 0 && spread < 1e6 && minDistance >= 0 && minDistance <= spread)) {
    throw new InputError(
      `${who}: expected a spread above 0 and a minDistance of 0 to the spread, got ${spread} and ${minDistance}`,
    );
  }
  if (epochs !== undefined && !(Number.isSafeInteger(epochs) && epochs >= 1)) {
    throw new InputError(`${who}: expected at least 1 epoch, got ${epochs}`);
  }
  const others = neighbours - 1;
  const { nearest = await nearestNeighbours(device, points, { k: others, metric, signal }) } = options;
  if (nearest.shape[0] !== n || nearest.shape[1] < others) {
    throw new InputError(
      `${who}: expected nearest of ${n} points, at least ${others} of each, got ${nearest.shape.join("×")}`,
    );
  }
  const layout = new UMAP({
    nComponents: dimensions,
    nNeighbors: neighbours,
    minDist: minDistance,
    spread,
    random: () => draws.unit(),
    ...(epochs === undefined ? {} : { nEpochs: epochs }),
  });
  const rows = listsOf(nearest, others);
  layout.setPrecomputedKNN(rows.indices, rows.distances);
  // Of the points it asks only how many there are.
  const all = layout.initializeFit(Array.from({ length: n }, () => []));
  const read = (): Points => ({
    data: Float32Array.from(layout.getEmbedding().flat()),
    shape: [n, dimensions],
  });
  let [paused, watched] = [performance.now(), performance.now()];
  for (let epoch = 1; epoch <= all; epoch++) {
    layout.step();
    const now = performance.now();
    if (now - paused < PAUSE && epoch < all) continue;
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
    onProgress?.(epoch / all);
    if (onPlaces && (now - watched > WATCH || epoch === all)) {
      onPlaces({ iteration: epoch, places: read() });
      watched = performance.now();
    }
    paused = performance.now();
  }
  return read();
}

/** Neighbours as umap-js takes them: every point is its own first. */
function listsOf({ indices, distances, shape: [n, k] }: Neighbours, count: number) {
  const rows = <T extends Uint32Array | Float32Array>(values: T, first: (i: number) => number) =>
    Array.from({ length: n }, (_, i) => [first(i), ...values.subarray(i * k, i * k + count)]);
  return { indices: rows(indices, (i) => i), distances: rows(distances, () => 0) };
}
