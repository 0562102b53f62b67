import { readTensor } from "../gpu/tensor.ts";
import { logitsOf } from "../network/graph.ts";
import type { Network } from "../network/network.ts";
import { answer, copyOf } from "./answer.ts";
import { classesOf, type Picture, submit } from "./explain.ts";
import { assertAnswer } from "./finite.ts";

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
  const [predictions = []] = await answer(network, image, options, (turn, input) =>
    predictBatch(turn, [input], options),
  );
  return predictions;
}

/** The same for many images, as many at a time as the network's batch. */
export async function* predictEach(
  network: Network,
  images: Iterable<Picture> | AsyncIterable<Picture>,
  options: PredictOptions = {},
): AsyncGenerator<Prediction[]> {
  const ranked = (inputs: readonly Float32Array[]) =>
    network.inTurn((turn) => predictBatch(turn, inputs, options), options);
  const batch: Float32Array[] = [];
  for await (const image of images) {
    if (batch.push(await copyOf(network, image)) < network.batch) continue;
    yield* await ranked(batch.splice(0));
  }
  if (batch.length > 0) yield* await ranked(batch);
}

async function predictBatch(
  network: Network,
  inputs: readonly Float32Array[],
  { top = 5, signal }: PredictOptions,
): Promise<Prediction[][]> {
  const { device, graph } = network;
  const layer = logitsOf(graph);
  const classes = classesOf(network);
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
  await assertAnswer(network, logits.subarray(0, inputs.length * classes) as Float32Array, "its scores");
  return inputs.map((_, index) =>
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
