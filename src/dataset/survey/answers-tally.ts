import { className } from "../../graph/classes.ts";
import type { Head } from "../../graph/heads.ts";
import type { Prediction } from "../../techniques/predict.ts";
import type { AnswersReport, PictureAnswer } from "./report.ts";

const FEW = 5;

/** Counts how a network answers pictures whose label is one of its classes. */
export class AnswersTally {
  readonly #head: Head;
  readonly #classes: ReadonlyMap<string, number>;
  readonly #labels = new Map<string, { index: number; inTopFive: number; given: Map<number, number> }>();

  /** @param from what a survey before counted, to go on with. */
  constructor(head: Head, from?: AnswersReport) {
    this.#head = head;
    this.#classes = classesByName(head);
    for (const { label, index, given, inTopFive } of from?.labels ?? []) {
      this.#labels.set(label, { index, inTopFive, given: new Map(given) });
    }
  }

  /**
   * Counts a picture's predictions, strongest first.
   * @returns what is told of the picture.
   */
  add(label: string | undefined, predictions: readonly Prediction[]): Pick<PictureAnswer, "given" | "rank"> {
    const [best] = predictions;
    if (!hasClasses(this.#head) || best?.probability === undefined) return {};
    const { index, probability } = best;
    const given = { index, label: className(this.#head, index), probability };
    const wanted = label === undefined ? undefined : this.#classes.get(label);
    if (label === undefined || wanted === undefined) return { given };
    const rank = 1 + predictions.findIndex((prediction) => prediction.index === wanted);
    const counts = this.#labels.get(label) ?? {
      index: wanted,
      inTopFive: 0,
      given: new Map<number, number>(),
    };
    counts.given.set(index, (counts.given.get(index) ?? 0) + 1);
    if (rank <= FEW) counts.inTopFive++;
    this.#labels.set(label, counts);
    return { given, rank };
  }

  /** Nothing where no label of the data set is a class of the network. */
  report(): AnswersReport | undefined {
    if (this.#labels.size === 0) return undefined;
    const labels = [...this.#labels].map(([label, { index, inTopFive, given }]) => ({
      ...{ label, index, inTopFive },
      given: [...given].sort(([a], [b]) => a - b),
    }));
    const sum = (of: (label: (typeof labels)[number]) => number): number =>
      labels.reduce((total, label) => total + of(label), 0);
    return {
      pictures: sum(({ given }) => given.reduce((total, [, pictures]) => total + pictures, 0)),
      right: sum(({ index, given }) => new Map(given).get(index) ?? 0),
      inTopFive: sum(({ inTopFive }) => inTopFive),
      labels: labels.sort((a, b) => a.index - b.index),
    };
  }
}

/** Tells whether a head's strongest number is an answer: one of several classes, or a yes or no. */
export function hasClasses({ kind, channels }: Head): boolean {
  return kind === "softmax" || (kind === "sigmoid" && channels === 1);
}

/** The classes by what a data set may call them: their labels, or their numbers. */
export function classesByName(head: Head): ReadonlyMap<string, number> {
  const all = Array.from({ length: head.classes }, (_, index) => index);
  const numbered = all.map((index) => [String(index), index] as const);
  const named = all.map((index) => [className(head, index), index] as const);
  return new Map([...numbered, ...named]);
}
