import type { Tuning } from "../src/network.ts";
import type { Goal, Growth, Kind, Work } from "./case.ts";
import { type Bound, type Limits, leastTime } from "./limits.ts";
import type { Ratio, Summary } from "./statistics.ts";

/** Result of one contender in one case: the plain data that reports, files and baselines are made of. */
export interface Entry {
  readonly name: string;
  readonly kind: Kind;
  /** Why it was not measured: not on this host, no such op, a failure, a wrong result. */
  readonly absent?: string | undefined;
  /** Difference from the reference, relative to its largest value. */
  readonly error?: number | undefined;
  readonly timed?: Timed | undefined;
  /** Rates that follow from the times; filled in when the limits are known. */
  readonly rate?: Rate | undefined;
}

export interface Timed {
  /** Repetitions of the work within one sample. */
  readonly repeats: number;
  /** The share of the work that was run, where its times are scaled to the whole. */
  readonly share?: number | undefined;
  /** Milliseconds from nothing to the first result: compilation, uploads, the first run. */
  readonly cold: number;
  /** Milliseconds of one run by the GPU's clock, where it has one. */
  readonly gpu?: Summary | undefined;
  /** The same by the wall's, one synchronisation a sample. */
  readonly wall: Summary;
  /** Milliseconds until one run is on the GPU's queue, in a row that goes by that. */
  readonly submit?: Summary | undefined;
  /** Its time over ours, round by round: above 1, ours is faster. Absent for ours. */
  readonly ratio?: Ratio | undefined;
}

export interface Rate {
  /** 10⁹ operations a second, by the row's clock. */
  readonly gflops: number;
  /** 10⁹ bytes a second that had to move. */
  readonly gbps: number;
  /** The least time that the limits allow over the time taken: above 1 where work was saved, or caches helped. */
  readonly share: number;
  /** The limit that the work meets first. */
  readonly by: Bound;
}

/** A limit in 10⁹ operations or bytes a second. */
export interface RowLimit {
  readonly by: Bound;
  readonly median: number;
  readonly best: number;
}

/** One case, measured. */
export interface Row {
  readonly id: string;
  readonly title: string;
  readonly size: string;
  /** The real size, where this adapter got a smaller one. */
  readonly reducedFrom?: string | undefined;
  readonly work: Work;
  readonly clock: "gpu" | "wall" | "submit";
  /** Reference of the outputs. */
  readonly reference: string;
  readonly tolerance: number;
  readonly growth?: Growth | undefined;
  /** Remark for readers: the exact saving of a sweep. */
  readonly note?: string | undefined;
  /** The limit that the work meets first, as measured between the rounds. */
  readonly limit?: RowLimit | undefined;
  /** Work of whole images, divided by the work that an exact result needs. */
  readonly saving?: number | undefined;
  /** Goals of the figures. */
  readonly goals?: readonly Goal[] | undefined;
  /** Seconds that the case took, with all that is not measured: preparation, references, compilation. */
  readonly seconds?: number | undefined;
  /** Why nothing was measured. */
  readonly failure?: string | undefined;
  readonly entries: readonly Entry[];
}

/** Machine and software of a run. */
export interface Environment {
  readonly date: string;
  readonly commit: string;
  /** "Chrome 131.0…", "Node v20… on Dawn". */
  readonly host: string;
  readonly system: string;
  readonly adapter: string;
  readonly software: boolean;
  readonly features: readonly string[];
  /** Step of the GPU's clock in nanoseconds; absent where it has none. */
  readonly quantum?: number | undefined;
  readonly versions: Readonly<Record<string, string>>;
  /** The convolution's register tiles, where they were chosen by measurement. */
  readonly tiles?: Tuning["tiles"] | undefined;
}

/** A whole run. */
export interface Results {
  readonly format: 1;
  readonly environment: Environment;
  readonly limits: Limits;
  /** True if every chosen case is here. */
  readonly complete: boolean;
  readonly seconds: number;
  /** Cases that a run cut short, or out of time, did not come to. */
  readonly leftOut?: readonly string[] | undefined;
  readonly rows: readonly Row[];
}

/** Ours in a row. */
export function oursOf(row: Row): Entry | undefined {
  return row.entries.find(({ kind }) => kind === "ours");
}

/** The time that a row goes by, in milliseconds: the GPU's where the row's clock is that and it has one. */
export function timeOf({ clock }: Pick<Row, "clock">, { gpu, submit, wall }: Timed): Summary {
  return (clock === "gpu" ? gpu : clock === "submit" ? submit : undefined) ?? wall;
}

/** The limits of the device, the one that a row measured again as it was just then. */
export function limitsOf({ limit }: Pick<Row, "limit">, limits: Limits): Limits {
  if (!limit) return limits;
  return { ...limits, [limit.by === "bytes" ? "copy" : "f32"]: limit.median };
}

/** The best that a run saw of each limit: whatever else a machine does only makes it seem slower. */
export function bestLimits(limits: Limits, rows: readonly Row[]): Limits {
  const best = (bound: Bound, alone: number): number =>
    Math.max(alone, ...rows.flatMap(({ limit }) => (limit?.by === bound ? [limit.best] : [])));
  return { ...limits, copy: best("bytes", limits.copy), f32: best("arithmetic", limits.f32) };
}

/** The least time that a row's work takes: by its own measurement of the limit that it meets, or else by those of the run. */
function leastOf({ work, limit }: Row, limits: Limits): { readonly by: Bound; readonly seconds: number } {
  if (!limit) return leastTime(work, limits);
  const amount = limit.by === "bytes" ? work.bytes : work.flops;
  return { by: limit.by, seconds: amount / (limit.median * 1e9) };
}

/** A row with its rates. */
export function withRates(row: Row, limits: Limits): Row {
  const { by, seconds: least } = leastOf(row, limits);
  const entries = row.entries.map((entry): Entry => {
    if (!entry.timed) return entry;
    const seconds = timeOf(row, entry.timed).median / 1e3;
    const rate: Rate = {
      gflops: row.work.flops / seconds / 1e9,
      gbps: row.work.bytes / seconds / 1e9,
      share: least / seconds,
      by,
    };
    return { ...entry, rate };
  });
  return { ...row, entries };
}

/** Contenders that answered with something else than the reference. */
export function wrongIn(rows: readonly Row[]): { readonly row: Row; readonly entry: Entry }[] {
  return rows.flatMap((row) =>
    row.entries
      .filter(({ error }) => error !== undefined && !(error <= row.tolerance))
      .map((entry) => ({ row, entry })),
  );
}
