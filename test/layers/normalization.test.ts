import fc from "fast-check";
import { expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { type NormalizationLayer, normalization } from "../../src/layers/normalization.ts";
import { testDevice } from "../gpu.ts";
import type { Array64 } from "../reference/array.ts";
import { build, element, reduced } from "../reference/axes.ts";
import { expectClose } from "../reference/numbers.ts";
import { checkOp, forAll, random } from "./check.ts";
import { runForward } from "./run.ts";
import { changedPixels, imagesOf, runIncremental } from "./run-incremental.ts";

const layerOf = (axes: readonly number[], part: Partial<NormalizationLayer> = {}): NormalizationLayer => ({
  ...{ op: "normalization", name: "n", inputs: ["x"], axes, epsilon: 1e-3 },
  ...part,
});

/** In double precision, in two passes, from the definition. */
function normalized(layer: NormalizationLayer, x: Array64): Array64 {
  const { axes, groups, epsilon, scale, offset } = layer;
  const last = x.shape.length - 1;
  const channels = x.shape[last] ?? 1;
  const each = groups === undefined ? 1 : channels / groups;
  const shape = groups === undefined ? x.shape : [...x.shape.slice(0, -1), groups, each];
  const over = groups === undefined ? axes : axes.map((axis) => (axis === last ? last + 1 : axis));
  const view = { shape, data: x.data };
  const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
  const means = reduced(view, { axes: over, keepDims: true }, mean);
  const variances = reduced(view, { axes: over, keepDims: true }, (values) => {
    const m = mean(values);
    return mean(values.map((v) => (v - m) ** 2));
  });
  const parameter = (of: NormalizationLayer["scale"], index: readonly number[], none: number): number => {
    if (!of) return none;
    const data = Float64Array.from(of.data);
    return element({ shape: of.shape, data }, index.slice(index.length - of.shape.length));
  };
  return build(x.shape, (index) => {
    const channel = index[last] ?? 0;
    const place =
      groups === undefined ? index : [...index.slice(0, -1), Math.floor(channel / each), channel % each];
    const straight =
      (element(view, place) - element(means, place)) / Math.sqrt(element(variances, place) + epsilon);
    return straight * parameter(scale, index, 1) + parameter(offset, index, 0);
  });
}

const check = (layer: NormalizationLayer, shape: readonly number[]): Promise<void> =>
  checkOp(normalization, layer, [random(shape, 1, 2)], { forward: ([x]) => normalized(layer, x as Array64) });

test("agrees with naive loops, forward and backward, over any axes", async () => {
  const cases = fc
    .array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 5 })
    .filter((shape) => shape.slice(1).some((size) => size > 1))
    .chain((shape) => {
      const axes = shape.slice(1).map((_, axis) => axis + 1);
      const last = axes.length;
      return fc.record({
        shape: fc.constant(shape),
        axes: fc.shuffledSubarray(axes, { minLength: 1 }),
        scale: fc.constantFrom<readonly number[] | undefined>(
          undefined,
          [shape[last] ?? 1],
          shape.slice(1),
          [1],
        ),
        offset: fc.boolean(),
      });
    });
  await forAll(cases, ({ shape, axes, scale, offset }) =>
    check(
      layerOf(axes, {
        ...(scale ? { scale: random(scale, 3) } : {}),
        ...(offset ? { offset: random([shape.at(-1) ?? 1], 4) } : {}),
      }),
      shape,
    ),
  );
});

const affine = (shape: readonly number[]) => ({ scale: random(shape, 3, 2), offset: random(shape, 4) });

test.each([
  { what: "instance norm", layer: layerOf([1, 2], affine([20])), shape: [2, 7, 5, 20] },
  {
    what: "instance norm in slices, the last shorter",
    layer: layerOf([1, 2], affine([3])),
    shape: [2, 61, 53, 3],
  },
  { what: "layer norm of tokens", layer: layerOf([2], affine([48])), shape: [2, 9, 48] },
  { what: "layer norm of long rows, in slices", layer: layerOf([1], affine([3001])), shape: [2, 3001] },
  { what: "layer norm of whole images", layer: layerOf([1, 2, 3], affine([4, 5, 6])), shape: [2, 4, 5, 6] },
  { what: "group norm", layer: layerOf([1, 2, 3], { groups: 3, ...affine([12]) }), shape: [2, 5, 4, 12] },
  { what: "groups of a pixel's channels", layer: layerOf([3], { groups: 2 }), shape: [2, 3, 3, 8] },
  { what: "a scale by rows", layer: layerOf([3], { scale: random([4, 1, 1], 3) }), shape: [2, 4, 5, 6] },
])("$what", ({ layer, shape }) => check(layer, shape));

test("a mean that is large beside the spread loses no digits", async () => {
  for (const shape of [
    [1, 90, 70, 2],
    [1, 9, 7, 2],
  ]) {
    const noise = random(shape, 5);
    const x = { shape, data: noise.data.map((value) => Math.fround(1000 + value)) };
    const layer = layerOf([1, 2], { epsilon: 0 });
    const { data } = await runForward(normalization, layer, [x]);
    // What is left of x beside 1000 has 14 bits.
    expectClose(data, normalized(layer, { shape, data: Float64Array.from(x.data) }).data, 2e-4);
  }
});

test("layer norm in rectangles that patches changed", async () => {
  const rectangles = [
    [0, 0, 4, 7],
    [3, 2, 5, 10],
    [7, 12, 1, 1],
  ] as const;
  for (const layer of [layerOf([3], affine([5])), layerOf([3]), layerOf([3], affine([1]))]) {
    const patched = { shape: [1, 8, 13, 5] as const, rectangles };
    const images = imagesOf(patched, 3);
    const { incremental } = normalization;
    if (incremental.kind !== "rectangles") throw new Error("expected rectangles");
    expect(incremental.fits(layer, [patched.shape], patched.shape)).toBe(true);
    const found = await runIncremental(await testDevice(), {
      inputs: [{ ...patched, images }],
      output: patched,
      constants: normalization.constants?.(layer, [patched.shape], false) ?? {},
      create: async (site) => incremental.create(await testDevice(), { ...site, layer }),
    });
    const right = images.whole.map(
      (image) => normalized(layer, { shape: patched.shape, data: Float64Array.from(image) }).data,
    );
    expectClose(found, changedPixels(patched, right));
  }
});

test("changes keep to rectangles only where every pixel is normalised by itself, and alike", () => {
  const fits = (layer: NormalizationLayer) =>
    normalization.incremental.kind === "rectangles" &&
    normalization.incremental.fits(layer, [[1, 4, 5, 6]], [1, 4, 5, 6]);
  expect(fits(layerOf([3], affine([6])))).toBe(true);
  expect(fits(layerOf([3], affine([4, 5, 6])))).toBe(false);
  expect(fits(layerOf([1, 2]))).toBe(false);
  expect(fits(layerOf([3], { groups: 2 }))).toBe(false);
});

test.each<[string, NormalizationLayer, RegExp]>([
  ["the batch", layerOf([0, 1]), /expected different axes of 1 to 3 for x of shape 2×4×5×6, got \[0,1\]/],
  ["no axes", layerOf([]), /expected different axes/],
  ["groups without the last axis", layerOf([1, 2], { groups: 2 }), /expected axes with the last, 3/],
  [
    "groups that do not divide",
    layerOf([1, 2, 3], { groups: 4 }),
    /expected groups that divide 6 channels, got 4/,
  ],
  ["a negative epsilon", layerOf([3], { epsilon: -1 }), /expected an epsilon of at least 0, got -1/],
  [
    "a scale that does not fit",
    layerOf([3], { scale: random([5]) }),
    /expected scale to be broadcast to 4×5×6, got 5/,
  ],
  [
    "a scale of the batch too",
    layerOf([3], { scale: random([1, 4, 5, 6]) }),
    /expected scale to be broadcast/,
  ],
])("refuses %s", (_, layer, message) => {
  expect(() => normalization.shape(layer, [[2, 4, 5, 6]])).toThrow(InputError);
  expect(() => normalization.shape(layer, [[2, 4, 5, 6]])).toThrow(message);
});
