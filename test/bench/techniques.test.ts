import { expect, test } from "vitest";
import { limeWeights, ridgeWeights } from "../../bench/techniques/ridge.ts";
import {
  gaussLegendre,
  hash,
  normalNoise,
  riseMasks,
  shownSegments,
  squareSegments,
} from "../../bench/techniques/samples.ts";
import { hash32, segmentShows } from "../../src/kernels/masking.ts";
import { ridge } from "../../src/sampling/ridge.ts";

test("whoever is compared with ours hides the very segments that ours hides", () => {
  for (const value of [0, 1, 12345, 2 ** 32 - 1]) expect(hash(value)).toBe(hash32(value));
  const z = shownSegments(20, 7, 5);
  for (const [index, shown] of z.entries()) {
    expect(shown).toBe(Number(segmentShows(5, Math.floor(index / 7), index % 7)));
  }
  expect([...z.subarray(0, 7)]).toEqual([1, 1, 1, 1, 1, 1, 1]);
});

test("its noise is standard normal, and another for another seed", () => {
  const noise = normalNoise(50, 20_000, 5);
  const mean = noise.reduce((sum, value) => sum + value, 0) / noise.length;
  const variance = noise.reduce((sum, value) => sum + (value - mean) ** 2, 0) / noise.length;
  // Four standard errors of a million values.
  expect(Math.abs(mean)).toBeLessThan(0.004);
  expect(Math.abs(variance - 1)).toBeLessThan(0.0057);
  const within = noise.filter((value) => Math.abs(value) < 1.959964).length / noise.length;
  expect(Math.abs(within - 0.95)).toBeLessThan(0.0009);
  expect(normalNoise(1, 10, 6)).not.toEqual(normalNoise(1, 10, 5));
});

test("its masks are smooth, show half of the image, and differ from sample to sample", () => {
  const [side, grid] = [28, 7];
  const masks = riseMasks(200, side, grid, 5);
  expect(masks.every((value) => value >= 0 && value <= 1)).toBe(true);
  expect(masks.reduce((sum, value) => sum + value, 0) / masks.length).toBeCloseTo(0.5, 1);
  // From cell to cell a mask goes from 0 to 1, in as many pixels as a cell of the enlarged grid has.
  const steepest = grid / ((grid + 1) * Math.ceil(side / grid)) + 1e-6;
  for (let pixel = 1; pixel < side; pixel++) {
    expect(Math.abs((masks[pixel] ?? 0) - (masks[pixel - 1] ?? 0))).toBeLessThanOrEqual(steepest);
  }
  expect(masks.slice(0, side * side)).not.toEqual(masks.slice(side * side, 2 * side * side));
});

test("Gauss–Legendre's rule of two nodes is the known one, and of n is exact up to degree 2n − 1", () => {
  const { nodes, weights } = gaussLegendre(2);
  expect(nodes[0]).toBeCloseTo(0.5 - 0.5 / Math.sqrt(3), 12);
  expect(nodes[1]).toBeCloseTo(0.5 + 0.5 / Math.sqrt(3), 12);
  expect(weights).toEqual([expect.closeTo(0.5, 12), expect.closeTo(0.5, 12)]);
  const rule = gaussLegendre(14);
  const integral = rule.nodes.reduce((sum, node, i) => sum + (rule.weights[i] ?? 0) * node ** 27, 0);
  expect(integral).toBeCloseTo(1 / 28, 12);
});

test("squares cover an image row after row", () => {
  expect([...squareSegments(4, 2)]).toEqual([0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3]);
});

test("the ridge of whoever is compared with ours is the library's, found another way", () => {
  const [samples, features] = [30, 5];
  const z = shownSegments(samples, features, 3);
  const y = normalNoise(1, samples, 9);
  const w = limeWeights(z, samples, features);
  expect(w[0]).toBe(1);
  expect(Math.min(...w)).toBeLessThan(0.9);
  const expected = ridge(z, y, w, features, 1).coefficients;
  for (const [k, weight] of ridgeWeights(z, y, w, features, 1).entries()) {
    expect(weight).toBeCloseTo(expected[k] ?? Number.NaN, 9);
  }
});
