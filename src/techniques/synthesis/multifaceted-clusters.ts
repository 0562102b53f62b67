import { pca } from "../../embedding/pca.ts";
import { Draws } from "../../sampling/draws.ts";

/** Dimensions that principal components are cut to, as in the paper before its t-SNE. */
const DIMENSIONS = 50;
/** Times that k-means begins anew; the tightest clusters are taken. */
const BEGINNINGS = 32;
const MOST_ROUNDS = 100;

type Points = readonly (readonly number[])[];

/**
 * Sorts things into clusters by their features: principal components, then k-means, begun by k-means++ (Arthur & Vassilvitskii
 * 2007).
 * @returns the numbers of each cluster's things, nearest to its centre first; the largest cluster first. There are fewer clusters
 * where things are too much alike.
 */
export function clustersOf(features: readonly ArrayLike<number>[], count: number, seed: number): number[][] {
  const points = placesOf(features);
  const tries = Array.from({ length: BEGINNINGS }, (_, n) => kMeans(points, count, new Draws(seed, n)));
  const [first, ...others] = tries;
  if (!first) return [];
  const { centres, nearest } = others.reduce((best, one) => (one.spread < best.spread ? one : best), first);
  const distance = (centre: readonly number[], i: number): number => squared(centre, points[i] ?? []);
  return centres
    .map((centre, c) =>
      points
        .map((_, i) => i)
        .filter((i) => nearest[i] === c)
        .sort((a, b) => distance(centre, a) - distance(centre, b)),
    )
    .filter((members) => members.length > 0)
    .sort((a, b) => b.length - a.length);
}

/** Places along the directions in which features vary most. */
function placesOf(features: readonly ArrayLike<number>[]): Points {
  const [n, d] = [features.length, features[0]?.length ?? 0];
  const data = new Float32Array(n * d);
  for (const [i, one] of features.entries()) data.set(one, i * d);
  const count = Math.min(DIMENSIONS, n, d);
  const { scores } = pca({ data, shape: [n, d] }, { components: count });
  return features.map((_, i) => Array.from(scores.data.subarray(i * count, (i + 1) * count)));
}

interface Means {
  readonly centres: Points;
  /** The centre of each point. */
  readonly nearest: readonly number[];
  /** Sum of squared distances to it. */
  readonly spread: number;
}

function kMeans(points: Points, count: number, draws: Draws): Means {
  let centres = firstCentres(points, count, draws);
  let nearest: number[] = [];
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const now = points.map((point) => nearestOf(centres, point));
    if (now.every((centre, i) => centre === nearest[i])) break;
    nearest = now;
    centres = centres.map((centre, c) => {
      const own = points.filter((_, i) => nearest[i] === c);
      return own.length === 0 ? centre : meanOf(own);
    });
  }
  const spread = points.reduce((sum, point, i) => sum + squared(point, centres[nearest[i] ?? 0] ?? []), 0);
  return { centres, nearest, spread };
}

/** Points that are likely to lie far from one another: each by its squared distance to the nearest that was taken. */
function firstCentres(points: Points, count: number, draws: Draws): Points {
  const centres: (readonly number[])[] = [points[draws.below(points.length)] ?? []];
  // What differs by rounding is the same.
  const least = 1e-12 * Math.max(...points.map((point) => squared(point, [])));
  while (centres.length < count) {
    const far = points
      .map((point) => squared(point, centres[nearestOf(centres, point)] ?? []))
      .map((one) => (one > least ? one : 0));
    let left = draws.unit() * far.reduce((sum, one) => sum + one, 0);
    const next = far.findIndex((one) => {
      left -= one;
      return left < 0;
    });
    // Nothing is far where all points are centres.
    if (next < 0) break;
    centres.push(points[next] ?? []);
  }
  return centres;
}

function nearestOf(centres: Points, point: readonly number[]): number {
  const distances = centres.map((centre) => squared(centre, point));
  return distances.indexOf(Math.min(...distances));
}

function squared(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + (value - (b[i] ?? 0)) ** 2, 0);
}

function meanOf(points: Points): number[] {
  return (points[0] ?? []).map((_, d) =>
    points.reduce((sum, point) => sum + (point[d] ?? 0) / points.length, 0),
  );
}
