import { expect, test } from "vitest";
import { pearson, spearman } from "../../src/metrics/correlation.ts";
import { areaOf } from "../../src/metrics/curves.ts";

test("equal values share the mean of their ranks", () => {
  // Ranks 0, 1½, 1½, 3 against 0, 2, 1, 3: covariance 4.5, variances 4.5 and 5.
  expect(spearman([1, 2, 2, 9], [0, 5, 3, 8])).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5), 12);
  // Ranks 1, 1, 1, 3 against 0, 1, 2, 3: covariance 3, variances 3 and 5.
  expect(spearman([4, 4, 4, 7], [1, 2, 3, 4])).toBeCloseTo(3 / Math.sqrt(15), 12);
});

test("a flat list is like another flat one, and like nothing else", () => {
  for (const of of [pearson, spearman]) {
    expect(of([0.1, 0.1, 0.1], [7, 7, 7])).toBe(1);
    expect(of([0.1, 0.1, 0.1], [1, 2, 3])).toBe(0);
    expect(of([1, 2, 3], [7, 7, 7])).toBe(0);
  }
});

test("the area under a curve on [0, 1] is by trapezia", () => {
  expect(areaOf([1, 1, 1, 1])).toBe(1);
  expect(areaOf([0, 1])).toBe(0.5);
  expect(areaOf([0, 2, 0])).toBe(1);
  expect(areaOf([4, 0, 0])).toBe(1);
});
