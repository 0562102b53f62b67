import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { applyFit, type LinearFit, RidgeMoments, ridgeRegression } from "../../src/lab/ridge.ts";
import { arraysOf } from "../../src/node/npz.ts";
import { random, values } from "../graph/graphs.ts";

const PATH = "test/golden/ridge.npz";
const arrays = new Map(arraysOf(readFileSync(PATH), PATH).map(({ name, array }) => [name, array]));

function golden(name: string) {
  const found = arrays.get(name);
  if (!found) throw new Error(`expected ${name} in ${PATH}`);
  return { data: Float32Array.from(found.data), shape: found.shape };
}

const [x, y] = [golden("x"), golden("y")];

function expectFit({ weights, bias }: LinearFit, of: string): void {
  for (const [found, name] of [
    [weights, of === "few" ? "few_weights" : `weights_${of}`],
    [bias, of === "few" ? "few_bias" : `bias_${of}`],
  ] as const) {
    const right = golden(name).data;
    expect(found.length).toBe(right.length);
    const largest = Math.max(...right.map(Math.abs));
    for (const [i, value] of found.entries()) {
      expect(Math.abs(value - (right[i] ?? 0))).toBeLessThan(1e-6 * largest);
    }
  }
}

describe("ridge regression", () => {
  test.each([0.01, 1, 100])("is scikit-learn's with alpha %d", (alpha) => {
    expectFit(ridgeRegression(x, y, { alpha }), String(alpha));
  });

  test("is scikit-learn's where there are fewer rows than columns", () => {
    const first = (points: typeof x, columns: number) => ({
      data: points.data.slice(0, 8 * columns),
      shape: [8, columns],
    });
    expectFit(ridgeRegression(first(x, 12), first(y, 5), { alpha: 0.5 }), "few");
  });

  test("of rows that come in parts is that of all", () => {
    const moments = new RidgeMoments(12, 5);
    for (const [from, to] of [
      [0, 1],
      [1, 8],
      [8, 90],
    ] as const) {
      moments.add(x.data.subarray(from * 12, to * 12), y.data.subarray(from * 5, to * 5), to - from);
    }
    expect(moments.rows).toBe(90);
    expectFit(moments.fit(1), "1");
  });

  test("leaves residuals that are orthogonal to x but for the penalty", () => {
    const next = random(3);
    const [n, d, k] = [50, 7, 3];
    const rows = { data: values(n * d, next), shape: [n, d] };
    const goals = { data: values(n * k, next), shape: [n, k] };
    const fit = ridgeRegression(rows, goals, { alpha: 2 });
    const guess = applyFit(fit, rows.data);
    for (let c = 0; c < k; c++) {
      let sum = 0;
      for (let r = 0; r < n; r++) sum += (goals.data[r * k + c] ?? 0) - (guess[r * k + c] ?? 0);
      expect(Math.abs(sum)).toBeLessThan(1e-9);
      for (let i = 0; i < d; i++) {
        let product = 0;
        for (let r = 0; r < n; r++) {
          product += (rows.data[r * d + i] ?? 0) * ((goals.data[r * k + c] ?? 0) - (guess[r * k + c] ?? 0));
        }
        expect(product).toBeCloseTo(2 * (fit.weights[i * k + c] ?? 0), 9);
      }
    }
  });

  test("measures its penalty by the variance of x where that is asked", () => {
    const scaled = (factor: number) => {
      const moments = new RidgeMoments(12, 5);
      moments.add(
        x.data.map((value) => value * factor),
        y.data,
        90,
      );
      return moments.fitRelative(0.1);
    };
    const [one, four] = [scaled(1), scaled(4)];
    for (const [i, weight] of one.weights.entries()) expect(four.weights[i]).toBeCloseTo(weight / 4, 6);
  });

  test("gives the mean of y where x does not vary", () => {
    const moments = new RidgeMoments(2, 1);
    moments.add([3, 4, 3, 4], [1, 5], 2);
    expect([...applyFit(moments.fitRelative(0.1), [3, 4])]).toEqual([3]);
  });

  test.each([
    [
      "rows that do not match",
      () => ridgeRegression(x, { data: y.data.slice(5), shape: [89, 5] }),
      /90, got 89/,
    ],
    [
      "NaN",
      () =>
        ridgeRegression(
          { data: Float32Array.of(1, Number.NaN), shape: [2, 1] },
          { data: new Float32Array(2), shape: [2, 1] },
        ),
      /finite numbers, got NaN at x \[1, 0\]/,
    ],
    ["a negative alpha", () => ridgeRegression(x, y, { alpha: -1 }), /alpha of 0 or more, got -1/],
    [
      "an open direction without a penalty",
      () =>
        ridgeRegression(
          { data: new Float32Array(4), shape: [4, 1] },
          { data: new Float32Array(4), shape: [4, 1] },
          { alpha: 0 },
        ),
      /vary in all 1 directions .* raise alpha/,
    ],
    ["more than can be solved", () => new RidgeMoments(5000, 1), /at most 2304 numbers/],
  ])("refuses %s", (_, call, words) => {
    expect(call).toThrow(InputError);
    expect(call).toThrow(words);
  });
});
