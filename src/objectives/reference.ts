import { InputError } from "../gpu/errors.ts";

/** The place of a term, for errors. */
export const placeOf = (layer: string | undefined): string =>
  layer === undefined ? "the image" : `layer "${layer}"`;

/** @throws InputError when what a term compares with has another length than its place has, or holds NaN. */
export function assertReference(
  term: string,
  layer: string | undefined,
  { length }: ArrayLike<number>,
  lengths: readonly number[],
): void {
  if (lengths.includes(length)) return;
  const wanted = [...new Set(lengths)].join(", ");
  throw new InputError(
    `objective ${term} at ${placeOf(layer)}: expected a reference of ${wanted} numbers, got ${length}`,
  );
}
