import { InputError } from "../gpu/errors.ts";
import { assertFields, type Call, describe } from "../gpu/options.ts";
import { type Picture, readInput } from "../images/picture.ts";
import type { InputOptions } from "../network/inputs.ts";
import type { Network } from "../network/network.ts";
import { assertAnswer } from "./answer-checks.ts";

/**
 * Answers a question about an image, in the network's turn: the image is read when the question is asked, so that its array may be used
 * again, the work runs in its turn, and a map that it finds is checked.
 * @param work gets the network to record with, and the image as that takes it, [H, W, C].
 * @param call what the options may hold, where a user gave them.
 * @throws the signal's reason, at once, when it aborts while the question waits; InputError when the image is none;
 * ModelError when the answer is NaN or infinite.
 */
export async function answer<O extends TurnOptions, T>(
  network: Network,
  image: Picture,
  options: O,
  work: (network: Network, input: Float32Array, options: O) => Promise<T>,
  call?: Call<O>,
): Promise<T> {
  if (call) assertCall(call, network, options);
  const read = copyOf(network, image);
  // Whoever leaves before his turn never looks at it.
  read.catch(() => {});
  return inTurnWithInputs(network, options, async (turn) => {
    const found = await work(turn, await read, options);
    for (const one of [found].flat()) {
      if (isMap(one)) await assertAnswer(turn, one.data, "the answer", one.gaps);
    }
    return found;
  });
}

/** The options of a question that its turn needs. */
interface TurnOptions extends InputOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs the work on a question in the network's turn, with the values of its inputs beside the image in place.
 * @throws InputError that lists these inputs, where one is missing.
 */
export function inTurnWithInputs<T>(
  network: Network,
  { signal, inputs = {} }: TurnOptions,
  work: (network: Network) => Promise<T>,
): Promise<T> {
  return network.inTurn(work, { signal, inputs });
}

/** @throws InputError when that is no network, or the options hold what the call does not know. */
export function assertCall<O>({ who, fields }: Call<O>, network: Network, options: O): void {
  if (typeof (network as Partial<Network> | undefined)?.inTurn !== "function") {
    throw new InputError(`${who}: expected a network as createNetwork makes it, got ${describe(network)}`);
  }
  assertFields(who, options, fields);
}

/** @throws InputError when those are not many images, one after another. */
export function assertPictures(who: string, images: unknown): void {
  const many = images as Partial<Iterable<unknown> & AsyncIterable<unknown>> | null | undefined;
  const is =
    typeof many === "object" && many !== null && (Symbol.iterator in many || Symbol.asyncIterator in many);
  if (is && !ArrayBuffer.isView(images)) return;
  throw new InputError(`${who}: expected images as a list or an (async) iterable, got ${describe(images)}`);
}

function isMap(found: unknown): found is { readonly data: Float32Array; readonly gaps?: number } {
  return typeof found === "object" && found !== null && "data" in found && found.data instanceof Float32Array;
}

/** An image as the network's input, in an array of its own. */
export async function copyOf({ graph }: Network, image: Picture): Promise<Float32Array> {
  if (image instanceof Float32Array) image = image.slice();
  return readInput(graph, image);
}
