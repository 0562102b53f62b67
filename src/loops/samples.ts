import { type Command, record } from "../gpu/kernel.ts";
import type { Tensor } from "../gpu/tensor.ts";
import type { Network } from "../network/network.ts";
import type { ObjectiveCommand } from "../objectives/commands.ts";
import { type Batches, type LoopOptions, runSteps } from "./batches.ts";

/** What happens to each batch of samples. */
export interface Samples {
  readonly batches: Batches;
  /** Writes the batch: into the network's input, or into the activation of `after`. */
  readonly fill: Command;
  /** The layer that `fill` writes, where it is not the input; only what follows from it runs. */
  readonly after?: string;
  /** [steps · batch]: gets the objective of every sample, in order. */
  readonly scores?: Tensor;
  /** Whether the gradient to the input is taken. Default false. */
  readonly gradient?: boolean;
  /** Takes in what the batch gave: gradients, or masks weighed by their scores. */
  readonly gather?: Command;
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
  const { batches, fill, after, scores, gradient = false, gather } = samples;
  const [only, ...others] = objective.layers;
  const to = others.length === 0 ? only : undefined;
  return runSteps(network, batches.steps, options, (encoder, step) => {
    const first = batches.record(encoder, step);
    record(encoder, [fill]);
    network.forward(encoder, {
      ...(to === undefined ? {} : { to }),
      ...(after === undefined ? {} : { after }),
    });
    if (scores) {
      record(encoder, [objective.score]);
      encoder.copyBufferToBuffer(objective.values.buffer, 0, scores.buffer, 4 * first, 4 * network.batch);
    }
    if (gradient) network.backward(encoder, objective.starts);
    if (gather) record(encoder, [gather]);
  });
}
