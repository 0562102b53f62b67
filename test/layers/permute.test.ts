import fc from "fast-check";
import { expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { sizeOf } from "../../src/gpu/tensor.ts";
import { type PermuteLayer, permute } from "../../src/layers/permute.ts";
import { testDevice } from "../gpu.ts";
import type { Array64 } from "../reference/array.ts";
import { permuted } from "../reference/axes.ts";
import { checkOp, forAll, random } from "./check.ts";
import { changedPixels, imagesOf, runIncremental } from "./run-incremental.ts";

const layerOf = (axes: readonly number[]): PermuteLayer => ({
  op: "permute",
  name: "p",
  inputs: ["x"],
  axes,
});

const check = (shape: readonly number[], axes: readonly number[]): Promise<void> =>
  checkOp(permute, layerOf(axes), [random(shape)], { forward: ([x]) => permuted(x as Array64, axes) });

test("agrees with naive loops, forward and backward, for up to 8 axes", async () => {
  const cases = fc
    .array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 8 })
    .filter((shape) => sizeOf(shape) <= 2000)
    .chain((shape) => {
      const rest = shape.slice(1).map((_, axis) => axis + 1);
      return fc.tuple(
        fc.constant(shape),
        fc.shuffledSubarray(rest, { minLength: rest.length }).map((axes) => [0, ...axes]),
      );
    });
  await forAll(cases, ([shape, axes]) => check(shape, axes));
});

test.each([
  { shape: [2, 33, 70], axes: [0, 2, 1], what: "a transposition, in tiles and parts of tiles" },
  { shape: [1, 16, 16], axes: [0, 2, 1], what: "a transposition of one tile" },
  { shape: [2, 3, 9, 20], axes: [0, 2, 3, 1], what: "channels moved last" },
  { shape: [2, 17, 5, 40], axes: [0, 3, 1, 2], what: "channels moved first" },
  { shape: [2, 5, 3, 8], axes: [0, 2, 1, 3], what: "values of four that stay side by side" },
  { shape: [1, 4, 3, 6, 20], axes: [0, 1, 2, 4, 3], what: "a channel shuffle" },
  { shape: [1, 2, 2, 2, 2, 2, 2, 3], axes: [0, 7, 6, 5, 4, 3, 2, 1], what: "8 axes turned around" },
  { shape: [2, 1, 5, 1], axes: [0, 3, 2, 1], what: "nothing but axes of one element" },
])("$what", ({ shape, axes }) => check(shape, axes));

test("shuffles channels in rectangles that patches changed", async () => {
  const rectangles = [
    [0, 0, 4, 7],
    [3, 2, 5, 10],
    [7, 12, 1, 1],
  ] as const;
  for (const channelAxes of [
    [2, 3],
    [3, 2, 4],
  ]) {
    const shape = [1, 8, 13, sizeOf(channelAxes)] as const;
    const order = channelAxes.map((_, axis) => channelAxes.length - 1 - axis);
    const axes = [0, 1, 2, ...order.map((axis) => axis + 3)];
    const patched = { shape, channelAxes, rectangles };
    const images = imagesOf(patched, 3);
    const { incremental } = permute;
    if (incremental.kind !== "rectangles") throw new Error("expected rectangles");
    const found = await runIncremental(await testDevice(), {
      inputs: [{ ...patched, images }],
      output: patched,
      constants: {},
      create: async (site) => incremental.create(await testDevice(), { ...site, layer: layerOf(axes) }),
    });
    const right = images.whole.map((image) => {
      const x = { shape: [1, 8, 13, ...channelAxes], data: Float64Array.from(image) };
      return permuted(x, axes).data;
    });
    expect([...found]).toEqual(changedPixels(patched, right));
  }
});

test("changes keep to rectangles only where rows and columns keep their place", () => {
  const fits = (axes: number[], shape: number[]) =>
    permute.incremental.kind === "rectangles" &&
    permute.incremental.fits(layerOf(axes), [shape], permute.shape(layerOf(axes), [shape]));
  expect(fits([0, 1, 2, 4, 3], [1, 4, 4, 2, 3])).toBe(true);
  expect(fits([0, 2, 1, 3], [1, 4, 4, 2])).toBe(false);
  expect(fits([0, 3, 1, 2], [1, 4, 4, 2])).toBe(false);
  expect(fits([0, 1, 2], [1, 4, 4])).toBe(false);
});

test.each([
  { axes: [1, 0, 2], shape: [2, 3, 4], expected: /permute "p": expected each axis once, 0 first/ },
  {
    axes: [0, 1, 1],
    shape: [2, 3, 4],
    expected: /each axis once, 0 first, for x of shape 2×3×4, got \[0,1,1\]/,
  },
  { axes: [0, 1], shape: [2, 3, 4], expected: /each axis once/ },
  { axes: [0, 1, 2, 3], shape: [2, 3, 4], expected: /each axis once/ },
  { axes: [0, 1.5, 2], shape: [2, 3, 4], expected: /each axis once/ },
  { axes: [0, 1, 2, 3, 4, 5, 6, 7, 8], shape: [1, 1, 1, 1, 1, 1, 1, 1, 1], expected: /at most 8 axes/ },
])("refuses the axes $axes of $shape", ({ axes, shape, expected }) => {
  expect(() => permute.shape(layerOf(axes), [shape])).toThrow(InputError);
  expect(() => permute.shape(layerOf(axes), [shape])).toThrow(expected);
});
