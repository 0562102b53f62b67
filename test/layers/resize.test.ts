import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError, UnsupportedError } from "../../src/gpu/errors.ts";
import type { Shape } from "../../src/gpu/tensor.ts";
import type { Resampling } from "../../src/layers/resampling-taps.ts";
import { type ResizeLayer, resize } from "../../src/layers/resize.ts";
import type { Array64 } from "../reference/array.ts";
import * as reference from "../reference/resize.ts";
import { checkOp, forAll, random } from "./check.ts";
import { runForward } from "./run.ts";

const layerOf = (to: ResizeLayer["to"], how: Resampling): ResizeLayer => ({
  ...{ op: "resize", name: "r", inputs: ["x"], to, ...how },
});

/** An axis that is resized by a fraction, or to a size. */
type Axis = { readonly size: number; readonly up: number; readonly down: number };

const outOf = ({ size, up, down }: Axis): number => Math.floor((size * up) / down);

/** By factors, up / down, which need not leave a whole size. */
function byFactor(shape: Shape, [rows, columns]: readonly [Axis, Axis], how: Resampling): Promise<void> {
  const layer = layerOf({ factor: [rows.up / rows.down, columns.up / columns.down] }, how);
  const axes = [rows, columns].map((axis) => ({ ...axis, out: outOf(axis) }));
  return check(layer, shape, axes as [reference.RationalAxis, reference.RationalAxis], how);
}

/** To a size. */
function bySize(shape: Shape, to: readonly [number, number], how: Resampling): Promise<void> {
  const axis = (index: 0 | 1): reference.RationalAxis => {
    const size = shape[index + 1] ?? 0;
    return { size, out: to[index], up: to[index], down: size };
  };
  return check(layerOf({ size: to }, how), shape, [axis(0), axis(1)], how);
}

const check = (
  layer: ResizeLayer,
  shape: Shape,
  axes: readonly [reference.RationalAxis, reference.RationalAxis],
  how: Resampling,
): Promise<void> =>
  checkOp(resize, layer, [random(shape)], { forward: ([x]) => reference.resize(how, axes, x as Array64) });

const COORDINATES = [
  ...(["half-pixel", "half-pixel-symmetric", "pytorch-half-pixel", "asymmetric"] as const),
  ...(["align-corners", "tf-half-pixel-for-nn"] as const),
];
const ROUNDINGS = ["floor", "ceil", "round-prefer-floor", "round-prefer-ceil"] as const;

const WAYS: readonly Resampling[] = COORDINATES.flatMap((coordinates): Resampling[] => [
  ...ROUNDINGS.map((rounding): Resampling => ({ mode: "nearest", coordinates, rounding })),
  { mode: "linear", coordinates },
  { mode: "cubic", coordinates },
]);

test.each(WAYS.map((how) => [Object.values(how).join(", "), how] as const))(
  "%s: agrees with naive loops, forward and backward",
  async (_, how) => {
    const side = fc.integer({ min: 1, max: 5 });
    const out = fc.integer({ min: 1, max: 9 });
    const sizes = fc.record({ h: side, w: side, to: fc.tuple(out, out), c: fc.constantFrom(1, 3, 4) });
    await fc.assert(
      fc.asyncProperty(sizes, ({ h, w, to, c }) => bySize([2, h, w, c], to, how)),
      { numRuns: 4, seed: 20 },
    );
    await byFactor(
      [1, 5, 4, 2],
      [
        { size: 5, up: 3, down: 2 },
        { size: 4, up: 3, down: 5 },
      ],
      how,
    );
  },
);

describe.each<Resampling>([
  { mode: "nearest", coordinates: "half-pixel" },
  { mode: "nearest", coordinates: "asymmetric", rounding: "floor" },
  { mode: "linear", coordinates: "half-pixel" },
  { mode: "linear", coordinates: "pytorch-half-pixel" },
  { mode: "linear", coordinates: "asymmetric" },
])("whole factors, %j", (how) => {
  const by = (shape: Shape, [vertical, horizontal]: readonly [number, number]) =>
    byFactor(
      shape,
      [
        { size: shape[1] ?? 0, up: vertical, down: 1 },
        { size: shape[2] ?? 0, up: horizontal, down: 1 },
      ],
      how,
    );

  test("agree with naive loops, forward and backward", () => {
    const side = fc.integer({ min: 1, max: 4 });
    const cases = fc.record({ h: side, w: side, c: fc.constantFrom(1, 3, 8), factor: fc.tuple(side, side) });
    return forAll(cases, ({ h, w, c, factor }) => by([2, h, w, c], factor));
  });

  test("take more than one workgroup", () => by([1, 4, 5, 17], [2, 3]));
});

test("cubic weights leave out what lies outside, and take another coefficient", async () => {
  for (const excludeOutside of [true, false]) {
    const how = { mode: "cubic", coordinates: "half-pixel", cubicCoefficient: -0.5, excludeOutside } as const;
    await bySize([1, 4, 5, 3], [7, 3], how);
  }
});

test("an image of many workgroups, in fours and not", async () => {
  await bySize([2, 5, 7, 8], [12, 9], { mode: "linear", coordinates: "align-corners" });
  await bySize([2, 9, 8, 7], [5, 6], { mode: "linear", coordinates: "half-pixel" });
});

test("linear takes half-pixel centres and clamps at the border", async () => {
  const x = { shape: [1, 1, 2, 1], data: new Float32Array([0, 4]) };
  const enlarged = layerOf({ factor: [2, 2] }, { mode: "linear", coordinates: "half-pixel" });
  const y = await runForward(resize, enlarged, [x]);
  expect(y.shape).toEqual([1, 2, 4, 1]);
  expect([...y.data]).toEqual([0, 1, 3, 4, 0, 1, 3, 4]);
  const corners = layerOf({ factor: [2, 2] }, { mode: "linear", coordinates: "asymmetric" });
  expect([...(await runForward(resize, corners, [x])).data]).toEqual([0, 2, 4, 4, 0, 2, 4, 4]);
});

test("a factor of f32 takes the size and the pixels that it means", async () => {
  // 1.2 in f32 is a little more, 0.7 a little less; so files have them.
  const how = { mode: "nearest", coordinates: "asymmetric", rounding: "floor" } as const;
  const layer = layerOf({ factor: [Math.fround(0.7), Math.fround(1.2)] }, how);
  expect(resize.shape(layer, [[1, 10, 10, 1]])).toEqual([1, 7, 12, 1]);
  const x = { shape: [1, 2, 10, 1], data: Float32Array.from({ length: 20 }, (_, i) => i % 10) };
  const y = await runForward(resize, layer, [x]);
  expect([...y.data]).toEqual([0, 0, 1, 2, 3, 4, 5, 5, 6, 7, 8, 9]);
});

test("factors and sizes that there cannot be are refused", () => {
  const how = { mode: "nearest", coordinates: "half-pixel" } as const;
  const shape =
    (to: unknown, more: object = {}) =>
    () =>
      resize.shape({ ...layerOf(to as ResizeLayer["to"], how), ...more }, [[1, 2, 3, 1]]);
  expect(shape({ factor: [1, 0] })).toThrow(InputError);
  expect(shape({ factor: [0.4, 1] })).toThrow(
    /factors that leave a row and a column of 2 × 3, got \[0.4,1\]/,
  );
  expect(shape({ size: [2.5, 2] })).toThrow(/a size of whole numbers, got \[2.5,2\]/);
  expect(shape({ size: [2, 2], factor: [1, 1] })).toThrow(/expected \{ factor: \[v, h\] \} or/);
  expect(shape({})).toThrow(InputError);
  expect(shape({ factor: 2 })).toThrow(InputError);
  expect(shape({ size: [2, 2] }, { cubicCoefficient: Number.NaN })).toThrow(/finite cubicCoefficient/);
});

test("relevance does not pass a cubic one, whose weights may be negative", () => {
  const passed = (mode: Resampling["mode"]) => () =>
    resize.relevance.propagation(layerOf({ size: [3, 3] }, { mode, coordinates: "half-pixel" }));
  expect(passed("cubic")).toThrow(UnsupportedError);
  expect(passed("cubic")).toThrow(/resize "r" is cubic/);
  expect([passed("linear")().by, passed("nearest")().by]).toEqual(["rule", "gradient"]);
});
