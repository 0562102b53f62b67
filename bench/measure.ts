import type { Bench, Case, Contender, Task } from "./case.ts";
import type { Clock, Sample } from "./clock.ts";
import { type Bound, type LimitProbes, leastTime } from "./limits.ts";
import type { Entry, Row, RowLimit, Timed } from "./result.ts";
import type { Runner } from "./runner.ts";
import { median, pairedRatio, settled, summarise } from "./statistics.ts";

/** Time that a case may take, and number of its rounds. */
export interface Effort {
  /** Milliseconds of measuring a case; a round that has begun is finished. */
  readonly milliseconds: number;
  readonly fewest: number;
  readonly most: number;
}

/** Instruments of a measurement. */
export interface Instruments {
  readonly clock: Clock;
  readonly probes: LimitProbes;
}

/** A contender that gave the right answer and now runs for time. */
interface Running {
  readonly contender: Contender;
  readonly runner: Runner;
  readonly cold: number;
  readonly error: number | undefined;
  repeats: number;
}

const DEFAULT_TOLERANCE = 1e-4;
/** The share of a case's time within which a sample is short. */
const QUICK = 0.05;
const PEER = "peer";
/** Stand for the limit, and for runs that only warm up, where contenders have a number. */
const LIMIT = -1;
const WARMING = -2;
/** Rounds at least, where one takes longer than all of them should, and where it takes many times as long. */
const FEW = 3;
const FEWEST = 2;
const MANY_TIMES = 5;
const MOST_REPEATS = 4096;

function peersFirst(contenders: readonly Contender[]): Contender[] {
  return [
    ...contenders.filter(({ kind }) => kind === "peer"),
    ...contenders.filter(({ kind }) => kind !== "peer"),
  ];
}

/**
 * Measures a case at one size: checks everyone against the reference, then times them in turn, and with them the limit
 * that the work meets first.
 */
export async function measureCase(
  bench: Bench,
  { clock, probes }: Instruments,
  effort: Effort,
  { id, title, growth, goals, clock: by = "gpu" }: Case,
  task: Task,
): Promise<Row> {
  const prepared = await task.prepare(bench);
  const running: Running[] = [];
  const entries = new Map<string, Entry>();
  const tolerance = task.tolerance ?? DEFAULT_TOLERANCE;
  const byWitness = prepared.reference === PEER;
  let witness: { readonly name: string; readonly y: Float32Array } | undefined;
  let limit: RowLimit | undefined;
  let note: string | undefined;
  let saving: number | undefined;
  try {
    const check = (y: Float32Array, { name, kind }: Contender): number => {
      if (byWitness && !witness) {
        if (kind !== "peer") throw new Error("no peer is here to check the outcome against");
        witness = { name, y };
      }
      return prepared.check(y, witness?.y ?? y);
    };
    for (const contender of byWitness ? peersFirst(prepared.contenders) : prepared.contenders) {
      const started = await start(clock, contender, check, tolerance);
      if ("runner" in started) running.push(started);
      else entries.set(contender.name, started);
    }
    // In the case's own order again.
    running.sort(
      (a, b) => prepared.contenders.indexOf(a.contender) - prepared.contenders.indexOf(b.contender),
    );
    const { by: bound } = leastTime(task.work, probes.limits);
    const { samples, limit: measured } = await race({ clock, probes }, effort, running, bound);
    limit = measured;
    const ours = running.findIndex(({ contender }) => contender.kind === "ours");
    const timesOf = (index: number): number[] =>
      (samples[index] ?? []).map((sample) => sample[by] ?? sample.wall);
    for (const [index, { contender, cold, error, repeats }] of running.entries()) {
      const { share } = contender;
      const times = timesOf(index);
      const of = (clock: keyof Sample): number[] =>
        (samples[index] ?? []).flatMap((sample) => sample[clock] ?? []);
      const gpu = of("gpu");
      const timed: Timed = {
        repeats,
        share,
        cold,
        gpu: gpu.length > 0 ? summarise(gpu) : undefined,
        wall: summarise(of("wall")),
        submit: by === "submit" ? summarise(of("submit")) : undefined,
        ratio: index !== ours && ours >= 0 ? pairedRatio(times, timesOf(ours)) : undefined,
      };
      const { name, kind } = contender;
      entries.set(name, { name, kind, error, timed });
    }
    note = prepared.note?.();
    saving = prepared.saving?.();
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
    reference: witness?.name ?? prepared.reference,
    tolerance,
    growth,
    note,
    limit,
    saving,
    goals,
    entries: prepared.contenders.flatMap(({ name }) => entries.get(name) ?? []),
  };
}

/** Brings a contender to its first result and checks that; one that fails or answers wrongly is not timed. */
async function start(
  clock: Clock,
  contender: Contender,
  check: (y: Float32Array, from: Contender) => number,
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
    const error = contender.other ? undefined : check(await runner.read(), contender);
    if (error === undefined || error <= tolerance) return { contender, runner, cold, error, repeats: 1 };
    runner.destroy();
    return { name, kind, error, absent: `wrong by ${error.toExponential(1)}` };
  } catch (failure) {
    runner?.destroy();
    return { name, kind, absent: `failed: ${(failure as Error).message}` };
  }
}

/**
 * Warms everyone up, then lets them run in turn, a limit's kernel at the end of each round. Where a round takes many times
 * as long as all of them should, the last run of the warm-up is the first.
 * @returns the samples of each, milliseconds of one run; and the limit.
 */
async function race(
  { clock, probes }: Instruments,
  effort: Effort,
  running: readonly Running[],
  bound: Bound,
): Promise<{ readonly samples: Sample[][]; readonly limit: RowLimit | undefined }> {
  /** Contender of each sample. */
  const order: number[] = [];
  const limit = async (): Promise<void> => {
    await clock.sample(() => probes.submit(bound));
    order.push(LIMIT);
  };
  const firsts: number[] = [];
  for (const [index, entrant] of running.entries()) {
    const times = await warm(clock, effort, entrant);
    firsts.push(times.at(-1) ?? 0);
    order.push(...times.slice(1).map(() => WARMING), index);
  }
  const over = firsts.reduce((sum, time) => sum + time, 0) / effort.milliseconds;
  const fewest = Math.min(effort.fewest, over > MANY_TIMES ? FEWEST : over > 1 ? FEW : effort.fewest);
  let round = 0;
  if (over > MANY_TIMES) {
    await limit();
    round = 1;
  } else order.fill(WARMING);
  /** Goes on for so long, or until everyone had so many rounds; of some contenders, by their numbers. */
  const rounds = async (some: readonly number[], least: number): Promise<void> => {
    const end = performance.now() + effort.milliseconds;
    for (; round < effort.most && (round < least || performance.now() < end); round++) {
      for (let place = 0; place < some.length; place++) {
        // Whoever follows whom changes from round to round, so that nobody is always behind the same one.
        const index = some[(place + round) % some.length] ?? 0;
        const entrant = running[index];
        if (!entrant) continue;
        await clock.sample(() => entrant.runner.submit(entrant.repeats));
        order.push(index);
      }
      await limit();
    }
  };
  await rounds([...running.keys()], fewest);
  // Short times scatter most: who is quick goes on among themselves, once there is nobody to wait for.
  const quick = [...running.keys()].filter((index) => (firsts[index] ?? 0) < effort.milliseconds * QUICK);
  if (quick.length > 1 && quick.length < running.length) await rounds(quick, 0);
  const all = await clock.read();
  const of = (index: number): Sample[] => all.filter((_, place) => order[place] === index);
  const rates = of(LIMIT).map(({ gpu, wall }) => probes.rate(bound, gpu ?? wall));
  return {
    samples: running.map(({ repeats, contender: { share = 1 } }, index) => {
      const runs = repeats * share;
      return of(index).map(({ gpu, wall, submit }) => ({
        gpu: gpu === undefined ? undefined : gpu / runs,
        wall: wall / runs,
        submit: submit / runs,
      }));
    }),
    limit: rates.length > 0 ? { by: bound, median: median(rates), best: Math.max(...rates) } : undefined,
  };
}

/** Finds how often to repeat, then runs until the times settle; those of all runs, in milliseconds. */
async function warm(clock: Clock, effort: Effort, entrant: Running): Promise<number[]> {
  const times: number[] = [];
  const run = async (): Promise<number> => {
    const { wall } = await clock.sample(() => entrant.runner.submit(entrant.repeats));
    times.push(wall);
    return wall;
  };
  const patience = performance.now() + effort.milliseconds / 4;
  let time = await run();
  while (time < clock.shortest && entrant.repeats < MOST_REPEATS) {
    entrant.repeats *= Math.min(8, Math.max(2, Math.ceil(clock.shortest / time)));
    time = await run();
  }
  // One more after the first result and this is enough of what takes long.
  if (time > effort.milliseconds / 4) return times;
  const settling = [time];
  while (!settled(settling) && settling.length < 8 && performance.now() < patience)
    settling.push(await run());
  return times;
}
