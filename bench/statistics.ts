/** Summary of a list of samples. */
export interface Summary {
  readonly n: number;
  readonly min: number;
  readonly median: number;
  readonly p90: number;
}

/** The value below which a share of the samples lies, between two samples by their distance. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const low = sorted[Math.floor(place)] ?? Number.NaN;
  const high = sorted[Math.ceil(place)] ?? Number.NaN;
  return low + (high - low) * (place - Math.floor(place));
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

export function summarise(samples: readonly number[]): Summary {
  return {
    n: samples.length,
    min: quantile(samples, 0),
    median: median(samples),
    p90: quantile(samples, 0.9),
  };
}

/** A ratio with its spread over the rounds. */
export interface Ratio {
  readonly median: number;
  readonly p10: number;
  readonly p90: number;
}

/**
 * Ratio of one contender's times to another's, round by round. Whatever else the machine did in a round slowed both
 * alike, so the spread of the pairs is narrower and more honest than the ratio of two medians.
 */
export function pairedRatio(theirs: readonly number[], ours: readonly number[]): Ratio {
  const pairs = theirs.slice(0, ours.length).map((time, round) => time / (ours[round] ?? Number.NaN));
  return { median: median(pairs), p10: quantile(pairs, 0.1), p90: quantile(pairs, 0.9) };
}

/** True if times have stopped falling: the last is within a tenth of the best before it. */
export function settled(times: readonly number[]): boolean {
  const last = times.at(-1);
  return last !== undefined && times.length > 1 && last >= 0.9 * Math.min(...times.slice(0, -1));
}
