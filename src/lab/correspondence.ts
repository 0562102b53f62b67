import { METRICS, type Metric } from "../embedding/points.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, describe, type Fields } from "../gpu/options.ts";
import { receptiveField } from "../graph/receptive-field.ts";
import { type Picture, readInput } from "../images/picture.ts";
import type { InputOptions } from "../network/inputs.ts";
import type { Networks } from "../network/pool.ts";
import { LayerRuns, type MapShape, mapShapeOf } from "./layer-runs.ts";

/** A place of a layer's map. */
export interface MatchedPlace {
  readonly y: number;
  readonly x: number;
  /** The middle of what the place sees, in pixels of the network's input. */
  readonly pixel: { readonly y: number; readonly x: number };
}

export interface CorrespondenceOptions extends InputOptions {
  readonly layer: string;
  /** Places of the layer's map in the first picture. Default: those of `grid`. */
  readonly points?: readonly { readonly y: number; readonly x: number }[] | undefined;
  /** Places a side of an even grid, where `points` names none. Default 5. */
  readonly grid?: number | undefined;
  /** "cosine", the default: 1 − the cosine of the angle of two places' channels; "euclidean": the length of their difference. */
  readonly metric?: Metric | undefined;
  readonly signal?: AbortSignal | undefined;
}

const CORRESPONDENCE: Fields<CorrespondenceOptions> = {
  ...{ layer: "must", points: "may", grid: "may", metric: METRICS, inputs: "may", signal: "may" },
};

/** A place of one picture, and that of another that looks most like it to a layer. */
export interface Match {
  readonly from: MatchedPlace;
  readonly to: MatchedPlace;
  readonly distance: number;
  /** True if no other place of the first picture looks more like the second's. */
  readonly mutual: boolean;
}

export interface Correspondence {
  readonly layer: string;
  /** Height and width of the layer's map. */
  readonly size: readonly [height: number, width: number];
  readonly matches: readonly Match[];
  readonly notes: readonly string[];
}

/**
 * Parts of two pictures that correspond to each other as a layer sees them (Long, Zhang & Darrell, "Do convnets learn correspondence?",
 * 2014): for places of the first the one of the second with the nearest channels. Of equally near places the first counts, row by row.
 * @param from the first picture.
 * @param to the second; both as the network takes them.
 * @throws InputError when the layer has no places, or a point lies outside of it; the signal's reason.
 * @example
 * ```ts
 * import { correspondence } from "vitrine/lab";
 * import { createNetworks } from "vitrine/network";
 *
 * const networks = createNetworks(device, graph);
 * const { matches } = await correspondence(networks, picture, picture, { layer: "conv3_3" }); // or another
 * console.log(matches.every(({ from, to }) => from.y === to.y && from.x === to.x)); // true
 * networks.destroy();
 * ```
 */
export async function correspondence(
  networks: Networks,
  from: Picture,
  to: Picture,
  options: CorrespondenceOptions,
): Promise<Correspondence> {
  const who = "correspondence";
  assertFields(who, options, CORRESPONDENCE);
  const { graph } = networks;
  const { layer, metric = "cosine", signal, inputs } = options;
  const shape = mapShapeOf(who, graph, layer);
  const [height, width, channels] = shape;
  const points = pointsOf(who, shape, options);
  const values = await Promise.all([readInput(graph, from), readInput(graph, to)]);
  const [all = new Float32Array()] = await LayerRuns.during(
    networks,
    [layer],
    { batch: 2, inputs, signal },
    async (runs) => (await runs.run(values)).layers,
  );
  const half = all.length / 2;
  const maps = [all.subarray(0, half), all.subarray(half)].map((map) => vectorsOf(map, channels, metric));
  const [first, second] = maps as [Vectors, Vectors];
  const placeOf = (place: number): MatchedPlace => {
    const [y, x] = [Math.floor(place / width), place % width];
    const { top, left, bottom, right } = receptiveField(graph, { layer, y, x }).full;
    return { y, x, pixel: { y: (top + bottom - 1) / 2, x: (left + right - 1) / 2 } };
  };
  const matches: Match[] = [];
  let blank = 0;
  for (const { y, x } of points) {
    const place = y * width + x;
    const found = nearest(first, place, second);
    const back = found && nearest(second, found.place, first);
    if (!found || !back) {
      blank++;
      continue;
    }
    const { distance } = found;
    matches.push({ from: placeOf(place), to: placeOf(found.place), distance, mutual: back.place === place });
  }
  const notes =
    blank > 0
      ? [
          `${blank} of ${points.length} places have no match: their channels are all zero, or those of the other picture`,
        ]
      : [];
  return { layer, size: [height, width], matches, notes };
}

function pointsOf(who: string, [height, width]: MapShape, options: CorrespondenceOptions) {
  const { points, grid = 5, layer } = options;
  if (points && options.grid !== undefined) {
    throw new InputError(`${who}: expected points or a grid, got both`);
  }
  if (!Number.isInteger(grid) || grid < 1) {
    throw new InputError(`${who}: expected a grid of 1 or more places a side, got ${describe(grid)}`);
  }
  if (!points) {
    const along = (size: number) => {
      const count = Math.min(grid, size);
      return Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * size) / count));
    };
    return along(height).flatMap((y) => along(width).map((x) => ({ y, x })));
  }
  const within = (at: unknown, size: number) => Number.isInteger(at) && Number(at) >= 0 && Number(at) < size;
  const stray = points.find(({ y, x }) => !within(y, height) || !within(x, width));
  if (stray || points.length === 0) {
    throw new InputError(
      `${who}: expected points of 0,0 to ${height - 1},${width - 1} in "${layer}", got ${stray ? `${stray.y},${stray.x}` : "none"}`,
    );
  }
  return points;
}

/** The channels of each place, [places, channels]: of length 1 for the cosine. */
interface Vectors {
  readonly data: Float64Array;
  readonly channels: number;
  readonly metric: Metric;
  /** Places that have a direction; all of them for lengths. */
  readonly known: readonly boolean[];
}

function vectorsOf(map: Float32Array, channels: number, metric: Metric): Vectors {
  const data = Float64Array.from(map);
  const known = Array.from({ length: map.length / channels }, (_, place) => {
    if (metric === "euclidean") return true;
    const own = data.subarray(place * channels, (place + 1) * channels);
    const length = Math.hypot(...own);
    for (const [c, value] of own.entries()) own[c] = value / length;
    return length > 0;
  });
  return { data, channels, metric, known };
}

/** The place of other vectors that is nearest to one. */
function nearest(
  of: Vectors,
  place: number,
  others: Vectors,
): { place: number; distance: number } | undefined {
  if (!of.known[place]) return undefined;
  const { channels, metric } = of;
  let best: { place: number; distance: number } | undefined;
  for (const [other, known] of others.known.entries()) {
    if (!known) continue;
    let sum = 0;
    for (let c = 0; c < channels; c++) {
      sum += ((of.data[place * channels + c] as number) - (others.data[other * channels + c] as number)) ** 2;
    }
    // Of vectors of length 1 half the squared difference is 1 − the cosine.
    const distance = metric === "euclidean" ? Math.sqrt(sum) : sum / 2;
    if (!best || distance < best.distance) best = { place: other, distance };
  }
  return best;
}
