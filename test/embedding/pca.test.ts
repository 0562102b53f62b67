import fc from "fast-check";
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { describe, expect, test } from "vitest";
import { pca } from "../../src/embedding/pca.ts";
import type { Points } from "../../src/embedding/points.ts";
import { InputError } from "../../src/gpu/errors.ts";
import { forAll } from "../layers/check.ts";
import { expectClose, numbers } from "../reference/numbers.ts";
import { golden } from "./golden.ts";

/** Points whose numbers vary unequally, so that no two components are alike. */
const cloud = (n: number, d: number, seed = 1): Points => ({
  data: numbers(n * d, seed).map((value, i) => value * (1 + ((7 * i) % d)) + 3),
  shape: [n, d],
});

/** The whole covariance, and its eigenvalues by another method. */
function variances({ data, shape: [n = 1, d = 1] }: Points): number[] {
  const x = new Matrix(n, d);
  for (let i = 0; i < n * d; i++) x.set(Math.floor(i / d), i % d, data[i] ?? 0);
  x.subRowVector(x.mean("column"));
  const covariance = x
    .transpose()
    .mmul(x)
    .div(n - 1);
  return new EigenvalueDecomposition(covariance).realEigenvalues.sort((a, b) => b - a);
}

describe("pca", () => {
  test("agrees with scikit-learn", () => {
    const of = golden();
    const points = of("points");
    const { mean, components, variances, ratios, scores } = pca(points, { components: 5 });
    expectClose(Float32Array.from(mean), of("mean").data, 1e-6);
    expectClose(Float32Array.from(components), of("components").data, 1e-6);
    expectClose(Float32Array.from(variances), of("variances").data, 1e-6);
    expectClose(Float32Array.from(ratios), of("ratios").data, 1e-6);
    expect(scores.shape).toEqual([1000, 5]);
    const projected = Float32Array.from(scores.data, (_, i) => {
      const [row, c] = [Math.floor(i / 5), i % 5];
      let sum = 0;
      for (let j = 0; j < 24; j++) {
        sum += ((points.data[row * 24 + j] ?? 0) - (mean[j] ?? 0)) * (components[c * 24 + j] ?? 0);
      }
      return sum;
    });
    expectClose(scores.data, projected, 1e-6);
  });

  test("has the eigenvalues of the covariance, and directions at right angles, at any size", () =>
    forAll(
      fc.record({ n: fc.integer({ min: 2, max: 60 }), d: fc.integer({ min: 1, max: 60 }), count: fc.nat(9) }),
      async ({ n, d, count }) => {
        const points = cloud(n, d);
        const most = Math.min(count + 1, n - 1, d);
        const found = pca(points, { components: most });
        const expected = variances(points);
        for (let c = 0; c < most; c++) {
          expect(Math.abs((found.variances[c] ?? 0) - (expected[c] ?? 0))).toBeLessThan(
            1e-8 * (expected[0] ?? 1),
          );
          const row = found.components.subarray(c * d, c * d + d);
          const largest = row.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0);
          expect(largest).toBeGreaterThan(0);
          for (let other = 0; other <= c; other++) {
            const product = row.reduce((sum, v, i) => sum + v * (found.components[other * d + i] ?? 0), 0);
            expect(Math.abs(product - Number(other === c))).toBeLessThan(1e-6);
          }
        }
      },
    ));

  test("needs no whole covariance: few points of many numbers", () => {
    const points = cloud(30, 20_000);
    const { variances: found, ratios } = pca(points, { components: 3 });
    const x = cloud(30, 20_000).data;
    const mean = (j: number) =>
      Array.from({ length: 30 }, (_, i) => x[i * 20_000 + j] ?? 0).reduce((a, b) => a + b) / 30;
    const means = Array.from({ length: 20_000 }, (_, j) => mean(j));
    const gram = new Matrix(30, 30);
    for (let a = 0; a < 30; a++) {
      for (let b = 0; b < 30; b++) {
        let sum = 0;
        for (let j = 0; j < 20_000; j++) {
          sum += ((x[a * 20_000 + j] ?? 0) - (means[j] ?? 0)) * ((x[b * 20_000 + j] ?? 0) - (means[j] ?? 0));
        }
        gram.set(a, b, sum / 29);
      }
    }
    const expected = new EigenvalueDecomposition(gram).realEigenvalues.sort((a, b) => b - a);
    expectClose(Float32Array.from(found), expected.slice(0, 3), 1e-6);
    const all = expected.reduce((a, b) => a + b);
    expectClose(
      Float32Array.from(ratios),
      expected.slice(0, 3).map((v) => v / all),
      1e-6,
    );
  });

  test("identical points are all at 0, and have no directions", () => {
    const { variances, ratios, scores, components } = pca({
      data: new Float32Array(50).fill(2),
      shape: [10, 5],
    });
    for (const values of [variances, ratios, scores.data, components])
      expect([...values].every((v) => v === 0)).toBe(true);
  });

  test("points on a line have one", () => {
    const data = Float32Array.from({ length: 40 }, (_, i) => Math.floor(i / 4) * ([1, -2, 0, 1][i % 4] ?? 0));
    const { components, variances } = pca({ data, shape: [10, 4] }, { components: 2 });
    const third = Math.sqrt(6);
    expectClose(Float32Array.from(components), [-1 / third, 2 / third, 0, -1 / third, 0, 0, 0, 0], 1e-7);
    expect(variances[1]).toBe(0);
  });

  test("says what is wrong", () => {
    expect(() => pca(cloud(4, 3), { components: 4 })).toThrow(
      /1 to 3 components of 4 points of 3 numbers each, got 4/,
    );
    expect(() => pca(cloud(4, 3), { components: 0 })).toThrow(InputError);
    expect(() => pca({ data: new Float32Array([1, Number.NaN]), shape: [2, 1] }, { components: 1 })).toThrow(
      /NaN at points \[1, 0\]/,
    );
  });
});
