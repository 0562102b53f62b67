import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { createTensor, type Shape, sizeOf } from "../../src/gpu/tensor.ts";
import {
  type ChannelHistogram,
  createHistogram,
  createHistogramBuffers,
  createHistogramRange,
  type HistogramOptions,
  readHistogram,
} from "../../src/kernels/histogram.ts";
import { createStatistics, createStatisticsSummary } from "../../src/kernels/statistics.ts";
import { testDevice } from "../gpu.ts";
import { forAll } from "../layers/check.ts";
import { submit } from "../layers/run.ts";
import { numbers } from "../reference/numbers.ts";

/** Naive counting, with the kernel's rounding: bins' edges are what f32 makes of them. */
function reference(data: Float32Array, channels: number, bins: number, ranges: ChannelHistogram["ranges"]) {
  const f = Math.fround;
  const counts = ranges.map(() => Array<number>(bins).fill(0));
  const [below, above] = [ranges.map(() => 0), ranges.map(() => 0)];
  for (const [i, v] of data.entries()) {
    const of = ranges.length === 1 ? 0 : i % channels;
    const [min, max] = ranges[of] ?? [0, 0];
    const bin = Math.min(Math.floor(f(f(v - min) * (max > min ? f(bins / f(max - min)) : 0))), bins - 1);
    const list = v < min ? below : v > max ? above : (counts[of] ?? []);
    const at = v < min || v > max ? of : bin;
    list[at] = (list[at] ?? 0) + 1;
  }
  return { ranges, counts, below, above };
}

async function histogram(data: Float32Array, shape: Shape, options: HistogramOptions, times = 1) {
  const device = await testDevice();
  const channels = shape.at(-1) ?? 0;
  const x = createTensor(device, shape, { data });
  const buffers = createHistogramBuffers(device, channels, options);
  const summary = createStatisticsSummary(device, channels);
  const find = [
    await createStatistics(device, { x, summary }),
    await createHistogramRange(device, { summary, ...buffers }),
  ];
  const count = await createHistogram(device, { x, ...buffers });
  await submit(...(options.range ? [] : find), ...Array.from({ length: times }, () => count));
  const result = await readHistogram(device, buffers);
  for (const command of [...find, count]) command.destroy();
  for (const { buffer } of [x, summary, buffers.range, buffers.counts]) buffer.destroy();
  return result;
}

describe("histogram", () => {
  test("agrees with naive counting at any shape and range", () =>
    forAll(
      fc.tuple(
        fc.tuple(
          fc.integer({ min: 1, max: 3 }),
          fc.integer({ min: 1, max: 30 }),
          fc.integer({ min: 1, max: 9 }),
          fc.constantFrom(1, 3, 4, 33, 70),
        ),
        fc.constantFrom(1, 10, 200),
        fc.boolean(),
        fc.constantFrom(undefined, [-0.5, 0.75] as const),
      ),
      async ([shape, bins, shared, range]) => {
        const data = numbers(sizeOf(shape), 2);
        const result = await histogram(data, shape, { bins, shared, ...(range ? { range } : {}) });
        expect(result).toEqual(reference(data, shape[3], bins, result.ranges));
        if (!range && shared) expect(result.ranges).toEqual([[Math.min(...data), Math.max(...data)]]);
      },
    ));

  test("puts edges where numpy puts them, and adds up", async () => {
    const data = new Float32Array([-1, 0, 0.5, 1, 1.5, 2, 2.5, 4, 4.001, 9]);
    const result = await histogram(data, [10, 1], { bins: 4, range: [0, 4] }, 3);
    expect(result).toEqual({ ranges: [[0, 4]], counts: [[6, 6, 6, 3]], below: [3], above: [6] });
  });

  test("of one value has one bin", async () => {
    const result = await histogram(new Float32Array(12).fill(7), [4, 3], { bins: 5 });
    expect(result.counts).toEqual([0, 1, 2].map(() => [4, 0, 0, 0, 0]));
  });

  test("carries beyond 2³²", async () => {
    const device = await testDevice();
    const { range, counts } = createHistogramBuffers(device, 1, { bins: 1, range: [0, 1] });
    device.queue.writeBuffer(counts.buffer, 0, Uint32Array.from([0, 0, 2 ** 32 - 2, 0, 0, 0]));
    const x = createTensor(device, [7, 1], { data: new Float32Array(7).fill(0.5) });
    const command = await createHistogram(device, { x, range, counts });
    await submit(command);
    expect((await readHistogram(device, { range, counts })).counts).toEqual([[2 ** 32 + 5]]);
    command.destroy();
    for (const { buffer } of [x, range, counts]) buffer.destroy();
  });

  test("says what cannot be", async () => {
    const device = await testDevice();
    expect(() => createHistogramBuffers(device, 3, { bins: 0 })).toThrow(InputError);
    expect(() => createHistogramBuffers(device, 3, { range: [1, 1] })).toThrow(
      /from a lesser to a larger number/,
    );
    const x = createTensor(device, [2, 4]);
    const buffers = createHistogramBuffers(device, 3);
    await expect(createHistogram(device, { x, ...buffers })).rejects.toThrow(
      /for 4 channels, got 3×4 and 3×66×2/,
    );
    for (const { buffer } of [x, buffers.range, buffers.counts]) buffer.destroy();
  });
});
