import { InputError } from "../gpu/errors.ts";
import { describe, type Fields } from "../gpu/options.ts";

/** What a filter bank is fitted with. */
export interface FilterBankOptions {
  /** Side of the filters of the bank, in places: 1, 2 or 3. Default 1. */
  readonly size?: number | undefined;
  /** Penalty of the fit, in units of the mean variance of what it reads. Default 0.0001. */
  readonly lambda?: number | undefined;
  /** Places of each picture that the fit reads, at most; the error is of all. Default 256. */
  readonly places?: number | undefined;
}

export const FILTER_BANK: Fields<FilterBankOptions> = { size: "may", lambda: "may", places: "may" };

/** A filter bank with everything said. */
export interface FilterBank {
  readonly size: number;
  readonly lambda: number;
  readonly places: number;
}

/** @throws InputError for numbers out of range. */
export function filterBankOf(who: string, options: FilterBankOptions): FilterBank {
  const { size = 1, lambda = 1e-4, places = 256 } = options;
  if (!Number.isInteger(size) || size < 1 || size > 3) {
    throw new InputError(`${who}: expected a size of 1, 2 or 3 places, got ${describe(size)}`);
  }
  if (!(lambda > 0 && Number.isFinite(lambda))) {
    throw new InputError(`${who}: expected a lambda above 0, got ${describe(lambda)}`);
  }
  if (!Number.isInteger(places) || places < 1) {
    throw new InputError(`${who}: expected places of 1 or more, got ${describe(places)}`);
  }
  return { size, lambda, places };
}

/** Says that a fit has fewer rows than numbers in each. */
export function fewRows(rows: number, inputs: number): string {
  return `fitted to ${rows} places of ${inputs} numbers each, fewer than there are numbers: only the penalty decides; give more pictures for train`;
}
