import { InputError } from "../gpu/errors.ts";
import { LARGEST_U32 } from "../gpu/tensor.ts";

/** A technique's seed, 0 when it has none. @throws InputError when it is not a whole number of 32 bits. */
export function seedOf(seed: number | undefined, who: string): number {
  const value = seed ?? 0;
  if (!Number.isInteger(value) || value < 0 || value > LARGEST_U32) {
    throw new InputError(`${who}: expected a seed of 0 to ${LARGEST_U32}, got ${value}`);
  }
  return value;
}
