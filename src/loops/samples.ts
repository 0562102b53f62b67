import { type Command, record } from "../gpu/kernel.ts";
import { readTensor, sizeOf, type Tensor } from "../gpu/tensor.ts";
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
  /**
   * Gets the objective of every sample, in order. It holds whole batches; where it holds fewer than there are, the next ones
   * go over the first.
   */
  readonly scores?: Tensor;
  /** Takes the scores' values in, each time that `scores` is full and at the end: one value a sample, in order. */
  readonly take?: (values: Float32Array) => void;
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
  const { batches, fill, after, scores, take, gradient = false, gather } = samples;
  const { device, batch } = network;
  const room = scores ? sizeOf(scores.shape) : 0;
  const [only, ...others] = objective.layers;
  const to = others.length === 0 ? only : undefined;
  const recording = (encoder: GPUCommandEncoder, step: number): void => {
    const first = batches.begin(step);
    record(encoder, [fill]);
    network.forward(encoder, {
      ...(to === undefined ? {} : { to }),
      ...(after === undefined ? {} : { after }),
    });
    if (scores) {
      record(encoder, [objective.score]);
      const at = 4 * (first % room);
      encoder.copyBufferToBuffer(objective.values.buffer, 0, scores.buffer, at, 4 * batch);
    }
    if (gradient) network.backward(encoder, objective.starts);
    if (gather) record(encoder, [gather]);
  };
  const drained = async (tensor: Tensor, step: number): Promise<void> => {
    const end = Math.min(batches.count, (step + 1) * batch);
    const values = await readTensor(device, tensor);
    take?.(values.subarray(0, ((end - 1) % room) + 1) as Float32Array);
  };
  return runSteps(network, batches.steps, options, recording, (step) => {
    const full = ((step + 1) * batch) % room === 0 || step === batches.steps - 1;
    return scores && take && full ? drained(scores, step) : undefined;
  });
}
