import { readTensor, type Shape, sizeOf } from "../gpu/tensor.ts";
import { readInput } from "../images/picture.ts";
import type { Network } from "../network/network.ts";
import { type Picture, submit, writeInput } from "./explain.ts";

/**
 * The output of a layer for an image: [h, w, c], or [features].
 * @throws InputError when there is no such layer, or it was fused away.
 */
export async function activations(
  network: Network,
  image: Picture,
  { layer, signal }: { readonly layer: string; readonly signal?: AbortSignal },
): Promise<{ readonly data: Float32Array; readonly shape: Shape }> {
  signal?.throwIfAborted();
  const tensor = network.activation(layer);
  const input = await readInput(network.graph, image);
  writeInput(network, input);
  submit(network, (encoder) => network.forward(encoder, { to: layer }));
  const shape = tensor.shape.slice(1);
  const data = await readTensor(network.device, tensor);
  signal?.throwIfAborted();
  return { data: data.slice(0, sizeOf(shape)), shape };
}
