import { InputError } from "../../gpu/errors.ts";
import { assertFields, describe, type Fields } from "../../gpu/options.ts";
import { depthOf } from "../../graph/depth.ts";
import { type Graph, layerOf, pictureOf } from "../../graph/graph.ts";
import { answersOf } from "../../graph/heads.ts";
import { upTo } from "../../graph/up-to.ts";
import type { Picture } from "../../images/picture.ts";
import type { Networks } from "../../network/pool.ts";
import { alphaNorm, featureDistance, totalVariation } from "../../objectives/objective.ts";
import { pixelImage } from "../../optimise/image/pixels.ts";
import { momentum } from "../../optimise/optimisers/momentum.ts";
import type { Size } from "../../optimise/transforms/transform.ts";
import { assertPool } from "../robustness/attack-pictures.ts";
import { activationsOf } from "./looking.ts";
import {
  assertWeights,
  climbOnePicture,
  ONE_PICTURE,
  type OnePictureAscent,
  type OnePictureOptions,
  stepsOf,
} from "./one-picture.ts";
import { steps as stepsOption } from "./options.ts";
import { pictureTechnique } from "./picture-technique.ts";
import { sizedPicture } from "./sized-picture.ts";
import type { Synthesis, SyntheticPicture } from "./synthesis.ts";
import { meanColor } from "./unit-pictures.ts";

export interface FeatureInversionOptions extends OnePictureOptions {
  /** The layer whose features are inverted, or several: one picture each. */
  readonly layers: string | readonly string[];
  /** Size of the picture in pixels. Default: the network's. */
  readonly size?: Size | undefined;
  /** Number of steps: a quarter at the full rate, half at a tenth, a quarter at a hundredth. Default 400. */
  readonly steps?: number | undefined;
  /** Rate at the start. Default 0.004. */
  readonly rate?: number | undefined;
  /** Weight of Σ (x − mean)⁶, of pixels of 0…255. Default 8e-10. */
  readonly alpha?: number | undefined;
  /** Weight of the total variation, of pixels of 0…255. Default by depth: 1, 10 or 100. */
  readonly variation?: number | undefined;
  /** Pixels to begin with, [H, W, C] of 0…1. Default: noise around the mean pixel. */
  readonly start?: Float32Array | undefined;
}

const WHO = "feature inversion";

const FIELDS: Fields<FeatureInversionOptions> = {
  ...{ ...ONE_PICTURE },
  ...{ layers: "must", size: "may", rate: "may", alpha: "may", variation: "may", start: "may" },
};

/** Root mean square of a natural image about its mean, of pixels of 0…255. */
const SPREAD = 68.9;

/** How fast an inversion begins, and what it forgets of its moves. */
const [RATE, DECAY] = [0.004, 0.9];
/** Share of the steps that each rate has. */
const SCHEDULE = [
  [1 / 4, 1],
  [1 / 2, 0.1],
  [1 / 4, 0.01],
] as const;

/** Weight of the total variation up to a share of the network's depth: layers 1–6, 7–12 and 13–20 of the paper's 20. */
const VARIATIONS = [
  [6 / 20, 1],
  [12 / 20, 10],
  [1, 100],
] as const;

/**
 * Inverts features (Mahendran & Vedaldi 2015, arXiv:1412.0035): pictures that have the same activations of a layer as a picture, and are
 * otherwise as plain as natural images are. What they keep is what the layer knows of the picture.
 *
 * Minimised is σ²·‖Φ − Φ₀‖²/‖Φ₀‖² + ½·alpha·Σ (x − mean)⁶ + ½·variation·Σ (Δ→² + Δ↓²) with σ² = 68.9²·3HW, by momentum of 0.9 that is
 * forgotten when the rate falls. The published numbers are those of pixels of 0…255 about the mean; they mean the same here,
 * whatever unit the network takes. A picture's `value` is minus its relative distance ‖Φ − Φ₀‖²/‖Φ₀‖², so that 0 is perfect.
 * @param picture as the network takes it; at another `size` it is resized to it.
 * @throws InputError for an option out of range, a layer that there is not or that is zero for the picture, a picture or size that does
 * not fit, and where the network takes more memory than there is; DivergedError when a picture becomes NaN or infinite.
 * @example
 * ```ts
 * import { createNetworks } from "vitrine/network";
 * import { featureInversion } from "vitrine/synthesis";
 *
 * const networks = createNetworks(device, graph);
 * const { pictures } = await featureInversion(networks, image, { layers: "conv2_2", steps: 4 });
 * console.log(pictures.length); // 1
 * networks.destroy();
 * ```
 */
export async function featureInversion(
  networks: Networks,
  picture: Picture,
  options: FeatureInversionOptions,
): Promise<Synthesis> {
  assertPool(WHO, networks);
  assertFields(WHO, options, FIELDS);
  const { graph } = networks;
  const { size, signal, onProgress } = options;
  const layers = typeof options.layers === "string" ? [options.layers] : options.layers;
  if (!(Array.isArray(layers) && layers.length > 0)) {
    throw new InputError(`${WHO}: expected a layer, or a list of layers, got ${describe(options.layers)}`);
  }
  for (const layer of layers) layerOf(graph, layer);
  const pictures: SyntheticPicture[] = [];
  for (const [i, layer] of layers.entries()) {
    signal?.throwIfAborted();
    const cut = answersOf(graph).includes(layer) ? graph : upTo(graph, [layer]);
    const look = { ...(await sizedPicture(cut, picture, size)), graph: cut, layers: [layer], signal };
    const features = (await activationsOf(networks, look)).get(layer)?.data ?? new Float32Array();
    const site = { graph, size: look.size, layer, features };
    const asked = featureDistance(layer, features, { over: "reference" }).times(-1);
    pictures.push(
      await climbOnePicture(
        networks,
        cut,
        look.size,
        inversionAscent(site, options),
        { name: layer, asked },
        {
          ...options,
          onProgress: onProgress && ((fraction) => onProgress((i + fraction) / layers.length)),
        },
      ),
    );
  }
  return { technique: "feature-inversion", pictures };
}

/** What an inversion minimises, and how. */
export function inversionAscent(
  {
    graph,
    size: [height, width],
    layer,
    features,
  }: { readonly graph: Graph; readonly size: Size; readonly layer: string; readonly features: Float32Array },
  options: Omit<FeatureInversionOptions, "layers">,
): OnePictureAscent {
  if (features.every((value) => value === 0)) {
    throw new InputError(`layer "${layer}": expected features to invert, got zeros only for this picture`);
  }
  const channels = pictureOf(graph, WHO).shape[2];
  const { alpha = 8e-10, rate = RATE, variation = variationAt(depthOf(graph, layer)) } = options;
  assertWeights(WHO, { alpha, variation });
  const steps = stepsOf(WHO, options.steps ?? 400);
  const mean = meanColor(graph);
  const natural = SPREAD ** 2 * channels * height * width;
  return {
    objective: featureDistance(layer, features, { over: "reference" })
      .times(-natural)
      .minus(alphaNorm({ alpha: 6, around: mean }).times((alpha / 2) * 255 ** 6))
      .minus(totalVariation({ beta: 2 }).times((variation / 2) * 255 ** 2)),
    image: pixelImage(options.start ? { start: options.start } : { start: mean, noise: SPREAD / 255 }),
    optimiser: momentum({ rate: ratesOf(steps, rate / 255 ** 2), decay: DECAY }),
    steps,
  };
}

export const FEATURE_INVERSION = pictureTechnique({
  name: "feature-inversion",
  title: "Feature inversion",
  paper: { authors: "Mahendran & Vedaldi", year: 2015, arxiv: "1412.0035" },
  summary: "What a layer knows of a picture: one from noise with the same activations",
  asks: ["picture", "layers"],
  command: "invert",
  options: {
    steps: stepsOption(400, "Steps: a quarter at the full rate, half at a tenth, a quarter at a hundredth."),
    variation: {
      type: { kind: "number" },
      otherwise: "by the layer's depth: 1, 10 or 100",
      help: "Weight of the total variation, of pixels of 0…255: the larger, the smoother.",
    },
  },
  run: async (networks, { picture, layers }, options) =>
    (await featureInversion(networks, picture, { ...options, layers })).pictures,
});

function ratesOf(steps: number, rate: number): { readonly steps: number; readonly rate: number }[] {
  let share = 0;
  const ends = SCHEDULE.map(([part]) => {
    share += part;
    return Math.round(share * steps);
  });
  return SCHEDULE.map(([, factor], i) => ({
    steps: (ends[i] ?? 0) - (ends[i - 1] ?? 0),
    rate: rate * factor,
  })).filter((piece) => piece.steps > 0);
}

function variationAt(depth: number): number {
  return VARIATIONS.find(([share]) => depth <= share)?.[1] ?? 100;
}
