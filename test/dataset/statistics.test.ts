import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  correlationOf,
  emptyStatistics,
  mergeCoMoments,
  mergeHistograms,
  mergeStatistics,
  mergeTopK,
  varianceOf,
} from "../../src/dataset/statistics.ts";
import {
  createStatisticsStream,
  type StatisticsReport,
  type StatisticsStreamOptions,
} from "../../src/dataset/statistics-stream.ts";
import { InputError } from "../../src/gpu/errors.ts";
import { createTensor } from "../../src/gpu/tensor.ts";
import type { ChannelStatistics } from "../../src/kernels/statistics.ts";
import { testDevice } from "../gpu.ts";
import { numbers } from "../reference/numbers.ts";

/** Statistics of rows of two channels, by their definitions. */
function of(rows: readonly (readonly number[])[]): ChannelStatistics {
  const each = (f: (values: number[]) => number) =>
    [0, 1].map((c) => f(rows.map((row) => row[c] ?? Number.NaN)));
  const sum = (values: number[]) => values.reduce((total, v) => total + v, 0);
  const mean = (values: number[]) => (values.length > 0 ? sum(values) / values.length : 0);
  return {
    count: rows.length,
    mean: each(mean),
    m2: each((values) => sum(values.map((v) => (v - mean(values)) ** 2))),
    min: each((values) => Math.min(...values)),
    max: each((values) => Math.max(...values)),
    zeros: each((values) => values.filter((v) => v === 0).length),
  };
}

function expectSame(a: ChannelStatistics, b: ChannelStatistics): void {
  const { count, min, max, zeros } = b;
  expect(a).toMatchObject({ count, min, max, zeros });
  for (const [c, m2] of b.m2.entries()) {
    const scale = Math.sqrt(m2 / Math.max(1, count));
    const mean = b.mean[c] ?? 0;
    expect(Math.abs((a.mean[c] ?? Number.NaN) - mean)).toBeLessThanOrEqual(1e-12 * (scale + Math.abs(mean)));
    expect(Math.abs((a.m2[c] ?? Number.NaN) - m2)).toBeLessThanOrEqual(1e-10 * (m2 + mean ** 2));
  }
}

const ROWS = fc.array(
  fc.tuple(fc.integer({ min: -3, max: 3 }), fc.float({ noNaN: true, min: 900, max: 1000 })),
  {
    maxLength: 20,
  },
);

describe("merging", () => {
  test("does not care where a data set is cut, nor how the shards are grouped", () => {
    fc.assert(
      fc.property(ROWS, ROWS, ROWS, (a, b, c) => {
        const whole = of([...a, ...b, ...c]);
        const [x, y, z] = [of(a), of(b), of(c)];
        expectSame(mergeStatistics(mergeStatistics(x, y), z), whole);
        expectSame(mergeStatistics(x, mergeStatistics(y, z)), whole);
        expectSame(mergeStatistics(mergeStatistics(z, x), y), whole);
        expectSame(mergeStatistics(emptyStatistics(2), whole), whole);
      }),
      { numRuns: 100, seed: 4 },
    );
  });

  test("agrees with the definition of variance", () => {
    const rows = [
      [1, 10],
      [2, 10],
      [6, 10],
    ];
    expect(varianceOf(of(rows))).toEqual([14 / 3, 0]);
    expect(varianceOf(of(rows), { sample: true })).toEqual([7, 0]);
    expect(varianceOf(emptyStatistics(1))).toEqual([Number.NaN]);
  });

  test("refuses what does not belong together", () => {
    expect(() => mergeStatistics(emptyStatistics(2), emptyStatistics(3))).toThrow(InputError);
    const histogram = { ranges: [[0, 1] as const], counts: [[1, 2]], below: [0], above: [0] };
    expect(() => mergeHistograms(histogram, { ...histogram, ranges: [[0, 2]] })).toThrow(
      /expected the same ranges/,
    );
    expect(() =>
      mergeTopK({ k: 1, perImage: false, channels: [] }, { k: 2, perImage: false, channels: [] }),
    ).toThrow(/expected the same values, got 1 and 2/);
  });
});

const SHAPE = [4, 5, 3, 6];
const IMAGE = 5 * 3 * 6;

async function stream(
  images: Float32Array,
  options: Omit<StatisticsStreamOptions, "batches"> & { firstImage?: number; twice?: boolean } = {},
): Promise<StatisticsReport> {
  const device = await testDevice();
  const x = createTensor(device, SHAPE);
  const count = images.length / IMAGE;
  const made = await createStatisticsStream(device, x, {
    batches: [4, ...(count % 4 > 0 ? [count % 4] : [])],
    histogram: { bins: 8, range: [-1, 1] },
    top: { k: 4, perImage: true, firstImage: options.firstImage ?? 0 },
    correlation: true,
  });
  for (let run = 0; run < (options.twice ? 2 : 1); run++) {
    const clear = device.createCommandEncoder();
    made.clear(clear);
    device.queue.submit([clear.finish()]);
    for (let first = 0; first < count; first += 4) {
      const some = Math.min(4, count - first);
      device.queue.writeBuffer(x.buffer, 0, images.slice(first * IMAGE, (first + some) * IMAGE));
      const encoder = device.createCommandEncoder();
      made.add(encoder, some);
      device.queue.submit([encoder.finish()]);
    }
  }
  expect(() => made.add(device.createCommandEncoder(), 77)).toThrow(/announce it in "batches"/);
  const report = await made.read();
  made.destroy();
  x.buffer.destroy();
  return report;
}

test("of equal values the first counts, by image, row and column, however shards are merged", () => {
  const at = (value: number, image: number, y: number, x: number) => ({ value, image, y, x });
  const of = (...entries: ReturnType<typeof at>[]) => ({ k: 4, perImage: false, channels: [entries] });
  const [a, b] = [
    of(at(2, 3, 0, 1), at(1, 3, 1, 0), at(1, 3, 1, 2)),
    of(at(2, 1, 5, 5), at(1, 3, 0, 9), at(1, 2, 9, 9)),
  ];
  const first = [at(2, 1, 5, 5), at(2, 3, 0, 1), at(1, 2, 9, 9), at(1, 3, 0, 9)];
  expect(mergeTopK(a, b).channels).toEqual([first]);
  expect(mergeTopK(b, a).channels).toEqual([first]);
  expect(mergeTopK(of(at(1, 3, 1, 2)), of(at(1, 3, 1, 0))).channels).toEqual([
    [at(1, 3, 1, 0), at(1, 3, 1, 2)],
  ]);
});

describe("a stream", () => {
  const data = numbers(14 * IMAGE, 6).map((v, i) => v * 0.5 + 0.3 * Math.sin(Math.floor(i / 6)));

  test("of a whole data set is the merged streams of its shards, wherever it is cut", async () => {
    const whole = await stream(data);
    for (const cut of [1, 6, 12]) {
      const a = await stream(data.slice(0, cut * IMAGE));
      const b = await stream(data.slice(cut * IMAGE), { firstImage: cut });
      if (!a.histogram || !b.histogram || !a.top || !b.top || !a.comoments || !b.comoments)
        throw new Error("absent");
      expect(mergeHistograms(a.histogram, b.histogram)).toEqual(whole.histogram);
      expect(mergeTopK(a.top, b.top)).toEqual(whole.top);
      const merged = mergeStatistics(a.statistics, b.statistics);
      const { count, min, max, zeros } = whole.statistics;
      expect(merged).toMatchObject({ count, min, max, zeros });
      for (let c = 0; c < 6; c++) {
        expect(merged.mean[c]).toBeCloseTo(whole.statistics.mean[c] ?? Number.NaN, 7);
        expect((merged.m2[c] ?? 0) / (whole.statistics.m2[c] ?? 0)).toBeCloseTo(1, 6);
      }
      const correlation = correlationOf(mergeCoMoments(a.comoments, b.comoments));
      for (const [i, value] of correlationOf(whole.comoments ?? a.comoments).entries()) {
        expect(correlation[i]).toBeCloseTo(value, 6);
      }
    }
  });

  test("gives the correlation that the definition gives, and starts anew when cleared", async () => {
    const { comoments, statistics } = await stream(data, { twice: true });
    const rows = data.length / 6;
    expect(statistics.count).toBe(rows);
    const value = (row: number, c: number): number => (data[row * 6 + c] ?? 0) - (statistics.mean[c] ?? 0);
    const covariance = (i: number, j: number): number => {
      let sum = 0;
      for (let row = 0; row < rows; row++) sum += value(row, i) * value(row, j);
      return sum;
    };
    if (!comoments) throw new Error("absent");
    for (const [at, actual] of correlationOf(comoments).entries()) {
      const [i, j] = [Math.floor(at / 6), at % 6];
      const expected = covariance(i, j) / Math.sqrt(covariance(i, i) * covariance(j, j));
      expect(actual).toBeCloseTo(expected, 5);
      if (i !== j) expect(expected).toBeGreaterThan(0.1);
    }
  });
});
