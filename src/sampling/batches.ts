import type { Command } from "../gpu/command.ts";
import { whileAlive } from "../gpu/device.ts";
import { InputError } from "../gpu/errors.ts";
import type { Fields } from "../gpu/options.ts";
import type { Scope } from "../gpu/scope.ts";
import { createTensor, type Tensor } from "../gpu/tensor.ts";
import { createAdvance } from "../kernels/sampling.ts";
import type { Network } from "../network/network.ts";

/** The most samples that a loop takes: the largest whole number that f32 counts to one by one. */
export const MOST_SAMPLES = 2 ** 24;

/** Options of every long technique. */
export interface LoopOptions {
  /** Stops the work; the technique then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called with the fraction done, 0 to 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

export const LOOP: Fields<LoopOptions> = { signal: "may", onProgress: "may" };

/** Samples in order, as many at a time as the network's batch: memory does not grow with their number. */
export interface Batches {
  readonly count: number;
  readonly steps: number;
  /** [2], u32: number of the step's first sample, and how many samples it has. Kernels read it; zeros before the first step. */
  readonly position: Tensor;
  /** Moves the position to the next step. */
  readonly advance: Command;
}

/** @throws InputError when the number of samples is not a whole number from 1 to 2²⁴. */
export function assertSamples(count: number, who: string): void {
  if (Number.isInteger(count) && count >= 1 && count <= MOST_SAMPLES) return;
  throw new InputError(`${who}: expected 1 to ${MOST_SAMPLES} samples, got ${count}`);
}

/** @throws InputError when the number of samples is not a whole number from 1 to 2²⁴. */
export async function createBatches(
  { device, batch }: Network,
  count: number,
  who: string,
  { own, command }: Pick<Scope, "own" | "command">,
): Promise<Batches> {
  assertSamples(count, who);
  // Too small for a budget to count.
  const position = createTensor(device, [2], { dtype: "u32", label: `${who} position` });
  own(position.buffer);
  const advance = await command(createAdvance(device, { position, samples: count, batch }));
  return { count, steps: Math.ceil(count / batch), position, advance };
}

/**
 * Submits `steps` pieces of work one by one. Now and then the GPU catches up, so that progress is true and a stop is prompt.
 * @param submitted submits a piece, and is waited for.
 * @param after called when a step was submitted, and waited for: where something must be read before the next.
 * @throws the signal's reason; DeviceLostError.
 */
export async function runSteps(
  { device, graph }: Network,
  steps: number,
  { signal, onProgress }: LoopOptions,
  submitted: (step: number) => Promise<void> | undefined,
  after?: (step: number) => Promise<void> | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  let rested = performance.now();
  for (let step = 0; step < steps; step++) {
    await submitted(step);
    await after?.(step);
    if (performance.now() - rested > 30 || step % 8 === 7 || step === steps - 1) {
      await whileAlive(device, graph.name, device.queue.onSubmittedWorkDone());
      signal?.throwIfAborted();
      onProgress?.((step + 1) / steps);
      rested = performance.now();
    }
  }
}
