import { InputError } from "../gpu/errors.ts";

/** A technique's seed, 0 when it has none. @throws InputError when it is not a whole number of 32 bits. */
export function seedOf(seed: number | undefined, who: string): number {
  const value = seed ?? 0;
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** 32) {
    throw new InputError(`${who}: expected a seed of 0 to ${2 ** 32 - 1}, got ${value}`);
  }
  return value;
}
