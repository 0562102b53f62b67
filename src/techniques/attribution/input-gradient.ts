import { sizeOf } from "../../gpu/tensor.ts";

import { inputOf } from "../../graph/graph.ts";
import type { BackwardRule } from "../../layers/activation.ts";
import type { Network } from "../../network/network.ts";
import { answer } from "../answer.ts";
import {
  EXPLAIN,
  type Explanation,
  type ObjectiveOptions,
  type Picture,
  submit,
  withQuestion,
} from "../explain.ts";
import { readAnswer } from "../finite.ts";

/** The signal that reaches the image by a backward rule: what saliency, guided backprop and deconvnet share. */
export function inputGradient(
  network: Network,
  image: Picture,
  rule: BackwardRule,
  options: ObjectiveOptions,
  who: string,
): Promise<Explanation> {
  return answer(network, image, options, (turn, input) => signalAt(turn, input, rule, options), {
    who,
    fields: EXPLAIN,
  });
}

function signalAt(
  network: Network,
  input: Float32Array,
  rule: BackwardRule,
  options: ObjectiveOptions,
): Promise<Explanation> {
  return withQuestion(network, input, options, async (from, target) => {
    submit(network, (encoder) => network.backward(encoder, from, { rule }));
    const gradient = network.gradient(inputOf(network.graph).name);
    const shape = gradient.shape.slice(1);
    const [data] = await readAnswer(network, target, [gradient]);
    options.signal?.throwIfAborted();
    return { data: data.slice(0, sizeOf(shape)), shape, target };
  });
}
