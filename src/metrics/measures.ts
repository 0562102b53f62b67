import type { Fields } from "../gpu/options.ts";
import type { InputOptions } from "../network/inputs.ts";
import type { Network, Target } from "../network/network.ts";
import type { Objective } from "../objectives/objective.ts";
import { LOOP, type LoopOptions } from "../sampling/batches.ts";
import type { AttributionOptions, Baseline } from "../techniques/attribution/options.ts";
import type { Attribution, AttributionTechnique } from "../techniques/attribution/technique.ts";
import type { AnyTarget, ScoreKind } from "../techniques/question.ts";
import type { Region } from "../techniques/region.ts";
import type { SharedScores } from "./scores.ts";

/**
 * The measures of a map. Three compare it with another map: "modelRandomisation" and "randomLogit" are the sanity checks of
 * Adebayo et al. (2018), "runnerUp" takes the class with the next highest score.
 */
export const MEASURES = [
  "insertion",
  "deletion",
  "muFidelity",
  "infidelity",
  "sensitivity",
  "modelRandomisation",
  "randomLogit",
  "runnerUp",
] as const;

export type Measure = (typeof MEASURES)[number];

/** Measures that compare a map with what happens to the score. */
export type ScoreMeasure = Extract<Measure, "insertion" | "deletion" | "muFidelity" | "infidelity">;

/** A technique whose maps are measured: an entry of `ATTRIBUTIONS`, one's own, or its function alone. */
export type EvaluatedTechnique =
  | AttributionTechnique["run"]
  | (Pick<AttributionTechnique, "run"> &
      Partial<Pick<AttributionTechnique, "name" | "title" | "kind" | "on" | "runEach">>);

export interface TrustOptions extends LoopOptions, InputOptions {
  /** The question that is explained. Default: the top class. Of an objective, or of neurons, there is no other class to compare. */
  readonly target?: AnyTarget | Objective | undefined;
  /** The output whose class the target is, by name. Default: the graph's `output`. */
  readonly output?: string | undefined;
  /** Of scores at every place, the places to ask about; see `ExplainOptions`. */
  readonly region?: Region | undefined;
  /** The measures to take. Default: all that are defined for the target. */
  readonly measures?: readonly Measure[] | undefined;
  /** The technique's options beside the target: samples, layer, baseline, … */
  readonly settings?: Omit<AttributionOptions, "target" | "inputs" | "signal" | "onProgress"> | undefined;
  /** A map that the technique made already with these settings; it is not made again. */
  readonly explanation?: Attribution | undefined;
  /** A whole number of 0 to 2³² − 1; the same seed gives the same bits on the same device. Default 0. */
  readonly seed?: number | undefined;
  /** The score of a class, for the curves and μFidelity. Default "probability", where the output has one. */
  readonly on?: ScoreKind | undefined;
  /** Points of a curve after its first. Default 50, or as many as the image has pixels. */
  readonly steps?: number | undefined;
  /** The image from which insertion starts. Default "blur", a Gaussian of a tenth of the image's shorter side. */
  readonly insertionBaseline?: Baseline | undefined;
  /** The image that takes the place of removed pixels: deletion, μFidelity, and infidelity by cells. Default "mean". */
  readonly deletionBaseline?: Baseline | undefined;
  /** Random baselines beside each curve: the map itself, moved to random places. Default 4. */
  readonly randomBaselines?: number | undefined;
  /** Cells along each side of the image, for μFidelity and infidelity by cells. Default 9, or as many as it has pixels. */
  readonly grid?: number | undefined;
  /** Fraction of the cells that μFidelity removes at once. Default 0.2. */
  readonly removedFraction?: number | undefined;
  /** Random subsets of cells, for μFidelity. Default 200. */
  readonly subsets?: number | undefined;
  /** Half width of the uniform noise of infidelity and sensitivity, as a fraction of the input's max − min. Default 0.02. */
  readonly radius?: number | undefined;
  /** Noise samples for infidelity. Default 100: ten, which are common, leave its figure uncertain by half. */
  readonly noiseSamples?: number | undefined;
  /** Noisy copies for sensitivity; the technique runs once for each. Default 10. */
  readonly perturbations?: number | undefined;
  /**
   * The network with its parameters randomised, by `createRandomisedNetwork`, where several calls share one. Default:
   * created for the call.
   */
  readonly randomisedNetwork?: Network | undefined;
  /**
   * A network of the same graph on which perturbed images run, as many at a time as its batch. The technique runs on the other,
   * whose batch is best 1 where the technique needs one image. This one may reuse buffers and have no gradients. Default: the
   * same network.
   */
  readonly perturbationNetwork?: Network | undefined;
  /** Scores of perturbed images, for several techniques that are measured on one image. Default: taken anew. */
  readonly sharedScores?: SharedScores | undefined;
}

/** The numbers of {@link TrustOptions} unless they are given. Curves and grids are never finer than the image. */
export const TRUST_DEFAULTS = {
  steps: 50,
  randomBaselines: 4,
  grid: 9,
  removedFraction: 0.2,
  subsets: 200,
  radius: 0.02,
  noiseSamples: 100,
  perturbations: 10,
} as const;

export const TRUST: Fields<TrustOptions> = {
  ...LOOP,
  target: "may",
  output: "may",
  region: "may",
  inputs: "may",
  measures: "may",
  settings: "may",
  explanation: "may",
  seed: "may",
  on: "may",
  steps: "may",
  insertionBaseline: "may",
  deletionBaseline: "may",
  randomBaselines: "may",
  grid: "may",
  removedFraction: "may",
  subsets: "may",
  radius: "may",
  noiseSamples: "may",
  perturbations: "may",
  randomisedNetwork: "may",
  perturbationNetwork: "may",
  sharedScores: "may",
};

/** A curve of the score as the map's pixels come or go, strongest first (Petsiuk et al. 2018, section 4.2). */
export interface TrustCurve {
  /** The score at each step, from the baseline to the whole image (insertion) or from the image to the baseline. */
  readonly curve: readonly number[];
  /** Area under it on [0, 1], by the trapezoidal rule. */
  readonly area: number;
  /** The areas of random baselines: the map itself, moved to random places. */
  readonly randomBaselines: readonly number[];
}

/** The distance between a map and what happens to the score (Yeh et al. 2019, definition 2.1). */
export interface Infidelity {
  /** Mean of (I·φ − (S(x) − S(x − I)))². */
  readonly value: number;
  /** The same for the map times the best factor, as a share of the mean of (S(x) − S(x − I))²: 0 perfect, 1 no use. */
  readonly relative: number;
  /** The best factor. */
  readonly scale: number;
  /** The perturbation I: uniform noise, for maps of slopes; or one cell of a grid removed, for maps of shares or without colour. */
  readonly by: "noise" | "cells";
}

/** Likeness of two maps by Spearman's rank correlation, −1…1. */
export interface MapLikeness {
  /** Correlation of the magnitudes, one a pixel (or cell, of a smaller map): 1 is the same order. */
  readonly correlation: number;
  /** Correlation of all values with their signs. */
  readonly signed: number;
}

/** Likeness to the map of another class. */
export interface OtherClass extends MapLikeness {
  readonly other: number;
}

/** The verdicts that a map may get, each with its sentence in `words`. */
export const VERDICTS = [
  "blank",
  "still",
  "class",
  "weights",
  "chance",
  "muFidelity",
  "infidelity",
  "sensitivity",
] as const;

export type Verdict = (typeof VERDICTS)[number];

/** The measures of a map, as plain data. A measure that was not asked for, or is not defined for the target, is absent. */
export interface Trust {
  readonly target: Target | Objective;
  /** The class that the target is, if it is one: its output, its number and what it is called. */
  readonly asked?: { readonly output: string; readonly index: number; readonly name: string };
  readonly insertion?: TrustCurve;
  readonly deletion?: TrustCurve;
  /** Pearson's correlation of what a subset's pixels sum to with how far the score falls without them (Bhatt et al. 2020). */
  readonly muFidelity?: number;
  readonly infidelity?: Infidelity;
  /** The largest ‖φ(x + δ) − φ(x)‖ / ‖φ(x)‖ (Yeh et al. 2019, definition 3.1). */
  readonly sensitivity?: number;
  /** Likeness to the map that the network gives with its parameters randomised (Adebayo et al. 2018). */
  readonly modelRandomisation?: MapLikeness;
  /** Likeness to the map of a class drawn at random (Adebayo et al. 2018; Sixt et al. 2020). */
  readonly randomLogit?: OtherClass;
  /** Likeness to the map of the class with the highest score beside the target's. */
  readonly runnerUp?: OtherClass;
  /** The most that the score moved, by measure. Where it hardly did, the measure says nothing of the map. */
  readonly moved?: Partial<Readonly<Record<ScoreMeasure, number>>>;
  /** Measures that were asked for and mean nothing for this output, each with the reason. */
  readonly leftOut?: Partial<Readonly<Record<Measure, string>>>;
  /** The verdicts against the map, or against its measures. */
  readonly verdicts: readonly Verdict[];
  /** The same in words, one sentence a verdict: "This map hardly depends on the class: …". */
  readonly words: readonly string[];
}
