import { type Command, record } from "../gpu/kernel.ts";
import { readTensor, sizeOf, type Tensor } from "../gpu/tensor.ts";
import type { Network } from "../network/network.ts";
import type { ObjectiveCommand } from "../objectives/commands.ts";
import { type Batches, type LoopOptions, runSteps } from "./batches.ts";

/** What is asked of every sample, and what takes in the answers. */
export interface Answers {
  /**
   * Gets the objective of every sample, in order. It holds whole batches; where it holds fewer than there are, the next ones
   * go over the first.
   */
  readonly scores?: Tensor;
  /** Takes the scores' values in, each time that `scores` is full and at the end: one value a sample, in order. */
  readonly take?: (values: Float32Array) => void;
  /** Takes in what the batch gave: gradients, or masks weighed by their scores. */
  readonly gather?: Command;
}

/** How many scores wait on the GPU before they are read. */
const READ_EVERY = 4096;

/** How long `scores` are to be that are read by `take`: as long whatever the number of samples. */
export function roomForScores({ batch }: Network): number {
  return Math.ceil(READ_EVERY / batch) * batch;
}

/** What happens to each batch of samples. */
export interface Samples extends Answers {
  readonly batches: Batches;
  /** Writes the batch: into the network's input, or into the activation of `after`. */
  readonly fill: Command;
  /** The layer that `fill` writes, where it is not the input; only what follows from it runs. */
  readonly after?: string;
  /** Whether the gradient to the input is taken. Default false. */
  readonly gradient?: boolean;
  /** What else is asked of the same samples, which run forward once for all. */
  readonly beside?: readonly (Answers & { readonly objective: ObjectiveCommand })[];
}

/**
 * The loop that noisy passes, paths and sweeps of masks share: fill a batch, run it forward, read off the objective,
 * go back to the input, take in the result; batch after batch, in a fixed order.
 */
export function runSamples(
  network: Network,
  objective: ObjectiveCommand,
  samples: Samples,
  options: LoopOptions,
): Promise<void> {
  const { batches, fill, after, gradient = false, beside = [] } = samples;
  const { device, batch } = network;
  const questions = [{ ...samples, objective }, ...beside];
  const layers = new Set(questions.flatMap((question) => question.objective.layers));
  const [only] = layers;
  const to = layers.size === 1 ? only : undefined;
  const recording = (encoder: GPUCommandEncoder, step: number): void => {
    const first = batches.begin(step);
    record(encoder, [fill]);
    network.forward(encoder, {
      ...(to === undefined ? {} : { to }),
      ...(after === undefined ? {} : { after }),
    });
    for (const { objective, scores, gather } of questions) {
      if (scores) {
        record(encoder, [objective.score]);
        const at = 4 * (first % sizeOf(scores.shape));
        encoder.copyBufferToBuffer(objective.values.buffer, 0, scores.buffer, at, 4 * batch);
      }
      if (gradient) network.backward(encoder, objective.outputGradients);
      if (gather) record(encoder, [gather]);
    }
  };
  const drained = async (step: number): Promise<void> => {
    const end = Math.min(batches.count, (step + 1) * batch);
    for (const { scores, take } of questions) {
      if (!scores || !take) continue;
      const room = sizeOf(scores.shape);
      if (((step + 1) * batch) % room !== 0 && step < batches.steps - 1) continue;
      const values = await readTensor(device, scores);
      take(values.subarray(0, ((end - 1) % room) + 1) as Float32Array);
    }
  };
  const reads = questions.some(({ scores, take }) => scores && take);
  return runSteps(network, batches.steps, options, recording, reads ? drained : undefined);
}
