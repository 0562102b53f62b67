import { InputError, UnsupportedError } from "../../gpu/errors.ts";
import { className, classOf, isBinary, sideOf } from "../../graph/classes.ts";
import type { Graph } from "../../graph/graph.ts";
import { type Head, headOf } from "../../graph/heads.ts";
import type { AttackGoal } from "../../kernels/attack.ts";
import type { ClassOfEach, CommonAttackOptions } from "./options.ts";

/** What an attack on a picture is to reach. */
export interface Goal {
  /** The class that the picture has. */
  readonly label: number;
  /** The class that the network shall see; absent: any but the label. */
  readonly target?: number;
}

/** @throws UnsupportedError for an output without classes, or with classes at many places. */
export function headUnderAttack(who: string, graph: Graph, output?: string): Head {
  const head = headOf(graph, output);
  if (head.scores === "values") {
    throw new UnsupportedError(
      `${who}: expected an output with classes or labels to attack, got the values "${head.name}"; say by a head what its numbers are, if they are classes`,
    );
  }
  if (head.kind === "places") {
    throw new UnsupportedError(
      `${who}: expected one answer a picture to attack, got the scores of "${head.name}" at every place`,
    );
  }
  return head;
}

/** The class that an option names for a picture. @throws InputError when there is no such class, or a list has another length. */
export function classOfEach(
  who: string,
  name: "label" | "target",
  asked: ClassOfEach | undefined,
  head: Head,
  pictures: number,
): (number | undefined)[] {
  if (!Array.isArray(asked)) {
    const one = asked === undefined ? undefined : classOf(head, asked as number | string);
    return Array(pictures).fill(one);
  }
  if (asked.length !== pictures) {
    throw new InputError(
      `${who}: expected a ${name} for each of ${pictures} pictures, got ${asked.length}; one alone serves all`,
    );
  }
  return asked.map((one) => classOf(head, one));
}

/** @throws InputError when a picture shall lose the class that it shall get. */
export function assertGoals(
  who: string,
  head: Head,
  labels: readonly (number | undefined)[],
  targets: readonly (number | undefined)[],
): void {
  const same = labels.findIndex((label, i) => label !== undefined && label === targets[i]);
  if (same < 0) return;
  throw new InputError(
    `${who}: expected a target that is not the label, got "${className(head, labels[same] ?? 0)}" for both (picture ${same})`,
  );
}

/** A goal as the kernels have it. */
export function goalOfKernel(head: Head, { label, target }: Goal): AttackGoal {
  const { channel, sign } = sideOf(head, target ?? label);
  return [channel, sign, target === undefined ? 1 : -1];
}

/**
 * Tells whether scores reach a goal: of classes that exclude each other, the strongest is the target, or is not the label; of a
 * label by itself, its probability lies on the other side of one half.
 */
export function reaches(head: Head, scores: Float32Array, { label, target }: Goal): boolean {
  const asked = target ?? label;
  const { channel, sign } = sideOf(head, asked);
  const own = sign * (scores[channel] ?? 0);
  const others = head.scores === "sigmoid" ? 0 : bestBeside(scores, channel);
  return target === undefined ? own < others : own > others;
}

function bestBeside(scores: Float32Array, channel: number): number {
  return scores.reduce((most, score, k) => (k === channel ? most : Math.max(most, score)), -Infinity);
}

/** The class that comes nearest to a picture's own: what an attack without a target aims at, where it needs one. */
export function runnerUp(head: Head, scores: Float32Array, label: number): number {
  if (isBinary(head)) return 1 - label;
  const { channel } = sideOf(head, label);
  return scores.indexOf(bestBeside(scores, channel));
}

/** The options of an attack that say its goals. */
export type GoalOptions = Pick<CommonAttackOptions, "label" | "target" | "output">;
