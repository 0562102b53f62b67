import { createTensor, readTensor, recordCommands } from "../../src/index.ts";
import { createTopK, createTopKBuffer } from "../../src/kernels.ts";
import type { Bench, Prepared } from "../case.ts";
import { difference } from "../compare.ts";
import { ortHasNone, tfjsContender } from "../peers/contenders.ts";
import { recordedRunner } from "../peers/ours.ts";
import { type Shape, sizeOf } from "../shape.ts";
import { activations, STATISTICS_PASS, statisticsPass } from "./statistics-pass.ts";

const K = 9;

export async function prepareTopK(bench: Bench, shape: Shape): Promise<Prepared> {
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
              record: (encoder) => recordCommands(encoder, [command]),
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
