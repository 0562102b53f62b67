import { InputError } from "../../gpu/errors.ts";
import { assertFields, type Fields } from "../../gpu/options.ts";
import { withAveragePools } from "../../graph/average-pools.ts";
import type { Graph } from "../../graph/graph.ts";
import { upTo } from "../../graph/up-to.ts";
import type { Picture } from "../../images/picture.ts";
import type { Networks } from "../../network/pool.ts";
import { pixelImage } from "../../optimise/image/pixels.ts";
import type { Size } from "../../optimise/transforms/transform.ts";
import type { TechniqueOption } from "../attribution/options.ts";
import { assertPool } from "../robustness/attack-pictures.ts";
import { type LayerWeights, weightsOf } from "./layer-weights.ts";
import { activationsOf, gramsOf, type LayerValues } from "./looking.ts";
import {
  assertWeights,
  climbOnePicture,
  hasSlope,
  ONE_PICTURE,
  type OnePictureAscent,
  type OnePictureOptions,
  stepsOf,
} from "./one-picture.ts";
import { steps } from "./options.ts";
import { pictureTechnique } from "./picture-technique.ts";
import { sizedPicture } from "./sized-picture.ts";
import {
  contentObjective,
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
  variationObjective,
} from "./style-terms.ts";
import type { Synthesis } from "./synthesis.ts";
import { asUnit } from "./unit-pictures.ts";

export interface NeuralStyleOptions extends OnePictureOptions {
  /** The layers whose activations shall be those of the content, or their weights by name. VGG-19: "relu4_2". */
  readonly contentLayers: LayerWeights;
  /** The layers whose Gram matrices shall be those of the style, or their weights by name. VGG-19: "relu1_1" … "relu5_1". */
  readonly styleLayers: LayerWeights;
  /** Size of the picture. Default: the content's own. */
  readonly size?: Size | undefined;
  /** Size at which the style is looked at: the smaller, the smaller its strokes. Default: its own. */
  readonly styleSize?: Size | undefined;
  /** Number of steps. Default 1000. */
  readonly steps?: number | undefined;
  /** Default "johnson". */
  readonly loss?: StyleLoss | undefined;
  /** Default 5 ("johnson"), 1 ("gatys"), 1e5 ("relative"). */
  readonly contentWeight?: number | undefined;
  /** Default 100 ("johnson"), 4e3 ("gatys": 1e3 of its mean square), 1e5 ("relative"). */
  readonly styleWeight?: number | undefined;
  /** Weight of ½·Σ (Δ→² + Δ↓²), of pixels of 0…255. Default 1e-3. */
  readonly variation?: number | undefined;
  /** Maximum windows as the network has them ("max"), or mean windows in their place ("average"). Default "max". */
  readonly pools?: "average" | "max" | undefined;
  /** Default "lbfgs". */
  readonly optimiser?: StyleOptimiser | undefined;
  /** Of L-BFGS in its own moves, of Adam in pixels of 0…255. Default 1, and 10. */
  readonly rate?: number | undefined;
  /**
   * What the picture begins as: noise about the mean pixel, the content, or pixels [H, W, C] of 0…1. Default "noise", of next to
   * nothing; where the network has no gradient there, of a standard deviation of 0.2, and the picture's notes say so.
   */
  readonly init?: "noise" | "content" | Float32Array | undefined;
}

const WHO = "neural style";

const FIELDS: Fields<NeuralStyleOptions> = {
  ...{ ...ONE_PICTURE },
  ...{ contentLayers: "must", styleLayers: "must", size: "may", styleSize: "may", rate: "may", init: "may" },
  ...{ contentWeight: "may", styleWeight: "may", variation: "may" },
  ...{ loss: STYLE_LOSSES, pools: ["average", "max"], optimiser: STYLE_OPTIMISERS },
};

/** Weights of content and style, as published where they are. */
const WEIGHTS = {
  johnson: { content: 5, style: 100 },
  gatys: { content: 1, style: 4e3 },
  relative: { content: 1e5, style: 1e5 },
} as const satisfies Record<StyleLoss, { readonly content: number; readonly style: number }>;

/** Standard deviation of the noise, of pixels of 0…255. */
const NOISE = 0.001;

/**
 * Neural style (Gatys, Ecker & Bethge 2015, arXiv:1508.06576): a picture with the activations of one picture in a deep layer, its content,
 * and the Gram matrices of another in several layers, its style.
 *
 * Defaults are those of jcjohnson/neural-style: loss, weights, total variation, the network's own pools, L-BFGS without a line search
 * from noise of next to nothing, here of 10 pairs in place of 100. Where no unit fires for a flat picture, as where every bias of the
 * first layer is below zero, that start has no gradient (PyTorch's L-BFGS stays there too), and stronger noise is taken. They were found for VGG-19 on pixels of 0…255. A network whose
 * activations have another magnitude is best asked with `loss: "relative"`. The picture's `value` is minus the loss of content and style.
 * @param content and `style`: pictures, at their own sizes; values [H, W, C] at the network's.
 * @throws InputError for an option out of range, a layer that there is not or that has no places to compare, a picture or size that
 * does not fit, and where the network takes more memory than there is; DivergedError when a pixel becomes NaN or infinite.
 * @example
 * ```ts
 * import { createNetworks } from "vitrine/network";
 * import { neuralStyle } from "vitrine/synthesis";
 *
 * const networks = createNetworks(device, graph);
 * const layers = { contentLayers: "conv3_2", styleLayers: ["conv1", "conv2_2"] };
 * const { pictures } = await neuralStyle(networks, image, picture, { ...layers, loss: "relative", steps: 4 });
 * console.log(pictures.length); // 1
 * networks.destroy();
 * ```
 */
export async function neuralStyle(
  networks: Networks,
  content: Picture,
  style: Picture,
  options: NeuralStyleOptions,
): Promise<Synthesis> {
  assertPool(WHO, networks);
  assertFields(WHO, options, FIELDS);
  const { pools = "max", loss = "johnson", init = "noise", signal } = options;
  const contentWeights = weightsOf(WHO, "contentLayers", networks.graph, options.contentLayers);
  const styleWeights = weightsOf(WHO, "styleLayers", networks.graph, options.styleLayers);
  const graph = pools === "average" ? withAveragePools(networks.graph) : networks.graph;
  const all = upTo(graph, [...new Set([...contentWeights.keys(), ...styleWeights.keys()])]);
  const seen = await sizedPicture(all, content, options.size, true);
  const features = await activationsOf(networks, {
    ...{ ...seen, signal },
    ...cutFor(graph, contentWeights),
  });
  const grams = await gramsOf(
    networks,
    {
      ...{ ...(await sizedPicture(all, style, options.styleSize, true)), signal },
      ...cutFor(graph, styleWeights),
    },
    gramNormalisation(loss),
  );
  const start = init === "content" ? asUnit(seen.input, graph, "input", 1)[0] : init;
  const site = { graph: all, features, contentWeights, grams, styleWeights };
  const { asked, ...published } = styleAscent(site, { ...options, init: start });
  const named = { name: "style", asked };
  const place = { graph: all, size: seen.size, seed: options.seed, signal };
  const stuck = init === "noise" && !(await hasSlope(networks, place, { ...published, objective: asked }));
  const ascent = stuck ? { ...published, image: noiseImage(graph, TEXTURE_NOISE) } : published;
  const picture = await climbOnePicture(networks, all, seen.size, ascent, named, options);
  const notes = [...(stuck ? [STUCK] : []), ...(picture.notes ?? [])];
  return {
    technique: "neural-style",
    pictures: [notes.length > 0 ? { ...picture, notes } : picture],
  };
}

/** What is said where the published start is left. */
const STUCK = `The network gives no gradient at the published start, a flat picture of the mean color: no unit on the way to it fires there. The picture began with noise of standard deviation ${TEXTURE_NOISE} of 0…1 instead; the content as the start keeps more of it.`;

function cutFor(graph: Graph, weights: ReadonlyMap<string, number>) {
  const layers = [...weights.keys()];
  return { graph: upTo(graph, layers), layers };
}

/** What a picture of a content in a style minimises, and how. */
export function styleAscent(
  {
    graph,
    features,
    contentWeights,
    grams,
    styleWeights,
  }: {
    readonly graph: Graph;
    readonly features: ReadonlyMap<string, LayerValues>;
    readonly contentWeights: ReadonlyMap<string, number>;
    readonly grams: ReadonlyMap<string, LayerValues>;
    readonly styleWeights: ReadonlyMap<string, number>;
  },
  options: Omit<NeuralStyleOptions, "contentLayers" | "styleLayers">,
): OnePictureAscent & { readonly asked: OnePictureAscent["objective"] } {
  const { loss = "johnson", variation = 1e-3, optimiser = "lbfgs", rate, init = "noise" } = options;
  const { contentWeight = WEIGHTS[loss].content, styleWeight = WEIGHTS[loss].style } = options;
  assertWeights(WHO, { contentWeight, styleWeight, variation });
  if (typeof init === "string" && init !== "noise") {
    throw new InputError(`${WHO}: expected init as "noise", "content" or pixels, got "${init}"`);
  }
  const asked = contentObjective(features, timesAll(contentWeights, contentWeight), loss).plus(
    styleObjective(grams, timesAll(styleWeights, styleWeight), loss),
  );
  return {
    asked,
    objective: asked.minus(variationObjective().times(variation)),
    image: typeof init === "string" ? noiseImage(graph, NOISE / 255) : pixelImage({ start: init }),
    optimiser: styleOptimiser(optimiser, rate, false),
    steps: stepsOf(WHO, options.steps ?? 1000),
  };
}

/** A weight that follows the loss, as `WEIGHTS` has it. */
const weightOption = (what: "content" | "style"): TechniqueOption<number> => ({
  type: { kind: "number" },
  otherwise: STYLE_LOSSES.map((loss) => `${WEIGHTS[loss][what]} (${loss})`).join(", "),
  help: `Weight of the ${what}.`,
});

export const NEURAL_STYLE = pictureTechnique({
  name: "neural-style",
  title: "Neural style",
  paper: { authors: "Gatys et al.", year: 2015, arxiv: "1508.06576" },
  summary: "A picture drawn in the style of a second one",
  asks: ["picture", "secondPicture", "contentLayers", "layers"],
  command: "style",
  options: {
    steps: steps(1000),
    contentWeight: weightOption("content"),
    styleWeight: weightOption("style"),
    variation: {
      type: { kind: "number" },
      default: 1e-3,
      help: "Weight of the total variation, of pixels of 0…255: the larger, the smoother.",
    },
    loss: LOSS_OPTION,
    pools: poolsOption("max"),
    optimiser: OPTIMISER_OPTION,
  },
  async run(
    networks,
    { picture, secondPicture, contentLayers, layers: styleLayers },
    { loss = "relative", ...options },
  ) {
    const asked = { ...options, loss, contentLayers, styleLayers };
    return (await neuralStyle(networks, picture, secondPicture, asked)).pictures;
  },
});
