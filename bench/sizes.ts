import type { Bench, Case, Task, Work } from "./case.ts";
import { paceTask } from "./cases/layers.ts";
import type { Clock } from "./clock.ts";
import type { Limits } from "./limits.ts";
import { measureCase } from "./measure.ts";
import { timeOf } from "./result.ts";

/** Which sizes run: those that the device is fast enough for, the published ones, or the smallest. */
export type Sizes = "auto" | "real" | "small";

/** Chooses a size for a case, of which one run of the slowest contender may take so many seconds on a software adapter. */
export type Choose = (one: Case, patience: number) => Task;

/**
 * Prepares the choice of sizes. A GPU runs the published ones. On a software adapter a small convolution tells which share
 * of the device's limits ours and the slowest of the others reach, and with it how long they would take for each size.
 */
export async function chooseSizes(bench: Bench, clock: Clock, limits: Limits, sizes: Sizes): Promise<Choose> {
  if (sizes === "small") return ({ tasks }) => tasks.at(-1) ?? tasks[0];
  if (sizes === "real" || !bench.software) return ({ tasks }) => tasks[0];
  const probe: Case = { id: "pace", title: "pace", tasks: [paceTask] };
  const row = await measureCase(bench, clock, { milliseconds: 100, fewest: 1, most: 3 }, probe, paceTask);
  const times = row.entries.flatMap(({ kind, timed }) =>
    timed ? [{ kind, ms: timeOf(row, timed).median }] : [],
  );
  const slowest = (among: typeof times): number => {
    const most = Math.max(...(among.length > 0 ? among : times).map(({ ms }) => ms));
    return leastSeconds(paceTask.work, limits) / (most / 1e3);
  };
  const ours = slowest(times.filter(({ kind }) => kind === "ours"));
  const others = slowest(times.filter(({ kind }) => kind !== "ours"));
  const seconds = ({ work: { flops, bytes }, cost }: Task): number => {
    const least = (done = flops): number =>
      leastSeconds({ flops: done, bytes: (bytes * done) / flops }, limits);
    return Math.max(least(cost?.ours) / ours, least(cost?.others) / others);
  };
  return ({ tasks }, patience) => tasks.find((task) => seconds(task) <= patience) ?? tasks.at(-1) ?? tasks[0];
}

/** What the limits allow at best. */
function leastSeconds({ flops, bytes }: Work, { f32, copy }: Limits): number {
  return Math.max(flops / (f32 * 1e9), bytes / (copy * 1e9));
}
