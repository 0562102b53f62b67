import type { Fields } from "../../gpu/options.ts";
import type { Magnitude } from "../../optimise/image/magnitude.ts";
import type { YosinskiSetting } from "../../optimise/regularisers/yosinski.ts";
import { LOOP, type LoopOptions } from "../../sampling/batches.ts";
import type { TechniqueOption } from "../attribution/options.ts";
import { stepsOption } from "../robustness/options.ts";
import type { LiveSynthesis } from "./synthesis.ts";

/** Options that every technique takes. */
export interface CommonSynthesisOptions extends LoopOptions {
  /** Number of steps. */
  readonly steps?: number | undefined;
  /** Size of the pictures in pixels. Default: the network's. */
  readonly size?: readonly [height: number, width: number] | undefined;
  /** Seed of every random number, 0 to 2³² − 1. Default 0. */
  readonly seed?: number | undefined;
  /** Called with the pictures as they climb: a few times a second, or as `every` says. */
  readonly onPicture?: ((live: LiveSynthesis) => void) | undefined;
  /** Calls `onPicture` after every so many steps. */
  readonly every?: number | undefined;
}

/** The options of all techniques. Each reads those that its `options` lists, and what all share. */
export interface SynthesisOptions extends CommonSynthesisOptions {
  /** Picture that all begin with, [H, W, C] of 0…1, at their size; for techniques that are `startable`. Default: noise. */
  readonly start?: Float32Array | undefined;
  /** Magnitudes of the pictures' spectrum, as `spectrumOf` measures them; for techniques that are `spectral`. */
  readonly magnitude?: Magnitude | undefined;
  /** Rate of the optimiser. */
  readonly rate?: number | undefined;
  /** How fast large structures outgrow small ones; of a code, the share that is taken away after each step. */
  readonly decay?: number | undefined;
  /** Changes of the picture on its way to the network: the technique's own, or none. */
  readonly transforms?: "usual" | "none" | undefined;
  /** Weight of what keeps the picture near where it began. */
  readonly penalty?: number | undefined;
  /** Power of the cosine. */
  readonly power?: number | undefined;
  /** Crops of each picture in a step. */
  readonly crops?: number | undefined;
  /** Clusters that natural pictures are sorted into, each of which gives a picture. */
  readonly clusters?: number | undefined;
  /** Number of natural pictures that are sorted: those that excite a unit most. */
  readonly pictures?: number | undefined;
  /** Natural pictures of a cluster, those nearest its centre, whose mean a picture begins with. */
  readonly nearest?: number | undefined;
  /** Layer by which natural pictures are compared. */
  readonly features?: string | undefined;
  /** Sweeps of the denoising after each step. */
  readonly sweeps?: number | undefined;
  /** Pictures of each unit. */
  readonly samples?: number | undefined;
  /** How much of an activation is as likely as any other: the higher, the more freely samples move. */
  readonly temperature?: number | undefined;
  /** One of Yosinski's four settings. */
  readonly setting?: YosinskiSetting | undefined;
}

/** The options that belong to some techniques only. */
export type SynthesisOption = Exclude<
  keyof SynthesisOptions,
  Exclude<keyof CommonSynthesisOptions, "steps"> | "start" | "magnitude"
>;

/** The options of one technique. */
export type SynthesisOptionList = {
  readonly [K in SynthesisOption]?: TechniqueOption<NonNullable<SynthesisOptions[K]>>;
};

export const COMMON: Fields<CommonSynthesisOptions> = {
  ...{ ...LOOP },
  ...{ steps: "may", size: "may", seed: "may", onPicture: "may", every: "may" },
};

/** Steps of a technique, with a default of its own. */
export function steps(usual: number, help = "Number of steps."): TechniqueOption<number> {
  return stepsOption(usual, help);
}

/** A rate of the optimiser, with a default of its own. */
export function rate(usual: number, unit = "of the parameters"): TechniqueOption<number> {
  return { type: { kind: "number" }, default: usual, help: `Rate of the optimiser, in units ${unit}.` };
}

export const TRANSFORMS = {
  type: { kind: "choice", of: ["usual", "none"] },
  default: "usual",
  help: "Changes of the picture on its way to the network, anew in each step: usual, the technique's own, or none.",
} as const satisfies TechniqueOption<"usual" | "none">;
