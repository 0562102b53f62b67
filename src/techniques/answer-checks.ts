import { ModelError } from "../gpu/errors.ts";
import { readTensor, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { firstNotFinite, withinRounding } from "../graph/finite.ts";
import type { Network, Target } from "../network/network.ts";
import { Objective } from "../objectives/objective.ts";
import { termsByLayer } from "../objectives/terms-by-layer.ts";

/** The most values that are read back beside an answer, only to see whether they are finite. */
const READ_BESIDE = 2 ** 20;

/**
 * Checks what a network gave, within the turn in which it did.
 * @param gaps how many of the values are NaN because nothing is known of them.
 * @throws ModelError when a value is NaN or infinite; it names the first layer whose activations are so.
 */
export async function assertAnswer(
  network: Network,
  values: Float32Array,
  what: string,
  gaps = 0,
): Promise<void> {
  let at = firstNotFinite(values);
  if (at >= 0 && gaps > 0) {
    const unknown = values.reduce((count, value) => count + Number(Number.isNaN(value)), 0);
    at = unknown === gaps ? values.findIndex((value) => Math.abs(value) === Number.POSITIVE_INFINITY) : at;
  }
  if (at < 0) return;
  const source = await sourceOf(network);
  throw new ModelError(
    `network "${network.graph.name}": expected finite values, got ${values[at]} in ${what}${source}; its weights or the image's values are too large for f32`,
  );
}

/** Tells whether scores differ by no more than their rounding: then nothing that was done to the image changed them. */
export function sameScores(scores: ArrayLike<number>): boolean {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < scores.length; i++) {
    least = Math.min(least, scores[i] ?? 0);
    most = Math.max(most, scores[i] ?? 0);
  }
  return withinRounding(least, most);
}

/**
 * The activations that are asked, to be read with an answer and checked: a gradient may be finite, or nothing but zeros, where
 * the score is NaN.
 * @param images how many of the batch count.
 */
export function scoresBeside(
  network: Network,
  asked: readonly (Target | Objective)[],
  images = 1,
): { readonly tensors: readonly Tensor[]; check(values: readonly Float32Array[]): Promise<void> } {
  const layers = asked.flatMap((question) =>
    question instanceof Objective
      ? termsByLayer(network, question).map(({ layer }) => layer)
      : [question.layer],
  );
  const names = [...new Set(layers)].filter(
    (layer) => sizeOf(network.activation(layer).shape) <= READ_BESIDE,
  );
  return {
    tensors: names.map((layer) => network.activation(layer)),
    async check(values) {
      for (const [i, all] of values.entries()) {
        const used = all.subarray(0, (all.length / network.batch) * images) as Float32Array;
        await assertAnswer(network, used, `layer "${names[i]}", which is asked`);
      }
    },
  };
}

/** Words that name the first layer whose activations of the first image are not finite. */
async function sourceOf(network: Network): Promise<string> {
  const { graph, kept, device, batch } = network;
  for (const { name } of graph.layers) {
    if (kept?.has(name) === false) continue;
    const values = await readTensor(device, network.activation(name));
    const at = firstNotFinite(values.subarray(0, values.length / batch) as Float32Array);
    if (at >= 0) return ` (${values[at]} first comes out of layer "${name}")`;
  }
  return "";
}
