import { InputError } from "../../gpu/errors.ts";
import { describe, type Fields } from "../../gpu/options.ts";
import { LARGEST_U32 } from "../../gpu/tensor.ts";
import type { InputOptions } from "../../network/inputs.ts";
import { LOOP, type LoopOptions } from "../../sampling/batches.ts";
import { SEED, type TechniqueOption } from "../attribution/options.ts";

/** A class by number or label: one for all pictures, or one for each. */
export type ClassOfEach = number | string | readonly (number | string)[];

/** Options that every attack takes. */
export interface CommonAttackOptions extends InputOptions, LoopOptions {
  /** The class that a picture has and shall lose. Default: what the network says of it. */
  readonly label?: ClassOfEach | undefined;
  /** The class that the network shall see instead. Default: any other. */
  readonly target?: ClassOfEach | undefined;
  /** The output that is attacked, by name. Default: the graph's `output`. */
  readonly output?: string | undefined;
}

/** How an attack measures the change: its largest value, or its Euclidean length. */
export type AttackNorm = "linf" | "l2";

/**
 * The options of all attacks. Each reads those that its `options` lists, and what all share. Distances are in units of 1/255, as
 * pictures of 8 bits have them: `epsilon: 8` is 8/255 of the way from black to white.
 */
export interface AttackOptions extends CommonAttackOptions {
  /** The greatest distance from the picture, in units of 1/255. */
  readonly epsilon?: number | undefined;
  readonly norm?: AttackNorm | undefined;
  /** Length of a step, in units of 1/255. */
  readonly step?: number | undefined;
  /** Number of steps; where several searches take them, of each. */
  readonly steps?: number | undefined;
  /** Where it begins: a random place within epsilon, the picture itself, or values of 0…1, [H, W, C] for each picture. */
  readonly start?: "random" | "picture" | readonly Float32Array[] | undefined;
  /** Seed of the random start. */
  readonly seed?: number | undefined;
  /** Number of classes whose boundaries are looked at, the picture's own among them. */
  readonly candidates?: number | undefined;
  /** How far beyond the boundary, as a part of the way to it. */
  readonly overshoot?: number | undefined;
  /** The first weight of the loss beside the distance. */
  readonly constant?: number | undefined;
  /** Number of weights that are tried. */
  readonly searches?: number | undefined;
  /** Rate of the optimiser. */
  readonly rate?: number | undefined;
  /** How far the logit of the class that is wanted shall lie above the others. */
  readonly confidence?: number | undefined;
}

/** The options that belong to some attacks only. */
export type AttackOption = Exclude<keyof AttackOptions, keyof CommonAttackOptions>;

/** The options of one attack. */
export type AttackOptionList = {
  readonly [K in AttackOption]?: TechniqueOption<NonNullable<AttackOptions[K]>>;
};

export const COMMON: Fields<CommonAttackOptions> = {
  ...{ ...LOOP },
  ...{ label: "may", target: "may", output: "may", inputs: "may" },
};

export const EPSILON = {
  type: { kind: "number" },
  default: 8,
  otherwise: "8; with the norm l2 128",
  help: "The greatest distance from the picture, in units of 1/255: the largest change of a value, or with the norm l2 the Euclidean length of the change.",
} as const satisfies TechniqueOption<number>;

export const NORM = {
  type: { kind: "choice", of: ["linf", "l2"] },
  default: "linf",
  help: "The measure of the change: linf, its largest value, or l2, its Euclidean length.",
} as const satisfies TechniqueOption<AttackNorm>;

export const START = {
  type: { kind: "choice", of: ["random", "picture"] },
  default: "random",
  help: "Where it begins: random, a place within epsilon of the picture, or picture, the picture itself.",
} as const satisfies TechniqueOption<"random" | "picture">;

export const START_SEED = SEED;

/** The type of an option that is a number of steps. */
const STEPS = { kind: "whole", from: 1, to: 100_000 } as const;

/** A number of steps with a default of its own. */
export function stepsOption(usual: number, help: string): TechniqueOption<number> {
  return { type: STEPS, default: usual, help, counts: "steps" };
}

/** A number of weights that are tried, with a default of its own. */
export function searchesOption(usual: number): TechniqueOption<number> {
  return {
    type: { kind: "whole", from: 1, to: 100 },
    default: usual,
    help: "Number of weights of the loss that are tried.",
    counts: "searches",
  };
}

/** @throws InputError when an option is no number of 0 or more. */
export function notNegative(who: string, name: string, value: unknown): number {
  return value === 0 ? value : positive(who, name, value, "of 0 or more");
}

/** @throws InputError when an option is no number above 0. */
export function positive(who: string, name: string, value: unknown, range = "above 0"): number {
  if (typeof value === "number" && value > 0 && Number.isFinite(value)) return value;
  throw new InputError(`${who}: expected ${name} ${range}, got ${describe(value)}`);
}

/** @throws InputError when an option is no whole number of a range. */
export function whole(who: string, name: string, value: unknown, from = 1, to = LARGEST_U32): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= from && value <= to) return value;
  throw new InputError(`${who}: expected ${name} of ${from} to ${to}, got ${describe(value)}`);
}

/** The norm and the radius of the ball around a picture, in units of a pixel's range 0…1. */
export function ballOf(
  who: string,
  { norm = "linf", epsilon = norm === "l2" ? 128 : 8 }: Pick<AttackOptions, "norm" | "epsilon">,
): { readonly l2: boolean; readonly epsilon: number } {
  if (norm !== "linf" && norm !== "l2") {
    throw new InputError(`${who}: expected norm of "linf", "l2", got ${describe(norm)}`);
  }
  return { l2: norm === "l2", epsilon: positive(who, "an epsilon, in units of 1/255,", epsilon) / 255 };
}
