import { type Shape, sizeOf, type Tensor } from "../gpu/tensor.ts";
import type { Network, OutputGradients } from "../network/network.ts";
import { type LoopOptions, runSteps } from "./batches.ts";
import type { BudgetScope } from "./budget.ts";
import { submitStep } from "./submit-step.ts";

/** Result that a technique reads after a backward pass. */
export interface Signal {
  /** Shape of one image's. */
  readonly shape: Shape;
  /** Records the backward pass, for all images of the batch. */
  record(encoder: GPUCommandEncoder, from: OutputGradients): void;
  /** Records what makes image `n`'s values of it, and their copy. */
  copy(encoder: GPUCommandEncoder, n: number, to: GPUBuffer, offset: number): void;
}

/** The most bytes that wait on the GPU to be read. */
const READ_AT_ONCE = 2 ** 25;

/**
 * The loop of several questions about a batch of images: one backward pass for each question, all from one forward pass, which the
 * caller has submitted.
 * @param images how many images of the batch count.
 * @returns the signals' values for each question and image: `found[question][image][signal]`.
 */
export async function runBackwardPasses(
  network: Network,
  {
    signals,
    outputGradients,
    images,
    beside,
  }: {
    readonly signals: readonly Signal[];
    readonly outputGradients: readonly OutputGradients[];
    readonly images: number;
    /** Other tensors to read, with the first signals. */
    readonly beside: {
      readonly tensors: readonly Tensor[];
      check(values: readonly Float32Array[]): Promise<void>;
    };
  },
  { tensor, read, left }: BudgetScope,
  options: LoopOptions,
): Promise<Float32Array[][][]> {
  const each = signals.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const bytes = 4 * each * images;
  // As much again for the readback.
  const room = Math.floor(Math.min(READ_AT_ONCE, left() / 2) / bytes);
  const slots = Math.max(1, Math.min(outputGradients.length, room));
  const maps = tensor([slots, images, each], { label: "maps" });
  const found: Float32Array[][][] = [];
  const recording = (encoder: GPUCommandEncoder, step: number): void => {
    const at = bytes * (step % slots);
    const from = outputGradients[step];
    if (from === undefined) return;
    let within = 0;
    for (const signal of signals) {
      signal.record(encoder, from);
      for (let n = 0; n < images; n++) signal.copy(encoder, n, maps.buffer, at + 4 * (n * each + within));
      within += sizeOf(signal.shape);
    }
  };
  const drained = async (count: number): Promise<void> => {
    const [values, ...others] = await read([maps, ...(found.length === 0 ? beside.tensors : [])]);
    await beside.check(others as Float32Array[]);
    for (let slot = 0; slot < count; slot++) {
      found.push(
        Array.from({ length: images }, (_, n) => {
          let from = (slot * images + n) * each;
          return signals.map(({ shape }) => {
            const value = values.slice(from, from + sizeOf(shape));
            from += value.length;
            return value;
          });
        }),
      );
    }
  };
  const submitted = (step: number) =>
    submitStep(network, { recordStep: (encoder) => recording(encoder, step) }, images);
  await runSteps(network, outputGradients.length, options, submitted, (step) => {
    const full = step % slots === slots - 1 || step === outputGradients.length - 1;
    return full ? drained((step % slots) + 1) : undefined;
  });
  return found;
}
