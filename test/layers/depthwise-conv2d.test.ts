import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { type DepthwiseConv2dLayer, depthwiseConv2d } from "../../src/layers/depthwise-conv2d.ts";
import { type Padding, windowGeometry } from "../../src/layers/padding.ts";
import { type ConvolutionSizes, convolveDepthwise, convolveDepthwiseBackward } from "../reference/conv2d.ts";
import { activated, expectClose, FUSED, inner, numbers } from "../reference/numbers.ts";
import { runBackward, runForward } from "./run.ts";

interface Case {
  readonly x: readonly [number, number, number, number];
  readonly multiplier: number;
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly padding: Padding;
  readonly bias: boolean;
}

function layerOf({ x, multiplier, kernel, strides, dilations, padding, bias }: Case): DepthwiseConv2dLayer {
  const shape = [...kernel, x[3], multiplier];
  const filters = x[3] * multiplier;
  return {
    op: "depthwiseConv2d",
    name: "c",
    inputs: ["x"],
    w: {
      shape,
      data: numbers(
        shape.reduce((a, v) => a * v),
        2,
      ),
    },
    ...(bias ? { b: { shape: [filters], data: numbers(filters, 3) } } : {}),
    strides,
    dilations,
    padding,
  };
}

function sizesOf({ x, multiplier, kernel, strides, dilations, padding }: Case): ConvolutionSizes {
  const window = { size: kernel, strides, dilations, padding };
  const { outHeight, outWidth, top, left } = windowGeometry("c", x[1], x[2], window);
  return {
    x,
    y: [x[0], outHeight, outWidth, x[3] * multiplier],
    kernel,
    strides,
    dilations,
    before: [top, left],
  };
}

const size = (shape: readonly number[]) => shape.reduce((a, v) => a * v);

/** Holds forward, backward and their adjointness against the naive loops. */
async function check(c: Case): Promise<void> {
  const layer = layerOf(c);
  const sizes = sizesOf(c);
  const x = { shape: c.x, data: numbers(size(c.x), 4) };
  const y = await runForward(depthwiseConv2d, layer, [x]);
  expect(y.shape).toEqual(sizes.y);
  expectClose(y.data, convolveDepthwise(sizes, x.data, layer.w.data, layer.b?.data));

  const dy = numbers(size(sizes.y), 5);
  const dx = await runBackward(depthwiseConv2d, layer, [x], { dy });
  expectClose(dx, convolveDepthwiseBackward(sizes, dy, layer.w.data));
  const linear = y.data.map((value, i) => value - (layer.b?.data[i % sizes.y[3]] ?? 0));
  const scale = Math.sqrt(inner(linear, linear) * inner(dy, dy)) + 1e-3;
  expect(Math.abs(inner(linear, dy) - inner(x.data, dx)) / scale).toBeLessThan(1e-5);
}

const channels = fc.constantFrom(1, 3, 4, 5, 8, 17);
const pair = (most: number) => fc.tuple(fc.integer({ min: 1, max: most }), fc.integer({ min: 1, max: most }));
const border = fc.integer({ min: 0, max: 3 });

/** A case in which the window fits, if need be by "same" padding. */
const cases: fc.Arbitrary<Case> = fc
  .record({
    x: fc.tuple(
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      channels,
    ),
    multiplier: fc.integer({ min: 1, max: 3 }),
    kernel: pair(4),
    strides: pair(3),
    dilations: pair(2),
    padding: fc.oneof(
      fc.constantFrom<Padding>("same", "valid"),
      fc.record({ top: border, bottom: border, left: border, right: border }),
    ),
    bias: fc.boolean(),
  })
  .map((c) => {
    try {
      sizesOf(c);
      return c;
    } catch {
      return { ...c, padding: "same" };
    }
  });

const plain: Case = {
  x: [2, 6, 5, 8],
  multiplier: 1,
  kernel: [3, 3],
  strides: [1, 1],
  dilations: [1, 1],
  padding: "same",
  bias: true,
};

describe("depthwiseConv2d", () => {
  test("agrees with naive loops, forward and backward, whatever the geometry", async () => {
    await fc.assert(fc.asyncProperty(cases, check), { numRuns: 60, seed: 7 });
  });

  test.each<[string, Partial<Case>]>([
    ["1×1 pixel", { x: [1, 1, 1, 3], multiplier: 2 }],
    ["1×1 kernel, stride 2", { kernel: [1, 1], strides: [2, 2] }],
    ["stride and dilation with a common factor", { x: [1, 9, 9, 4], strides: [2, 2], dilations: [2, 2] }],
    ["many channels", { x: [1, 7, 7, 132] }],
    ["many channels, two filters each", { x: [1, 5, 5, 36], multiplier: 2 }],
  ])("agrees with naive loops: %s", (_, change) => check({ ...plain, ...change }));

  test("adds to dx where it is told to", async () => {
    const layer = layerOf(plain);
    const sizes = sizesOf(plain);
    const dy = numbers(size(sizes.y), 5);
    const onto = numbers(size(plain.x), 6);
    const x = { shape: plain.x, data: numbers(size(plain.x), 4) };
    const dx = await runBackward(depthwiseConv2d, layer, [x], { dy, onto });
    expectClose(
      dx,
      convolveDepthwiseBackward(sizes, dy, layer.w.data).map((v, i) => v + (onto[i] ?? 0)),
    );
  });

  test.each(FUSED)("applies a fused $kind after the bias, and leaves it out backward", async (activation) => {
    for (const multiplier of [1, 3]) {
      const c = { ...plain, multiplier };
      const layer = { ...layerOf(c), activation };
      const sizes = sizesOf(c);
      const x = { shape: c.x, data: numbers(size(c.x), 4).map((v) => 4 * v) };
      const y = await runForward(depthwiseConv2d, layer, [x]);
      const z = convolveDepthwise(sizes, x.data, layer.w.data, layer.b?.data);
      expectClose(
        y.data,
        z.map((v) => activated(activation, v)),
      );
      const dy = numbers(size(sizes.y), 5);
      expectClose(
        await runBackward(depthwiseConv2d, layer, [x], { dy }),
        convolveDepthwiseBackward(sizes, dy, layer.w.data),
      );
    }
  });

  test("refuses weights of other channels, naming the layer", () => {
    expect(() => depthwiseConv2d.shape(layerOf(plain), [[2, 6, 5, 3]])).toThrow(InputError);
    expect(() => depthwiseConv2d.shape(layerOf(plain), [[2, 6, 5, 3]])).toThrow(
      /depthwiseConv2d "c": expected w.shape\[2\] = 3/,
    );
  });
});
