import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { createTensor, readTensor, type Tensor } from "../../src/gpu/tensor.ts";
import { createConvolutionStatistics } from "../../src/kernels/conv2d-statistics.ts";
import { createStatistics, createStatisticsSummary, readStatistics } from "../../src/kernels/statistics.ts";
import type { FusedActivation } from "../../src/layers/activation-kinds.ts";
import { type Conv2dLayer, conv2d, conv2dRun } from "../../src/layers/conv2d.ts";
import { windowGeometry } from "../../src/layers/padding.ts";
import type { Tiling } from "../../src/layers/tiling.ts";
import { testDevice } from "../gpu.ts";
import { random } from "../layers/check.ts";
import { submit } from "../layers/run.ts";
import { convolve } from "../reference/conv2d.ts";
import { activated, expectClose, FUSED, numbers } from "../reference/numbers.ts";
import { expectStatistics, statisticsOf } from "../reference/statistics.ts";

interface Case {
  readonly x: readonly [number, number, number, number];
  readonly cout: number;
  readonly kernel?: readonly [number, number];
  readonly strides?: readonly [number, number];
  readonly activation?: FusedActivation;
  readonly bias?: number;
  readonly tiling?: Tiling;
  /** How many images of each batch count. */
  readonly images?: readonly number[];
}

/** Runs batches through a layer, with the statistics in its kernel and apart, and its output as the plain kernel has it. */
async function run({ x: shape, cout, images = [shape[0]], tiling, ...of }: Case) {
  const { kernel = [3, 3], strides = [1, 1], activation, bias = 0 } = of;
  const device = await testDevice();
  const layer: Conv2dLayer = {
    op: "conv2d",
    name: "c",
    inputs: ["x"],
    w: random([...kernel, shape[3], cout], 2),
    b: { shape: [cout], data: numbers(cout, 3).map((v) => v + bias) },
    strides,
    dilations: [1, 1],
    padding: "same",
    ...(activation ? { activation } : {}),
  };
  const owned: Tensor[] = [];
  const own = <T extends Tensor>(tensor: T): T => {
    owned.push(tensor);
    return tensor;
  };
  const constants = Object.fromEntries(
    Object.entries(conv2d.constants?.(layer, [shape], false) ?? {}).map(([name, { shape: of, data }]) => [
      name,
      own(createTensor(device, of, { data })),
    ]),
  );
  const out = conv2d.shape(layer, [shape]);
  const [hot, apart] = [
    own(createStatisticsSummary(device, cout)),
    own(createStatisticsSummary(device, cout)),
  ];
  const seen: number[] = [];
  for (const [i, count] of images.entries()) {
    const x = own(createTensor(device, shape, { data: random(shape, 10 + i).data }));
    const [y, plain] = [own(createTensor(device, out)), own(createTensor(device, out))];
    const site = { layer, x: [x] as const, y, constants, saved: {} };
    const commands = [
      await createConvolutionStatistics(
        device,
        { ...conv2dRun(site), ...(tiling ? { tiling } : {}) },
        { summary: hot, images: count },
      ),
      await conv2d.forward(device, { ...site, y: plain }),
      await createStatistics(device, { x: plain, summary: apart, images: count }),
    ];
    await submit(...commands);
    const [values, expected] = [await readTensor(device, y), await readTensor(device, plain)];
    if (!tiling) expect(values).toEqual(expected);
    const { top, left } = windowGeometry("c", shape[1], shape[2], { ...layer, size: kernel });
    const sizes = {
      x: shape,
      y: out as Case["x"],
      kernel,
      strides,
      dilations: [1, 1],
      before: [top, left],
    } as const;
    const z = convolve(sizes, random(shape, 10 + i).data, layer.w.data, layer.b?.data);
    expectClose(
      values,
      z.map((v) => activated(activation ?? { kind: "linear" }, v)),
    );
    seen.push(...values.subarray(0, (values.length / shape[0]) * count));
    for (const command of commands) command.destroy();
  }
  const found = {
    hot: await readStatistics(device, hot),
    apart: await readStatistics(device, apart),
    words: await readTensor(device, hot),
    exact: statisticsOf(seen, cout),
  };
  for (const { buffer } of owned) buffer.destroy();
  return found;
}

async function check(of: Case): Promise<void> {
  const { hot, apart, exact } = await run(of);
  expectStatistics(hot, exact);
  if (!of.tiling) expectStatistics(apart, exact);
}

const without: Tiling = { subgroups: false, pixels: 2, lanes: 8, columns: 1, channelLanes: 8 };

describe("statistics from a convolution's own kernel", () => {
  test("are those of its output, whatever the geometry", async () => {
    const side = fc.integer({ min: 1, max: 9 });
    const cases = fc.record({
      x: fc.tuple(fc.integer({ min: 1, max: 3 }), side, side, fc.constantFrom(1, 3, 4)),
      cout: fc.constantFrom(1, 3, 4, 5, 8, 17, 20),
      strides: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 3 })),
      activation: fc.constantFrom(...FUSED),
    });
    await fc.assert(fc.asyncProperty(cases, check), { numRuns: 15, seed: 6 });
  }, 300_000);

  test.each<[string, Partial<Case>]>([
    ["several strips of a thousand pixels", { x: [2, 23, 21, 4], cout: 16 }],
    ["more strips than are merged at once", { x: [1, 70, 70, 1], cout: 16, kernel: [1, 1] }],
    ["a mean of a thousand deviations", { x: [1, 40, 40, 3], bias: 1000 }],
    ["without subgroups", { tiling: without, cout: 36 }],
    ["without subgroups, many pixels", { tiling: { ...without, pixels: 4, columns: 2 }, x: [1, 20, 21, 4] }],
    ["without subgroups, channels not in fours", { tiling: { ...without, columns: 4 }, cout: 37 }],
    ["without subgroups, few channels", { tiling: { ...without, lanes: 32, channelLanes: 2 }, cout: 8 }],
    [
      "without subgroups, a tile of each channel alone",
      { tiling: { ...without, lanes: 32, channelLanes: 2, columns: 8 }, cout: 5 },
    ],
  ])("are right: %s", (_, change) =>
    check({ x: [2, 6, 5, 4], cout: 8, activation: { kind: "relu" }, ...change }),
  );

  // A device has one of these kernels; ReLU alone leaves nothing below zero, which is no zero.
  test.each(FUSED)(
    "are right without subgroups behind $kind, channels in fours and not",
    async (activation) => {
      for (const cout of [12, 5]) {
        await check({
          x: [2, 7, 6, 3],
          cout,
          strides: [2, 1],
          activation,
          tiling: { ...without, columns: cout === 12 ? 1 : 4 },
        });
        await check({
          x: [2, 7, 6, 4],
          cout,
          activation,
          images: [1],
          tiling: { ...without, columns: cout === 12 ? 1 : 4 },
        });
      }
    },
  );

  test("add up over batches, the last of which is not full, and repeat to the bit", async () => {
    const of: Case = { x: [3, 7, 6, 3], cout: 12, activation: { kind: "relu" }, images: [3, 3, 1] };
    const { hot, exact, words } = await run(of);
    expect(hot.count).toBe(7 * 42);
    expectStatistics(hot, exact);
    expect((await run(of)).words).toEqual(words);
  });

  test("want a summary of as many channels", async () => {
    const device = await testDevice();
    const [x, y, w] = [
      createTensor(device, [1, 2, 2, 4]),
      createTensor(device, [1, 2, 2, 4]),
      createTensor(device, [1, 4, 4]),
    ];
    const summary = createStatisticsSummary(device, 5);
    const made = createConvolutionStatistics(
      device,
      { label: "c", x, w, y, kernel: [1, 1], scale: [1, 1], dilation: [1, 1], offset: [0, 0] },
      { summary },
    );
    await expect(made).rejects.toThrow(InputError);
    await expect(made).rejects.toThrow(/convolution "c": expected a summary of shape 10×4/);
    for (const { buffer } of [x, y, w, summary]) buffer.destroy();
  });
});
