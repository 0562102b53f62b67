import { type Case, groupOf } from "./case.ts";
import type { Effort } from "./measure.ts";

/** Time that a case of a limited run may spend on measuring, and on one run of its slowest contender. */
export interface Allowance {
  readonly effort: Effort;
  /** Seconds. */
  readonly patience: number;
}

/** A round of all contenders, some to warm up, and what compiles: so many runs of the slowest go into a case. */
const RUNS = 16;
/** The share of a case's time that goes into its rounds, beside preparation, compilation and references. */
const ROUNDS = 0.2;
/** The most that one run of the slowest may take in a case of weight 1, however much time there is, in seconds. */
const PATIENCE_S = 0.3;
const LEAST_MS = 150;

/**
 * Allowance of the first of some cases when so many seconds are left for all of them: a share by its weight. A run
 * that falls behind then measures less of what follows, and a run that is ahead no more than it wants.
 * @returns nothing when no time is left.
 */
export function allowance(
  seconds: number,
  cases: readonly Pick<Case, "weight">[],
  effort: Effort,
): Allowance | undefined {
  if (seconds <= 0) return undefined;
  const weightOf = ({ weight = 1 }: Pick<Case, "weight">): number => weight;
  const weight = cases[0] ? weightOf(cases[0]) : 1;
  const share = (seconds * weight) / cases.reduce((sum, one) => sum + weightOf(one), 0);
  return {
    patience: Math.min(PATIENCE_S * weight, share / RUNS),
    effort: {
      ...effort,
      milliseconds: Math.min(effort.milliseconds * weight, Math.max(LEAST_MS, 1e3 * share * ROUNDS)),
    },
  };
}

/**
 * Orders cases: those with goals first, and of each kind one case of every group, then the next of every group. A
 * heavy case stands for as many turns as it weighs. A run that its time cuts short has then seen something of
 * everything.
 */
export function whatMattersFirst<C extends Pick<Case, "id" | "goals" | "weight">>(cases: readonly C[]): C[] {
  const aims = ({ goals = [] }: C): boolean => goals.length > 0;
  return [...inTurns(cases.filter(aims)), ...inTurns(cases.filter((one) => !aims(one)))];
}

function inTurns<C extends Pick<Case, "id" | "weight">>(cases: readonly C[]): C[] {
  const turns = new Map<string, number>();
  const placed = cases.map((one) => {
    const group = groupOf(one.id);
    const turn = turns.get(group) ?? 0;
    turns.set(group, turn + (one.weight ?? 1));
    return { one, turn };
  });
  return placed.sort((a, b) => a.turn - b.turn).map(({ one }) => one);
}
