import type { Tensor1D } from "@tensorflow/tfjs";
import { createTensor, readTensor, record } from "../../src/index.ts";
import {
  createHistogram,
  createHistogramBuffers,
  createMoments,
  createStatistics,
  createStatisticsSummary,
  createTopK,
  createTopKBuffer,
} from "../../src/kernels.ts";
import type { Bench, Case, Contender, Goal, Prepared, Task } from "../case.ts";
import { difference } from "../compare.ts";
import { ortContender, ortHasNone, tfjsContender } from "../peers/contenders.ts";
import { OnnxModel } from "../peers/onnx.ts";
import { recordedRunner } from "../peers/ours.ts";
import { noise } from "../random.ts";
import type { Runner } from "../runner.ts";
import { formatShape, type Shape, sizeOf } from "../shape.ts";

/** Activations [N, H, W, C] as a ReLU leaves them: a good part of them zero, their mean away from it. */
function activations(shape: Shape): Float32Array<ArrayBuffer> {
  return noise(shape, 5).map((value) => Math.max(0, value + 0.25));
}

/** Mean, variance, least, largest and fraction of zeros of each channel, [5, C], in double precision. */
function momentsOf(x: Float32Array, channels: number): Float64Array[] {
  const count = x.length / channels;
  const rows = Array.from({ length: 5 }, () => new Float64Array(channels));
  const [mean, variance, min, max, zeros] = rows as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  min.fill(Number.POSITIVE_INFINITY);
  max.fill(Number.NEGATIVE_INFINITY);
  for (const [index, value] of x.entries()) {
    const c = index % channels;
    mean[c] = (mean[c] ?? 0) + value / count;
    min[c] = Math.min(min[c] ?? value, value);
    max[c] = Math.max(max[c] ?? value, value);
    if (value === 0) zeros[c] = (zeros[c] ?? 0) + 1 / count;
  }
  for (const [index, value] of x.entries()) {
    const c = index % channels;
    variance[c] = (variance[c] ?? 0) + (value - (mean[c] ?? 0)) ** 2 / count;
  }
  return rows;
}

/** The name of the statistics pass where something else is measured against it. */
const STATISTICS_PASS = "statistics pass";

/** The statistics pass alone, into a summary that stays on the GPU. */
async function statisticsPass({ device }: Bench, shape: Shape, data: Float32Array): Promise<Runner> {
  const channels = shape.at(-1) ?? 1;
  const x = createTensor(device, shape, { data });
  const summary = createStatisticsSummary(device, channels);
  const y = createTensor(device, [5, channels]);
  const statistics = await createStatistics(device, { x, summary, accumulate: false });
  const moments = await createMoments(device, { summary, y });
  return recordedRunner(device, {
    record: (encoder) => record(encoder, [statistics, moments]),
    y,
    destroy() {
      for (const command of [statistics, moments]) command.destroy();
      for (const { buffer } of [x, summary, y]) buffer.destroy();
    },
  });
}

function onnxMoments(shape: Shape): Uint8Array {
  const channels = shape.at(-1) ?? 1;
  const model = new OnnxModel();
  const x = model.input("x", shape);
  const axes = { axes: shape.slice(0, -1).map((_, axis) => axis), keepdims: 1 };
  const mean = model.node("ReduceMean", [x], axes);
  const apart = model.node("Sub", [x, mean]);
  const variance = model.node("ReduceMean", [model.node("Mul", [apart, apart])], axes);
  const min = model.node("ReduceMin", [x], axes);
  const max = model.node("ReduceMax", [x], axes);
  const zero = model.node("Equal", [x, model.constant([], Float32Array.of(0))]);
  const zeros = model.node("ReduceMean", [model.node("Cast", [zero], { to: 1 })], axes);
  const rows = model.node("Concat", [mean, variance, min, max, zeros], { axis: 0 });
  model.node("Reshape", [rows, model.constant([2], [5, channels])], {}, "y");
  model.output("y", [5, channels]);
  return model.encode();
}

async function prepareMoments(bench: Bench, shape: Shape): Promise<Prepared> {
  const channels = shape.at(-1) ?? 1;
  const x = activations(shape);
  const expected = momentsOf(x, channels);
  return {
    contenders: [
      { name: "vitrine", kind: "ours", create: () => statisticsPass(bench, shape, x) },
      tfjsContender(bench, async ({ tf, runner }) => {
        const resident = tf.tensor(x, [x.length / channels, channels]);
        return runner(
          () => {
            // Reducing over the leading axes would transpose in each of the five: four to five times as slow.
            const rows = tf.transpose(resident);
            const { mean, variance } = tf.moments(rows, 1);
            const zeros = tf.mean(tf.cast(tf.equal(rows, 0), "float32"), 1);
            return tf.stack([mean, variance, tf.min(rows, 1), tf.max(rows, 1), zeros]);
          },
          () => resident.dispose(),
        );
      }),
      ortContender(bench, (ort) =>
        ort.modelRunner(onnxMoments(shape), ort.tensor(shape, x), ort.tensor([5, channels])),
      ),
    ],
    reference: "two passes in f64",
    // Each of the five has a scale of its own; the least value of rectified activations is nothing but zeros.
    check: (y) =>
      Math.max(
        ...expected.map((row, index) => {
          const found = y.subarray(index * channels, (index + 1) * channels);
          return row.every((value) => value === 0)
            ? Math.max(...found.map(Math.abs))
            : difference(found, row);
        }),
      ),
  };
}

const BINS = 64;
const RANGE = [0, 1.25] as const;

/** How many values of each channel fall into each bin, [C, BINS]. */
function binsOf(x: Float32Array, channels: number): Float32Array {
  const counts = new Float32Array(channels * BINS);
  const scale = BINS / (RANGE[1] - RANGE[0]);
  for (const [index, value] of x.entries()) {
    const bin = Math.min(BINS - 1, Math.max(0, Math.floor((value - RANGE[0]) * scale)));
    const at = (index % channels) * BINS + bin;
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts;
}

async function prepareHistogram(bench: Bench, shape: Shape): Promise<Prepared> {
  const { device } = bench;
  const channels = shape.at(-1) ?? 1;
  const x = activations(shape);
  const expected = binsOf(x, channels);
  const ours: Contender = {
    name: "vitrine",
    kind: "ours",
    async create() {
      const resident = createTensor(device, shape, { data: x });
      const buffers = createHistogramBuffers(device, channels, { bins: BINS, range: RANGE });
      const histogram = await createHistogram(device, { x: resident, ...buffers });
      return {
        ...recordedRunner(device, {
          record(encoder) {
            encoder.clearBuffer(buffers.counts.buffer);
            record(encoder, [histogram]);
          },
          y: buffers.counts,
          destroy() {
            histogram.destroy();
            for (const { buffer } of [resident, buffers.range, buffers.counts]) buffer.destroy();
          },
        }),
        async read() {
          // [C, below and bins and above, low and high word] of each count.
          const words = await readTensor(device, buffers.counts);
          return Float32Array.from({ length: channels * BINS }, (_, index) => {
            const cell = Math.floor(index / BINS) * (BINS + 2) + (index % BINS) + 1;
            return words[2 * cell] ?? 0;
          });
        },
      };
    },
  };
  return {
    contenders: [
      ours,
      tfjsContender(bench, async ({ tf, runner }) => {
        const rows = sizeOf(shape) / channels;
        const resident = tf.tensor(x, [rows, channels]);
        const [scale, last] = [tf.scalar(BINS / (RANGE[1] - RANGE[0])), BINS - 1];
        // Each channel's bins follow those of the one before: one count over all.
        const offsets = tf.tensor(
          Int32Array.from({ length: channels }, (_, c) => c * BINS),
          [1, channels],
          "int32",
        );
        // With weights of int32, tfjs 4.22 answers with the bits of floats.
        const weights = tf.tensor1d([], "float32");
        return runner(
          () => {
            const bins = tf.clipByValue(tf.floor(tf.mul(resident, scale)), 0, last).toInt();
            const all = tf.reshape(tf.add(bins, offsets), [rows * channels]) as Tensor1D;
            return tf.bincount(all, weights, channels * BINS);
          },
          () => tf.dispose([resident, scale, offsets, weights]),
        );
      }),
      ortHasNone("it has no histogram"),
      {
        name: STATISTICS_PASS,
        kind: "variant",
        other: true,
        create: () => statisticsPass(bench, shape, x),
      },
    ],
    reference: "count of every value",
    check: (y) => difference(y, expected),
  };
}

const K = 9;

async function prepareTopK(bench: Bench, shape: Shape): Promise<Prepared> {
  const { device } = bench;
  const channels = shape.at(-1) ?? 1;
  const rows = sizeOf(shape) / channels;
  const x = activations(shape);
  const expected = Float32Array.from(
    Array.from({ length: channels }, (_, c) =>
      Float32Array.from({ length: rows }, (_, row) => x[row * channels + c] ?? 0)
        .sort()
        .reverse()
        .subarray(0, K),
    ).flatMap((values) => [...values]),
  );
  return {
    contenders: [
      {
        name: "vitrine",
        kind: "ours",
        async create() {
          const resident = createTensor(device, shape, { data: x });
          const top = createTopKBuffer(device, channels, K);
          const command = await createTopK(device, { x: resident, top, k: K, accumulate: false });
          return {
            ...recordedRunner(device, {
              record: (encoder) => record(encoder, [command]),
              y: top,
              destroy() {
                command.destroy();
                for (const { buffer } of [resident, top]) buffer.destroy();
              },
            }),
            async read() {
              // A channel's words are a count, then k times value, image, pixel.
              const words = await readTensor(device, top);
              const values = new Float32Array(words.buffer);
              return Float32Array.from({ length: channels * K }, (_, index) => {
                const entry = Math.floor(index / K) * (1 + 3 * K) + 1 + 3 * (index % K);
                return values[entry] ?? Number.NaN;
              });
            },
          };
        },
      },
      tfjsContender(bench, async ({ tf, runner }) => {
        const resident = tf.tensor(x, [rows, channels]);
        return runner(
          () => {
            const { values, indices } = tf.topk(tf.transpose(resident), K);
            indices.dispose();
            return values;
          },
          () => resident.dispose(),
        );
      }),
      ortHasNone("it has no top-k on the GPU"),
      {
        name: STATISTICS_PASS,
        kind: "variant",
        other: true,
        create: () => statisticsPass(bench, shape, x),
      },
    ],
    reference: "every channel sorted",
    check: (y) => difference(y, expected),
  };
}

/** A pass over activations; every value is read once and compared or added a few times. */
function taskOf(
  shape: Shape,
  prepare: (bench: Bench, shape: Shape) => Promise<Prepared>,
  flops: number,
): Task {
  const size = sizeOf(shape);
  return {
    size: formatShape(shape),
    work: { flops: flops * size, bytes: 4 * size },
    prepare: (bench) => prepare(bench, shape),
  };
}

const REAL = [8, 56, 56, 64] as const;

const MOMENTS_GOALS: readonly Goal[] = [
  { of: "tfjs", least: 15 },
  { of: "onnxruntime", least: 5 },
  { of: "limit", least: 0.8 },
];
const PASS_GOALS: readonly Goal[] = [
  { of: "tfjs", least: 8 },
  { of: STATISTICS_PASS, most: 1.3 },
];

/** What is kept of activations over a data set. */
export const statisticsCases: readonly Case[] = [
  {
    id: "statistics/moments",
    title: "mean, variance, min, max, zeros",
    goals: MOMENTS_GOALS,
    tasks: [taskOf(REAL, prepareMoments, 6)],
  },
  {
    id: "statistics/moments-wide",
    title: "mean, variance, min, max, zeros of many channels",
    goals: MOMENTS_GOALS,
    tasks: [taskOf([8, 14, 14, 512], prepareMoments, 6)],
  },
  {
    id: "statistics/histogram",
    title: "histogram of each channel",
    goals: PASS_GOALS,
    tasks: [taskOf(REAL, prepareHistogram, 3), taskOf([2, 56, 56, 64], prepareHistogram, 3)],
  },
  {
    id: "statistics/top-k",
    title: "nine largest of each channel",
    goals: PASS_GOALS,
    tasks: [taskOf(REAL, prepareTopK, 1), taskOf([2, 56, 56, 64], prepareTopK, 1)],
  },
  ...[7, 14, 28, 56].map(
    (side): Case => ({
      id: `growth/moments-${side}`,
      title: `mean, variance, min, max, zeros at ${side}×${side}`,
      tasks: [taskOf([4, side, side, 64], prepareMoments, 6)],
      growth: {
        series: "statistics of 4 images, 64 channels",
        axis: "values of a channel",
        at: 4 * side * side,
      },
    }),
  ),
];
