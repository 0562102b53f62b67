import { type Command, recordCommands } from "../gpu/command.ts";
import type { Scope } from "../gpu/scope.ts";
import { readTensors, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { createCollectScores } from "../kernels/sampling.ts";
import type { Network } from "../network/network.ts";
import type { ObjectiveCommand } from "../objectives/commands.ts";
import { createBatches, type LoopOptions, runSteps } from "./batches.ts";
import type { BudgetScope } from "./budget.ts";
import { type PartedStep, submitStep } from "./submit-step.ts";

/** Work of several steps that a caller records: `recordStart`, then `recordStep` as often as `steps` says, then `recordEnd`. */
export interface SteppedWork {
  readonly steps: number;
  /** Records the beginning: whatever was there before is forgotten. */
  recordStart(encoder: GPUCommandEncoder): void;
  /** Records the next step. Which it is, the GPU counts. */
  recordStep(encoder: GPUCommandEncoder): void;
  /** Records what comes after the last step. */
  recordEnd(encoder: GPUCommandEncoder): void;
}

/** Records all steps of some work into one encoder. */
export function recordAll(encoder: GPUCommandEncoder, work: SteppedWork): void {
  work.recordStart(encoder);
  for (let step = 0; step < work.steps; step++) work.recordStep(encoder);
  work.recordEnd(encoder);
}

/** A question that is put to every sample, and what takes in the answers. */
export interface SampleQuestion {
  readonly objective: ObjectiveCommand;
  /** Gets the objective of every sample in order; where it holds fewer than there are, the next ones go over the first. */
  readonly scores?: Tensor | undefined;
  /** Takes in what a batch gave: gradients, or masks weighed by their scores. */
  readonly gather?: ((position: Tensor) => Promise<Command>) | undefined;
  /** Sums that `gather` adds to; they start at zero. */
  readonly sums?: readonly Tensor[] | undefined;
}

/** Samples, and what is asked of them. */
export interface SampleSite {
  /** The technique, for errors. */
  readonly who: string;
  /** Number of samples. */
  readonly count: number;
  /** Writes a batch of samples: into the network's input, or into the activation of `after`. */
  fill(position: Tensor): Promise<Command>;
  /** The layer that `fill` writes, where it is not the input; only what follows from it runs. */
  readonly after?: string | undefined;
  /** Compute the gradient of the input. Default false. */
  readonly gradient?: boolean | undefined;
  /** Questions about each sample. It runs forward once for all of them. */
  readonly questions: readonly SampleQuestion[];
  /** Records what comes before the first step. */
  readonly before?: ((encoder: GPUCommandEncoder) => void) | undefined;
  /** Runs after the last step. */
  readonly end?: readonly Command[] | undefined;
}

/** The loop over samples, ready to record. */
export interface SampleLoop extends SteppedWork, Pick<PartedStep, "around"> {
  /** Number of samples. */
  readonly count: number;
  /** The scores of each question that keeps them. */
  readonly scores: readonly (Tensor | undefined)[];
}

/** Scores that wait on the GPU before they are read. */
const READ_EVERY = 4096;

/** Length of `scores` that are read in turns, whatever the number of samples. */
export function roomForScores({ batch }: Network): number {
  return Math.ceil(READ_EVERY / batch) * batch;
}

/**
 * Makes the loop that noisy passes, paths and sweeps of masks share ready to record: fill a batch, run it forward, read
 * off the objective, go back to the input, take in the result; batch after batch, in a fixed order.
 */
export async function createSampleLoop(
  network: Network,
  { who, count, fill, after, gradient = false, questions, before, end = [] }: SampleSite,
  scope: Pick<Scope, "own" | "command">,
): Promise<SampleLoop> {
  const { position, advance, steps } = await createBatches(network, count, who, scope);
  const begin = [advance, await scope.command(fill(position))];
  const made: {
    readonly objective: ObjectiveCommand;
    readonly sums: readonly Tensor[];
    readonly collect: Command | undefined;
    readonly gathered: Command | undefined;
  }[] = [];
  for (const { objective, scores, gather, sums = [] } of questions) {
    const { values } = objective;
    const collect =
      scores && scope.command(createCollectScores(network.device, { values, position, scores }));
    const gathered = gather && scope.command(gather(position));
    made.push({ objective, sums, collect: await collect, gathered: await gathered });
  }
  const layers = [...new Set(questions.flatMap(({ objective }) => objective.layers))];
  const judge = (encoder: GPUCommandEncoder): void => {
    for (const { objective, collect, gathered } of made) {
      if (collect) recordCommands(encoder, [objective.score, collect]);
      if (gradient) network.backward(encoder, objective.outputGradients);
      if (gathered) recordCommands(encoder, [gathered]);
    }
  };
  const wholePass = after === undefined && !gradient;
  return {
    around: wholePass ? { before: (encoder) => recordCommands(encoder, begin), after: judge } : undefined,
    count,
    steps,
    scores: questions.map(({ scores }) => scores),
    recordStart(encoder) {
      for (const { buffer } of [position, ...made.flatMap(({ sums }) => sums)]) encoder.clearBuffer(buffer);
      before?.(encoder);
    },
    recordStep(encoder) {
      recordCommands(encoder, begin);
      network.forward(encoder, { to: layers, after });
      judge(encoder);
    },
    recordEnd(encoder) {
      if (end.length > 0) recordCommands(encoder, end);
    },
  };
}

/** Results read from a loop over samples. */
export interface SampleResults {
  readonly values: readonly Float32Array[];
  /** The scores of all samples, for each question; empty where it keeps none. */
  readonly scores: readonly Float32Array[];
}

/**
 * Runs a loop over samples, one submit a step, and reads its results. Scores are read in turns where there are more samples
 * than places for them; all else is read once, at the end.
 */
export async function runSamples(
  network: Network,
  loop: SampleLoop,
  results: readonly Tensor[],
  options: LoopOptions,
  read: Pick<BudgetScope, "read">["read"] = (tensors) => readTensors(network.device, tensors),
): Promise<SampleResults> {
  const { batch } = network;
  const { steps, count } = loop;
  const kept = loop.scores.filter((scores) => scores !== undefined);
  const found = new Map(kept.map((scores) => [scores, new Float32Array(count)]));
  const take = (scores: Tensor, values: Float32Array, done: number): void => {
    const room = sizeOf(scores.shape);
    const from = Math.floor((done - 1) / room) * room;
    found.get(scores)?.set(values.subarray(0, done - from), from);
  };
  const full = (step: number): Tensor[] =>
    kept.filter((scores) => step < steps - 1 && ((step + 1) * batch) % sizeOf(scores.shape) === 0);
  await runSteps(
    network,
    steps,
    options,
    (step) =>
      submitStep(network, loop, Math.min(batch, count - step * batch), {
        first: step === 0 ? loop.recordStart : undefined,
        last: step === steps - 1 ? loop.recordEnd : undefined,
      }),
    (step) =>
      full(step).length === 0
        ? undefined
        : read(full(step)).then((values) => {
            for (const [i, scores] of full(step).entries()) {
              take(scores, values[i] as Float32Array, (step + 1) * batch);
            }
          }),
  );
  const all = (await read([...results, ...kept])) as Float32Array[];
  options.signal?.throwIfAborted();
  for (const [i, scores] of kept.entries())
    take(scores, all[results.length + i] ?? new Float32Array(), count);
  return {
    values: all.slice(0, results.length),
    scores: loop.scores.map((scores) => (scores && found.get(scores)) ?? new Float32Array()),
  };
}
