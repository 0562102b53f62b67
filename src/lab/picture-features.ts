import type { Source } from "../dataset/source.ts";
import { survey } from "../dataset/survey/survey.ts";
import type { Points } from "../embedding/points.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { penultimateOf } from "../graph/penultimate.ts";
import type { Networks } from "../network/pool.ts";

export interface PictureFeaturesOptions {
  /** The layer whose channel means are a picture's features. Default: the layer that the output's last weights read. */
  readonly layer?: string | undefined;
  readonly batch?: number | undefined;
  readonly onProgress?: ((done: number, count: number | undefined) => void) | undefined;
  /** Is told of pictures that cannot be read, which are passed over. */
  readonly onBroken?: ((broken: { readonly id: string; readonly why: string }) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const FEATURES: Fields<PictureFeaturesOptions> = {
  ...{ layer: "may", batch: "may", onProgress: "may", onBroken: "may", signal: "may" },
};

/** A picture of a data set, as a network sees it. */
export interface FeaturedPicture {
  /** The picture's number in the data set. */
  readonly index: number;
  readonly id: string;
  readonly label?: string | undefined;
  /** The class that the network gives it, where it has classes. */
  readonly answer?: string | undefined;
}

/** Points of pictures in the space of a layer's features. */
export interface PictureFeatures {
  readonly layer: string;
  readonly pictures: readonly FeaturedPicture[];
  /** `[pictures, channels]` */
  readonly points: Points;
}

/**
 * The features of a data set's pictures: a layer's channel means, one row a picture. One pass; memory grows by a row a picture.
 * @throws InputError for a layer that there is not, or a source without pictures; the signal's reason.
 * @example
 * ```ts
 * import { syntheticSource } from "vitrine/dataset";
 * import { pictureFeatures } from "vitrine/lab";
 * import { createNetworks } from "vitrine/network";
 *
 * const networks = createNetworks(device, graph);
 * const { points } = await pictureFeatures(networks, syntheticSource(device, { count: 3 }));
 * console.log(points.shape.join("×")); // 3×128
 * networks.destroy();
 * ```
 */
export async function pictureFeatures(
  networks: Networks,
  source: Source,
  options: PictureFeaturesOptions = {},
): Promise<PictureFeatures> {
  assertFields("picture features", options, FEATURES);
  const { layer = penultimateOf(networks.graph), batch, onProgress, onBroken, signal } = options;
  const pictures: FeaturedPicture[] = [];
  const rows: Float32Array[] = [];
  await survey(networks, source, {
    ...{ layers: [layer], features: [layer], top: 1, bins: 0, batch, signal, onBroken },
    onProgress: ({ done, count }) => onProgress?.(done, count),
    onPicture({ index, id, label, given, features: [row] }) {
      if (!row) return;
      pictures.push({ index, id, label, answer: given && (given.label ?? String(given.index)) });
      rows.push(row);
    },
  });
  return { layer, pictures, points: pointsOf(rows) };
}

/** Rows as points. @throws InputError when there are none, or they differ in length. */
export function pointsOf(rows: readonly Float32Array[]): Points {
  const channels = rows[0]?.length ?? 0;
  if (channels === 0 || rows.some(({ length }) => length !== channels)) {
    throw new InputError(
      `picture features: expected rows of one length, got ${rows.length === 0 ? "none" : "several"}`,
    );
  }
  const data = new Float32Array(rows.length * channels);
  for (const [i, row] of rows.entries()) data.set(row, i * channels);
  return { data, shape: [rows.length, channels] };
}

/**
 * The share of pictures whose k nearest others mostly have their label (of equally many the nearest's), of those with a label: how well
 * the space tells classes apart.
 * @param indices [pictures, k], as `nearestNeighbours` gives them.
 */
export function neighbourAccuracy(
  pictures: readonly FeaturedPicture[],
  indices: ArrayLike<number>,
  k: number,
): number | undefined {
  let [right, counted] = [0, 0];
  for (const [i, { label }] of pictures.entries()) {
    if (label === undefined) continue;
    const votes = new Map<string, number>();
    for (let n = 0; n < k; n++) {
      const other = pictures[indices[i * k + n] ?? -1]?.label;
      if (other !== undefined) votes.set(other, (votes.get(other) ?? 0) + 1);
    }
    // A map keeps the order in which labels came: the nearest first.
    const [best] = [...votes].sort((a, b) => b[1] - a[1]);
    if (!best) continue;
    counted++;
    if (best[0] === label) right++;
  }
  return counted > 0 ? right / counted : undefined;
}
