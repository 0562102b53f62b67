import { InputError } from "../../gpu/errors.ts";
import { describe } from "../../gpu/options.ts";

/** Numbers that an image begins with, as a copy. @throws InputError when one is not finite, or there are none. */
export function finiteNumbers<T extends ArrayLike<number> | undefined>(
  who: string,
  name: string,
  given: T,
): T extends undefined ? undefined : Float32Array;
export function finiteNumbers(
  who: string,
  name: string,
  given: ArrayLike<number> | undefined,
): Float32Array | undefined {
  if (given === undefined) return undefined;
  if (typeof given !== "object" || !(given.length > 0)) {
    throw new InputError(`${who}: expected ${name} to be an array of numbers, got ${describe(given)}`);
  }
  const values = Float32Array.from(given);
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return values;
  throw new InputError(`${who}: expected ${name} of finite numbers, got ${values[wrong]} at ${wrong}`);
}
