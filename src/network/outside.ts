import { InputError, UnsupportedError } from "../gpu/errors.ts";
import { describe } from "../gpu/options.ts";
import { readTensor, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { type Graph, inputOf } from "../graph/graph.ts";

/**
 * Scores that no layer computes: a function outside of the network takes the image's values, as many images as it is told,
 * and gives their scores, image after image.
 */
export type OutsideScores = (batch: Float32Array, count: number) => Promise<Float32Array> | Float32Array;

/** The part of a network that scores from outside need. */
interface OutsideSite {
  readonly device: GPUDevice;
  readonly graph: Graph;
  readonly batch: number;
  readonly input: Tensor;
  activation(layer: string): Tensor;
}

/** Name of the layer whose values come from outside, where a graph has one. */
export function outsideOf({ layers }: Pick<Graph, "layers">): string | undefined {
  return layers.find((layer) => layer.op === "input" && layer.outside)?.name;
}

/**
 * Takes the images in a network's input through a function outside, and writes the scores where they belong.
 * @param count images of the batch that count.
 * @throws InputError when the function gives other than so many scores.
 */
export async function scoreOutside(
  network: OutsideSite,
  scores: OutsideScores,
  count = network.batch,
): Promise<void> {
  const { device, graph, input } = network;
  const name = outsideOf(graph);
  if (name === undefined)
    throw new InputError(`network "${graph.name}": expected a layer for scores from outside`);
  const each = sizeOf(inputOf(graph).shape);
  const images = await readTensor(device, input);
  const found: unknown = await scores(images.slice(0, count * each), count);
  const to = network.activation(name);
  const expected = (count * sizeOf(to.shape)) / network.batch;
  if (!(found instanceof Float32Array) || found.length !== expected) {
    const got = found instanceof Float32Array ? `${found.length} values` : describe(found);
    throw new InputError(
      `black box "${graph.name}": expected a Float32Array of ${expected} scores (${expected / count} for each of ${count} images), got ${got}`,
    );
  }
  device.queue.writeBuffer(to.buffer, 0, found.buffer, found.byteOffset, found.byteLength);
}

/** The error for what a black box cannot do. */
export function notOfBlackBox(graph: Graph, what: string): UnsupportedError {
  return new UnsupportedError(
    `black box "${graph.name}": expected a technique that needs scores only, got ${what}; occlusion, RISE, LIME, numerical saliency, insertion and deletion ask a black box`,
  );
}
