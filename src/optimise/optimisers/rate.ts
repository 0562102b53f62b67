import { InputError } from "../../gpu/errors.ts";
import { describe } from "../../gpu/options.ts";

/**
 * The rate of each step: one for all; pieces of so many steps each; or on a line from one to another in so many steps. The last
 * one goes on.
 * @example
 * momentum({ rate: [{ steps: 100, rate: 0.004 }, { steps: 200, rate: 0.0004 }] });
 * adam({ rate: { from: 8, to: 1e-10, steps: 200 } });
 */
export type Rate =
  | number
  | readonly { readonly steps: number; readonly rate: number }[]
  | { readonly from: number; readonly to: number; readonly steps: number };

/** The most steps that a schedule may list. */
const MOST = 2 ** 20;

/** A rate as a table of one number a step. @throws InputError for rates that are not above 0, or no whole steps. */
export function ratesOf(who: string, rate: Rate): Float32Array {
  const rates = tableOf(who, rate);
  const wrong = rates.find((value) => !(value > 0 && Number.isFinite(value)));
  if (wrong === undefined && rates.length > 0) return Float32Array.from(rates);
  throw new InputError(`${who}: expected a rate above 0, got ${wrong ?? "none"}`);
}

function tableOf(who: string, rate: Rate): readonly number[] {
  if (typeof rate === "number") return [rate];
  if (typeof rate !== "object" || rate === null) {
    throw new InputError(
      `${who}: expected a rate as a number, a list of { steps, rate }, or { from, to, steps }, got ${describe(rate)}`,
    );
  }
  if ("from" in rate) {
    const { from, to } = rate;
    const steps = stepsOf(who, rate.steps);
    return Array.from({ length: steps }, (_, k) => from + ((to - from) * k) / Math.max(1, steps - 1));
  }
  return rate.flatMap((piece) => Array<number>(stepsOf(who, piece.steps)).fill(piece.rate));
}

function stepsOf(who: string, steps: number): number {
  if (Number.isInteger(steps) && steps >= 1 && steps <= MOST) return steps;
  throw new InputError(`${who}: expected a schedule of 1 to ${MOST} steps, got ${steps}`);
}

/** A rate for people. */
export function rateInWords(rate: Rate): string {
  if (typeof rate === "number") return String(rate);
  if ("from" in rate) return `${rate.from} to ${rate.to} in ${rate.steps} steps`;
  return rate.map((piece) => `${piece.rate} × ${piece.steps}`).join(", ");
}
