import { UnsupportedError } from "../gpu/errors.ts";
import type { Fields } from "../gpu/options.ts";
import { asNhwc, readTensor, type Shape } from "../gpu/tensor.ts";
import { classesOfPlaces, className, labelOf, NO_CLASS } from "../graph/classes.ts";
import { headOf } from "../graph/heads.ts";
import type { Network } from "../network/network.ts";
import { answer } from "./answer.ts";
import { assertAnswer } from "./answer-checks.ts";
import type { ExplainOptions, Picture } from "./question.ts";
import { submitForward, writeInput } from "./submit.ts";

/** A class of a label map, and how much of the picture has it. */
export interface LabelArea {
  readonly index: number;
  /** Its label, or its number in words. */
  readonly name: string;
  readonly label?: string;
  /** Number of places that have it. */
  readonly places: number;
  /** Their share of all places, 0 to 1. */
  readonly share: number;
}

/** The class that a network gives each place of a picture. */
export interface LabelMap {
  /** The number of each place's class, row by row; −1 where none of several labels fits. */
  readonly data: Int32Array;
  readonly shape: readonly [height: number, width: number];
  /** The scores behind it, `[height, width, channels]`: the logits of the output's head. */
  readonly scores: { readonly data: Float32Array; readonly shape: Shape };
  /** The classes that the picture has, the largest area first. */
  readonly areas: readonly LabelArea[];
}

export type LabelMapOptions = Pick<ExplainOptions, "output" | "inputs" | "signal">;

const FIELDS: Fields<LabelMapOptions> = { output: "may", inputs: "may", signal: "may" };

/**
 * The class of each place of a picture, by a network that scores every place (a segmentation network).
 * @throws UnsupportedError where the output has no classes at places.
 * @example
 * ```ts
 * import { labelMap } from "vitrine";
 *
 * const { areas } = await labelMap(segmentation, image);
 * for (const { name, share } of areas) console.log(name, share);
 * ```
 */
export function labelMap(network: Network, image: Picture, options: LabelMapOptions = {}): Promise<LabelMap> {
  return answer(network, image, options, labelMapInTurn, { who: "labelMap", fields: FIELDS });
}

async function labelMapInTurn(
  network: Network,
  input: Float32Array,
  { output, signal }: LabelMapOptions,
): Promise<LabelMap> {
  const head = headOf(network.graph, output);
  if (head.kind !== "places" || head.scores === "values") {
    const got = head.kind === "places" ? "values at every place" : head.kind;
    throw new UnsupportedError(
      `labelMap: expected an output with scores of classes at every place, got the ${got} of "${head.name}"`,
    );
  }
  writeInput(network, input);
  await submitForward(network, { to: head.logits });
  const tensor = network.activation(head.logits);
  const all = await readTensor(network.device, tensor);
  signal?.throwIfAborted();
  const [, height, width, channels] = asNhwc(tensor.shape);
  const scores = all.slice(0, height * width * channels);
  await assertAnswer(network, scores, "its scores");
  const data = classesOfPlaces(head, scores);
  const counts = new Map<number, number>();
  for (const index of data) counts.set(index, (counts.get(index) ?? 0) + 1);
  counts.delete(NO_CLASS);
  const areas = [...counts].map(([index, places]): LabelArea => {
    const label = labelOf(head, index);
    const name = className(head, index);
    return { index, name, ...(label === undefined ? {} : { label }), places, share: places / data.length };
  });
  return {
    data,
    shape: [height, width],
    scores: { data: scores, shape: [height, width, channels] },
    areas: areas.sort((a, b) => b.places - a.places || a.index - b.index),
  };
}
