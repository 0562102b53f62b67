import { expect } from "vitest";
import type { ChannelStatistics } from "../../src/kernels/statistics.ts";

/** Statistics in f64, in two passes. */
export function statisticsOf(data: ArrayLike<number>, channels: number): ChannelStatistics {
  const count = data.length / channels;
  const of = Array.from({ length: channels }, (_, c) =>
    Float64Array.from({ length: count }, (_, row) => data[row * channels + c] ?? Number.NaN),
  );
  const mean = of.map((values) => values.reduce((sum, v) => sum + v, 0) / count);
  return {
    count,
    mean,
    m2: of.map((values, c) => values.reduce((sum, v) => sum + (v - (mean[c] ?? 0)) ** 2, 0)),
    min: of.map((values) => values.reduce((least, v) => Math.min(least, v), Number.POSITIVE_INFINITY)),
    max: of.map((values) => values.reduce((most, v) => Math.max(most, v), Number.NEGATIVE_INFINITY)),
    zeros: of.map((values) => values.reduce((sum, v) => sum + Number(v === 0), 0)),
  };
}

/**
 * Counts and extremes to the bit; mean within `tolerance` standard deviations, M2 relatively.
 */
export function expectStatistics(
  actual: ChannelStatistics,
  expected: ChannelStatistics,
  tolerance = 1e-6,
): void {
  const { count, min, max, zeros } = expected;
  expect(actual).toMatchObject({ count, min, max, zeros });
  for (const [c, m2] of expected.m2.entries()) {
    const mean = expected.mean[c] ?? Number.NaN;
    const deviation = Math.sqrt(m2 / count);
    // A single value has no deviation, and one f32 cannot hold more than itself.
    expect(Math.abs((actual.mean[c] ?? Number.NaN) - mean)).toBeLessThanOrEqual(
      tolerance * deviation + 1e-12 * Math.abs(mean),
    );
    expect(Math.abs((actual.m2[c] ?? Number.NaN) - m2)).toBeLessThanOrEqual(tolerance * m2);
  }
}
