import type { Call } from "../../gpu/options.ts";
import type { Scope } from "../../gpu/scope.ts";
import { sizeOf } from "../../gpu/tensor.ts";
import { inputOf } from "../../graph/graph.ts";
import type { BackwardRule } from "../../layers/activation-gradient.ts";
import type { Network } from "../../network/network.ts";
import type { Signal } from "../../sampling/backward-passes.ts";
import { answer } from "../answer.ts";
import { scoresBeside } from "../answer-checks.ts";
import type { ExplainOptions, Explanation, ObjectiveOptions, Picture } from "../question.ts";
import { explainAtOnce, imageOf, NONE, numbered, oneStep, type Prepare, startOf } from "./command.ts";
/** The options that decide where the signals of a backward pass are read. */
export interface PassOptions extends Pick<ExplainOptions, "output"> {
  readonly layer?: string | undefined;
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
  const work = (turn: Network, input: Float32Array) =>
    explainAtOnce(turn, input, call.who, options, preparePass(pass, call.who));
  return answer(network, image, options, work, call);
}

/** Results: `map`; or, where the processor makes the map of them, `signal`, `signal 2`, … that the backward passes left. */
export function preparePass(
  pass: BackwardPass,
  who: string,
): Prepare<ObjectiveOptions & PassOptions, Explanation> {
  return async (site, options) => {
    const { network, scope } = site;
    const signals = await pass.signals(network, options, scope);
    const asked = await site.ask(options);
    const from = await startOf(asked, site);
    const { image, toInput } = imageOf(site, who);
    const values = signals.map(({ shape }) => scope.tensor(shape, { label: "signal" }));
    const names = signals.map((_, i) => (pass.combine ? numbered("signal", i) : numbered("map", i)));
    const { target } = asked;
    return {
      ...oneStep({
        recordStart(encoder) {
          toInput(encoder);
          network.forward(encoder);
        },
        recordStep(encoder) {
          for (const [i, signal] of signals.entries()) {
            signal.record(encoder, from);
            const to = values[i];
            if (to) signal.copy(encoder, 0, to.buffer, 0);
          }
        },
      }),
      ...{ image, target, beside: scoresBeside(network, [target]) },
      results: Object.fromEntries(values.map((value, i) => [names[i] ?? "", value])),
      finish: (found, shown) => ({
        data: combined(
          pass,
          names.map((name) => found[name] ?? NONE),
          signals,
          shown,
        ),
        shape: signals[0]?.shape ?? [],
        target,
      }),
    };
  };
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
