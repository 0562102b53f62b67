import type { Source } from "../dataset/source.ts";
import { recordCommands } from "../gpu/command.ts";
import { InputError } from "../gpu/errors.ts";
import { build } from "../gpu/scope.ts";
import { readTensors, sizeOf } from "../gpu/tensor.ts";
import { createCountRight, createRemoveChannels } from "../kernels/channel-trials.ts";
import type { Networks } from "../network/pool.ts";
import { answeringHead, forLabelledBatches, type LabelledOptions, NO_LABEL } from "./labelled-batches.ts";

/** Right answers without some channels. */
export interface ChannelTrials {
  /** Pictures of each class. */
  readonly pictures: readonly number[];
  /** For each trial the right answers of each class. */
  readonly right: readonly (readonly number[])[];
}

/** Trials in one submit, so that no submit holds the GPU for long. */
const AT_ONCE = 16;

/**
 * Counts right answers over a data set with channels of a layer set to zero, for many choices of channels. What lies before the layer is
 * run once a batch; of what follows, each trial runs all. Nothing is read back before the end.
 * @param removed for each trial the channels that are set to zero.
 */
export async function runTrials(
  networks: Networks,
  source: Source,
  layer: string,
  removed: readonly (readonly number[])[],
  options: LabelledOptions,
): Promise<ChannelTrials> {
  const who = "removal of channels";
  const form = { keep: [layer], gradients: false };
  const { batch = networks.batchWithin({ ...form, most: 16 }), signal } = options;
  const whole = await networks.temporary({ ...form, batch });
  try {
    return await whole.inTurn(
      async (network) => {
        const { device, graph } = network;
        const head = answeringHead(who, graph, layer);
        const y = network.activation(layer);
        const channels = y.shape.at(-1) ?? 1;
        const stay = new Uint32Array(removed.length * channels).fill(1);
        for (const [t, own] of removed.entries()) {
          for (const c of own) {
            if (!(Number.isInteger(c) && c >= 0 && c < channels)) {
              throw new InputError(
                `${who}: expected channels of 0 to ${channels - 1} of "${layer}", got ${c}`,
              );
            }
            stay[t * channels + c] = 0;
          }
        }
        const made = await build(device, who, async ({ tensor, command }) => {
          const a = tensor(y.shape, { label: who });
          const keep = tensor([removed.length, channels], { dtype: "u32", data: stay, label: who });
          const trial = tensor([1], { dtype: "u32", label: who });
          const labels = tensor([batch], { dtype: "u32", label: who });
          const right = tensor([removed.length, head.classes], { dtype: "u32", label: who });
          const scores = network.activation(head.logits);
          return {
            ...{ a, trial, labels, right },
            remove: await command(createRemoveChannels(device, { a, keep, trial, y })),
            count: await command(createCountRight(device, { scores, labels, trial, right })),
          };
        });
        try {
          const pictures = Array<number>(head.classes).fill(0);
          await forLabelledBatches(who, network, head, source, options, async (labels) => {
            const all = new Uint32Array(batch).fill(NO_LABEL);
            for (const [n, label] of labels.entries()) {
              all[n] = label;
              pictures[label] = (pictures[label] ?? 0) + 1;
            }
            device.queue.writeBuffer(made.labels.buffer, 0, all);
            for (let from = 0; from < removed.length; from += AT_ONCE) {
              signal?.throwIfAborted();
              const encoder = device.createCommandEncoder({ label: who });
              if (from === 0) {
                network.forward(encoder);
                encoder.copyBufferToBuffer(y.buffer, 0, made.a.buffer, 0, 4 * sizeOf(y.shape));
                encoder.clearBuffer(made.trial.buffer);
              }
              for (let t = from; t < Math.min(removed.length, from + AT_ONCE); t++) {
                recordCommands(encoder, [made.remove]);
                network.forward(encoder, { after: layer, to: head.logits });
                recordCommands(encoder, [made.count]);
              }
              device.queue.submit([encoder.finish()]);
            }
            await device.queue.onSubmittedWorkDone();
          });
          const [counts] = (await readTensors(device, [made.right])) as unknown as Uint32Array[];
          const each = head.classes;
          const right = removed.map((_, t) => Array.from(counts?.subarray(t * each, (t + 1) * each) ?? []));
          return { pictures, right };
        } finally {
          made.destroy();
        }
      },
      { signal, inputs: {} },
    );
  } finally {
    whole.destroy();
  }
}

/** Share of right answers of a trial, 0 to 1. */
export function accuracyOf({ pictures, right }: ChannelTrials, trial: number): number {
  const sum = (values: readonly number[] = []): number => values.reduce((a, b) => a + b, 0);
  return sum(right[trial]) / sum(pictures);
}
