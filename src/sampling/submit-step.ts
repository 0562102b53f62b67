import type { Network } from "../network/network.ts";
import { notOfBlackBox, scoreOutside } from "../network/outside.ts";

/** A step whose forward pass can be parted from the rest, so that a black box may be asked in its place. */
export interface PartedStep {
  recordStep(encoder: GPUCommandEncoder): void;
  /** What is recorded before the forward pass, and after it; absent where a step is more than one pass. */
  readonly around?:
    | { before(encoder: GPUCommandEncoder): void; after(encoder: GPUCommandEncoder): void }
    | undefined;
}

type Part = (encoder: GPUCommandEncoder) => void;

/**
 * Submits a step; of a black box what comes before its scores, then, once they are there, what comes after.
 * @param images of the batch that count.
 * @param more what comes before the first step, and after the last.
 * @throws UnsupportedError where a black box cannot take the step's place.
 */
export function submitStep(
  network: Network,
  { recordStep, around }: PartedStep,
  images: number,
  { first, last }: { readonly first?: Part | undefined; readonly last?: Part | undefined } = {},
): Promise<void> | undefined {
  const { device, graph, outside } = network;
  const submit = (...recordings: (Part | undefined)[]): void => {
    const encoder = device.createCommandEncoder({ label: `vitrine ${graph.name}` });
    for (const record of recordings) record?.(encoder);
    device.queue.submit([encoder.finish()]);
  };
  if (!outside) {
    submit(first, recordStep, last);
    return undefined;
  }
  if (!around) throw notOfBlackBox(graph, "one that needs a network's layers");
  submit(first, around.before);
  return scoreOutside(network, outside, images).then(() => submit(around.after, last));
}
