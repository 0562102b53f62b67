import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { requestDevice } from "../../src/gpu/device.ts";
import { createTensor, readTensor, sizeOf, type Tensor } from "../../src/gpu/tensor.ts";
import { createGpu } from "../../src/node/gpu.ts";
import type { FusedActivation } from "../../src/ops/activation.ts";
import { type Conv2dLayer, conv2d } from "../../src/ops/conv2d.ts";
import { type DepthwiseConv2dLayer, depthwiseConv2d } from "../../src/ops/depthwise-conv2d.ts";
import { type Tile, tilesFor, useTiles } from "../../src/ops/tiling.ts";
import type { Windowed, WindowLists } from "../../src/ops/window.ts";
import { createWindowConv2d, createWindowDepthwise } from "../../src/ops/window-conv2d.ts";
import { testDevice } from "../gpu.ts";
import { type ConvolutionSizes, convolve, convolveDepthwise } from "../reference/conv2d.ts";
import { activated, expectClose, FUSED, numbers } from "../reference/numbers.ts";
import { random } from "./check.ts";
import { submitTo } from "./run.ts";

// The kernels that convolve windows, whichever this adapter would choose, against naive loops over the whole changed image.

type Rectangle = readonly [top: number, left: number, height: number, width: number];

/**
 * What three patches change of x, and of y then; the last touches the corner. Together more than three times 32 pixels, so
 * that every pixel of a thread's has work somewhere.
 */
const CHANGED: readonly { readonly x: Rectangle; readonly y: Rectangle }[] = [
  { x: [0, 0, 4, 7], y: [0, 0, 6, 8] },
  { x: [3, 2, 9, 10], y: [1, 3, 7, 9] },
  { x: [12, 9, 3, 5], y: [4, 6, 4, 7] },
];

/** Height and width of x, and width of y. */
const [HEIGHT, WIDTH, OUT] = [15, 14, 13];

/** The first tile whose lanes share their reads, where this adapter has one. */
const SHARED = tilesFor(await testDevice())
  .filter(({ subgroups }) => subgroups)
  .slice(0, 1);

const SIZES = { kernel: [3, 2], strides: [2, 1], dilations: [1, 2], before: [1, 1] } as const;
const sizesOf = (from: number, to: number): ConvolutionSizes => ({
  x: [1, HEIGHT, WIDTH, from],
  y: [1, 8, OUT, to],
  ...SIZES,
});

const layerOf = (from: number, to: number, bias: boolean, activation: FusedActivation): Conv2dLayer => ({
  op: "conv2d",
  name: "window",
  inputs: ["x"],
  w: random([3, 2, from, to], 2),
  ...(bias ? { b: random([to], 3, 3) } : {}),
  strides: SIZES.strides,
  dilations: SIZES.dilations,
  padding: { top: 1, bottom: 1, left: 1, right: 0 },
  activation,
});

const area = ([, , height, width]: Rectangle): number => height * width;

/** Rectangles as the kernels read them: top, left, height << 16 | width, pixels before it; their total at last. */
function rectsOf(rectangles: readonly Rectangle[]): number[] {
  let before = 0;
  const rows = rectangles.flatMap((rectangle) => {
    const [top, left, height, width] = rectangle;
    const row = [top, left, (height << 16) | width, before];
    before += area(rectangle);
    return row;
  });
  return [...rows, 0, 0, 0, before];
}

/** Pixels of a rectangle, row by row. */
function pixelsOf([top, left, height, width]: Rectangle): [row: number, column: number][] {
  return Array.from({ length: height * width }, (_, i) => [top + Math.floor(i / width), left + (i % width)]);
}

/** x as each patch has it: other numbers inside of its rectangle. */
function changedImages(x: Float32Array, channels: number): { whole: Float32Array; window: Float32Array }[] {
  return CHANGED.map(({ x: rectangle }, patch) => {
    const whole = x.slice();
    const window = numbers(area(rectangle) * channels, 20 + patch).map((v) => 3 * v);
    for (const [i, [row, column]] of pixelsOf(rectangle).entries()) {
      whole.set(window.subarray(i * channels, (i + 1) * channels), (row * WIDTH + column) * channels);
    }
    return { whole, window };
  });
}

describe("windows", () => {
  // Which kernel is chosen must not reach the device that other tests share.
  let device: GPUDevice;
  beforeAll(async () => {
    device = await requestDevice(await createGpu());
  });
  afterAll(() => device?.destroy());

  async function check(
    layer: Conv2dLayer | DepthwiseConv2dLayer,
    from: number,
    to: number,
    expected: (image: Float32Array) => Float64Array,
  ): Promise<void> {
    const owned: Tensor[] = [];
    const own = (shape: readonly number[], data: Float32Array | Uint32Array): Tensor => {
      const dtype = data instanceof Uint32Array ? "u32" : "f32";
      const tensor = createTensor(device, shape, { data, dtype });
      owned.push(tensor);
      return tensor;
    };
    const sizes = sizesOf(from, to);
    const x = numbers(sizeOf(sizes.x), 4).map((v) => 3 * v);
    const images = changedImages(x, from);
    const items = CHANGED.reduce((sum, { y }) => sum + area(y), 0);
    // A layout before that is another layer's.
    const patches = CHANGED.length;
    const rects = [
      ...Array<number>(4 * (patches + 1)).fill(7),
      ...rectsOf(CHANGED.map((changed) => changed.x)),
      ...rectsOf(CHANGED.map((changed) => changed.y)),
    ];
    const work = [
      [9, 9],
      ...CHANGED.flatMap(({ y }, patch) => pixelsOf(y).map(([r, c]) => [patch, (r << 16) | c])),
    ];
    const lists: WindowLists = {
      layouts: 3,
      patches,
      rects: own([3, patches + 1, 4], Uint32Array.from(rects)),
      work: own([work.length, 2], Uint32Array.from(work.flat())),
    };
    const clean = numbers(sizeOf(sizes.y), 5);
    const spare = 70; // items beyond those that are listed stay as they are
    const held = [...clean, ...Array<number>((items + spare) * to).fill(-99)];
    const input: Windowed = {
      buffer: own(
        [x.length + images.reduce((sum, { window }) => sum + window.length, 0)],
        Float32Array.from([...x, ...images.flatMap(({ window }) => [...window])]),
      ).buffer,
      shape: sizes.x as readonly [number, number, number, number],
      layout: { rects: patches + 1, count: 2 * patches + 1, work: 0, items: 0 },
    };
    const y = own([held.length], Float32Array.from(held));
    const output: Windowed = {
      buffer: y.buffer,
      shape: sizes.y as readonly [number, number, number, number],
      layout: { rects: 2 * (patches + 1), count: 3 * (patches + 1) - 1, work: 1, items: items + spare },
    };
    const constants = Object.fromEntries(
      Object.entries(
        (layer.op === "conv2d"
          ? conv2d.constants?.(layer, [], false)
          : depthwiseConv2d.constants?.(layer, [], false)) ?? {},
      ).map(([name, { shape, data }]) => [name, own(shape, data)]),
    );
    const site = { x: [input] as const, y: output, constants, lists };
    const command =
      layer.op === "conv2d"
        ? await createWindowConv2d(device, { ...site, layer })
        : await createWindowDepthwise(device, { ...site, layer });
    submitTo(device, command);
    const found = await readTensor(device, y);
    const right = images.flatMap(({ whole }, patch) => {
      const z = expected(whole);
      const rectangle = CHANGED[patch]?.y ?? [0, 0, 0, 0];
      return pixelsOf(rectangle).flatMap(([row, column]) =>
        Array.from({ length: to }, (_, c) =>
          activated(layer.activation ?? { kind: "linear" }, z[(row * OUT + column) * to + c] ?? Number.NaN),
        ),
      );
    });
    expect(found.subarray(0, clean.length)).toEqual(clean);
    expectClose(found.subarray(clean.length, clean.length + items * to), right, 3e-6);
    expect(new Set(found.subarray(clean.length + items * to))).toEqual(new Set([-99]));
    command.destroy();
    for (const { buffer } of owned) buffer.destroy();
  }

  const convolution = (from: number, to: number, bias: boolean, activation: FusedActivation) => {
    const layer = layerOf(from, to, bias, activation);
    return check(layer, from, to, (image) => convolve(sizesOf(from, to), image, layer.w.data, layer.b?.data));
  };

  const plain = (pixels: number, channels: number): Tile => ({ subgroups: false, pixels, channels });

  test.each<readonly [name: string, tile: Tile, from: number, to: number]>([
    ["window_conv2d, both in fours", plain(2, 4), 8, 12],
    ["window_conv2d, one by one", plain(4, 8), 5, 7],
    ["window_conv2d_quads, four channels of a thread", plain(4, 4), 8, 12],
    ["window_conv2d_quads, eight channels of a thread, three in", plain(4, 8), 3, 40],
    ...SHARED.flatMap((tile): [string, Tile, number, number][] => [
      ["window_conv2d_subgroups, in fours", tile, 8, 20],
      ["window_conv2d_subgroups, one by one", tile, 5, 7],
    ]),
  ])("%s, with every activation", async (_, tile, from, to) => {
    useTiles(device, { little: tile, much: tile });
    await convolution(from, to, false, { kind: "linear" });
    for (const activation of FUSED) await convolution(from, to, true, activation);
  });

  test.each([
    [4, 1],
    [3, 1],
    [2, 2],
  ])(
    "window_depthwise_conv2d, %i channels, multiplier %i, with every activation",
    async (from, multiplier) => {
      const to = from * multiplier;
      for (const activation of [{ kind: "linear" } as const, ...FUSED]) {
        const { op: _, b, ...common } = layerOf(from, to, activation.kind !== "linear", activation);
        const layer: DepthwiseConv2dLayer = {
          op: "depthwiseConv2d",
          ...common,
          ...(b ? { b } : {}),
          w: random([3, 2, from, multiplier], 2, 3),
        };
        await check(layer, from, to, (image) =>
          convolveDepthwise(sizesOf(from, to), image, layer.w.data, layer.b?.data),
        );
      }
    },
  );
});
