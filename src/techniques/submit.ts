import type { ForwardOptions, Network } from "../network/network.ts";
import { scoreOutside } from "../network/outside.ts";

/** Writes what `readInput` read to the network's input, as the first of its batch. */
export function writeInput({ device, input }: Network, values: Float32Array): void {
  device.queue.writeBuffer(input.buffer, 0, values.buffer, values.byteOffset, values.byteLength);
}

/**
 * Submits a forward pass; a black box is asked instead.
 * @param images of the batch that count.
 */
export async function submitForward(
  network: Network,
  options: ForwardOptions = {},
  images = 1,
): Promise<void> {
  if (network.outside) await scoreOutside(network, network.outside, images);
  else submit(network, (encoder) => network.forward(encoder, options));
}

/** Makes a recording into one submit. */
export function submit(network: Network, recording: (encoder: GPUCommandEncoder) => void): void {
  const encoder = network.device.createCommandEncoder({ label: `vitrine ${network.graph.name}` });
  recording(encoder);
  network.device.queue.submit([encoder.finish()]);
}
