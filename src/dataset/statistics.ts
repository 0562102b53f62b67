import { InputError } from "../gpu/errors.ts";
import type { ChannelCoMoments } from "../kernels/co-moments.ts";
import type { ChannelHistogram } from "../kernels/histogram.ts";
import type { ChannelStatistics } from "../kernels/statistics.ts";
import type { TopK } from "../kernels/top-k.ts";

/** The statistics of nothing: merged with others it gives these. */
export function emptyStatistics(channels: number): ChannelStatistics {
  const all = (value: number): number[] => Array<number>(channels).fill(value);
  return {
    count: 0,
    mean: all(0),
    m2: all(0),
    min: all(Number.POSITIVE_INFINITY),
    max: all(Number.NEGATIVE_INFINITY),
    zeros: all(0),
  };
}

/**
 * The statistics of two shards together, in any grouping (Chan, Golub & LeVeque 1979): counts and extremes exactly, mean
 * and m2 to the rounding of f64.
 * @throws InputError when they are of different numbers of channels.
 */
export function mergeStatistics(a: ChannelStatistics, b: ChannelStatistics): ChannelStatistics {
  expectAlike("statistics", "channels", a.mean.length, b.mean.length);
  if (a.count === 0) return b;
  if (b.count === 0) return a;
  const count = a.count + b.count;
  const both = (of: keyof Omit<ChannelStatistics, "count">, f: (x: number, y: number, c: number) => number) =>
    a[of].map((value, c) => f(value, b[of][c] ?? Number.NaN, c));
  const delta = both("mean", (x, y) => y - x);
  return {
    count,
    mean: both("mean", (x, _, c) => x + ((delta[c] ?? 0) * b.count) / count),
    m2: both("m2", (x, y, c) => x + y + (delta[c] ?? 0) ** 2 * a.count * (b.count / count)),
    min: both("min", (x, y) => Math.min(x, y)),
    max: both("max", (x, y) => Math.max(x, y)),
    zeros: both("zeros", (x, y) => x + y),
  };
}

/** Variance of each channel: of the population, or of a sample where `sample`. NaN where too few were seen. */
export function varianceOf({ count, m2 }: ChannelStatistics, { sample = false } = {}): number[] {
  const divisor = count - Number(sample);
  return m2.map((value) => (divisor > 0 ? value / divisor : Number.NaN));
}

/**
 * The histograms of two shards together, exactly.
 * @throws InputError when their ranges or bins differ.
 */
export function mergeHistograms(a: ChannelHistogram, b: ChannelHistogram): ChannelHistogram {
  expectAlike("histograms", "ranges", JSON.stringify(a.ranges), JSON.stringify(b.ranges));
  expectAlike("histograms", "bins", a.counts[0]?.length, b.counts[0]?.length);
  const sum = (x: readonly number[], y: readonly number[] = []) => x.map((v, i) => v + (y[i] ?? Number.NaN));
  return {
    ranges: a.ranges,
    counts: a.counts.map((counts, i) => sum(counts, b.counts[i])),
    below: sum(a.below, b.below),
    above: sum(a.above, b.above),
  };
}

/**
 * The largest values of two shards together, exactly; the shards' images are to be numbered through.
 * @throws InputError when they keep different numbers of values, or of channels, or differ in what counts.
 */
export function mergeTopK(a: TopK, b: TopK): TopK {
  expectAlike("top-k", "values", a.k, b.k);
  expectAlike("top-k", "values an image", a.perImage, b.perImage);
  expectAlike("top-k", "channels", a.channels.length, b.channels.length);
  return {
    k: a.k,
    perImage: a.perImage,
    channels: a.channels.map((entries, c) =>
      [...entries, ...(b.channels[c] ?? [])]
        .sort((p, q) => q.value - p.value || p.image - q.image || p.y - q.y || p.x - q.x)
        .slice(0, a.k),
    ),
  };
}

/**
 * The co-moments of two shards together, in any grouping, to the rounding of f64.
 * @throws InputError when they are of different numbers of channels.
 */
export function mergeCoMoments(a: ChannelCoMoments, b: ChannelCoMoments): ChannelCoMoments {
  const statistics = mergeStatistics(a.statistics, b.statistics);
  if (a.statistics.count === 0) return b;
  if (b.statistics.count === 0) return a;
  const channels = statistics.mean.length;
  const weight = a.statistics.count * (b.statistics.count / statistics.count);
  const delta = a.statistics.mean.map((mean, c) => (b.statistics.mean[c] ?? Number.NaN) - mean);
  return {
    statistics,
    comoments: a.comoments.map((value, i) => {
      const [row = 0, column = 0] = [delta[Math.floor(i / channels)], delta[i % channels]];
      return value + (b.comoments[i] ?? Number.NaN) + row * column * weight;
    }),
  };
}

/** Pearson's correlation of every pair of channels, C×C row by row; NaN where a channel does not vary. */
export function correlationOf({ statistics, comoments }: ChannelCoMoments): number[] {
  const channels = statistics.mean.length;
  const spread = (c: number): number => Math.sqrt(comoments[c * channels + c] ?? Number.NaN);
  return comoments.map((value, i) => value / (spread(Math.floor(i / channels)) * spread(i % channels)));
}

function expectAlike<T>(who: string, what: string, a: T, b: T): void {
  if (a !== b) throw new InputError(`merging ${who}: expected the same ${what}, got ${a} and ${b}`);
}
