import type { Source } from "../dataset/source.ts";
import { recordCommands } from "../gpu/command.ts";
import { build } from "../gpu/scope.ts";
import { readTensors } from "../gpu/tensor.ts";
import { createAttackLoss } from "../kernels/attack.ts";
import { createChannelProducts } from "../kernels/channel-trials.ts";
import type { Networks } from "../network/pool.ts";
import { answeringHead, forLabelledBatches, type LabelledOptions } from "./labelled-batches.ts";

/**
 * Where the magnitude is taken of activation × gradient; three rankings go by one name:
 * - "example": of each picture's mean over the places, then the mean over the pictures; as the paper has it;
 * - "element": of each element, then the mean; as NVlabs/Taylor_pruning has it;
 * - "end": of the mean over all; as jacobgil/pytorch-pruning has it.
 */
export type TaylorForm = "example" | "element" | "end";

export const TAYLOR_FORMS: readonly TaylorForm[] = ["example", "element", "end"];

/**
 * Taylor importance of a layer's channels (Molchanov et al. 2016, arXiv:1611.06440, eq. 8) for the cross-entropy of the labels, in each of
 * the three forms, divided by its L2 norm over the channels.
 */
export async function taylorImportance(
  networks: Networks,
  source: Source,
  layer: string,
  options: LabelledOptions,
): Promise<Readonly<Record<TaylorForm, readonly number[]>>> {
  const who = "Taylor importance";
  const form = { keep: [layer] };
  const { batch = networks.batchWithin({ ...form, most: 16 }), signal } = options;
  const whole = await networks.temporary({ ...form, batch });
  try {
    return await whole.inTurn(
      async (network) => {
        const { device, graph } = network;
        const head = answeringHead(who, graph, layer);
        const [a, g] = [network.activation(layer), network.gradient(layer)];
        const channels = a.shape.at(-1) ?? 1;
        const scores = network.activation(head.logits);
        const yesNo = head.kind === "sigmoid";
        const made = await build(device, who, async ({ tensor, command }) => {
          const goals = tensor([batch, 3], { label: who });
          const losses = tensor([batch, 2], { label: who });
          const products = tensor([2, batch, channels], { label: who });
          const loss = { a: scores, goals, losses, dy: network.gradient(head.logits), sigmoid: yesNo };
          return {
            ...{ goals, products },
            loss: await command(createAttackLoss(device, loss)),
            multiply: await command(createChannelProducts(device, { a, g, y: products })),
          };
        });
        const sums = { example: zeros(channels), element: zeros(channels), end: zeros(channels) };
        try {
          const seen = await forLabelledBatches(who, network, head, source, options, async (labels) => {
            const goals = new Float32Array(3 * batch).fill(1);
            for (const [n, label] of labels.entries()) {
              goals[3 * n] = yesNo ? 0 : label;
              goals[3 * n + 1] = yesNo && label === 0 ? -1 : 1;
            }
            for (let n = labels.length; n < batch; n++) goals[3 * n] = 0;
            device.queue.writeBuffer(made.goals.buffer, 0, goals);
            const encoder = device.createCommandEncoder({ label: who });
            network.forward(encoder);
            recordCommands(encoder, [made.loss]);
            network.backward(
              encoder,
              { layer: head.logits, gradient: network.gradient(head.logits) },
              { to: layer },
            );
            recordCommands(encoder, [made.multiply]);
            device.queue.submit([encoder.finish()]);
            const [products] = (await readTensors(device, [made.products])) as Float32Array[];
            for (let n = 0; n < labels.length; n++) {
              for (let c = 0; c < channels; c++) {
                const signed = products?.[n * channels + c] ?? Number.NaN;
                sums.example[c] = (sums.example[c] ?? 0) + Math.abs(signed);
                sums.element[c] =
                  (sums.element[c] ?? 0) + (products?.[(batch + n) * channels + c] ?? Number.NaN);
                sums.end[c] = (sums.end[c] ?? 0) + signed;
              }
            }
          });
          const unit = (values: Float64Array): number[] => {
            const means = Array.from(values, (value) => Math.abs(value) / seen);
            const norm = Math.hypot(...means);
            return norm > 0 ? means.map((value) => value / norm) : means;
          };
          return { example: unit(sums.example), element: unit(sums.element), end: unit(sums.end) };
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

function zeros(count: number): Float64Array {
  return new Float64Array(count);
}
