import { InputError } from "../../gpu/errors.ts";
import { build, type Owner, withScope } from "../../gpu/scope.ts";
import { readTensors, type Tensor } from "../../gpu/tensor.ts";
import { furtherInputsOf, inputOf } from "../../graph/graph.ts";
import { type ReadInputs, readInputs } from "../../network/inputs.ts";
import type { Network, OutputGradients, Target } from "../../network/network.ts";
import { notOfBlackBox } from "../../network/outside.ts";
import { Objective } from "../../objectives/objective.ts";
import type { LoopOptions } from "../../sampling/batches.ts";
import { type BudgetScope, budgeted, type MemoryOptions, unlimited } from "../../sampling/budget.ts";
import {
  recordAll,
  roomForScores,
  runSamples,
  type SampleLoop,
  type SteppedWork,
} from "../../sampling/samples.ts";
import { answer, copyOf, inTurnWithInputs } from "../answer.ts";
import { assertAnswer, type scoresBeside } from "../answer-checks.ts";
import {
  type AskedObjective,
  type Explanation,
  type ObjectiveOptions,
  objectiveOf,
  type Picture,
  type ScoreKind,
} from "../question.ts";
import { submit } from "../submit.ts";

/** The values of a result that is not there. */
export const NONE = new Float32Array();

/** The values of a technique's results, by name. */
export type Values = Readonly<Record<string, Float32Array>>;

/** A technique's work on one image, ready to record: all of it that the GPU does, and the end that the processor does. */
export interface Prepared<E> extends SampleLoop {
  /** `[H, W, C]`: the image, as the network takes it. */
  readonly image: Tensor;
  readonly target: Target | Objective;
  /** Tensors that the steps compute, by name, the scores of a {@link SampleLoop} among them. */
  readonly results: Readonly<Record<string, Tensor>>;
  /** Tensors read beside the results, to be checked. */
  readonly beside?: ReturnType<typeof scoresBeside> | undefined;
  /**
   * Makes the answer of the values that were read of the results.
   * @param image the image that was explained, as the network takes it.
   * @throws ModelError when the scores are not finite.
   */
  finish(values: Values, image: Float32Array): E | Promise<E>;
}

/** The site of a technique's work. */
export interface PrepareSite {
  /** The network that records. */
  readonly network: Network;
  /** The image as the network takes it, [H, W, C]. */
  readonly input: Float32Array;
  /** Owns whatever is made. */
  readonly scope: BudgetScope;
  /** Length of the tensor for the scores of some samples: all of them, or those that wait to be read. */
  room(samples: number): number;
  /** Says what a question means; this alone may run the network while a technique is prepared. */
  ask(
    options: ObjectiveOptions & { readonly on?: ScoreKind | "if any" | undefined },
  ): Promise<AskedObjective>;
}

/** Makes a technique's work on an image ready to record. */
export type Prepare<O, E> = (site: PrepareSite, options: O) => Promise<Prepared<E>>;

/** The image as a tensor, and the recording that brings it to the network's input. */
export function imageOf(
  { network, input, scope }: PrepareSite,
  who: string,
): { readonly image: Tensor; toInput(encoder: GPUCommandEncoder, copies?: number): void } {
  const image = scope.tensor(inputOf(network.graph).shape, { data: input, label: `${who} image` });
  const bytes = image.buffer.size;
  return {
    image,
    toInput(encoder, copies = 1) {
      for (let n = 0; n < copies; n++) {
        encoder.copyBufferToBuffer(image.buffer, 0, network.input.buffer, n * bytes, bytes);
      }
    },
  };
}

/** Work of one step. */
export function oneStep(steps: Omit<SteppedWork, "steps" | "recordEnd">): SampleLoop {
  return { ...steps, steps: 1, count: 1, scores: [], recordEnd: () => {} };
}

/** The output gradients that a backward pass starts from: of elements, or of an objective. */
export async function startOf(
  { target, objective, on }: AskedObjective,
  { scope }: PrepareSite,
): Promise<OutputGradients> {
  if (!(target instanceof Objective) && on !== "probability") return target;
  return (await scope.objective(objective)).outputGradients;
}

/** The name of a result of the first question, or of a later one: `scores`, `scores 2`, … */
export function numbered(name: string, index: number): string {
  return index === 0 ? name : `${name} ${index + 1}`;
}

/** The answer to the first question. */
export function first<E>([found]: readonly E[]): E {
  if (found === undefined) throw new InputError("attribution: expected at least one target, got none");
  return found;
}

/** The same work, and something made of its answer. */
export function andThen<O, E, F>(prepare: Prepare<O, E>, make: (found: E) => F): Prepare<O, F> {
  return async (site, options) => {
    const prepared = await prepare(site, options);
    return { ...prepared, finish: async (values, image) => make(await prepared.finish(values, image)) };
  };
}

/** Runs a technique's work, one submit a step, and reads its results once; within a turn of the network. */
export async function runPrepared<E>(
  { network, input, scope }: PrepareSite,
  work: Prepared<E>,
  options: LoopOptions,
): Promise<E> {
  const { results, scores, beside } = work;
  const names = Object.keys(results).filter((name) => !scores.includes(results[name]));
  const once = names.flatMap((name) => results[name] ?? []);
  const checked = beside?.tensors ?? [];
  const found = await runSamples(network, work, [...once, ...checked], options, scope.read);
  await beside?.check(found.values.slice(once.length));
  const values: Record<string, Float32Array> = {};
  for (const [i, name] of names.entries()) values[name] = found.values[i] ?? new Float32Array();
  for (const [name, tensor] of Object.entries(results)) {
    const kept = scores.indexOf(tensor);
    if (kept >= 0) values[name] = found.scores[kept] ?? new Float32Array();
  }
  return work.finish(values, input);
}

/** Explains an image by a technique's work, within a turn of the network and a budget of memory. */
export function explainPrepared<O extends ObjectiveOptions & LoopOptions & MemoryOptions, E>(
  network: Network,
  input: Float32Array,
  who: string,
  options: O,
  prepare: Prepare<O, E>,
): Promise<E> {
  return withScope(network.device, who, async (own) => {
    const scope = budgeted(network, who, options, own);
    const ask: PrepareSite["ask"] = (o) => objectiveOf(network, input, o);
    const site = { network, input, scope, ask, room: () => roomForScores(network) };
    return runPrepared(site, await prepare(site, options), options);
  });
}

/** The same in its turn, for several targets whose scores are read off one sweep of samples: an answer for each, in order. */
export function explainEachPrepared<
  const T extends readonly unknown[],
  O extends ObjectiveOptions & LoopOptions & MemoryOptions,
  E,
>(
  network: Network,
  image: Picture,
  who: string,
  targets: T,
  options: O,
  prepare: (targets: T) => Prepare<O, E[]>,
): Promise<{ -readonly [I in keyof T]: E }> {
  const work = (turn: Network, input: Float32Array): Promise<E[]> =>
    explainPrepared(turn, input, who, options, prepare(targets));
  return answer(network, image, options, work) as Promise<{ -readonly [I in keyof T]: E }>;
}

/** The same in one submit, for a technique of one step, whose start is the forward pass. */
export function explainAtOnce<O extends ObjectiveOptions, E>(
  network: Network,
  input: Float32Array,
  who: string,
  options: O,
  prepare: Prepare<O, E>,
): Promise<E> {
  return withScope(network.device, who, async (own) => {
    let ran = false;
    const ask: PrepareSite["ask"] = async (o) => {
      const asked = await objectiveOf(network, input, o);
      ran = asked.ran;
      return asked;
    };
    const scope = unlimited(network, own);
    const work = await prepare({ network, input, scope, ask, room: (samples) => samples }, options);
    options.signal?.throwIfAborted();
    submit(network, (encoder) => {
      // Where the question needed the forward pass, it is there already.
      if (!ran) work.recordStart(encoder);
      work.recordStep(encoder);
      work.recordEnd(encoder);
    });
    const values = await readResults(network, work);
    options.signal?.throwIfAborted();
    return work.finish(values, input);
  });
}

/** Reads all results of some work at once, with what is checked beside them. */
export async function readResults<E>(
  { device }: Network,
  { results, beside }: Pick<Prepared<E>, "results" | "beside">,
): Promise<Values> {
  const names = Object.keys(results);
  const found = await readTensors(device, [...Object.values(results), ...(beside?.tensors ?? [])]);
  await beside?.check(found.slice(names.length) as Float32Array[]);
  return Object.fromEntries(names.map((name, i) => [name, found[i] as Float32Array]));
}

/**
 * A technique on one image, as a command. Recording allocates nothing, submits nothing and writes no queue, so that it goes into
 * the caller's own encoder; the network's activations and gradients serve it meanwhile.
 */
export interface AttributionCommand<E extends Explanation = Explanation> extends SteppedWork, Owner {
  /**
   * `[H, W, C]`: the image, as the network takes it. Another image may be written here before `recordStart`. What followed from the
   * first one stays: its class where no target was given, the width of the noise, the baseline, the colour that covers, the segments.
   */
  readonly image: Tensor;
  /** The values of the network's inputs beside the image, by name. Others may be written here before `recordStart`. */
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly target: Target | Objective;
  /**
   * Tensors that the steps compute, by name. `map` is among them where the GPU completes the map; elsewhere `read`
   * makes the map of them on the CPU.
   */
  readonly results: Readonly<Record<string, Tensor>>;
  /** Records everything: the start, all steps, the end. */
  record(encoder: GPUCommandEncoder): void;
  /**
   * Reads the results of submitted work, and makes the explanation of them.
   * @throws ModelError when it is NaN or infinite.
   */
  read(): Promise<E>;
}

/** The values of the inputs beside the image as tensors, and the recording that brings them to the network, for its whole batch. */
function furtherInputs(
  network: Network,
  read: ReadInputs,
  scope: BudgetScope,
): Pick<AttributionCommand, "inputs"> & { toNetwork(encoder: GPUCommandEncoder): void } {
  const made = furtherInputsOf(network.graph).map(({ name, shape }) => {
    return [name, scope.tensor(shape, { data: read[name], label: `input ${name}` })] as const;
  });
  return {
    inputs: Object.fromEntries(made),
    toNetwork(encoder) {
      for (const [name, { buffer }] of made) {
        const to = network.activation(name).buffer;
        for (let n = 0; n < network.batch; n++) {
          encoder.copyBufferToBuffer(buffer, 0, to, n * buffer.size, buffer.size);
        }
      }
    },
  };
}

/** Makes a technique's command on an image. */
export async function createPrepared<O extends ObjectiveOptions & MemoryOptions, E extends Explanation>(
  network: Network,
  image: Picture,
  who: string,
  options: O,
  prepare: Prepare<O, E>,
): Promise<AttributionCommand<E>> {
  const { device } = network;
  if (network.outside) throw notOfBlackBox(network.graph, "a command to record");
  const input = await copyOf(network, image);
  const read = await readInputs(network.graph, options.inputs ?? {});
  return build(device, who, async (own) => {
    const scope = budgeted(network, who, options, own);
    const ask: PrepareSite["ask"] = (o) =>
      inTurnWithInputs(network, { ...options, inputs: read }, (turn) => objectiveOf(turn, input, o));
    const made = await prepare({ network, input, scope, ask, room: (samples) => samples }, options);
    const { inputs, toNetwork } = furtherInputs(network, read, scope);
    const work = {
      ...made,
      recordStart(encoder: GPUCommandEncoder) {
        toNetwork(encoder);
        made.recordStart(encoder);
      },
      // Between two steps the network may have answered another question.
      recordStep(encoder: GPUCommandEncoder) {
        toNetwork(encoder);
        made.recordStep(encoder);
      },
    };
    const { image: tensor, target, results, steps, recordStart, recordStep, recordEnd } = work;
    return {
      ...{ image: tensor, inputs, target, results, steps, recordStart, recordStep, recordEnd },
      record: (encoder: GPUCommandEncoder) => recordAll(encoder, work),
      read: () =>
        network.inTurn(async (turn) => {
          // Another image may have been written since.
          const read = { ...results, " image": tensor };
          const { " image": explainedImage = NONE, ...values } = await readResults(turn, {
            ...work,
            results: read,
          });
          const explained = await work.finish(values, explainedImage);
          await assertAnswer(turn, explained.data, "the answer", explained.gaps);
          return explained;
        }),
    };
  });
}
