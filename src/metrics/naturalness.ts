import { spearman } from "./correlation.ts";

/** The means of a layer's channels over its places, for one picture; layer by layer, the way of a picture through a network. */
export type Way = ReadonlyMap<string, readonly number[]>;

/** How much ways resemble one another: rank correlations, −1…1. */
export interface Likeness {
  /** The picture with natural pictures that excite the same. */
  readonly correlation: number;
  /** These natural pictures with one another: what a natural picture reaches. Absent where there is one only. */
  readonly among?: number;
  /** The same with natural pictures of anything else, where there are any. */
  readonly others?: number;
  /** The correlation on a scale from `others`, 0, to `among`, 1; absent where `among` is not above `others`. */
  readonly scaled?: number;
}

/** How much a picture's way resembles that of natural pictures in one layer. */
export interface LayerNaturalness extends Likeness {
  readonly layer: string;
}

/** How natural the way of a picture through a network is. */
export interface Naturalness extends Omit<Likeness, "correlation"> {
  /** In the network's order. */
  readonly layers: readonly LayerNaturalness[];
  /** Mean of the layers' correlations. `among` and `others` are means too, and `scaled` is on the scale of the means. */
  readonly mean: number;
}

/**
 * How much a picture's way through a network resembles those of natural pictures: Spearman's rank correlation of channel means,
 * layer by layer, after the comparison of ways by Geirhos, Zimmermann, Bilodeau, Brendel & Kim, "Don't trust your eyes" (2024).
 * 1 where it excites the channels of every layer in the same order as they do, 0 where the orders have nothing in common.
 *
 * `scaled` is their scale, on which pictures of another class are 0 and pictures of the same class are 1. It needs no labels here:
 * in place of the class's pictures stand those that excite the unit most, in place of other classes' any others.
 * @param naturals the ways of natural pictures that excite the same.
 * @param others the ways of natural pictures of anything else. Default: none.
 */
export function naturalnessOf(way: Way, naturals: readonly Way[], others: readonly Way[] = []): Naturalness {
  const layers = Array.from(way, ([layer, means]): LayerNaturalness => {
    const meansOf = (ways: readonly Way[]) => ways.map((one) => one.get(layer) ?? []);
    const [same, different] = [meansOf(naturals), meansOf(others)];
    const pairs = same.flatMap((a, i) => same.slice(i + 1).map((b) => spearman(a, b)));
    const apart = same.flatMap((a) => different.map((b) => spearman(a, b)));
    return {
      layer,
      ...likeness(
        same.map((natural) => spearman(means, natural)),
        pairs,
        apart,
      ),
    };
  });
  const { correlation: mean, ...scale } = likeness(
    layers.map(({ correlation }) => correlation),
    layers.flatMap(({ among }) => among ?? []),
    layers.flatMap(({ others: apart }) => apart ?? []),
  );
  return { layers, mean, ...scale };
}

/** The means of correlations with the same, among the same, and of the same with others. */
function likeness(same: readonly number[], pairs: readonly number[], apart: readonly number[]): Likeness {
  const correlation = meanOf(same);
  const among = pairs.length > 0 ? meanOf(pairs) : undefined;
  const others = apart.length > 0 ? meanOf(apart) : undefined;
  const span = among !== undefined && others !== undefined ? among - others : 0;
  return {
    correlation,
    ...(among === undefined ? {} : { among }),
    ...(others === undefined ? {} : { others }),
    ...(others !== undefined && span > 0 ? { scaled: (correlation - others) / span } : {}),
  };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value / values.length, 0);
}
