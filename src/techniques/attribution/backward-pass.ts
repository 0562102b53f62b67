import type { Call } from "../../gpu/options.ts";
import { type Scope, withScope } from "../../gpu/scope.ts";
import { sizeOf } from "../../gpu/tensor.ts";
import { inputOf } from "../../graph/graph.ts";
import type { BackwardRule } from "../../layers/activation.ts";
import type { Network } from "../../network/network.ts";
import type { Signal } from "../../sampling/backwards.ts";
import { answer } from "../answer.ts";
import { readAnswer } from "../answer-checks.ts";
import {
  type ExplainOptions,
  type Explanation,
  type ObjectiveOptions,
  type Picture,
  withQuestion,
} from "../question.ts";
import { submit } from "../submit.ts";

/** The options that decide where the signals of a backward pass are read. */
export interface PassOptions extends Pick<ExplainOptions, "output"> {
  readonly layer?: string;
}

/** A technique that backward passes answer: the signals that are read after them, and the map that is made of one image's. */
export interface BackwardPass {
  /** @param scope owns what the signals allocate. */
  signals(network: Network, options: PassOptions, scope: Scope): Promise<readonly Signal[]>;
  /**
   * Makes the map, as large as the first signal, of one image's signals. Default: the first signal itself.
   * @param input the image, as the network takes it.
   */
  combine?(values: readonly Float32Array[], signals: readonly Signal[], input: Float32Array): Float32Array;
}

/** Explains one image by backward passes: one forward pass, then the passes, then one readback. */
export function explainByPass<O extends ObjectiveOptions & PassOptions>(
  network: Network,
  image: Picture,
  options: O,
  pass: BackwardPass,
  call: Call<O>,
): Promise<Explanation> {
  return answer(network, image, options, (turn, input) => mapOf(turn, input, options, pass, call.who), call);
}

function mapOf(
  network: Network,
  input: Float32Array,
  options: ObjectiveOptions & PassOptions,
  pass: BackwardPass,
  who: string,
): Promise<Explanation> {
  return withScope(network.device, who, async (scope) => {
    const signals = await pass.signals(network, options, scope);
    return withQuestion(network, input, options, async (from, target) => {
      const values = signals.map(({ shape }) => scope.tensor(shape, { label: "signal" }));
      submit(network, (encoder) => {
        for (const [i, signal] of signals.entries()) {
          signal.record(encoder, from);
          const to = values[i];
          if (to) signal.copy(encoder, 0, to.buffer, 0);
        }
      });
      const found = await readAnswer(network, target, values);
      options.signal?.throwIfAborted();
      return { data: combined(pass, found, signals, input), shape: signals[0]?.shape ?? [], target };
    });
  });
}

/** The map of one image's signals. */
export function combined(
  { combine = ([map = new Float32Array()]) => map }: BackwardPass,
  values: readonly Float32Array[],
  signals: readonly Signal[],
  input: Float32Array,
): Float32Array {
  return combine(values, signals, input);
}

/** The backward pass by a rule to the image. */
export function passToImage(rule: BackwardRule): BackwardPass {
  return { signals: async (network) => [signalAtImage(network, rule)] };
}

/** The signal that reaches the image by a backward rule, [H, W, C]. */
export function signalAtImage(network: Network, rule: BackwardRule): Signal {
  const { name, shape } = inputOf(network.graph);
  const bytes = 4 * sizeOf(shape);
  return {
    shape,
    record: (encoder, from) => network.backward(encoder, from, { rule }),
    copy(encoder, n, to, offset) {
      encoder.copyBufferToBuffer(network.gradient(name).buffer, n * bytes, to, offset, bytes);
    },
  };
}
