import type { Bench, Case, Task } from "./case.ts";
import { paceTask } from "./cases/layers.ts";
import type { Clock } from "./clock.ts";
import { type LimitProbes, leastTime } from "./limits.ts";
import { measureCase } from "./measure.ts";
import { limitsOf, timeOf } from "./result.ts";

/** Sizes that run: those that the device is fast enough for, the published ones, or the smallest. */
export type Sizes = "auto" | "real" | "small";

/** Chooses a size for a case, of which one run of the slowest contender may take so many seconds on a software adapter. */
export type Choose = (one: Case, patience: number) => Task;

/**
 * Prepares the choice of sizes. A GPU runs the published ones. On a software adapter a small convolution tells which share
 * of the device's limits ours and the slowest of the others reach, and with it how long they would take for each size.
 */
export async function chooseSizes(
  bench: Bench,
  clock: Clock,
  probes: LimitProbes,
  sizes: Sizes,
): Promise<Choose> {
  if (sizes === "small") return ({ tasks }) => tasks.at(-1) ?? tasks[0];
  if (sizes === "real" || !bench.software) return ({ tasks }) => tasks[0];
  const probe: Case = { id: "pace", title: "pace", tasks: [paceTask] };
  const effort = { milliseconds: 100, fewest: 1, most: 3 };
  const row = await measureCase(bench, { clock, probes }, effort, probe, paceTask);
  const limits = limitsOf(row, probes.limits);
  const times = row.entries.flatMap(({ kind, timed }) =>
    timed ? [{ kind, ms: timeOf(row, timed).median }] : [],
  );
  const slowest = (among: typeof times): number => {
    const most = Math.max(...(among.length > 0 ? among : times).map(({ ms }) => ms));
    return leastTime(paceTask.work, limits).seconds / (most / 1e3);
  };
  const ours = slowest(times.filter(({ kind }) => kind === "ours"));
  const others = slowest(times.filter(({ kind }) => kind !== "ours"));
  const seconds = ({ work: { flops, bytes }, cost }: Task): number => {
    const least = (done = flops): number =>
      leastTime({ flops: done, bytes: (bytes * done) / flops }, limits).seconds;
    return Math.max(least(cost?.ours) / ours, least(cost?.others) / others);
  };
  return ({ tasks }, patience) => tasks.find((task) => seconds(task) <= patience) ?? tasks.at(-1) ?? tasks[0];
}
