import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { sizeOf } from "../../src/gpu/tensor.ts";
import { type Conv2dTransposeLayer, conv2dTranspose } from "../../src/layers/conv2d-transpose.ts";
import type { Padding } from "../../src/layers/padding.ts";
import type { Array64 } from "../reference/array.ts";
import { convolveTransposed } from "../reference/conv2d-transpose.ts";
import { activated, expectClose, FUSED } from "../reference/numbers.ts";
import { checkOp, random } from "./check.ts";
import { runForward } from "./run.ts";

function layerOf(
  inputs: number,
  outputs: number,
  kernel: readonly [number, number],
  part: Partial<Conv2dTransposeLayer> = {},
): Conv2dTransposeLayer {
  const { groups = 1 } = part;
  return {
    op: "conv2dTranspose",
    name: "t",
    inputs: ["x"],
    w: random([...kernel, inputs, outputs / groups], 2),
    b: random([outputs], 3),
    strides: [2, 2],
    dilations: [1, 1],
    padding: "same",
    ...part,
  };
}

const check = (layer: Conv2dTransposeLayer, shape: readonly number[]): Promise<void> =>
  checkOp(conv2dTranspose, layer, [random(shape, 4)], {
    forward: ([x]) => convolveTransposed(layer, x as Array64),
  });

const pair = (most: number) => fc.tuple(fc.integer({ min: 1, max: most }), fc.integer({ min: 1, max: most }));
const few = fc.integer({ min: 0, max: 1 });

describe("conv2dTranspose", () => {
  test("agrees with naive loops, forward and backward, whatever the geometry", async () => {
    const cases = fc.record({
      image: pair(4),
      batch: fc.integer({ min: 1, max: 2 }),
      groups: fc.integer({ min: 1, max: 3 }),
      inputs: fc.constantFrom(1, 3, 4),
      outputs: fc.constantFrom(1, 3, 4),
      kernel: pair(4),
      strides: pair(3),
      dilations: pair(2),
      outputPadding: fc.tuple(few, fc.integer({ min: 0, max: 2 })),
      padding: fc.oneof(
        fc.constantFrom<Padding>("same", "valid"),
        fc.record({ top: few, bottom: few, left: few, right: few }),
      ),
      bias: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ image, batch, groups, inputs, outputs, kernel, bias, ...window }) => {
        const { b, ...bare } = layerOf(inputs * groups, outputs * groups, kernel, { ...window, groups });
        const layer = bias && b ? { ...bare, b } : bare;
        const shape = [batch, ...image, inputs * groups];
        const fits = convolveTransposed(layer, { shape, data: new Float64Array(sizeOf(shape)) }).shape.every(
          (side) => side > 0,
        );
        await check(fits ? layer : { ...layer, padding: "valid" }, shape);
      }),
      { numRuns: 25, seed: 3 },
    );
  }, 300_000);

  test.each<[string, Conv2dTransposeLayer, number[]]>([
    ["a U-Net's, 2×2 at stride 2", layerOf(8, 4, [2, 2], { padding: "valid" }), [1, 5, 3, 8]],
    ["a GAN's, 4×4 at stride 2", layerOf(16, 20, [4, 4]), [1, 4, 5, 16]],
    [
      "PyTorch's 3×3 with output padding",
      layerOf(4, 3, [3, 3], {
        padding: { top: 1, bottom: 1, left: 1, right: 1 },
        outputPadding: [1, 1],
      }),
      [2, 3, 5, 4],
    ],
    ["FCN's bilinear, a filter a channel", layerOf(6, 6, [4, 4], { groups: 6 }), [1, 4, 3, 6]],
    ["a stride larger than the kernel", layerOf(4, 4, [2, 1], { strides: [3, 4] }), [1, 3, 2, 4]],
    ["stride 1", layerOf(5, 8, [3, 3], { strides: [1, 1] }), [1, 5, 4, 5]],
    ["one pixel", layerOf(3, 1, [5, 3], { padding: "valid" }), [1, 1, 1, 3]],
    ["groups in fours", layerOf(16, 24, [3, 3], { groups: 2 }), [1, 4, 3, 16]],
  ])("agrees with naive loops: %s", (_, layer, shape) => check(layer, shape));

  test.each(FUSED)("applies a fused $kind after the bias, and leaves it out backward", async (activation) => {
    const layer = layerOf(4, 8, [3, 3], { activation });
    await checkOp(conv2dTranspose, layer, [random([1, 3, 4, 4], 4, 3)], {
      forward: ([x]) => {
        const { shape, data } = convolveTransposed(layer, x as Array64);
        return { shape, data: data.map((z) => activated(activation, z)) };
      },
      linear: ([x]) => convolveTransposed(layer, x as Array64),
    });
  });

  test.each([1, 2])("takes in a scale and an offset of its channels, in %i groups", async (groups) => {
    const { b: _, ...layer } = layerOf(4, 6, [3, 2], { groups });
    const [scale, offset] = [random([6], 7).data, random([6], 8).data];
    const x = random([1, 3, 2, 4], 4);
    const plain = await runForward(conv2dTranspose, layer, [x]);
    const layers: Conv2dTransposeLayer[] = [layer, layerOf(4, 6, [3, 2], { groups })];
    for (const before of layers) {
      const one = conv2dTranspose.fusion.scaled?.(before, { scale, offset });
      if (!one) throw new Error("expected a layer");
      const found = await runForward(conv2dTranspose, one, [x]);
      const bias = (i: number) => (before.b?.data[i % 6] ?? 0) * (scale[i % 6] ?? 0);
      expectClose(
        found.data,
        plain.data.map((y, i) => y * (scale[i % 6] ?? 0) + (offset[i % 6] ?? 0) + bias(i)),
      );
    }
  });

  test.each<[Partial<Conv2dTransposeLayer>, RegExp]>([
    [{ w: random([3, 3, 3, 4]) }, /conv2dTranspose "t": expected w.shape\[2\] = 4/],
    [{ groups: 3 }, /conv2dTranspose "t": expected groups that divide the channels of x, 4, got 3/],
    [{ b: random([3]) }, /conv2dTranspose "t": expected 8 biases, got 3/],
    [{ outputPadding: [0, -1] }, /expected an output padding of 0 to/],
    [{ strides: [0, 1] }, /expected window size, stride and dilation/],
    [
      { padding: { top: 5, bottom: 4, left: 0, right: 0 } },
      /expected a padding that leaves something of the full output of 7, got 5 and 4/,
    ],
  ])("refuses %j, naming the layer", (part, message) => {
    const shape = () => conv2dTranspose.shape({ ...layerOf(4, 8, [3, 3]), ...part }, [[1, 3, 3, 4]]);
    expect(shape).toThrow(InputError);
    expect(shape).toThrow(message);
  });
});
