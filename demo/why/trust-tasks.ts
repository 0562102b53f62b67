import type { Measure, Trust, TrustOptions } from "../../src/metrics.ts";
import type { Progress, Task, TaskOptions } from "../tasks/queue.ts";
import { keyOf, type MapRequest } from "./map-request.ts";

/** The figures that were measured of a map so far, and those that are still to come. */
export interface TrustFigures {
  readonly found: readonly Trust[];
  readonly groups: readonly { readonly measures: readonly Measure[]; readonly progress: Progress }[];
}

/** Measures that are taken together because their verdicts need one another; the quickest first. */
const GROUPS: readonly (readonly Measure[])[] = [
  ["randomLogit", "runnerUp"],
  ["modelRandomisation"],
  ["insertion", "deletion"],
  ["muFidelity"],
  ["infidelity"],
  ["sensitivity"],
];

/** The groups for a map: of a unit there is no other class, and where many images make a map it is not made ten times over. */
export function measuresFor({ technique, subject }: MapRequest, software: boolean): (readonly Measure[])[] {
  const classes = typeof subject === "number";
  const slow = (technique.passes ?? 0) > (software ? 20 : 200);
  return GROUPS.filter((group) => {
    if (group.includes("randomLogit")) return classes;
    if (group.includes("sensitivity")) return !slow;
    return true;
  });
}

/** Settings for a software adapter, with which it measures while somebody waits. */
const LIGHTLY = { steps: 12, randomBaselines: 2, subsets: 40, noiseSamples: 24, perturbations: 2 } as const;

export type TrustSettings = TaskOptions & Pick<TrustOptions, keyof typeof LIGHTLY>;

/** The name of the task that measures a group of a map's figures. */
export function trustKey(request: MapRequest, measures: readonly Measure[]): string {
  return `${measures.join()} ${keyOf(request)}`;
}

/** Trust as tasks, each group over all maps before the next. */
export function trustTasks(
  requests: readonly MapRequest[],
  software: boolean,
  measure: (request: MapRequest, measures: readonly Measure[], settings: TrustSettings) => Promise<Trust>,
): Task<Trust>[] {
  return GROUPS.flatMap((measures) =>
    requests
      .filter((request) => measuresFor(request, software).includes(measures))
      .map((request) => ({
        key: trustKey(request, measures),
        priority: "trust",
        run: (options) => measure(request, measures, { ...(software ? LIGHTLY : undefined), ...options }),
      })),
  );
}
