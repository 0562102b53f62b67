import { afterAll, beforeAll, describe, test } from "vitest";
import { requestDevice } from "../../src/gpu/device.ts";
import { createIncrementalScale } from "../../src/layers/activation.ts";
import type { Activation, FusedActivation } from "../../src/layers/activation-kinds.ts";
import { createIncrementalArithmetic } from "../../src/layers/arithmetic.ts";
import { type Conv2dLayer, conv2d } from "../../src/layers/conv2d.ts";
import { type Conv2dTransposeLayer, conv2dTranspose } from "../../src/layers/conv2d-transpose.ts";
import {
  createIncrementalDepthwise,
  type DepthwiseConv2dLayer,
  depthwiseConv2d,
} from "../../src/layers/depthwise-conv2d.ts";
import type { LayerBase, Op } from "../../src/layers/op.ts";
import { type ConvolutionTile, tilesFor, useTiles } from "../../src/layers/tiling.ts";
import { createGpu } from "../../src/node/gpu.ts";
import { testDevice } from "../gpu.ts";
import { activate } from "../reference/activations.ts";
import { broadcast, operandOf } from "../reference/broadcast.ts";
import { type ConvolutionSizes, convolve, convolveDepthwise } from "../reference/conv2d.ts";
import { convolveTransposed } from "../reference/conv2d-transpose.ts";
import { activated, expectClose, FUSED } from "../reference/numbers.ts";
import { random } from "./check.ts";
import { changedPixels, imagesOf, type Patched, type Rectangle, runIncremental } from "./run-incremental.ts";

// The incremental kernels, whichever this adapter would choose, against naive loops over the whole changed image.

/**
 * What three patches change of x, and of y then; the last touches the corner. Together more than three times 32 pixels, so
 * that every pixel of a thread's has work somewhere.
 */
const CHANGED: Readonly<Record<"x" | "y", readonly Rectangle[]>> = {
  x: [
    [0, 0, 4, 7],
    [3, 2, 9, 10],
    [12, 9, 3, 5],
  ],
  y: [
    [0, 0, 6, 8],
    [1, 3, 7, 9],
    [4, 6, 4, 7],
  ],
};

const SIZES = { kernel: [3, 2], strides: [2, 1], dilations: [1, 2], before: [1, 1] } as const;
const sizesOf = (from: number, to: number, groups: number): ConvolutionSizes => ({
  x: [1, 15, 14, from],
  y: [1, 8, 13, to],
  groups,
  ...SIZES,
});

/** The first tile whose lanes share their reads, where this adapter has one. */
const SHARED = tilesFor(await testDevice())
  .filter(({ subgroups }) => subgroups)
  .slice(0, 1);

const NAIVE = {
  add: (a: number, b: number) => a + b,
  subtract: (a: number, b: number) => a - b,
  multiply: (a: number, b: number) => a * b,
  divide: (a: number, b: number) => a / b,
  maximum: (a: number, b: number) => Math.max(a, b),
};

const LINEAR = { kind: "linear" } as const;

const layerOf = (
  from: number,
  to: number,
  bias: boolean,
  activation: FusedActivation,
  groups = 1,
): Conv2dLayer => ({
  op: "conv2d",
  name: "window",
  inputs: ["x"],
  w: random([3, 2, from / groups, to], 2),
  ...(groups > 1 ? { groups } : {}),
  ...(bias ? { b: random([to], 3, 3) } : {}),
  strides: SIZES.strides,
  dilations: SIZES.dilations,
  padding: { top: 1, bottom: 1, left: 1, right: 0 },
  activation,
});

// Which kernel is chosen must not reach the device that other tests share.
let device: GPUDevice;
beforeAll(async () => {
  device = await requestDevice(await createGpu());
});
afterAll(() => device?.destroy());

/** How an op runs in rectangles. */
function rectangles<L extends LayerBase>({ incremental }: Op<L, LayerBase>) {
  if (incremental.kind !== "rectangles") throw new Error("expected an op that runs in rectangles");
  return incremental;
}

describe("convolutions", () => {
  async function check(layer: Conv2dLayer | DepthwiseConv2dLayer, from: number, to: number): Promise<void> {
    const sizes = sizesOf(from, to, layer.op === "conv2d" ? (layer.groups ?? 1) : 1);
    const input: Patched = { shape: sizes.x, rectangles: CHANGED.x };
    const output: Patched = { shape: sizes.y, rectangles: CHANGED.y };
    const images = imagesOf(input, 4);
    const depthwise = layer.op === "depthwiseConv2d";
    const constants = depthwise
      ? depthwiseConv2d.constants?.(layer, [], false)
      : conv2d.constants?.(layer, [], false);
    const found = await runIncremental(device, {
      inputs: [{ ...input, images }],
      output,
      constants: constants ?? {},
      create: (site) =>
        depthwise
          ? createIncrementalDepthwise(device, { ...site, layer })
          : rectangles(conv2d).create(device, { ...site, layer }),
    });
    const right = images.whole.map((image) =>
      (depthwise ? convolveDepthwise : convolve)(sizes, image, layer.w.data, layer.b?.data).map((z) =>
        activated(layer.activation ?? LINEAR, z),
      ),
    );
    expectClose(found, changedPixels(output, right), 3e-6);
  }

  const plain = (pixels: number, channels: number): ConvolutionTile => ({
    subgroups: false,
    pixels,
    channels,
  });

  type Run = readonly [name: string, tile: ConvolutionTile, from: number, to: number, groups: number];
  test.each<Run>([
    ["conv2d_incremental, both in fours", plain(2, 4), 8, 12, 1],
    ["conv2d_incremental, one by one", plain(4, 8), 5, 7, 1],
    ["conv2d_incremental, in groups", plain(2, 4), 12, 24, 3],
    ["conv2d_incremental, in groups, one by one", plain(4, 8), 6, 12, 2],
    ["conv2d_incremental_quads, four channels of a thread", plain(4, 4), 8, 12, 1],
    ["conv2d_incremental_quads, in groups", plain(4, 8), 16, 48, 4],
    ["conv2d_incremental_quads, in groups of three", plain(4, 8), 9, 24, 3],
    ["conv2d_incremental_quads, eight channels of a thread, three in", plain(4, 8), 3, 40, 1],
    ...SHARED.flatMap((tile): Run[] => [
      ["conv2d_incremental_subgroups, in groups", tile, 8, 48, 2],
      ["conv2d_incremental_subgroups, in fours", tile, 8, 20, 1],
      ["conv2d_incremental_subgroups, one by one", tile, 5, 7, 1],
    ]),
  ])("%s, with every activation", async (_, tile, from, to, groups) => {
    useTiles(device, { little: tile, much: tile });
    await check(layerOf(from, to, false, LINEAR, groups), from, to);
    const activations = groups === 1 ? FUSED : FUSED.slice(0, 1);
    for (const activation of activations) await check(layerOf(from, to, true, activation, groups), from, to);
  });

  test.each<readonly [name: string, tile: ConvolutionTile, from: number, to: number, groups: number]>([
    ["conv2d_incremental", plain(2, 4), 8, 12, 1],
    ["conv2d_incremental_quads", plain(4, 8), 8, 24, 1],
    ["conv2d_incremental_quads, in groups", plain(4, 8), 8, 16, 2],
    ...SHARED.map((tile) => ["conv2d_incremental_subgroups", tile, 5, 7, 1] as const),
  ])("%s, transposed", async (_, tile, from, to, groups) => {
    useTiles(device, { little: tile, much: tile });
    const layer: Conv2dTransposeLayer = {
      op: "conv2dTranspose",
      name: "window",
      inputs: ["x"],
      w: random([3, 4, from, to / groups], 2),
      b: random([to], 3, 3),
      strides: [2, 3],
      dilations: [1, 2],
      padding: { top: 1, bottom: 0, left: 2, right: 1 },
      groups,
      activation: { kind: "relu" },
    };
    const input: Patched = {
      shape: [1, 7, 6, from],
      rectangles: [
        [0, 0, 3, 2],
        [2, 1, 4, 3],
        [5, 4, 2, 2],
      ],
    };
    const [, height = 0, width = 0] = conv2dTranspose.shape(layer, [input.shape]);
    // The pixels that the patches reach: from place · stride − before on, over (places − 1) · stride + extent.
    const output: Patched = {
      shape: [1, height, width, to],
      rectangles: [
        [0, 0, 6, 8],
        [3, 1, 9, 13],
        [9, 10, height - 9, width - 10],
      ],
    };
    const images = imagesOf(input, 4);
    const found = await runIncremental(device, {
      inputs: [{ ...input, images }],
      output,
      constants: conv2dTranspose.constants?.(layer, [], false) ?? {},
      create: (site) => rectangles(conv2dTranspose).create(device, { ...site, layer }),
    });
    const right = images.whole.map((image) =>
      convolveTransposed(layer, { shape: input.shape, data: Float64Array.from(image) }).data.map((z) =>
        Math.max(0, z),
      ),
    );
    expectClose(found, changedPixels(output, right), 3e-6);
  });

  test.each([
    [4, 1],
    [3, 1],
    [2, 2],
  ])(
    "depthwise_conv2d_incremental, %i channels, multiplier %i, with every activation",
    async (from, multiplier) => {
      const to = from * multiplier;
      for (const activation of [LINEAR, ...FUSED]) {
        const { op: _, ...common } = layerOf(from, to, activation.kind !== "linear", activation);
        await check(
          { op: "depthwiseConv2d", ...common, w: random([3, 2, from, multiplier], 2, 3) },
          from,
          to,
        );
      }
    },
  );
});

describe("layers that keep the size", () => {
  const shape = (channels: number) => [1, 8, 13, channels] as const;

  test.each<Activation>([
    LINEAR,
    ...FUSED,
    { kind: "swish" },
    { kind: "generalRelu", alpha: 0.2, beta: 0.3, gamma: 1.1 },
  ])("scale_incremental, an activation, and behind a batch norm: %j", async (activation) => {
    for (const channels of [4, 3]) {
      const layer: Patched = { shape: shape(channels), rectangles: CHANGED.y };
      const images = imagesOf(layer, 6);
      const [scale, offset] = [random([channels], 7, 2), random([channels], 8)];
      for (const constants of [{}, { scale, offset }]) {
        const found = await runIncremental(device, {
          inputs: [{ ...layer, images }],
          output: layer,
          constants,
          create: (site) =>
            createIncrementalScale(device, { ...site, layer: { name: "window", inputs: [], activation } }),
        });
        const right = images.whole.map((image) =>
          Float64Array.from(image, (value, i) => {
            const c = i % channels;
            const z = "scale" in constants ? (scale.data[c] ?? 0) * value + (offset.data[c] ?? 0) : value;
            return activate(activation, z);
          }),
        );
        expectClose(found, changedPixels(layer, right), 3e-6);
      }
    }
  });

  test.each([LINEAR, ...FUSED])(
    "arithmetic_incremental, sums of two and three, and products: %j",
    async (activation) => {
      for (const channels of [4, 3]) {
        const layers = [
          CHANGED.x.map(([, , ...size], i): Rectangle => [i, 1, Math.min(6, size[0]), size[1]]),
          CHANGED.y,
          [...CHANGED.y].reverse(),
        ];
        const inputs = layers.map((rectangles, i) => {
          const layer: Patched = { shape: shape(channels), rectangles };
          return { ...layer, images: imagesOf(layer, 9 + i) };
        });
        // What any of them changes lies within it.
        const output: Patched = { shape: shape(channels), rectangles: CHANGED.y.map(() => [0, 0, 8, 13]) };
        const sums = [
          { op: "add", terms: 2 },
          { op: "add", terms: 3 },
          { op: "multiply", terms: 2 },
        ] as const;
        for (const { op, terms } of activation === LINEAR ? sums : sums.slice(0, 2)) {
          const used = inputs.slice(0, terms);
          const found = await runIncremental(device, {
            inputs: used,
            output,
            constants: {},
            create: (site) =>
              createIncrementalArithmetic(
                device,
                {
                  ...site,
                  layer: { op, name: "window", inputs: [], ...(op === "add" ? { activation } : {}) },
                },
                op,
              ),
          });
          const right = output.rectangles.map((_, patch) => {
            const [first = new Float32Array(), ...others] = used.map(({ images }) => images.whole[patch]);
            return Float64Array.from(first, (value, i) => {
              const all = others.map((other) => other?.[i] ?? Number.NaN);
              const z = all.reduce((total, one) => (op === "add" ? total + one : total * one), value);
              return op === "add" ? activated(activation, z) : z;
            });
          });
          expectClose(found, changedPixels(output, right), 3e-6);
        }
      }
    },
  );

  test("arithmetic_incremental_repeated: operands of one channel, constants before and behind", async () => {
    const part = (channels: number, seed: number) => {
      const layer: Patched = { shape: shape(channels), rectangles: CHANGED.y };
      return { ...layer, images: imagesOf(layer, seed) };
    };
    const [wide, narrow] = [part(3, 9), part(1, 10)];
    const cases = [
      { operator: "subtract", inputs: [narrow, wide], constant: undefined, first: false },
      { operator: "multiply", inputs: [wide, narrow], constant: [8, 1, 3], first: false },
      { operator: "add", inputs: [wide], constant: [13, 1], first: false },
      { operator: "divide", inputs: [narrow], constant: [8, 13, 3], first: true },
      { operator: "maximum", inputs: [wide, narrow, wide], constant: undefined, first: false },
    ] as const;
    for (const { operator, inputs, constant: size, first } of cases) {
      const constant = size && random(size, 3, 2);
      const output: Patched = { shape: shape(3), rectangles: CHANGED.y };
      const found = await runIncremental(device, {
        inputs,
        output,
        constants: constant ? { constant } : {},
        create: (site) =>
          createIncrementalArithmetic(
            device,
            {
              ...site,
              layer: {
                ...{ op: "binary", name: "window", inputs: [], constantFirst: first },
                ...{ activation: { kind: "relu" }, ...(constant ? { constant } : {}) },
              },
            },
            operator,
          ),
      });
      const right = output.rectangles.map((_, patch) => {
        const layers = inputs.map(({ images, shape: own }) => ({
          shape: own,
          data: Float64Array.from(images.whole[patch] ?? []),
        }));
        const known = constant ? [operandOf(constant)] : [];
        const operands = first ? [...known, ...layers] : [...layers, ...known];
        return broadcast(operands, (...values) => Math.max(0, values.reduce(NAIVE[operator]))).data;
      });
      expectClose(found, changedPixels(output, right), 3e-6);
    }
  });
});
