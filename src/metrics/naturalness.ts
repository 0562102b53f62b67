import { spearman } from "./correlation.ts";

/** The means of a layer's channels over its places, for one picture; layer by layer, the way of a picture through a network. */
export type Way = ReadonlyMap<string, readonly number[]>;

/** How much a picture's way resembles that of natural pictures in one layer. */
export interface LayerNaturalness {
  readonly layer: string;
  /** Mean rank correlation of the picture's channel means with those of each natural picture, −1…1. */
  readonly correlation: number;
  /** The same of each natural picture with the others: what a natural picture reaches. Absent where there is one only. */
  readonly among?: number;
}

/** How natural the way of a picture through a network is. */
export interface Naturalness {
  /** In the network's order. */
  readonly layers: readonly LayerNaturalness[];
  /** Mean of the layers' correlations. */
  readonly mean: number;
  /** Mean of the layers' correlations among natural pictures. */
  readonly among?: number;
}

/**
 * How much a picture's way through a network resembles those of natural pictures: Spearman's rank correlation of channel means,
 * layer by layer, after the comparison of ways by Geirhos, Zimmermann, Bilodeau, Brendel & Kim, "Don't trust your eyes" (2024).
 * 1 where it excites the channels of every layer in the same order as they do, 0 where the orders have nothing in common. It is
 * not scaled between pictures of one class and of others: `among` says what natural pictures reach.
 */
export function naturalnessOf(way: Way, naturals: readonly Way[]): Naturalness {
  const layers = Array.from(way, ([layer, means]): LayerNaturalness => {
    const others = naturals.map((natural) => natural.get(layer) ?? []);
    const pairs = others.flatMap((a, i) => others.slice(i + 1).map((b) => spearman(a, b)));
    return {
      layer,
      correlation: meanOf(others.map((natural) => spearman(means, natural))),
      ...(pairs.length > 0 ? { among: meanOf(pairs) } : {}),
    };
  });
  const among = layers.flatMap((layer) => layer.among ?? []);
  return {
    layers,
    mean: meanOf(layers.map(({ correlation }) => correlation)),
    ...(among.length > 0 ? { among: meanOf(among) } : {}),
  };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value / values.length, 0);
}
