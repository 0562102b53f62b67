import type { Network } from "../network/network.ts";

/** Writes what `readInput` read to the network's input, as the first of its batch. */
export function writeInput({ device, input }: Network, values: Float32Array): void {
  device.queue.writeBuffer(input.buffer, 0, values.buffer, values.byteOffset, values.byteLength);
}

/** Makes a recording into one submit. */
export function submit(network: Network, recording: (encoder: GPUCommandEncoder) => void): void {
  const encoder = network.device.createCommandEncoder({ label: `vitrine ${network.graph.name}` });
  recording(encoder);
  network.device.queue.submit([encoder.finish()]);
}
