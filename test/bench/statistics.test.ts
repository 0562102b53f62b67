import { expect, test } from "vitest";
import { difference, normDifference, sampledDifference } from "../../bench/compare.ts";
import { median, pairedRatio, quantile, settled, summarise } from "../../bench/statistics.ts";

test("a quantile lies between two samples by their distance, in whatever order they come", () => {
  const samples = [50, 10, 40, 20, 30];
  expect(quantile(samples, 0)).toBe(10);
  expect(quantile(samples, 0.1)).toBeCloseTo(14, 12);
  expect(quantile(samples, 0.9)).toBeCloseTo(46, 12);
  expect(quantile(samples, 1)).toBe(50);
  expect(samples).toEqual([50, 10, 40, 20, 30]);
});

test("a median is the middle, or the mean of the two in the middle; numbers are not sorted as text", () => {
  expect(median([9, 100, 10])).toBe(10);
  expect(median([1, 2, 4, 8])).toBe(3);
  expect(median([7])).toBe(7);
  expect(median([])).toBeNaN();
});

test("a summary holds the count, the least, the median and the 90th percentile", () => {
  const { n, min, median, p90 } = summarise([3, 1, 2]);
  expect([n, min, median]).toEqual([3, 1, 2]);
  expect(p90).toBeCloseTo(2.8, 12);
});

test("a ratio is taken round by round: what slowed both alike does not show in it", () => {
  const ratio = pairedRatio([10, 30, 20], [1, 2, 4]);
  // The rounds: 10, 15, 5.
  expect(ratio.median).toBe(10);
  expect(ratio.p10).toBeCloseTo(6, 12);
  expect(ratio.p90).toBeCloseTo(14, 12);
  expect(pairedRatio([4, 40], [1, 10])).toEqual({ median: 4, p10: 4, p90: 4 });
});

test("a round that only one of them ran is left out", () => {
  expect(pairedRatio([4, 8, 100], [2, 4])).toEqual({ median: 2, p10: 2, p90: 2 });
});

test("times have settled once the last is within a tenth of the best before it", () => {
  expect(settled([])).toBe(false);
  expect(settled([100])).toBe(false);
  expect(settled([100, 50])).toBe(false);
  expect(settled([100, 50, 46])).toBe(true);
  expect(settled([100, 50, 44])).toBe(false);
});

test("a difference is relative to the reference's largest value, and nothing agrees with zeros or with NaN", () => {
  const y = Float32Array.of(1, -4, 2);
  expect(difference(y, [1, -4, 2])).toBe(0);
  expect(difference(y, [1, -4, 3])).toBe(0.25);
  expect(difference(y, [1, -4])).toBe(Number.POSITIVE_INFINITY);
  expect(difference(Float32Array.of(1, Number.NaN, 2), [1, -4, 2])).toBe(Number.POSITIVE_INFINITY);
  expect(difference(Float32Array.of(0, 0), [0, 0])).toBe(Number.POSITIVE_INFINITY);
});

test("a difference at some places still wants the rest to be finite", () => {
  const y = Float32Array.from({ length: 4096 }, (_, index) => index + 1);
  expect(sampledDifference(y, y.length, (index) => index + 1, 64)).toBe(0);
  expect(sampledDifference(y, y.length, (index) => index + 2, 64)).toBeGreaterThan(0);
  expect(sampledDifference(y, 4095, (index) => index + 1)).toBe(Number.POSITIVE_INFINITY);
  expect(sampledDifference(y.with(4095, Number.NaN), y.length, (index) => index + 1, 64)).toBe(
    Number.POSITIVE_INFINITY,
  );
});

test("the norm of a difference weighs a few wrong pixels by how much of the whole they are", () => {
  expect(normDifference(Float32Array.of(3, 4, 1), [3, 4, 0])).toBeCloseTo(0.2, 12);
  expect(normDifference(Float32Array.of(0, 0), [3, 4])).toBe(1);
  expect(normDifference(Float32Array.of(0, Number.NaN), [3, 4])).toBe(Number.POSITIVE_INFINITY);
  expect(normDifference(Float32Array.of(0, 0), [0, 0])).toBe(Number.POSITIVE_INFINITY);
});
