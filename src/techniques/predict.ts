import { readTensor } from "../gpu/tensor.ts";
import { readInput } from "../images/picture.ts";
import { logitsOf } from "../network/graph.ts";
import type { Network } from "../network/network.ts";
import { classesOf, type Picture, submit } from "./explain.ts";

/** One class and how strongly the network believes in it. */
export interface Prediction {
  readonly index: number;
  /** The class's name, where the network knows it. */
  readonly label?: string;
  /** Score before the softmax. */
  readonly logit: number;
  /** Softmax of the logits, 0 to 1. */
  readonly probability: number;
}

export interface PredictOptions {
  /** How many classes to give, strongest first. Default 5. */
  readonly top?: number;
  readonly signal?: AbortSignal;
}

/** The classes that a network sees in an image, strongest first. */
export async function predict(
  network: Network,
  image: Picture,
  options: PredictOptions = {},
): Promise<Prediction[]> {
  for await (const predictions of predictEach(network, [image], options)) return predictions;
  return [];
}

/** The same for many images, as many at a time as the network's batch. */
export async function* predictEach(
  network: Network,
  images: Iterable<Picture> | AsyncIterable<Picture>,
  options: PredictOptions = {},
): AsyncGenerator<Prediction[]> {
  const batch: Picture[] = [];
  for await (const image of images) {
    if (batch.push(image) < network.batch) continue;
    yield* await predictBatch(network, batch.splice(0), options);
  }
  if (batch.length > 0) yield* await predictBatch(network, batch, options);
}

async function predictBatch(
  network: Network,
  images: readonly Picture[],
  { top = 5, signal }: PredictOptions,
): Promise<Prediction[][]> {
  signal?.throwIfAborted();
  const { device, graph } = network;
  const layer = logitsOf(graph);
  const classes = classesOf(network);
  const inputs = await Promise.all(images.map((image) => readInput(graph, image)));
  let offset = 0;
  for (const values of inputs) {
    device.queue.writeBuffer(
      network.input.buffer,
      offset,
      values.buffer,
      values.byteOffset,
      values.byteLength,
    );
    offset += values.byteLength;
  }
  submit(network, (encoder) => network.forward(encoder, { to: layer }));
  const logits = await readTensor(device, network.activation(layer));
  signal?.throwIfAborted();
  return images.map((_, index) =>
    rank(logits.subarray(index * classes, (index + 1) * classes), graph.labels).slice(0, top),
  );
}

function rank(logits: Float32Array, labels: readonly string[] | undefined): Prediction[] {
  const highest = logits.reduce((most, logit) => Math.max(most, logit), Number.NEGATIVE_INFINITY);
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0);
  return Array.from(logits, (logit, index) => ({
    index,
    ...(labels?.[index] === undefined ? {} : { label: labels[index] }),
    logit,
    probability: Math.exp(logit - highest) / total,
  })).sort((a, b) => b.logit - a.logit || a.index - b.index);
}
