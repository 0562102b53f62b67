import { InputError } from "../gpu/errors.ts";
import { describe, type Fields } from "../gpu/options.ts";
import { readTensor } from "../gpu/tensor.ts";
import { countsOf, labelOf, probabilitiesOf, sideOf } from "../graph/classes.ts";
import type { HeadKind } from "../graph/graph.ts";
import { type Head, headOf } from "../graph/heads.ts";
import type { InputOptions } from "../network/inputs.ts";
import type { Network } from "../network/network.ts";
import { answer, assertCall, assertPictures, copyOf, inTurnWithInputs } from "./answer.ts";
import { assertAnswer } from "./answer-checks.ts";
import type { Picture } from "./question.ts";
import { submitForward } from "./submit.ts";

/** A network's prediction for one class, label or value. */
export interface Prediction {
  readonly index: number;
  /** Its name, where the network knows it. */
  readonly label?: string;
  /** The kind of the output's numbers; see `headOf`. */
  readonly head: HeadKind;
  /** True where nothing says what the numbers are: they were assumed to be logits of classes, or values of a picture. */
  readonly assumed?: true;
  /** Score before the head's own activation; of scores at every place, its mean. Values have none. */
  readonly logit?: number;
  /** The head's activation of the logit, 0 to 1; of scores at every place, the mean. Values have none. */
  readonly probability?: number;
  /** The number itself, where it is no score; of values at every place, the mean. */
  readonly value?: number;
  /** Share of the places that have the class, 0 to 1; for scores at every place. */
  readonly share?: number;
}

export interface PredictOptions extends InputOptions {
  /** Number of classes to give, strongest first. Default 5. */
  readonly top?: number | undefined;
  /** The output that is asked, by name. Default: the graph's `output`. */
  readonly output?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** @throws InputError unless it is a number of classes. */
function assertTop(top: number | undefined): void {
  if (top === undefined || top === Number.POSITIVE_INFINITY || (Number.isInteger(top) && top >= 1)) return;
  throw new InputError(`predict: expected top to be a whole number of 1 or more, got ${describe(top)}`);
}

const FIELDS: Fields<PredictOptions> = { top: "may", output: "may", inputs: "may", signal: "may" };

/**
 * Predicts an image's classes, by the head of its output: classes and labels strongest first, both sides of a yes or
 * no, values in their order, and of scores at every place how much of the picture each class has.
 * @throws InputError for an image that is not the network's, or an output that there is not.
 * @example
 * ```ts
 * import { predict } from "vitrine";
 *
 * const [best] = await predict(network, image);
 * console.log(best?.label); // star
 * ```
 */
export async function predict(
  network: Network,
  image: Picture,
  options: PredictOptions = {},
): Promise<Prediction[]> {
  assertCall({ who: "predict", fields: FIELDS }, network, options);
  assertTop(options.top);
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
  assertCall({ who: "predictEach", fields: FIELDS }, network, options);
  assertTop(options.top);
  assertPictures("predictEach", images);
  const ranked = (inputs: readonly Float32Array[]) =>
    inTurnWithInputs(network, options, (turn) => predictBatch(turn, inputs, options));
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
  { top = 5, output, signal }: PredictOptions,
): Promise<Prediction[][]> {
  const { device, graph } = network;
  const head = headOf(graph, output);
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
  await submitForward(network, { to: head.logits }, inputs.length);
  const scores = await readTensor(device, network.activation(head.logits));
  signal?.throwIfAborted();
  const each = scores.length / network.batch;
  await assertAnswer(network, scores.subarray(0, inputs.length * each) as Float32Array, "its scores");
  return inputs.map((_, index) =>
    predictionsOf(head, scores.subarray(index * each, (index + 1) * each)).slice(0, top),
  );
}

/**
 * The predictions that a head makes of its logits for one image, in the order of {@link predict}: of scores that are there
 * already, as `labelMap` gives them.
 */
export function predictionsOf(head: Head, scores: Float32Array): Prediction[] {
  const { logits, probabilities } = meansOf(head, scores);
  const counts = head.kind === "places" && probabilities ? countsOf(head, scores) : undefined;
  const places = scores.length / head.channels;
  const all = Array.from({ length: head.classes }, (_, index): Prediction => {
    const { channel, sign } = sideOf(head, index);
    const label = labelOf(head, index);
    const score = sign * (logits[channel] ?? 0);
    return {
      index,
      ...(label === undefined ? {} : { label }),
      head: head.kind,
      ...(head.known === "assumed" ? { assumed: true } : {}),
      ...(probabilities ? { logit: score, probability: probabilities[index] ?? 0 } : { value: score }),
      ...(counts ? { share: (counts[index] ?? 0) / places } : {}),
    };
  });
  if (!probabilities) return all;
  const strength = ({ share = 0, logit = 0 }: Prediction): number => (head.kind === "places" ? share : logit);
  return all.sort((a, b) => strength(b) - strength(a) || a.index - b.index);
}

/** Logits and probabilities, as means over the places of a head that has many. */
function meansOf(
  head: Head,
  scores: Float32Array,
): { readonly logits: ArrayLike<number>; readonly probabilities: ArrayLike<number> | undefined } {
  if (head.kind !== "places") return { logits: scores, probabilities: probabilitiesOf(head, scores) };
  const { channels, classes } = head;
  const places = scores.length / channels;
  const logits = new Float64Array(channels);
  const probabilities = new Float64Array(classes);
  for (let place = 0; place < places; place++) {
    const here = scores.subarray(place * channels, (place + 1) * channels);
    for (const [channel, score] of here.entries()) logits[channel] = (logits[channel] ?? 0) + score / places;
    for (const [index, p] of (probabilitiesOf(head, here) ?? []).entries()) {
      probabilities[index] = (probabilities[index] ?? 0) + p / places;
    }
  }
  return { logits, probabilities: head.scores === "values" ? undefined : probabilities };
}
