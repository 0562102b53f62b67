import type { Graph } from "../../graph/graph.ts";
import type { GramNormalisation } from "../../kernels/gram.ts";
import { featureDistance, gramDistance, type Objective, totalVariation } from "../../objectives/objective.ts";
import type { ImageKind } from "../../optimise/image/image.ts";
import { pixelImage } from "../../optimise/image/pixels.ts";
import { adam } from "../../optimise/optimisers/adam.ts";
import { lbfgs } from "../../optimise/optimisers/lbfgs.ts";
import type { Optimiser } from "../../optimise/optimisers/optimiser.ts";
import type { TechniqueOption } from "../attribution/options.ts";
import type { LayerValues } from "./looking.ts";
import { meanColor } from "./unit-pictures.ts";

/**
 * How the distance of two Gram matrices is put into a number, for C channels and P places:
 * - "gatys": Σ (G − G₀)² / (4C²), G over P (Gatys, Ecker & Bethge 2015);
 * - "johnson": Σ (G − G₀)² / C², G over C·P (jcjohnson/neural-style);
 * - "relative": Σ (G − G₀)² / Σ G₀², so that layers count alike, however large their activations are.
 *
 * Content is Σ (A − A₀)² over the number of elements; over Σ A₀² where it is "relative".
 */
export type StyleLoss = "gatys" | "johnson" | "relative";

export const STYLE_LOSSES: readonly StyleLoss[] = ["gatys", "johnson", "relative"];

/** Divisor of the Gram matrices of a loss. */
export function gramNormalisation(loss: StyleLoss): GramNormalisation {
  return loss === "johnson" ? "elements" : "pixels";
}

/** Minus the distances of Gram matrices, each times its weight. */
export function styleObjective(
  grams: ReadonlyMap<string, LayerValues>,
  weights: ReadonlyMap<string, number>,
  loss: StyleLoss,
): Objective {
  const normalise = gramNormalisation(loss);
  return sum(
    Array.from(grams, ([layer, { data, channels }]) => {
      const divisor =
        loss === "relative" ? squareOf(data) : loss === "gatys" ? 4 * channels ** 2 : channels ** 2;
      return gramDistance(layer, data, { normalise }).times(-(weights.get(layer) ?? 1) / divisor);
    }),
  );
}

/** Minus the distances of activations, each times its weight. */
export function contentObjective(
  features: ReadonlyMap<string, LayerValues>,
  weights: ReadonlyMap<string, number>,
  loss: StyleLoss,
): Objective {
  const over = loss === "relative" ? "reference" : "elements";
  return sum(
    Array.from(features, ([layer, { data }]) =>
      featureDistance(layer, data, { over }).times(-(weights.get(layer) ?? 1)),
    ),
  );
}

/** ½·Σ (Δ→² + Δ↓²) of pixels of 0…255. */
export function variationObjective(): Objective {
  return totalVariation({ beta: 2 }).times(0.5 * 255 ** 2);
}

/** Standard deviation of the noise that a texture begins with, of pixels of 0…1. */
export const TEXTURE_NOISE = 0.2;

/** Pixels that begin as noise about the color that the network takes for zero, of a standard deviation in 0…1. */
export function noiseImage(graph: Graph, noise: number): ImageKind {
  return pixelImage({ start: meanColor(graph), noise });
}

/** How a picture climbs: by L-BFGS, or by Adam. */
export type StyleOptimiser = "lbfgs" | "adam";

export const STYLE_OPTIMISERS: readonly StyleOptimiser[] = ["lbfgs", "adam"];

export const LOSS_OPTION = {
  type: { kind: "choice", of: STYLE_LOSSES },
  default: "relative",
  help: "The distance of Gram matrices: gatys or johnson as published, with weights for VGG networks, or relative, where layers count alike, for any network.",
} as const satisfies TechniqueOption<StyleLoss>;

export const OPTIMISER_OPTION = {
  type: { kind: "choice", of: STYLE_OPTIMISERS },
  default: "lbfgs",
  help: "The way to climb.",
} as const satisfies TechniqueOption<StyleOptimiser>;

/** Of pools, with a default of its own. */
export function poolsOption(usual: "average" | "max"): TechniqueOption<"average" | "max"> {
  return {
    type: { kind: "choice", of: ["average", "max"] },
    default: usual,
    help: "The mean in place of the maximum over windows, or the maximum as the network has it.",
  };
}

/** @param rate in moves that L-BFGS finds, or for Adam in pixels of 0…255. */
export function styleOptimiser(
  optimiser: StyleOptimiser,
  rate: number | undefined,
  lineSearch: boolean,
): Optimiser {
  return optimiser === "adam" ? adam({ rate: (rate ?? 10) / 255 }) : lbfgs({ rate: rate ?? 1, lineSearch });
}

/** Weights times a factor. */
export function timesAll(weights: ReadonlyMap<string, number>, factor: number): Map<string, number> {
  return new Map(Array.from(weights, ([layer, weight]) => [layer, weight * factor]));
}

function sum([first, ...others]: readonly Objective[]): Objective {
  if (!first) throw new Error("expected at least one layer");
  return others.reduce((all, one) => all.plus(one), first);
}

function squareOf(values: Float32Array): number {
  return Math.max(
    values.reduce((all, value) => all + value * value, 0),
    Number.MIN_VALUE,
  );
}
