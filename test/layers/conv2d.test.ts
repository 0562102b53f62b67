import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { createTensor, readTensor } from "../../src/gpu/tensor.ts";
import { type Conv2dLayer, conv2d } from "../../src/layers/conv2d.ts";
import { createConvolution } from "../../src/layers/convolution.ts";
import { type Padding, windowGeometry } from "../../src/layers/padding.ts";
import { chooseTiling, type Tiling, tilesFor, tilingOf } from "../../src/layers/tiling.ts";
import { testDevice } from "../gpu.ts";
import { type ConvolutionSizes, convolve, convolveBackward } from "../reference/conv2d.ts";
import { activated, expectClose, FUSED, inner, numbers } from "../reference/numbers.ts";
import { runBackward, runForward, submit } from "./run.ts";

/** Every way in which the adapter here can cut a convolution. */
const TILES = tilesFor(await testDevice());

interface Case {
  readonly x: readonly [number, number, number, number];
  readonly cout: number;
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly padding: Padding;
  readonly bias: boolean;
  readonly groups?: number;
}

function layerOf({ x, cout, kernel, strides, dilations, padding, bias, groups = 1 }: Case): Conv2dLayer {
  const shape = [...kernel, x[3] / groups, cout];
  return {
    op: "conv2d",
    name: "c",
    inputs: ["x"],
    w: {
      shape,
      data: numbers(
        shape.reduce((a, v) => a * v),
        2,
      ),
    },
    ...(bias ? { b: { shape: [cout], data: numbers(cout, 3) } } : {}),
    ...(groups > 1 ? { groups } : {}),
    strides,
    dilations,
    padding,
  };
}

function sizesOf({ x, cout, kernel, strides, dilations, padding, groups }: Case): ConvolutionSizes {
  const window = { size: kernel, strides, dilations, padding };
  const { outHeight, outWidth, top, left } = windowGeometry("c", x[1], x[2], window);
  return { x, y: [x[0], outHeight, outWidth, cout], kernel, strides, dilations, before: [top, left], groups };
}

const size = (shape: readonly number[]) => shape.reduce((a, v) => a * v);

/** Holds forward, backward and their adjointness against the naive loops. */
async function check(c: Case): Promise<void> {
  const layer = layerOf(c);
  const sizes = sizesOf(c);
  const x = { shape: c.x, data: numbers(size(c.x), 4) };
  const y = await runForward(conv2d, layer, [x]);
  expect(y.shape).toEqual(sizes.y);
  expectClose(y.data, convolve(sizes, x.data, layer.w.data, layer.b?.data));

  const dy = numbers(size(sizes.y), 5);
  const dx = await runBackward(conv2d, layer, [x], { dy });
  expectClose(dx, convolveBackward(sizes, dy, layer.w.data));
  const linear = y.data.map((value, i) => value - (layer.b?.data[i % c.cout] ?? 0));
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
    cout: channels,
    kernel: pair(4),
    strides: pair(3),
    dilations: pair(2),
    padding: fc.oneof(
      fc.constantFrom<Padding>("same", "valid"),
      fc.record({ top: border, bottom: border, left: border, right: border }),
    ),
    bias: fc.constant(true),
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
  cout: 8,
  kernel: [3, 3],
  strides: [1, 1],
  dilations: [1, 1],
  padding: "same",
  bias: true,
};

describe("conv2d", () => {
  test("agrees with naive loops, forward and backward, whatever the geometry", async () => {
    await fc.assert(fc.asyncProperty(cases, check), { numRuns: 80, seed: 7 });
  }, 300_000);

  test.each<[string, Partial<Case>]>([
    ["1×1 pixel", { x: [1, 1, 1, 3], cout: 5 }],
    ["1×1 kernel", { kernel: [1, 1] }],
    ["no bias", { bias: false }],
    ["1×1 kernel, stride 2: three of four gradients are zero", { kernel: [1, 1], strides: [2, 2] }],
    ["stride beyond the kernel", { kernel: [2, 1], strides: [3, 3], padding: "valid" }],
    ["stride and dilation with a common factor", { x: [1, 9, 9, 4], strides: [2, 2], dilations: [2, 2] }],
    ["more than one block of output channels", { x: [1, 4, 4, 20], cout: 36 }],
    ["more than one block, not in fours", { x: [1, 4, 4, 17], cout: 37 }],
    ["many pixels", { x: [1, 24, 23, 4], cout: 4 }],
    ["many channels, few pixels", { x: [1, 3, 3, 64], cout: 132 }],
  ])("agrees with naive loops: %s", (_, change) => check({ ...plain, ...change }));

  const grouped = fc
    .tuple(cases, fc.integer({ min: 2, max: 4 }), channels, channels)
    .map(([c, groups, inputs, outputs]): Case => {
      const [n, h, w] = c.x;
      return { ...c, groups, x: [n, h, w, groups * inputs], cout: groups * outputs };
    });
  test("agrees with naive loops in groups, forward and backward, whatever the geometry", async () => {
    await fc.assert(fc.asyncProperty(grouped, check), { numRuns: 30, seed: 8 });
  }, 300_000);

  test.each([
    ["AlexNet's", 2, 48, 128],
    ["ResNeXt's, width 4", 32, 4, 4],
    ["width 8", 4, 8, 8],
    ["width 16", 3, 16, 16],
    ["width 24, blocks of 8", 3, 24, 24],
    ["width 32", 2, 32, 32],
    ["ShuffleNet's, from 3 to 20", 3, 3, 20],
    ["a filter each", 6, 1, 2],
    ["from fours to ones", 3, 8, 3],
  ])("agrees with naive loops in groups: %s", async (_, groups, inputs, outputs) => {
    await check({ ...plain, x: [2, 7, 5, groups * inputs], cout: groups * outputs, groups, strides: [2, 1] });
  });

  test("a convolution in groups is as many convolutions side by side", async () => {
    const c: Case = { ...plain, x: [1, 5, 4, 8], cout: 12, groups: 2 };
    const layer = layerOf(c);
    const x = numbers(size(c.x), 4);
    const whole = await runForward(conv2d, layer, [{ shape: c.x, data: x }]);
    const part = (values: Float32Array, length: number, g: number) =>
      values.filter((_value, i) => Math.floor((i % length) / (length / 2)) === g);
    for (const g of [0, 1]) {
      const alone = await runForward(
        conv2d,
        {
          ...layerOf({ ...c, x: [1, 5, 4, 4], cout: 6, groups: 1 }),
          w: { shape: [3, 3, 4, 6], data: part(layer.w.data, 12, g) },
          b: { shape: [6], data: part(layer.b?.data ?? x, 12, g) },
        },
        [{ shape: [1, 5, 4, 4], data: part(x, 8, g) }],
      );
      expectClose(part(whole.data, 12, g), alone.data);
    }
  });

  test("takes values back through the filters of their own group, as the gradient does", async () => {
    const c: Case = { ...plain, x: [1, 3, 3, 4], cout: 6, groups: 2, padding: "valid" };
    const layer = layerOf(c);
    const values = Float64Array.from(numbers(6, 9));
    const pixels = Array.from({ length: 9 }, () => new Float64Array(4));
    const back = (y: number, x: number) => pixels[3 * y + x] ?? new Float64Array(4);
    conv2d.backProject?.(layer, { y: 0, x: 0, values, begin: 0, back });
    const x = { shape: c.x, data: numbers(size(c.x), 4) };
    const dx = await runBackward(conv2d, layer, [x], { dy: Float32Array.from(values) });
    expectClose(dx, Float64Array.from(pixels.flatMap((pixel) => [...pixel])));
  });

  test.each([0, 1.5, 3, 16])("refuses %s groups of 8 channels, naming the layer", (groups) => {
    const layer = { ...layerOf(plain), groups };
    expect(() => conv2d.shape(layer, [plain.x])).toThrow(InputError);
    expect(() => conv2d.shape(layer, [plain.x])).toThrow(
      /conv2d "c": expected groups that divide the channels/,
    );
  });

  test("refuses weights of all channels where there are groups", () => {
    const layer = { ...layerOf(plain), groups: 2 };
    expect(() => conv2d.shape(layer, [plain.x])).toThrow(
      /expected w.shape\[2\] = 4 \(channels of x \/ 2 groups\)/,
    );
  });

  test.each([plain, { ...plain, x: [2, 6, 5, 12], cout: 24, groups: 3 } as Case])(
    "adds to dx where it is told to: %j",
    async (plain) => {
      const layer = layerOf(plain);
      const sizes = sizesOf(plain);
      const dy = numbers(size(sizes.y), 5);
      const onto = numbers(size(plain.x), 6);
      const x = { shape: plain.x, data: numbers(size(plain.x), 4) };
      const dx = await runBackward(conv2d, layer, [x], { dy, onto });
      expectClose(
        dx,
        convolveBackward(sizes, dy, layer.w.data).map((v, i) => v + (onto[i] ?? 0)),
      );
    },
  );

  test.each(FUSED)("applies a fused $kind after the bias, and leaves it out backward", async (activation) => {
    for (const change of [{ cout: 8 }, { cout: 3 }, { cout: 8, groups: 2 }]) {
      const c = { ...plain, ...change };
      const layer = { ...layerOf(c), activation };
      const sizes = sizesOf(c);
      const x = { shape: c.x, data: numbers(size(c.x), 4).map((v) => 4 * v) };
      const y = await runForward(conv2d, layer, [x]);
      const z = convolve(sizes, x.data, layer.w.data, layer.b?.data);
      expectClose(
        y.data,
        z.map((v) => activated(activation, v)),
      );
      const dy = numbers(size(sizes.y), 5);
      expectClose(await runBackward(conv2d, layer, [x], { dy }), convolveBackward(sizes, dy, layer.w.data));
    }
  });

  const wide = {
    features: new Set(["subgroups"]),
    adapterInfo: { subgroupMinSize: 32, subgroupMaxSize: 32 },
  };
  const eight = { features: new Set(["subgroups"]), adapterInfo: { subgroupMinSize: 8, subgroupMaxSize: 8 } };
  const without = { features: new Set(), adapterInfo: {} };
  const chosen = (device: object, pixels: number, channels: number) =>
    chooseTiling(device as GPUDevice, pixels, channels);

  test("shares reads only where all subgroups have eight lanes", () => {
    expect(chosen(eight, 100, 64).subgroups).toBe(true);
    expect(chosen(wide, 100, 64).subgroups).toBe(false);
    expect(chosen(without, 100, 64).subgroups).toBe(false);
    for (const [subgroupMinSize, subgroupMaxSize] of [
      [8, 32],
      [4, 8],
    ]) {
      const some = { features: new Set(["subgroups"]), adapterInfo: { subgroupMinSize, subgroupMaxSize } };
      expect(chosen(some, 100, 64).subgroups).toBe(false);
    }
  });

  test.each<[string, Tiling, Partial<Case>]>([
    ...TILES.map((tile): [string, Tiling, Partial<Case>] => [
      JSON.stringify(tile),
      tilingOf(tile, 36),
      { cout: 36 },
    ]),
    [
      "three channels in",
      tilingOf({ subgroups: false, pixels: 4, channels: 8 }, 36),
      { x: [2, 6, 5, 3], cout: 36 },
    ],
    [
      "six channels in",
      tilingOf({ subgroups: false, pixels: 4, channels: 4 }, 8),
      { x: [2, 6, 5, 6], cout: 8 },
    ],
    ...TILES.flatMap((tile): [string, Tiling, Partial<Case>][] =>
      [
        [4, 8, 12],
        [2, 64, 64],
        [3, 5, 7],
      ].map(([groups = 1, inputs = 1, outputs = 1]) => [
        `${JSON.stringify(tile)}, ${groups} groups of ${inputs} to ${outputs}`,
        tilingOf(tile, groups * outputs, groups),
        { x: [2, 6, 5, groups * inputs], cout: groups * outputs, groups },
      ]),
    ),
    ...(
      [
        { x: [2, 6, 5, 8], cout: 64 },
        { x: [3, 5, 5, 20], cout: 64 },
        { x: [1, 9, 8, 36], cout: 132 },
        { x: [1, 9, 8, 3], cout: 64 },
      ] as const
    ).map((sizes): [string, Tiling, Partial<Case>] => [
      `staged, ${JSON.stringify(sizes)}`,
      tilingOf({ subgroups: false, staged: true, pixels: 4, channels: 8 }, sizes.cout),
      sizes,
    ]),
    ["few channels", chosen(without, 60, 8), {}],
    ["many channels", chosen(without, 60, 36), { cout: 36 }],
    ["much work", chosen(without, 1e6, 36), { cout: 36 }],
    ["channels not in fours", chosen(without, 60, 17), { x: [2, 6, 5, 3], cout: 17 }],
    ["one channel", chosen(without, 1e6, 1), { cout: 1 }],
  ])("agrees with naive loops however it is cut: %s", async (_, tiling, change) => {
    const device = await testDevice();
    const c = { ...plain, ...change };
    const layer = layerOf(c);
    const sizes = sizesOf(c);
    const { w, b } = conv2d.constants?.(layer, [c.x], false) ?? {};
    if (!w || !b) throw new Error("expected constants");
    const x = createTensor(device, c.x, { data: numbers(size(c.x), 4) });
    const y = createTensor(device, sizes.y);
    const command = await createConvolution(device, {
      label: "c",
      x,
      w: createTensor(device, w.shape, { data: w.data }),
      b: createTensor(device, b.shape, { data: b.data }),
      y,
      kernel: c.kernel,
      scale: c.strides,
      dilation: c.dilations,
      offset: [-sizes.before[0], -sizes.before[1]],
      phases: [1, 1],
      groups: c.groups,
      tiling,
    });
    await submit(command);
    expectClose(
      await readTensor(device, y),
      convolve(sizes, numbers(size(c.x), 4), layer.w.data, layer.b?.data),
    );

    // The gradient of a convolution of stride 2, from x to an image of twice its size.
    const [n, rows, columns] = c.x;
    const up: Case = { ...c, x: [n, 2 * rows, 2 * columns - 1, c.cout], cout: c.x[3], strides: [2, 2] };
    const upLayer = layerOf(up);
    const upSizes = sizesOf(up);
    const { wBackward } = conv2d.constants?.(upLayer, [up.x], true) ?? {};
    if (!wBackward) throw new Error("expected weights for the gradient");
    const dx = createTensor(device, up.x);
    const back = await createConvolution(device, {
      label: "c",
      x,
      w: createTensor(device, wBackward.shape, { data: wBackward.data }),
      y: dx,
      kernel: up.kernel,
      scale: [1, 1],
      dilation: [-1, -1],
      offset: upSizes.before,
      phases: up.strides,
      groups: up.groups,
      tiling,
    });
    await submit(back);
    expectClose(
      await readTensor(device, dx),
      convolveBackward(upSizes, numbers(size(c.x), 4), upLayer.w.data),
    );
  });

  test.each([1, 3, 5, 17])(
    "makes the gradient to %i channels in fours, and adds it where told to",
    async (cin) => {
      const device = await testDevice();
      const c: Case = { ...plain, x: [2, 12, 9, cin], strides: [2, 2] };
      const layer = layerOf(c);
      const sizes = sizesOf(c);
      const { wBackward } = conv2d.constants?.(layer, [c.x], true) ?? {};
      if (!wBackward) throw new Error("expected weights for the gradient");
      const [dy, onto] = [numbers(size(sizes.y), 5), numbers(size(c.x), 6)];
      const expected = convolveBackward(sizes, dy, layer.w.data);
      for (const accumulate of [false, true]) {
        const dx = createTensor(device, c.x, { data: onto });
        const command = await createConvolution(device, {
          label: "c",
          x: createTensor(device, sizes.y, { data: dy }),
          w: createTensor(device, wBackward.shape, { data: wBackward.data }),
          y: dx,
          kernel: c.kernel,
          scale: [1, 1],
          dilation: [-1, -1],
          offset: sizes.before,
          phases: c.strides,
          accumulate,
          tiling: chosen(without, 216, Math.ceil(cin / 4) * 4),
        });
        await submit(command);
        expectClose(
          await readTensor(device, dx),
          expected.map((v, i) => v + (accumulate ? (onto[i] ?? 0) : 0)),
        );
        command.destroy();
      }
    },
  );

  test.each([
    [4, 1, 1],
    [8, 2, 1],
    [12, 2, 2],
    [16, 2, 2],
    [24, 2, 4],
    [40, 2, 2],
    [64, 2, 8],
    [128, 2, 8],
  ])(
    "leaves at most a quarter of a workgroup idle: %i channels, %i chunks a thread",
    (channels, columns, lanes) => {
      expect(tilingOf({ subgroups: false, pixels: 4, channels: 8 }, channels)).toEqual({
        subgroups: false,
        pixels: 4,
        lanes: 64 / lanes,
        columns,
        channelLanes: lanes,
      });
    },
  );

  test("stages only outputs that leave at most a quarter of a workgroup idle", () => {
    const tile = { subgroups: false, staged: true, pixels: 4, channels: 8 };
    const staged = (channels: number) => tilingOf(tile, channels).staged ?? false;
    expect([4, 32, 48, 64, 128, 132, 66].map(staged)).toEqual([false, false, true, true, true, false, false]);
  });

  test("gives the same bits twice", async () => {
    const layer = layerOf(plain);
    const x = { shape: plain.x, data: numbers(size(plain.x), 4) };
    const [a, b] = [await runForward(conv2d, layer, [x]), await runForward(conv2d, layer, [x])];
    expect(a.data).toEqual(b.data);
  });

  test("keeps weights for the gradient only where one is wanted", () => {
    expect(Object.keys(conv2d.constants?.(layerOf(plain), [plain.x], false) ?? {})).toEqual(["w", "b"]);
  });

  test("refuses weights of other channels, naming the layer", () => {
    expect(() => conv2d.shape(layerOf(plain), [[2, 6, 5, 3]])).toThrow(InputError);
    expect(() => conv2d.shape(layerOf(plain), [[2, 6, 5, 3]])).toThrow(
      /conv2d "c": expected w.shape\[2\] = 3/,
    );
  });
});
