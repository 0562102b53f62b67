import { InputError } from "../../gpu/errors.ts";
import { describe } from "../../gpu/options.ts";

/** One number or several, as an array. @throws InputError where they are none, or not finite. */
export function numbersOf(who: string, what: string, given: number | ArrayLike<number>): Float32Array {
  const isList = typeof given === "object" && given !== null && typeof given.length === "number";
  if (typeof given !== "number" && !isList) {
    throw new InputError(`${who}: expected ${what} as a number or numbers, got ${describe(given)}`);
  }
  const numbers = Float32Array.from(typeof given === "number" ? [given] : given);
  const wrong = numbers.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0 || numbers.length === 0) {
    throw new InputError(`${who}: expected ${what} of finite numbers, got ${numbers[wrong] ?? "none"}`);
  }
  return numbers;
}

/** @throws InputError when there are not as many numbers as one of the lengths that fit. */
export function assertLength(who: string, length: number, fitting: readonly number[]): void {
  if (fitting.includes(length)) return;
  throw new InputError(`${who} of ${[...new Set(fitting)].join(", ")} numbers, got ${length}`);
}
