import { InputError } from "../gpu/errors.ts";
import { describe } from "../gpu/options.ts";
import { pictureOf } from "../graph/graph.ts";
import type { Network } from "../network/network.ts";
import { seedOf } from "../sampling/seed.ts";
import { MEASURES, type Measure, TRUST_DEFAULTS, type Trust, type TrustOptions } from "./measures.ts";
import type { OtherClasses } from "./sanity.ts";

/** The measures that compare a class's map with that of another class, and which class that is. */
export const SWAPS = [
  ["randomLogit", "random"],
  ["runnerUp", "runnerUp"],
] as const;
export const OF_CLASSES: readonly Measure[] = SWAPS.map(([measure]) => measure);

/** @throws InputError for a measure that there is not, or no list. */
export function assertMeasures(asked: readonly Measure[] = []): void {
  if (!Array.isArray(asked)) {
    throw new InputError(`trust: expected measures as a list, got ${describe(asked)}`);
  }
  const unknown = asked.find((name) => !MEASURES.includes(name));
  if (unknown === undefined) return;
  throw new InputError(`trust: expected measures of ${MEASURES.join(", ")}, got "${unknown}"`);
}

/**
 * The measures to take, in order.
 * @param others nothing where no class is asked; a word where there is no other class.
 * @throws InputError for one that is not defined.
 */
export function measuresOf(
  asked: readonly Measure[] | undefined,
  others: OtherClasses | string | undefined,
): readonly Measure[] {
  const stray = asked?.find((name) => others === undefined && OF_CLASSES.includes(name));
  if (stray !== undefined) {
    throw new InputError(
      `trust: expected a class among several as the target of "${stray}", which compares it with another`,
    );
  }
  const defined = MEASURES.filter((name) => typeof others === "object" || !OF_CLASSES.includes(name));
  return asked ? defined.filter((name) => asked.includes(name)) : defined;
}

/** The measures that compare classes, as far as they were asked for, with the reason why they are not taken. */
export function leftOutOf(
  asked: readonly Measure[] | undefined,
  reason: string,
): NonNullable<Trust["leftOut"]> {
  const wanted = OF_CLASSES.filter((name) => asked?.includes(name) ?? true);
  return Object.fromEntries(wanted.map((name) => [name, reason]));
}

/** The options that are numbers, with their defaults. @throws InputError when one is out of range. */
export function numbersOf(network: Network, options: TrustOptions) {
  const [height, width] = pictureOf(network.graph, "trust").shape;
  const side = Math.min(height, width);
  const {
    steps = Math.min(TRUST_DEFAULTS.steps, height * width),
    randomBaselines = TRUST_DEFAULTS.randomBaselines,
    grid = Math.min(TRUST_DEFAULTS.grid, side),
    removedFraction = TRUST_DEFAULTS.removedFraction,
    subsets = TRUST_DEFAULTS.subsets,
    radius = TRUST_DEFAULTS.radius,
    noiseSamples = TRUST_DEFAULTS.noiseSamples,
    perturbations = TRUST_DEFAULTS.perturbations,
  } = options;
  for (const [what, value, least, most] of [
    ["steps", steps, 1, height * width],
    ["randomBaselines", randomBaselines, 0, 1000],
    ["a grid", grid, 1, side],
    ["subsets", subsets, 2, 2 ** 20],
    ["noiseSamples", noiseSamples, 1, 2 ** 20],
    ["perturbations", perturbations, 1, 2 ** 20],
  ] as const) {
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new InputError(`trust: expected ${what} of ${least} to ${most}, got ${value}`);
    }
  }
  if (!(removedFraction > 0 && removedFraction <= 1)) {
    throw new InputError(
      `trust: expected a removedFraction above 0 and up to 1 of the cells, got ${removedFraction}`,
    );
  }
  if (!(radius > 0 && Number.isFinite(radius))) {
    throw new InputError(`trust: expected a radius above 0 (a fraction of max − min), got ${radius}`);
  }
  return {
    steps,
    randomBaselines,
    grid,
    removedFraction,
    subsets,
    noiseSamples,
    perturbations,
    radius,
    seed: seedOf(options.seed, "trust"),
  };
}
