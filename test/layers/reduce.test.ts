import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { sizeOf } from "../../src/gpu/tensor.ts";
import { type ReduceLayer, type ReduceMode, reduce } from "../../src/layers/reduce.ts";
import { testDevice } from "../gpu.ts";
import type { Array64 } from "../reference/array.ts";
import { reduced } from "../reference/axes.ts";
import { expectClose } from "../reference/numbers.ts";
import { checkOp, forAll, random } from "./check.ts";
import { runBackward, runForward, type Values } from "./run.ts";
import { changedPixels, imagesOf, runIncremental } from "./run-incremental.ts";

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

const REFERENCE: Readonly<Record<ReduceMode, (x: readonly number[]) => number>> = {
  mean: (x) => sum(x) / x.length,
  sum,
  max: (x) => Math.max(...x),
  min: (x) => Math.min(...x),
  product: (x) => x.reduce((all, value) => all * value, 1),
  l1: (x) => sum(x.map(Math.abs)),
  l2: (x) => Math.sqrt(sum(x.map((value) => value ** 2))),
  sumSquare: (x) => sum(x.map((value) => value ** 2)),
  logSum: (x) => Math.log(sum([...x])),
  logSumExp: (x) => Math.log(sum(x.map(Math.exp))),
};
const MODES = Object.keys(REFERENCE) as ReduceMode[];

const layerOf = (mode: ReduceMode, axes: readonly number[], keepDims = false): ReduceLayer => ({
  ...{ op: "reduce", name: "r", inputs: ["x"] },
  ...{ mode, axes, keepDims },
});

/** Values of which a sum has a logarithm, and a product neither vanishes nor explodes. */
function inputOf(mode: ReduceMode, shape: readonly number[]): Values {
  const x = random(shape);
  if (mode === "product")
    return { shape, data: x.data.map((value) => Math.sign(value) * (0.9 + 0.2 * value ** 2)) };
  return mode === "logSum" ? { shape, data: x.data.map((value) => 1.5 + value) } : x;
}

const check = (layer: ReduceLayer, shape: readonly number[]): Promise<void> =>
  checkOp(reduce, layer, [inputOf(layer.mode, shape)], {
    forward: ([x]) => reduced(x as Array64, layer, REFERENCE[layer.mode]),
  });

test("agrees with naive loops, forward and backward, in every mode over any axes", async () => {
  const cases = fc
    .array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 6 })
    .filter((shape) => sizeOf(shape) <= 1500)
    .chain((shape) => {
      const axes = shape.slice(1).map((_, axis) => axis + 1);
      return fc.tuple(fc.constant(shape), fc.shuffledSubarray(axes, { minLength: 1 }), fc.boolean());
    });
  let turn = 0;
  await forAll(cases, ([shape, axes, keepDims]) =>
    check(layerOf(MODES[turn++ % MODES.length] ?? "mean", axes, keepDims), shape),
  );
});

describe.each(MODES)("%s", (mode) => {
  test.each([
    { axes: [1, 2], shape: [2, 5, 7, 19], what: "the pixels of a map" },
    { axes: [1, 3], shape: [2, 4, 3, 6], what: "axes that are no neighbours" },
  ])("over $what", ({ axes, shape }) => check(layerOf(mode, axes), shape));
});

test.each([
  { axes: [3], shape: [1, 3, 5, 40], what: "the channels of a pixel" },
  { axes: [2], shape: [2, 7, 3, 5], what: "a short axis in the middle" },
  { axes: [1], shape: [3, 1500], what: "a long last axis" },
  { axes: [1, 3, 5], shape: [2, 3, 2, 3, 3, 2, 2], what: "every other axis of seven" },
])("a mean over $what", ({ axes, shape }) => check(layerOf("mean", axes), shape));

test.each(["mean", "max", "l2", "logSumExp"] as const)(
  "a %s of few outputs is taken in slices",
  async (mode) => {
    // Over channels last and over neighbours in memory; the last slice is shorter.
    for (const [axes, shape] of [
      [
        [1, 2],
        [1, 95, 97, 2],
      ],
      [[1], [2, 9001]],
    ] as const) {
      const layer = layerOf(mode, axes);
      const x = random(shape);
      const exact = { shape, data: Float64Array.from(x.data) };
      const { data } = reduced(exact, layer, (values) =>
        mode === "max" ? values.reduce((a, b) => Math.max(a, b)) : REFERENCE[mode](values),
      );
      expectClose((await runForward(reduce, layer, [x])).data, data, 1e-5);
      const dy = Float32Array.from(data, (_, i) => i + 1);
      const dx = await runBackward(reduce, layer, [x], { dy });
      const total = sum([...dx]);
      if (mode !== "l2") expect(total).toBeCloseTo(sum([...dy]), 4);
    }
  },
);

test("large values do not overflow a log of exponentials", async () => {
  const x = { shape: [1, 4], data: Float32Array.of(1000, 1001, -1000, 1001) };
  const { data } = await runForward(reduce, layerOf("logSumExp", [1]), [x]);
  expect(data[0]).toBeCloseTo(1001 + Math.log(2 + Math.exp(-1)), 4);
});

test("equal winners share the gradient alike", async () => {
  const x = { shape: [1, 5], data: Float32Array.of(2, 7, -3, 7, -3) };
  const dy = Float32Array.of(6);
  expect([...(await runBackward(reduce, layerOf("max", [1]), [x], { dy }))]).toEqual([0, 3, 0, 3, 0]);
  expect([...(await runBackward(reduce, layerOf("min", [1]), [x], { dy }))]).toEqual([0, 0, 3, 0, 3]);
});

test("a product passes a gradient to its only zero, and none where it has two", async () => {
  const x = { shape: [3, 3], data: Float32Array.of(2, 0, 5, 0, 0, 5, 2, 3, 5) };
  const dx = await runBackward(reduce, layerOf("product", [1]), [x], { dy: Float32Array.of(1, 1, 2) });
  expect([...dx]).toEqual([0, 10, 0, 0, 0, 0, 30, 20, 12]);
});

test("a norm of zeros has the gradient 0", async () => {
  const x = { shape: [1, 3], data: new Float32Array(3) };
  for (const mode of ["l1", "l2"] as const) {
    const dx = await runBackward(reduce, layerOf(mode, [1]), [x], { dy: Float32Array.of(1) });
    expect([...dx]).toEqual([0, 0, 0]);
  }
});

test.each(MODES)("a %s over channels in rectangles that patches changed", async (mode) => {
  const rectangles = [
    [0, 0, 4, 7],
    [3, 2, 5, 10],
    [7, 12, 1, 1],
  ] as const;
  const layer = layerOf(mode, [3], true);
  const input = { shape: [1, 8, 13, 5] as const, rectangles };
  const output = { shape: [1, 8, 13, 1] as const, rectangles };
  const images = imagesOf(input, 3);
  const positive = {
    clean: images.clean.map(Math.abs),
    whole: images.whole.map((image) => image.map(Math.abs)),
    changed: images.changed.map((values) => values.map(Math.abs)),
  };
  const used = mode === "logSum" ? positive : images;
  const { incremental } = reduce;
  if (incremental.kind !== "rectangles") throw new Error("expected rectangles");
  expect(incremental.fits(layer, [input.shape], output.shape)).toBe(true);
  const found = await runIncremental(await testDevice(), {
    inputs: [{ ...input, images: used }],
    output,
    constants: {},
    create: async (site) => incremental.create(await testDevice(), { ...site, layer }),
  });
  const right = used.whole.map((image) => {
    const x = { shape: input.shape, data: Float64Array.from(image) };
    return reduced(x, layer, REFERENCE[mode]).data;
  });
  expectClose(found, changedPixels(output, right));
});

test("keeps reduced axes or leaves them out", () => {
  expect(reduce.shape(layerOf("mean", [1, 2], true), [[2, 5, 4, 3]])).toEqual([2, 1, 1, 3]);
  expect(reduce.shape(layerOf("mean", [2, 1]), [[2, 5, 4, 3]])).toEqual([2, 3]);
  expect(reduce.shape(layerOf("mean", [1, 2, 3]), [[2, 5, 4, 3]])).toEqual([2]);
});

test.each([[[0, 1]], [[3]], [[-1]], [[1, 1]], [[]], [[1.5]]])("refuses the axes %j of three", (axes) => {
  const shape = () => reduce.shape(layerOf("mean", axes), [[2, 3, 4]]);
  expect(shape).toThrow(InputError);
  expect(shape).toThrow(/reduce "r": expected different axes of 1 to 2 for x of shape 2×3×4, got \[/);
});
