import { InputError } from "../gpu/errors.ts";
import { describe } from "../gpu/options.ts";
import type { Head } from "./heads.ts";

/** A class as elements of the logits: a channel, or minus a channel for the no of a yes or no. */
export interface Side {
  readonly channel: number;
  readonly sign: 1 | -1;
}

/** Tells whether a head is a yes or no: one sigmoid. */
export function isBinary({ scores, channels }: Head): boolean {
  return scores === "sigmoid" && channels === 1;
}

/**
 * The meaning of a class's number. Of a yes or no with two labels the first is the no and the second the yes, as Keras
 * numbers them; with one label, or none, 0 is the yes, the only output, and 1 its no.
 */
export function sideOf(head: Head, index: number): Side {
  if (!isBinary(head)) return { channel: index, sign: 1 };
  return { channel: 0, sign: index === yesOf(head) ? 1 : -1 };
}

/** The number of a binary head's yes. */
export function yesOf({ labels }: Head): 0 | 1 {
  return labels?.length === 2 ? 1 : 0;
}

/** A class's label, where it has one. The sides of a yes or no always have. */
export function labelOf(head: Head, index: number): string | undefined {
  const { labels } = head;
  if (!isBinary(head) || labels?.length === 2) return labels?.[index];
  const [yes] = labels ?? [];
  if (yes === undefined) return index === 0 ? "yes" : "no";
  return index === 0 ? yes : `not ${yes}`;
}

/** The noun for one of a head's numbers. */
const NOUNS = { softmax: "class", sigmoid: "label", values: "value" } as const;

/** A class in words: its label, or its number. */
export function className(head: Head, index: number): string {
  return labelOf(head, index) ?? `${NOUNS[head.scores]} ${index}`;
}

/**
 * The class a target means: its number, or a label in full or (where only one fits) in part, whatever its case.
 * @throws InputError when it is out of range, unknown, or fits several.
 */
export function classOf(head: Head, target: number | string): number {
  const { classes } = head;
  const noun = isBinary(head) ? "side" : NOUNS[head.scores];
  if (typeof target !== "number" && typeof target !== "string") {
    throw new InputError(
      `target: expected a ${noun} of 0 to ${classes - 1} or a label, got ${describe(target)}`,
    );
  }
  const number = typeof target === "number" || /^\d+$/.test(target) ? Number(target) : undefined;
  if (number !== undefined) {
    if (!Number.isInteger(number) || number < 0 || number >= classes) {
      throw new InputError(`target: expected a ${noun} of 0 to ${classes - 1}, got ${target}`);
    }
    return number;
  }
  const labels = Array.from({ length: classes }, (_, index) => labelOf(head, index));
  if (labels.every((label) => label === undefined)) {
    throw new InputError(
      `target "${target}": the network (output "${head.name}") has no labels; give the ${noun}'s number, 0 to ${classes - 1}`,
    );
  }
  const wanted = String(target).toLowerCase();
  const fitting = (test: (label: string) => boolean): number[] =>
    labels.flatMap((label, index) => (label !== undefined && test(label) ? [index] : []));
  const ways = [
    fitting((label) => label === String(target)),
    fitting((label) => label.toLowerCase() === wanted),
    fitting((label) => label.toLowerCase().includes(wanted)),
  ];
  const found = ways.find((indices) => indices.length > 0) ?? [];
  const [only] = found;
  if (found.length === 1 && only !== undefined) return only;
  const some = found.slice(0, 5).map((index) => `"${labels[index]}" (${index})`);
  const more = found.length > some.length ? ` and ${found.length - some.length} more` : "";
  throw new InputError(
    `target: expected a ${noun} of 0 to ${classes - 1} or one of its labels, got "${target}"${some.length > 0 ? `, which fits ${some.join(", ")}${more}; give the number` : ""}`,
  );
}

/** The probabilities that a head makes of its logits at one place, one for each class; none of values. */
export function probabilitiesOf(head: Head, logits: Float32Array): readonly number[] | undefined {
  if (head.scores === "values") return undefined;
  if (head.scores === "sigmoid") {
    return Array.from({ length: head.classes }, (_, index) => {
      const { channel, sign } = sideOf(head, index);
      return 1 / (1 + Math.exp(-sign * (logits[channel] ?? 0)));
    });
  }
  const highest = logits.reduce((most, logit) => Math.max(most, logit), Number.NEGATIVE_INFINITY);
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0);
  return Array.from(logits, (logit) => Math.exp(logit - highest) / total);
}

/** The places [H·W] that have a class, as a mask of ones; where none has, and of values, all. */
export function placesOf(head: Head, index: number, scores: Float32Array): Float32Array {
  const mask = new Float32Array(scores.length / head.channels);
  let some = false;
  for (let place = 0; place < mask.length; place++) {
    if (!has(head, index, scores, place)) continue;
    mask[place] = 1;
    some = true;
  }
  return some ? mask : mask.fill(1);
}

/** The number of places that have each class. */
export function countsOf(head: Head, scores: Float32Array): Uint32Array {
  const counts = new Uint32Array(head.classes);
  for (let place = 0; place < scores.length / head.channels; place++) {
    if (head.scores === "softmax") {
      const winner = largestOf(scores, place * head.channels, head.channels);
      counts[winner] = (counts[winner] ?? 0) + 1;
      continue;
    }
    for (let index = 0; index < counts.length; index++) {
      counts[index] = (counts[index] ?? 0) + Number(has(head, index, scores, place));
    }
  }
  return counts;
}

/** The class of no place: none of several labels by themselves fits it. */
export const NO_CLASS = -1;

/** The class of each place: the highest score's; of labels by themselves, the highest that is likelier than not, or none. */
export function classesOfPlaces(head: Head, scores: Float32Array): Int32Array {
  const { channels } = head;
  return Int32Array.from({ length: scores.length / channels }, (_, place) => {
    if (isBinary(head)) return (scores[place] ?? 0) > 0 ? yesOf(head) : 1 - yesOf(head);
    const best = largestOf(scores, place * channels, channels);
    const likely = head.scores !== "sigmoid" || (scores[place * channels + best] ?? 0) > 0;
    return likely ? best : NO_CLASS;
  });
}

function has(head: Head, index: number, scores: Float32Array, place: number): boolean {
  const { channel, sign } = sideOf(head, index);
  const first = place * head.channels;
  if (head.scores === "softmax") return largestOf(scores, first, head.channels) === channel;
  return head.scores === "sigmoid" && sign * (scores[first + channel] ?? 0) > 0;
}

/** The class that is asked where none is named. @param scores the logits of one image. */
export function strongestOf(head: Head, scores: Float32Array): number {
  if (head.scores === "values") return 0;
  if (head.kind !== "places") {
    if (!isBinary(head)) return largestOf(scores);
    return (scores[0] ?? 0) >= 0 ? yesOf(head) : 1 - yesOf(head);
  }
  const counts = countsOf(head, scores);
  // A mask is of something: its yes is asked as soon as one place has it.
  if (isBinary(head)) return (counts[yesOf(head)] ?? 0) > 0 ? yesOf(head) : 1 - yesOf(head);
  return largestOf(counts);
}

/** The place of the largest of `count` values from `first` on; of equal ones, the first. */
function largestOf(values: ArrayLike<number>, first = 0, count = values.length): number {
  let best = 0;
  for (let i = 1; i < count; i++) {
    if ((values[first + i] ?? 0) > (values[first + best] ?? 0)) best = i;
  }
  return best;
}
