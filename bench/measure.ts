import type { Bench, Case, Contender, Prepared, Task } from "./case.ts";
import type { Clock, Sample } from "./clock.ts";
import type { Entry, Row, Timed } from "./result.ts";
import type { Runner } from "./runner.ts";
import { pairedRatio, settled, summarise } from "./statistics.ts";

/** How long a case may take, and how often its rounds go. */
export interface Effort {
  /** Milliseconds of measuring a case; a round that has begun is finished. */
  readonly milliseconds: number;
  readonly fewest: number;
  readonly most: number;
}

export const DEFAULT_EFFORT: Effort = { milliseconds: 2500, fewest: 5, most: 25 };

/** A contender that gave the right answer and now runs for time. */
interface Running {
  readonly contender: Contender;
  readonly runner: Runner;
  readonly cold: number;
  readonly error: number | undefined;
  repeats: number;
}

const DEFAULT_TOLERANCE = 1e-4;

/** Measures a case at one size: checks everyone against the reference, then times them in turn. */
export async function measureCase(
  bench: Bench,
  clock: Clock,
  effort: Effort,
  { id, title, growth, clock: by = "gpu" }: Case,
  task: Task,
): Promise<Row> {
  const prepared = await task.prepare(bench);
  const running: Running[] = [];
  const entries = new Map<string, Entry>();
  const tolerance = task.tolerance ?? DEFAULT_TOLERANCE;
  let note: string | undefined;
  try {
    for (const contender of prepared.contenders) {
      const started = await start(clock, contender, prepared, tolerance);
      if ("runner" in started) running.push(started);
      else entries.set(contender.name, started);
    }
    const samples = await race(clock, effort, running);
    const ours = running.findIndex(({ contender }) => contender.kind === "ours");
    const timesOf = (index: number): number[] =>
      (samples[index] ?? []).map(({ gpu, wall }) => (by === "gpu" && gpu !== undefined ? gpu : wall));
    for (const [index, { contender, cold, error, repeats }] of running.entries()) {
      const times = timesOf(index);
      const gpu = (samples[index] ?? []).flatMap((sample) => sample.gpu ?? []);
      const timed: Timed = {
        repeats,
        cold,
        ...(gpu.length > 0 ? { gpu: summarise(gpu) } : {}),
        wall: summarise((samples[index] ?? []).map(({ wall }) => wall)),
        ...(index !== ours && ours >= 0 ? { ratio: pairedRatio(times, timesOf(ours)) } : {}),
      };
      const { name, kind } = contender;
      entries.set(name, { name, kind, ...(error === undefined ? {} : { error }), timed });
    }
    note = prepared.note?.();
  } finally {
    for (const { runner } of running) runner.destroy();
    prepared.destroy?.();
  }
  return {
    id,
    title,
    size: task.size,
    work: task.work,
    clock: by,
    reference: prepared.reference,
    tolerance,
    ...(growth ? { growth } : {}),
    ...(note ? { note } : {}),
    entries: prepared.contenders.flatMap(({ name }) => entries.get(name) ?? []),
  };
}

/** Brings a contender to its first result and checks that; one that fails or answers wrongly is not timed. */
async function start(
  clock: Clock,
  contender: Contender,
  { check }: Prepared,
  tolerance: number,
): Promise<Running | Entry> {
  const { name, kind } = contender;
  if ("absent" in contender) return { name, kind, absent: contender.absent };
  let runner: Runner | undefined;
  try {
    const cold = await clock.wall(async () => {
      runner = await contender.create();
      await runner.submit(1);
    });
    if (!runner) throw new Error("expected a runner, got none");
    const error = contender.other ? undefined : await check(await runner.read());
    if (error === undefined || error <= tolerance) return { contender, runner, cold, error, repeats: 1 };
    runner.destroy();
    return { name, kind, error, absent: `wrong by ${error.toExponential(1)}` };
  } catch (failure) {
    runner?.destroy();
    return { name, kind, absent: `failed: ${(failure as Error).message}` };
  }
}

/** Warms everyone up, then lets them run in turn; the samples of each, milliseconds of one run. */
async function race(clock: Clock, effort: Effort, running: readonly Running[]): Promise<Sample[][]> {
  for (const runner of running) await warm(clock, effort, runner);
  const started = performance.now();
  const order: number[] = [];
  for (let round = 0; round < effort.most; round++) {
    if (round >= effort.fewest && performance.now() - started > effort.milliseconds) break;
    for (let place = 0; place < running.length; place++) {
      // Whoever follows whom changes from round to round, so that nobody is always behind the same one.
      const index = (place + round) % running.length;
      const entrant = running[index];
      if (!entrant) continue;
      await clock.sample(() => entrant.runner.submit(entrant.repeats));
      order.push(index);
    }
  }
  const samples = await clock.read();
  return running.map(({ repeats }, index) =>
    samples
      .filter((_, place) => order[place] === index)
      .map(({ gpu, wall }) => ({ gpu: gpu === undefined ? undefined : gpu / repeats, wall: wall / repeats })),
  );
}

/** Finds how often to repeat, then runs until the times settle. */
async function warm(clock: Clock, effort: Effort, entrant: Running): Promise<void> {
  const { runner } = entrant;
  const patience = performance.now() + effort.milliseconds / 4;
  for (;;) {
    const time = await clock.wall(() => runner.submit(entrant.repeats));
    if (time >= clock.shortest || entrant.repeats >= 4096) break;
    entrant.repeats *= Math.min(8, Math.max(2, Math.ceil(clock.shortest / time)));
  }
  const times: number[] = [];
  while (!settled(times) && times.length < 8 && (times.length < 1 || performance.now() < patience)) {
    times.push(await clock.wall(() => runner.submit(entrant.repeats)));
  }
}
