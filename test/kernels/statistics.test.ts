import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Command } from "../../src/gpu/command.ts";
import { InputError } from "../../src/gpu/errors.ts";
import { createSteps } from "../../src/gpu/steps.ts";
import { createTensor, readTensor, type Shape, sizeOf } from "../../src/gpu/tensor.ts";
import {
  createMoments,
  createStatistics,
  createStatisticsSummary,
  planStatistics,
  readStatistics,
} from "../../src/kernels/statistics.ts";
import { testDevice } from "../gpu.ts";
import { forAll } from "../layers/check.ts";
import { submit } from "../layers/run.ts";
import { numbers } from "../reference/numbers.ts";
import { expectStatistics, statisticsOf } from "../reference/statistics.ts";

/** A device that a plan takes for a GPU or for a processor: they share the rows out among threads in different ways. */
function planner(kind: "gpu" | "software"): GPUDevice {
  return { adapterInfo: { isFallbackAdapter: kind === "software" } } as GPUDevice;
}

/** One batch after another into one summary, as the adapter here shares the work out, or as another kind would. */
async function statistics(
  channels: number,
  batches: readonly { data: Float32Array; shape: Shape; images?: number }[],
  kind?: "gpu" | "software",
) {
  const device = await testDevice();
  const summary = createStatisticsSummary(device, channels);
  for (const { data, shape, images } of batches) {
    const x = createTensor(device, shape, { data });
    const site = { x, summary, ...(images ? { images } : {}) };
    const command = kind
      ? await createSteps(device, "statistics", planStatistics(planner(kind), site))
      : await createStatistics(device, site);
    await submit(command);
    command.destroy();
    x.buffer.destroy();
  }
  const result = await readStatistics(device, summary);
  const words = await readTensor(device, summary);
  summary.buffer.destroy();
  return { result, words };
}

/** ReLU-like: half zeros, the rest positive. */
function activations(length: number, seed: number): Float32Array {
  return numbers(length, seed).map((v) => Math.max(0, v));
}

describe("statistics", () => {
  test.each(["gpu", "software"] as const)(
    "agree with naive loops at any shape, rows shared as on a %s",
    (kind) =>
      forAll(
        fc.tuple(
          fc.integer({ min: 1, max: 4 }),
          fc.integer({ min: 1, max: 13 }),
          fc.integer({ min: 1, max: 9 }),
          fc.constantFrom(1, 3, 4, 5, 8, 44, 130, 516),
        ),
        async (shape) => {
          const data = activations(sizeOf(shape), 3);
          const { result } = await statistics(shape[3], [{ data, shape }], kind);
          expectStatistics(result, statisticsOf(data, shape[3]));
        },
      ),
  );

  test.each(["gpu", "software"] as const)("count every row once, shared as on a %s", async (kind) => {
    // Several strips, and a slot's last rows beyond the end.
    const data = activations(3 * 4999 * 12, 9);
    const { result } = await statistics(12, [{ data, shape: [3, 4999, 12] }], kind);
    expectStatistics(result, statisticsOf(data, 12));
  });

  test.each([[[2, 1100, 8]], [[1, 700, 3]], [[3, 20, 516]], [[5, 131]]])(
    "of %j, more than a strip, a slot or a tile, repeat to the bit",
    async (shape) => {
      const channels = shape.at(-1) ?? 0;
      const data = activations(sizeOf(shape), 4);
      const first = await statistics(channels, [{ data, shape }]);
      expectStatistics(first.result, statisticsOf(data, channels));
      expect((await statistics(channels, [{ data, shape }])).words).toEqual(first.words);
    },
  );

  test("merge over batches, the last of which is not full", () =>
    forAll(
      fc.tuple(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 }),
        fc.constantFrom(3, 4),
      ),
      async ([counts, channels]) => {
        const shape = [5, 3, 2, channels];
        const batches = counts.map((images, i) => ({ data: numbers(sizeOf(shape), 10 + i), shape, images }));
        const all = batches.flatMap(({ data, images }) => [...data.subarray(0, images * 6 * channels)]);
        const { result } = await statistics(channels, batches);
        expectStatistics(result, statisticsOf(all, channels));
      },
    ));

  test("lose nothing to a mean far from zero: 10⁶ values about 1000, in 25 batches", async () => {
    const [channels, shape] = [4, [1, 10_000, 4]];
    const batches = Array.from({ length: 25 }, (_, i) => ({
      // Sums of uniforms: mean 1000, standard deviation 1.
      data: numbers(40_000, 100 + i).map((v, j) => 1000 + Math.sqrt(3) * v + (j % channels)),
      shape,
    }));
    const all = new Float32Array(1_000_000);
    for (const [i, { data }] of batches.entries()) all.set(data, i * 40_000);
    const { result } = await statistics(channels, batches);
    expectStatistics(result, statisticsOf(all, channels), 1e-6);
  });

  test("lose nothing to 10⁷ values about 1000", async () => {
    const channels = 16;
    const data = new Float32Array(10_000_000);
    const some = numbers(1_000_003, 7);
    for (let i = 0; i < data.length; i++) data[i] = 1000 + (some[i % some.length] ?? 0) * 1.7;
    const { result } = await statistics(channels, [{ data, shape: [10, 62_500, channels] }]);
    expectStatistics(result, statisticsOf(data, channels), 1e-6);
  });

  test.each([
    ["an outlier first", (i: number) => (i === 0 ? 1e4 : 0)],
    ["an outlier last", (i: number) => (i === 4999 ? -1e4 : 0)],
    ["constant", () => 12345.678],
    ["growing", (i: number) => i * 100],
  ])("of values that are hard to sum: %s", async (_, base) => {
    const data = numbers(5000, 8).map((v, i) => (base.length === 0 ? Math.fround(base(i)) : base(i) + v));
    for (const kind of ["gpu", "software"] as const) {
      const { result } = await statistics(1, [{ data, shape: [1, 5000, 1] }], kind);
      expectStatistics(result, statisticsOf(data, 1));
    }
  });

  test("keep their variance over very many batches", async () => {
    const device = await testDevice();
    const [channels, rows, times] = [2, 6, 4000];
    const data = numbers(rows * channels, 12).map((v) => 3 + v);
    const x = createTensor(device, [1, 1, rows, channels], { data });
    const summary = createStatisticsSummary(device, channels);
    const command = await createStatistics(device, { x, summary });
    await submit(...Array<Command>(times).fill(command));
    const found = await readStatistics(device, summary);
    const once = statisticsOf(data, channels);
    // In one f32 the sum of so many squares is wrong by 1e-4: what is added is rounded every time.
    expectStatistics(
      found,
      {
        ...once,
        count: once.count * times,
        m2: once.m2.map((m2) => m2 * times),
        zeros: once.zeros.map((zeros) => zeros * times),
      },
      3e-7,
    );
    command.destroy();
    for (const { buffer } of [x, summary]) buffer.destroy();
  });

  test("of nothing are empty, and start anew where they do not accumulate", async () => {
    const device = await testDevice();
    const summary = createStatisticsSummary(device, 2);
    expect(await readStatistics(device, summary)).toEqual({
      count: 0,
      mean: [0, 0],
      m2: [0, 0],
      min: [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
      max: [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
      zeros: [0, 0],
    });
    const x = createTensor(device, [1, 3, 2], { data: new Float32Array([1, 0, 2, 0, 6, 0]) });
    const y = createTensor(device, [5, 2]);
    const add = await createStatistics(device, { x, summary });
    const replace = await createStatistics(device, { x, summary, accumulate: false });
    const moments = await createMoments(device, { summary, y });
    await submit(add, add, replace, moments);
    expect(await readStatistics(device, summary)).toEqual({
      count: 3,
      mean: [3, 0],
      m2: [14, 0],
      min: [1, 0],
      max: [6, 0],
      zeros: [0, 3],
    });
    expect([...(await readTensor(device, y))]).toEqual([3, 0, Math.fround(14 / 3), 0, 1, 0, 6, 0, 0, 1]);
    for (const command of [add, replace, moments]) command.destroy();
    for (const { buffer } of [x, y, summary]) buffer.destroy();
  });

  test("count beyond 2³²", async () => {
    const device = await testDevice();
    // As if 2³² − 1 values about 5 with variance 4 had been seen, half of them zeros.
    const f32 = (value: number): number => new Uint32Array(new Float32Array([value]).buffer)[0] ?? 0;
    const many = 2 ** 32;
    const data = Uint32Array.from([many - 1, 0, f32(5), 0, f32(4 * many), 0, f32(-9), f32(9), many - 1, 0]);
    const summary = createTensor(device, [10, 1], { dtype: "u32", data });
    const x = createTensor(device, [4, 1], { data: new Float32Array([0, 0, 0, 8]) });
    const command = await createStatistics(device, { x, summary });
    await submit(command);
    expect(await readStatistics(device, summary)).toMatchObject({
      count: many + 3,
      zeros: [many + 2],
      min: [-9],
    });
    command.destroy();
    for (const { buffer } of [x, summary]) buffer.destroy();
  });

  test("say what does not fit", async () => {
    const device = await testDevice();
    const [x, summary] = [createTensor(device, [2, 3, 4]), createStatisticsSummary(device, 5)];
    await expect(createStatistics(device, { x, summary, label: "conv5" })).rejects.toThrow(
      new InputError(
        'statistics "conv5": expected a summary of shape 10×4, u32, got 10×5, u32; make it with createStatisticsSummary()',
      ),
    );
    await expect(createStatistics(device, { x, summary, images: 3 })).rejects.toThrow(
      /expected 1 to 2 images of x/,
    );
    for (const { buffer } of [x, summary]) buffer.destroy();
  });
});
