import type { Source, SourcePicture } from "../dataset/source.ts";
import { classesByName, hasClasses } from "../dataset/survey/answers-tally.ts";
import { InputError, UnsupportedError } from "../gpu/errors.ts";
import type { Fields } from "../gpu/options.ts";
import { type Graph, layerOf } from "../graph/graph.ts";
import { type Head, headOf } from "../graph/heads.ts";
import { descendantsOf } from "../graph/traverse.ts";
import { readInput } from "../images/picture.ts";
import type { Network } from "../network/network.ts";

/** Options of what is asked of a layer over labelled pictures. */
export interface LabelledOptions {
  /** Images in one forward pass. Default: as many as memory allows, up to 16. */
  readonly batch?: number | undefined;
  /** Is told of each picture that cannot be read, which is passed over. Without it such a picture ends the run. */
  readonly onBroken?: ((broken: { readonly id: string; readonly error: Error }) => void) | undefined;
  readonly onProgress?: ((done: number, count: number | undefined) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export const LABELLED: Fields<LabelledOptions> = {
  ...{ batch: "may", onBroken: "may", onProgress: "may", signal: "may" },
};

/** Marks an image of a batch that does not count. */
export const NO_LABEL = 0xffffffff;

/**
 * The head that answers behind a layer. @throws InputError for a layer that does not lead to the answer; UnsupportedError for a network
 * without classes that exclude one another.
 */
export function answeringHead(who: string, graph: Graph, layer: string): Head {
  layerOf(graph, layer);
  const head = headOf(graph);
  if (!hasClasses(head)) {
    throw new UnsupportedError(
      `${who}: expected a network whose answer is a class (a softmax, or a yes or no), got ${head.kind} of "${head.name}"`,
    );
  }
  const behind = descendantsOf(graph.layers, [layer]).map(({ name }) => name);
  if (layer === head.logits || !behind.includes(head.logits)) {
    throw new InputError(`${who}: expected a layer before "${head.logits}", got "${layer}"`);
  }
  return head;
}

/** Pictures whose label is a class of the head, in batches that stand in the network's input. @returns how many were seen. */
export async function forLabelledBatches(
  who: string,
  network: Network,
  head: Head,
  source: Source,
  { signal, onBroken, onProgress }: LabelledOptions,
  work: (labels: readonly number[]) => Promise<void>,
): Promise<number> {
  const classes = classesByName(head);
  const { device, input, batch, graph } = network;
  const pictures = source.read({ signal, ahead: 2 * batch, ...(onBroken ? { onBroken } : {}) });
  let [seen, labels]: [number, number[]] = [0, []];
  const flush = async (): Promise<void> => {
    await work(labels);
    seen += labels.length;
    labels = [];
    onProgress?.(seen, source.count);
  };
  for await (const { label, pixels } of pictures as AsyncIterable<SourcePicture>) {
    signal?.throwIfAborted();
    const index = label === undefined ? undefined : classes.get(label);
    if (index === undefined) continue;
    const values = await readInput(graph, pixels);
    const { buffer, byteOffset, byteLength } = values;
    device.queue.writeBuffer(input.buffer, labels.length * byteLength, buffer, byteOffset, byteLength);
    labels.push(index);
    if (labels.length === batch) await flush();
  }
  if (labels.length > 0) await flush();
  if (seen === 0) {
    throw new InputError(
      `${who}: expected pictures in ${source.name} whose label is a class of ${graph.name}, got none`,
    );
  }
  return seen;
}
