import type { Mutant } from "./subjects.ts";

/** Mutants that are drawn from one seed; so many are run again to see one of them. */
export const BATCH = 500;

/** What a worker tells of one mutant: that it begins with it, then how it went. */
export interface News {
  readonly index: number;
  readonly mutant: Mutant;
  readonly done?: {
    readonly read: boolean;
    readonly fault?: string | undefined;
    /** Seconds of processor time. */
    readonly seconds: number;
    /** The most bytes of memory that this process has held so far. */
    readonly bytes: number;
  };
}
