import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import type { Shape } from "../../src/gpu/tensor.ts";
import { type SliceLayer, slice } from "../../src/layers/slice.ts";
import type { Array64 } from "../reference/array.ts";
import { build, inside } from "../reference/axes.ts";
import { checkOp, forAll, random } from "./check.ts";
import { runForward } from "./run.ts";

type Parts = Pick<SliceLayer, "starts" | "sizes" | "steps">;

const layerOf = (parts: Parts): SliceLayer => ({ op: "slice", name: "s", inputs: ["x"], ...parts });

function reference({ starts, sizes, steps }: Parts, x: Array64): Array64 {
  return build([x.shape[0] ?? 0, ...sizes], ([n = 0, ...index]) => {
    const from = index.map((at, axis) => (starts[axis] ?? 0) + at * (steps?.[axis] ?? 1));
    return inside(x, [n, ...from]) ?? Number.NaN;
  });
}

const check = (shape: Shape, parts: Parts): Promise<void> =>
  checkOp(slice, layerOf(parts), [random(shape)], { forward: ([x]) => reference(parts, x as Array64) });

/** An axis: its length, and the elements that are taken of it. */
const AXIS = fc.integer({ min: 1, max: 7 }).chain((extent) =>
  fc
    .tuple(
      fc.integer({ min: 0, max: extent - 1 }),
      fc.integer({ min: 0, max: extent - 1 }),
      fc.integer({ min: 1, max: 3 }),
    )
    .map(([start, last, step]) => ({
      extent,
      start,
      size: Math.floor(Math.abs(last - start) / step) + 1,
      step: last < start ? -step : step,
    })),
);

test("agrees with naive loops, forward and backward, along any axes", () =>
  forAll(
    fc.tuple(fc.integer({ min: 1, max: 3 }), fc.array(AXIS, { minLength: 1, maxLength: 4 })),
    ([n, axes]) =>
      check([n, ...axes.map(({ extent }) => extent)], {
        starts: axes.map(({ start }) => start),
        sizes: axes.map(({ size }) => size),
        steps: axes.map(({ step }) => step),
      }),
  ));

describe("agrees with naive loops", () => {
  test.each<[name: string, shape: Shape, parts: Parts]>([
    ["for half of the channels, in fours", [2, 3, 4, 24], { starts: [0, 0, 12], sizes: [3, 4, 12] }],
    ["for channels that are no fours", [2, 3, 4, 24], { starts: [0, 0, 2], sizes: [3, 4, 12] }],
    ["for four of six channels", [2, 3, 4, 6], { starts: [0, 0, 0], sizes: [3, 4, 4] }],
    [
      "for every other channel, backwards",
      [2, 3, 4, 8],
      { starts: [0, 0, 7], sizes: [3, 4, 4], steps: [1, 1, -2] },
    ],
    ["for a crop of more than one workgroup", [2, 9, 8, 12], { starts: [1, 2, 0], sizes: [7, 5, 12] }],
    [
      "for rows and columns in steps",
      [1, 7, 8, 4],
      { starts: [6, 1, 0], sizes: [3, 3, 4], steps: [-3, 2, 1] },
    ],
    [
      "for eight axes, all of them cut",
      [2, 3, 3, 3, 3, 3, 3, 3],
      { starts: [1, 2, 0, 1, 0, 2, 0], sizes: [2, 2, 2, 2, 2, 2, 2], steps: [1, -1, 1, 1, 2, -2, 2] },
    ],
    ["for a single element", [1, 3], { starts: [2], sizes: [1] }],
    ["for all of it", [2, 3, 4], { starts: [0, 0], sizes: [3, 4] }],
  ])("%s", (_, shape, parts) => check(shape, parts));
});

test("takes the elements that it says", async () => {
  const x = { shape: [1, 6], data: Float32Array.of(0, 1, 2, 3, 4, 5) };
  expect([...(await runForward(slice, layerOf({ starts: [1], sizes: [3] }), [x])).data]).toEqual([1, 2, 3]);
  const back = layerOf({ starts: [5], sizes: [3], steps: [-2] });
  expect([...(await runForward(slice, back, [x])).data]).toEqual([5, 3, 1]);
});

test("parts that x does not have are refused", () => {
  const shape = (parts: Parts) => () => slice.shape(layerOf(parts), [[1, 4, 5]]);
  expect(shape({ starts: [0], sizes: [4] })).toThrow(InputError);
  expect(shape({ starts: [0, 0], sizes: [4] })).toThrow(/2 whole numbers as sizes.*1×4×5, got \[4\]/);
  expect(shape({ starts: [0, 0.5], sizes: [4, 1] })).toThrow(/whole numbers as starts/);
  expect(shape({ starts: [0, 3], sizes: [4, 3] })).toThrow(
    /0 to 4 along axis 2, got 3 from 3 on in steps of 1/,
  );
  expect(shape({ starts: [2, 0], sizes: [2, 5], steps: [-3, 1] })).toThrow(/0 to 3 along axis 1/);
  expect(shape({ starts: [0, 0], sizes: [0, 5] })).toThrow(InputError);
  expect(shape({ starts: [0, 0], sizes: [4, 1], steps: [1, 0] })).toThrow(InputError);
  expect(shape({ starts: [-1, 0], sizes: [2, 5] })).toThrow(InputError);
});
