import { type Picture, readInput } from "../images/picture.ts";
import type { Network } from "../network/network.ts";

/**
 * What every question about an image goes through: the image is read when the question is asked, so that its array may be used
 * again, and the work runs in its turn.
 * @param work gets the network to record with, and the image as that takes it, [H, W, C].
 * @throws the signal's reason, at once, when it aborts while the question waits; InputError when the image is none.
 */
export function answer<O extends { readonly signal?: AbortSignal }, T>(
  network: Network,
  image: Picture,
  options: O,
  work: (network: Network, input: Float32Array, options: O) => Promise<T>,
): Promise<T> {
  const read = copyOf(network, image);
  // Whoever leaves before his turn never looks at it.
  read.catch(() => {});
  return network.inTurn(async (turn) => work(turn, await read, options), options);
}

/** An image as the network's input, in an array of its own. */
export async function copyOf({ graph }: Network, image: Picture): Promise<Float32Array> {
  if (image instanceof Float32Array) image = image.slice();
  return readInput(graph, image);
}
