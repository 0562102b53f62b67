import type { Tensor1D } from "@tensorflow/tfjs";
import { createTensor, readTensor, recordCommands } from "../../src/index.ts";
import { createHistogram, createHistogramBuffers } from "../../src/kernels.ts";
import type { Bench, Contender, Prepared } from "../case.ts";
import { difference } from "../compare.ts";
import { ortHasNone, tfjsContender } from "../peers/contenders.ts";
import { recordedRunner } from "../peers/ours.ts";
import { type Shape, sizeOf } from "../shape.ts";
import { activations, STATISTICS_PASS, statisticsPass } from "./statistics-pass.ts";

const BINS = 64;
const RANGE = [0, 1.25] as const;

/** Counts of each channel's values in each bin, [C, BINS]. */
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

export async function prepareHistogram(bench: Bench, shape: Shape): Promise<Prepared> {
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
            recordCommands(encoder, [histogram]);
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
