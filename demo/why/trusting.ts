import type { Measure, Trust, TrustOptions } from "../../src/index.ts";
import type { Progress, Task } from "./desk.ts";
import { keyOf, type Question } from "./question.ts";

/** What was measured of a map so far, and what is still to come. */
export interface TrustFigures {
  readonly found: readonly Trust[];
  readonly groups: readonly { readonly measures: readonly Measure[]; readonly progress: Progress }[];
}

/** Measures that are taken together because their words need one another; the quickest first. */
const GROUPS: readonly (readonly Measure[])[] = [
  ["randomLogit", "runnerUp"],
  ["modelRandomisation"],
  ["insertion", "deletion"],
  ["muFidelity"],
  ["infidelity"],
  ["sensitivity"],
];

/** The groups for a question: of a unit there is no other class, and where many images make a map it is not made ten times over. */
export function measuresFor({ technique, subject }: Question, software: boolean): (readonly Measure[])[] {
  const classes = typeof subject === "number";
  const slow = (technique.passes ?? 0) > (software ? 20 : 200);
  return GROUPS.filter((group) => {
    if (group.includes("randomLogit")) return classes;
    if (group.includes("sensitivity")) return !slow;
    return true;
  });
}

/** How finely a software adapter measures while somebody waits. */
const LIGHTLY = { steps: 12, randomBaselines: 2, subsets: 40, noiseSamples: 24, perturbations: 2 } as const;

type Lot = Pick<TrustOptions, "signal" | "onProgress" | keyof typeof LIGHTLY> & {
  readonly signal: AbortSignal;
};

/** Trust as tasks, each group over all questions before the next. */
export function trustTasks(
  questions: readonly Question[],
  options: {
    readonly software: boolean;
    readonly find: (question: Question, measures: readonly Measure[], options: Lot) => Promise<void>;
  },
): Task[] {
  const { software, find } = options;
  return GROUPS.flatMap((measures) =>
    questions
      .filter((question) => measuresFor(question, software).includes(measures))
      .map((question) => ({
        key: `trust ${measures.join()} ${keyOf(question)}`,
        run: (loop) => find(question, measures, { ...(software ? LIGHTLY : {}), ...loop }),
      })),
  );
}
