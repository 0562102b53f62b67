import { InputError } from "../gpu/errors.ts";
import type { Shape } from "../gpu/tensor.ts";
import { readTensor } from "../gpu/tensor.ts";
import type { Pixels } from "../images/pixels.ts";
import { inputFrom } from "../images/preprocess.ts";
import { classOf, logitsOf } from "../network/graph.ts";
import type { Network, Target } from "../network/network.ts";

/** A photograph, to be preprocessed as the graph says; or values [H, W, C], taken as the network's input as they stand. */
export type Picture = Pixels | Float32Array;

/** What a technique is asked to explain: a class by number or label, or elements of any layer. */
export type Question = number | string | Target;

/** Options that every technique takes. */
export interface ExplainOptions {
  /** Default: the class with the highest score. */
  readonly target?: Question;
  /** Stops the work; the technique then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What a technique found. */
export interface Explanation {
  /** Row-major values of `shape`, signed where the technique is. */
  readonly data: Float32Array;
  readonly shape: Shape;
  /** What was explained; for a class, its logit. */
  readonly target: Target;
}

/**
 * Writes an image to the network's input, as the first of its batch.
 * @throws InputError when its size is not the network's or it holds NaN.
 */
export function writeInput(network: Network, image: Picture): void {
  const values = inputFrom(network.graph, image);
  network.device.queue.writeBuffer(
    network.input.buffer,
    0,
    values.buffer,
    values.byteOffset,
    values.byteLength,
  );
}

/** Makes a recording into one submit. */
export function submit(network: Network, recording: (encoder: GPUCommandEncoder) => void): void {
  const encoder = network.device.createCommandEncoder({ label: `vitrine ${network.graph.name}` });
  recording(encoder);
  network.device.queue.submit([encoder.finish()]);
}

/**
 * Runs the network on an image and says which elements the question means. Without a question the scores are read
 * back to find the top class.
 */
export async function ask(
  network: Network,
  image: Picture,
  { target, signal }: ExplainOptions,
): Promise<Target> {
  signal?.throwIfAborted();
  writeInput(network, image);
  submit(network, (encoder) => network.forward(encoder));
  const layer = logitsOf(network.graph);
  if (typeof target === "object") return { image: 0, ...target };
  if (target !== undefined)
    return { layer, channel: classOf(network.graph, classesOf(network), target), image: 0 };
  const scores = await readTensor(network.device, network.activation(layer));
  signal?.throwIfAborted();
  return { layer, channel: top(scores.subarray(0, classesOf(network))), image: 0 };
}

/** Number of classes: the length of the logits' last axis. @throws InputError when the network is no classifier. */
export function classesOf(network: Network): number {
  const layer = logitsOf(network.graph);
  const shape = network.shapes.get(layer) ?? [];
  const classes = shape.at(-1) ?? 0;
  if (shape.slice(1, -1).some((axis) => axis !== 1)) {
    throw new InputError(
      `network "${network.graph.name}": expected one score a class, got an output of ${shape.slice(1).join("×")}; give a target { layer, channel }`,
    );
  }
  return classes;
}

function top(scores: Float32Array): number {
  return scores.reduce((best, score, index) => (score > (scores[best] ?? 0) ? index : best), 0);
}
