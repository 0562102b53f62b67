import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { type DenseLayer, dense } from "../../src/layers/dense.ts";
import { multiply, multiplyTransposed } from "../reference/dense.ts";
import { activated, expectClose, FUSED, inner, numbers } from "../reference/numbers.ts";
import { runBackward, runForward } from "./run.ts";

type Sizes = readonly [rows: number, features: number, units: number];

function layerOf([, features, units]: Sizes, bias = true): DenseLayer {
  return {
    op: "dense",
    name: "d",
    inputs: ["x"],
    w: { shape: [features, units], data: numbers(features * units, 2) },
    ...(bias ? { b: { shape: [units], data: numbers(units, 3) } } : {}),
  };
}

async function check(sizes: Sizes, bias = true): Promise<void> {
  const [rows, features, units] = sizes;
  const layer = layerOf(sizes, bias);
  const x = { shape: [rows, features], data: numbers(rows * features, 4) };
  const y = await runForward(dense, layer, [x]);
  expect(y.shape).toEqual([rows, units]);
  expectClose(y.data, multiply(sizes, x.data, layer.w.data, layer.b?.data));

  const dy = numbers(rows * units, 5);
  const dx = await runBackward(dense, layer, [x], { dy });
  expectClose(dx, multiplyTransposed(sizes, dy, layer.w.data));
  const linear = y.data.map((value, i) => value - (layer.b?.data[i % units] ?? 0));
  const scale = Math.sqrt(inner(linear, linear) * inner(dy, dy)) + 1e-3;
  expect(Math.abs(inner(linear, dy) - inner(x.data, dx)) / scale).toBeLessThan(1e-5);
}

describe("dense", () => {
  test("agrees with naive loops, forward and backward, whatever the sizes", async () => {
    const width = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 60, max: 300 }));
    const property = fc.asyncProperty(
      fc.integer({ min: 1, max: 33 }),
      width,
      width,
      fc.boolean(),
      (r, f, u, bias) => check([r, f, u], bias),
    );
    await fc.assert(property, { numRuns: 30, seed: 7 });
  });

  test.each<Sizes>([
    [1, 1, 1],
    [3, 2048, 10],
    [32, 100, 1000],
  ])("agrees with naive loops: %i × %i × %i", (...sizes) => check(sizes));

  test.each<readonly [features: number, units: number]>([
    [1000, 16],
    [37, 7],
  ])("a row has the same bits alone and among others: %i × %i", async (features, units) => {
    const rows = 11;
    const layer = layerOf([rows, features, units]);
    const x = { shape: [rows, features], data: numbers(rows * features, 4) };
    const dy = numbers(rows * units, 5);
    const { data } = await runForward(dense, layer, [x]);
    const dx = await runBackward(dense, layer, [x], { dy });
    for (const row of [0, 6, 10]) {
      const of = (values: Float32Array, each: number) => values.slice(row * each, (row + 1) * each);
      const alone = { shape: [1, features], data: of(x.data, features) };
      expect((await runForward(dense, layer, [alone])).data).toEqual(of(data, units));
      expect(await runBackward(dense, layer, [alone], { dy: of(dy, units) })).toEqual(of(dx, features));
    }
  });

  test("works along the last of several axes", async () => {
    const layer = layerOf([12, 5, 8]);
    const x = { shape: [2, 3, 2, 5], data: numbers(60, 4) };
    const y = await runForward(dense, layer, [x]);
    expect(y.shape).toEqual([2, 3, 2, 8]);
    expectClose(y.data, multiply([12, 5, 8], x.data, layer.w.data, layer.b?.data));
  });

  test.each<readonly [tokens: number[], features: number, units: number, bias: boolean]>([
    [[2, 33], 20, 24, true],
    [[1, 65], 7, 19, false],
    [[3, 4, 9], 12, 5, false],
    [[2, 40], 5, 32, true],
  ])("takes many rows of each image at once: %j × %i × %i", async (tokens, features, units, bias) => {
    const rows = tokens.reduce((product, count) => product * count, 1);
    const sizes = [rows, features, units] as const;
    const layer = layerOf(sizes, bias);
    const x = { shape: [...tokens, features], data: numbers(rows * features, 4) };
    const y = await runForward(dense, layer, [x]);
    expect(y.shape).toEqual([...tokens, units]);
    expectClose(y.data, multiply(sizes, x.data, layer.w.data, layer.b?.data));

    const dy = numbers(rows * units, 5);
    const expected = multiplyTransposed(sizes, dy, layer.w.data);
    expectClose(await runBackward(dense, layer, [x], { dy }), expected);
    const onto = numbers(rows * features, 6);
    expectClose(
      await runBackward(dense, layer, [x], { dy, onto }),
      expected.map((value, i) => value + (onto[i] ?? 0)),
    );
  });

  test("applies an activation to many rows, and takes gradients back through the one before them", async () => {
    const activation = { kind: "relu" } as const;
    const layer = { ...layerOf([66, 12, 8]), activation };
    const x = { shape: [2, 33, 12], data: numbers(792, 4) };
    const z = multiply([66, 12, 8], x.data, layer.w.data, layer.b?.data);
    expectClose(
      (await runForward(dense, layer, [x])).data,
      z.map((value) => Math.max(value, 0)),
    );
    const dy = numbers(528, 5);
    expectClose(
      await runBackward(dense, layer, [x], { dy, fused: activation }),
      multiplyTransposed([66, 12, 8], dy, layer.w.data).map((slope, i) => ((x.data[i] ?? 0) > 0 ? slope : 0)),
    );
  });

  test("adds to dx where it is told to", async () => {
    const sizes = [5, 19, 12] as const;
    const layer = layerOf(sizes);
    const dy = numbers(60, 5);
    const onto = numbers(95, 6);
    const dx = await runBackward(dense, layer, [{ shape: [5, 19], data: numbers(95, 4) }], { dy, onto });
    expectClose(
      dx,
      multiplyTransposed(sizes, dy, layer.w.data).map((v, i) => v + (onto[i] ?? 0)),
    );
  });

  test.each(FUSED)("applies a fused $kind after the bias, and leaves it out backward", async (activation) => {
    for (const units of [8, 3]) {
      const sizes = [2, 20, units] as const;
      const layer = { ...layerOf(sizes), activation };
      const x = { shape: [2, 20], data: numbers(40, 4).map((v) => 4 * v) };
      const z = multiply(sizes, x.data, layer.w.data, layer.b?.data);
      expectClose(
        (await runForward(dense, layer, [x])).data,
        z.map((v) => activated(activation, v)),
      );
      const dy = numbers(2 * units, 5);
      expectClose(await runBackward(dense, layer, [x], { dy }), multiplyTransposed(sizes, dy, layer.w.data));
    }
  });

  test("refuses weights of other features, naming the layer", () => {
    expect(() => dense.shape(layerOf([2, 6, 5]), [[2, 7]])).toThrow(InputError);
    expect(() => dense.shape(layerOf([2, 6, 5]), [[2, 7]])).toThrow(/dense "d": expected w.shape\[0\] = 7/);
  });
});
