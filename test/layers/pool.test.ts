import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { sizeOf } from "../../src/gpu/tensor.ts";
import { globalPool } from "../../src/layers/global-pool.ts";
import { type PoolLayer, pool } from "../../src/layers/pool.ts";
import type { Array64 } from "../reference/array.ts";
import * as reference from "../reference/pool.ts";
import { checkOp, forAll, IMAGES, random } from "./check.ts";
import { runBackward, runForward } from "./run.ts";

const MODES = ["max", "average"] as const;

function layerOf(part: Partial<PoolLayer>): PoolLayer {
  return {
    op: "pool",
    name: "p",
    inputs: ["x"],
    mode: "max",
    size: [2, 2],
    strides: [2, 2],
    padding: "valid",
    ...part,
  };
}

const check = (layer: PoolLayer, shape: readonly number[]): Promise<void> =>
  checkOp(pool, layer, [random(shape)], {
    forward: ([x]) => reference.pool(layer, x as Array64),
  });

describe.each(MODES)("%s pooling", (mode) => {
  test("agrees with naive loops, forward and backward, whatever the window", async () => {
    const pair = (max: number): fc.Arbitrary<[number, number]> =>
      fc.tuple(fc.integer({ min: 1, max }), fc.integer({ min: 1, max }));
    const cases = fc.tuple(IMAGES, pair(4), pair(3), fc.constantFrom("same", "valid", "border"));
    await forAll(cases, async ([shape, size, strides, kind]) => {
      const [n, h, w, c] = shape;
      const fitting = [n, Math.max(h, size[0]), Math.max(w, size[1]), c];
      const border = {
        top: size[0] - 1,
        bottom: Math.floor(size[0] / 2),
        left: Math.floor(size[1] / 2),
        right: size[1] - 1,
      };
      const padding = kind === "border" ? border : kind === "same" ? "same" : "valid";
      await check(layerOf({ mode, size, strides, padding }), kind === "same" ? shape : fitting);
    });
  });

  test("agrees with naive loops, dilated, rounded up and with padding counted", async () => {
    const pair = (max: number): fc.Arbitrary<[number, number]> =>
      fc.tuple(fc.integer({ min: 1, max }), fc.integer({ min: 1, max }));
    const border = fc.integer({ min: 0, max: 2 });
    const cases = fc.record({
      shape: fc.tuple(
        fc.constant(1),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom(1, 4),
      ),
      size: pair(3),
      strides: pair(4),
      dilations: pair(3),
      padding: fc.oneof(
        fc.constantFrom<PoolLayer["padding"]>("same", "valid"),
        fc.record({ top: border, bottom: border, left: border, right: border }),
      ),
      ceil: fc.boolean(),
      countPadding: fc.boolean(),
    });
    let held = 0;
    await fc.assert(
      fc.asyncProperty(cases, async ({ shape, ...part }) => {
        const layer = layerOf({ mode, ...part });
        try {
          pool.shape(layer, [shape]);
        } catch {
          // A window that does not fit, or that holds no pixel: the reference has nothing to say of it either.
          const { data } = reference.pool(layer, { shape, data: new Float64Array(sizeOf(shape)) });
          const { padding, size, dilations = [1, 1] } = layer;
          const extents = [0, 1].map((axis) => ((size[axis] ?? 1) - 1) * (dilations[axis] ?? 1));
          const wide =
            typeof padding === "object" &&
            (Math.max(padding.top, padding.bottom) > (extents[0] ?? 0) ||
              Math.max(padding.left, padding.right) > (extents[1] ?? 0));
          const empty = data.length === 0 || data.some((value) => !Number.isFinite(value));
          expect(wide || empty || layer.countPadding === true).toBe(true);
          return;
        }
        held++;
        await check(layer, shape);
      }),
      { numRuns: 60, seed: 9 },
    );
    expect(held).toBeGreaterThan(25);
  }, 120_000);

  test.each<[string, Partial<PoolLayer>, number[]]>([
    ["PyTorch's ceil mode", { size: [3, 3], strides: [2, 2], ceil: true }, [1, 6, 8, 4]],
    [
      "a window that would start in the padding at the end",
      { size: [2, 2], strides: [2, 2], ceil: true, padding: { top: 1, bottom: 1, left: 1, right: 1 } },
      [1, 5, 4, 4],
    ],
    ["dilated, channels in fours", { size: [2, 3], strides: [1, 2], dilations: [3, 2] }, [2, 6, 9, 8]],
    ["3×3 at stride 2, overlapping", { size: [3, 3], strides: [2, 2], padding: "same" }, [2, 7, 8, 5]],
    ["a window larger than the image", { size: [5, 5], strides: [1, 1], padding: "same" }, [1, 2, 3, 3]],
    ["a stride larger than the window", { size: [1, 2], strides: [3, 4] }, [1, 7, 9, 3]],
    ["one pixel", { size: [1, 1], strides: [1, 1] }, [1, 1, 1, 1]],
    ["more than one workgroup", { size: [3, 3], strides: [1, 1], padding: "same" }, [1, 5, 6, 37]],
  ])("agrees with naive loops: %s", (_, part, shape) => check(layerOf({ mode, ...part }), shape));
});

test("padding goes below and to the right when it is odd, and takes no part", async () => {
  const x = { shape: [1, 2, 2, 1], data: new Float32Array([-4, -3, -2, -1]) };
  const same = { size: [2, 2], strides: [1, 1], padding: "same" } as const;
  expect([...(await runForward(pool, layerOf(same), [x])).data]).toEqual([-1, -1, -1, -1]);
  const average = await runForward(pool, layerOf({ ...same, mode: "average" }), [x]);
  expect([...average.data]).toEqual([-2.5, -2, -1.5, -1]);
});

test("counts explicit padding where it is told to, and not what rounding up adds", async () => {
  const x = { shape: [1, 1, 4, 1], data: new Float32Array([1, 2, 3, 4]) };
  const layer = layerOf({
    ...{ mode: "average", size: [1, 3], strides: [1, 2], countPadding: true, ceil: true },
    padding: { top: 0, bottom: 0, left: 1, right: 0 },
  });
  // Windows: (pad, 1, 2), (2, 3, 4). One more column: the last has one pixel of three.
  expect([...(await runForward(pool, layer, [x])).data]).toEqual([1, 3]);
  const five = { shape: [1, 1, 5, 1], data: new Float32Array([1, 2, 3, 4, 6]) };
  expect([...(await runForward(pool, layer, [five])).data]).toEqual([1, 3, 5]);
});

test.each<[Partial<PoolLayer>, RegExp]>([
  [{ size: [2, 2], dilations: [1, 9] }, /pool "p" width: expected an input of at least 10, got 4/],
  [
    { size: [1, 2], dilations: [1, 8], padding: { top: 0, bottom: 0, left: 2, right: 4 } },
    /pool "p": expected windows that hold a pixel, got a window of 2 taps 8 apart from -2 on, along 4 pixels/,
  ],
])("refuses %j on 4×4 pixels", (part, message) => {
  expect(() => pool.shape(layerOf(part), [[1, 4, 4, 1]])).toThrow(InputError);
  expect(() => pool.shape(layerOf(part), [[1, 4, 4, 1]])).toThrow(message);
});

test("takes values back to the taps of a dilated window, as a mean's gradient does", async () => {
  const layer = layerOf({ mode: "average", size: [2, 2], strides: [1, 1], dilations: [2, 1] });
  const values = Float64Array.of(3, -2);
  const pixels = Array.from({ length: 6 }, () => new Float64Array(2));
  const back = (y: number, x: number) => pixels[2 * y + x] ?? new Float64Array(2);
  pool.backProject?.(layer, { y: 0, x: 0, values, begin: 0, back });
  const dx = await runBackward(pool, layer, [random([1, 3, 2, 2])], { dy: Float32Array.from(values) });
  expect([...dx]).toEqual(pixels.flatMap((pixel) => [...pixel]));
});

test("the first of equal maxima takes the whole gradient", async () => {
  const x = { shape: [1, 2, 4, 1], data: new Float32Array([1, 1, 0, 2, 1, 1, 2, 0]) };
  const dx = await runBackward(pool, layerOf({}), [x], { dy: new Float32Array([5, 7]) });
  expect([...dx]).toEqual([5, 0, 0, 7, 0, 0, 0, 0]);
});

test("a pixel that wins several windows gathers all their gradients", async () => {
  const x = { shape: [1, 3, 3, 1], data: new Float32Array([0, 0, 0, 0, 9, 0, 0, 0, 0]) };
  const layer = layerOf({ strides: [1, 1] });
  const dx = await runBackward(pool, layer, [x], { dy: new Float32Array([1, 2, 3, 4]) });
  expect([...dx]).toEqual([0, 0, 0, 0, 10, 0, 0, 0, 0]);
});

test.each(["top", "bottom", "left", "right"])(
  "windows that would hold only padding are refused: %s",
  (side) => {
    const padding = { top: 1, bottom: 1, left: 1, right: 1, [side]: 2 };
    expect(() => pool.shape(layerOf({ padding }), [[1, 4, 4, 1]])).toThrow(InputError);
    expect(() => pool.shape(layerOf({ padding }), [[1, 4, 4, 1]])).toThrow(
      /pool "p": expected padding smaller/,
    );
  },
);

describe.each(MODES)("global %s pooling", (mode) => {
  const layer = { op: "globalPool", name: "g", inputs: ["x"], mode } as const;
  const checkGlobal = (shape: readonly number[], keepDims: boolean): Promise<void> =>
    checkOp(globalPool, { ...layer, keepDims }, [random(shape)], {
      forward: ([x]) => reference.globalPool({ ...layer, keepDims }, x as Array64),
    });

  test("agrees with naive loops, forward and backward", () =>
    forAll(fc.tuple(IMAGES, fc.boolean()), ([shape, keepDims]) => checkGlobal(shape, keepDims)));

  test.each([[[1, 1, 1, 1]], [[2, 13, 13, 37]], [[1, 7, 7, 128]]])("agrees with naive loops: %j", (shape) =>
    checkGlobal(shape, false),
  );

  test("takes a thousand channels of 13×13", async () => {
    const x = random([1, 13, 13, 1000]);
    const y = await runForward(globalPool, layer, [x]);
    const { data } = reference.globalPool(layer, { shape: x.shape, data: Float64Array.from(x.data) });
    expect(y.shape).toEqual([1, 1000]);
    for (const [c, value] of y.data.entries()) expect(Math.abs(value - (data[c] ?? 0))).toBeLessThan(1e-6);
  });
});

test("of equal maxima of an image the first in reading order wins", async () => {
  const data = new Float32Array(40).fill(-1);
  // Pixels 16 apart fall to one thread: these to threads 0, 1, 2 and 5.
  for (const pixel of [32, 17, 2, 5]) data[pixel] = 3;
  const layer = { op: "globalPool", name: "g", inputs: ["x"], mode: "max" } as const;
  const dx = await runBackward(globalPool, layer, [{ shape: [1, 5, 8, 1], data }], {
    dy: new Float32Array([4]),
  });
  expect([...dx.entries()].filter(([, value]) => value !== 0)).toEqual([[2, 4]]);
});
