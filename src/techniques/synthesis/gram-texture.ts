import { assertFields, type Fields } from "../../gpu/options.ts";
import { withAveragePools } from "../../graph/average-pools.ts";
import type { Graph } from "../../graph/graph.ts";
import { upTo } from "../../graph/up-to.ts";
import type { Picture } from "../../images/picture.ts";
import type { Networks } from "../../network/pool.ts";
import { pixelImage } from "../../optimise/image/pixels.ts";
import type { Size } from "../../optimise/transforms/transform.ts";
import { assertPool } from "../robustness/attack-pictures.ts";
import { type LayerWeights, weightsOf } from "./layer-weights.ts";
import { gramsOf, type LayerValues } from "./looking.ts";
import {
  assertWeights,
  climbOnePicture,
  ONE_PICTURE,
  type OnePictureAscent,
  type OnePictureOptions,
  stepsOf,
} from "./one-picture.ts";
import { steps } from "./options.ts";
import { pictureTechnique } from "./picture-technique.ts";
import { sizedPicture } from "./sized-picture.ts";
import {
  gramNormalisation,
  LOSS_OPTION,
  noiseImage,
  OPTIMISER_OPTION,
  poolsOption,
  STYLE_LOSSES,
  STYLE_OPTIMISERS,
  type StyleLoss,
  type StyleOptimiser,
  styleObjective,
  styleOptimiser,
  TEXTURE_NOISE,
  timesAll,
} from "./style-terms.ts";
import type { Synthesis } from "./synthesis.ts";

export interface GramTextureOptions extends OnePictureOptions {
  /** The layers whose Gram matrices the texture shall have, or their weights by name. */
  readonly layers: LayerWeights;
  /** Size of the texture in pixels. Default: the picture's own. */
  readonly size?: Size | undefined;
  /** Number of steps. Default 500. */
  readonly steps?: number | undefined;
  /** Default "gatys". */
  readonly loss?: StyleLoss | undefined;
  /** Weight of all layers. Default 1e9, and 1e6 for "relative". */
  readonly weight?: number | undefined;
  /** Mean windows in place of maximum windows ("average"), or the network's own ("max"). Default "average". */
  readonly pools?: "average" | "max" | undefined;
  /** Default "lbfgs". */
  readonly optimiser?: StyleOptimiser | undefined;
  /** Of L-BFGS in its own moves, of Adam in pixels of 0…255. Default 1, and 10. */
  readonly rate?: number | undefined;
  /** Pixels to begin with, [H, W, C] of 0…1. Default: noise. */
  readonly start?: Float32Array | undefined;
}

const WHO = "Gram texture";

const FIELDS: Fields<GramTextureOptions> = {
  ...{ ...ONE_PICTURE },
  ...{ layers: "must", size: "may", weight: "may", rate: "may", start: "may" },
  ...{ loss: STYLE_LOSSES, pools: ["average", "max"], optimiser: STYLE_OPTIMISERS },
};

/**
 * Texture by Gram matrices (Gatys, Ecker & Bethge 2015, arXiv:1505.07376): a picture that begins as noise and comes to have a picture's
 * Gram matrices in several layers, so what the network sees at places far apart is as likely as there. Where it lies is free, so the
 * texture may be of any size.
 *
 * The published loss is Σ over layers of weight/4·Σ (G − G₀)²/C², with average pools, and is minimised by L-BFGS. The published one
 * holds pixels within the picture's range and matches histograms at the end; here pixels are cut to 0…1. The texture's `value` is
 * minus that loss.
 * @param picture the texture, at its own size; values [H, W, C] at the network's.
 * @throws InputError for an option out of range, a layer that there is not or has no places, a picture or size that does not fit, and
 * where the network takes more memory than there is; DivergedError when a pixel becomes NaN or infinite.
 * @example
 * ```ts
 * import { createNetworks } from "vitrine/network";
 * import { gramTexture } from "vitrine/synthesis";
 *
 * const networks = createNetworks(device, graph);
 * const { pictures } = await gramTexture(networks, image, { layers: ["conv1", "conv2_2"], steps: 4 });
 * console.log(pictures.length); // 1
 * networks.destroy();
 * ```
 */
export async function gramTexture(
  networks: Networks,
  picture: Picture,
  options: GramTextureOptions,
): Promise<Synthesis> {
  assertPool(WHO, networks);
  assertFields(WHO, options, FIELDS);
  const { pools = "average", loss = "gatys", signal } = options;
  const weights = weightsOf(WHO, "layers", networks.graph, options.layers);
  const layers = [...weights.keys()];
  const cut = upTo(pools === "average" ? withAveragePools(networks.graph) : networks.graph, layers);
  const sample = await sizedPicture(cut, picture, undefined, true);
  const look = { ...sample, graph: cut, layers, signal };
  const grams = await gramsOf(networks, look, gramNormalisation(loss));
  const size = options.size ?? sample.size;
  const ascent = textureAscent({ graph: cut, grams, weights }, options);
  const asked = { name: layers.join(", "), asked: ascent.objective };
  return {
    technique: "gram-texture",
    pictures: [await climbOnePicture(networks, cut, size, ascent, asked, options)],
  };
}

/** What a texture minimises, and how. */
export function textureAscent(
  {
    graph,
    grams,
    weights,
  }: {
    readonly graph: Graph;
    readonly grams: ReadonlyMap<string, LayerValues>;
    readonly weights: ReadonlyMap<string, number>;
  },
  options: Omit<GramTextureOptions, "layers">,
): OnePictureAscent {
  const { loss = "gatys", optimiser = "lbfgs", rate, start } = options;
  const { weight = loss === "relative" ? 1e6 : 1e9 } = options;
  assertWeights(WHO, { weight });
  return {
    objective: styleObjective(grams, timesAll(weights, weight), loss),
    image: start ? pixelImage({ start }) : noiseImage(graph, TEXTURE_NOISE),
    optimiser: styleOptimiser(optimiser, rate, true),
    steps: stepsOf(WHO, options.steps ?? 500),
  };
}

export const GRAM_TEXTURE = pictureTechnique({
  name: "gram-texture",
  title: "Texture by Gram matrices",
  paper: { authors: "Gatys et al.", year: 2015, arxiv: "1505.07376" },
  summary: "A texture in which layers see the same things together as in a picture, elsewhere",
  asks: ["picture", "layers"],
  command: "texture --method gram",
  options: {
    steps: steps(500),
    loss: LOSS_OPTION,
    pools: poolsOption("average"),
    optimiser: OPTIMISER_OPTION,
  },
  run: async (networks, { picture, layers }, { loss = "relative", ...options }) =>
    (await gramTexture(networks, picture, { ...options, layers, loss })).pictures,
});
