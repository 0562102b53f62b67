import type { MapKind } from "../../figures/kinds.ts";
import { InputError } from "../../gpu/errors.ts";
import type { Fields } from "../../gpu/options.ts";
import type { InputColor } from "../../images/color.ts";
import type { Network } from "../../network/network.ts";
import type { CompositeName } from "../../relevance/rules.ts";
import type { LoopOptions } from "../../sampling/batches.ts";
import type { MemoryOptions } from "../../sampling/budget.ts";
import { assertCall } from "../answer.ts";
import {
  assertScore,
  EXPLAIN,
  type Explanation,
  type ObjectiveOptions,
  objectiveOf,
  type Picture,
} from "../explain.ts";
import { ablationCam } from "./ablation-cam.ts";
import { cam } from "./cam.ts";
import { deconvnet } from "./deconvnet.ts";
import { gradCam } from "./grad-cam.ts";
import { gradCamPlusPlus } from "./grad-cam-plus-plus.ts";
import { gradientTimesInput } from "./gradient-input.ts";
import { guidedBackprop } from "./guided-backprop.ts";
import { guidedGradCam } from "./guided-grad-cam.ts";
import { type Baseline, integratedGradients } from "./integrated-gradients.ts";
import { layerCam } from "./layer-cam.ts";
import { type LimeExplanation, lime, limeEach } from "./lime.ts";
import { localLinear } from "./local-linear.ts";
import { lrp } from "./lrp.ts";
import { occlusion, occlusionEach } from "./occlusion.ts";
import { rise, riseEach } from "./rise.ts";
import { saliency } from "./saliency.ts";
import { saliencyMask } from "./saliency-mask.ts";
import { scoreCam } from "./score-cam.ts";
import { smoothGrad, smoothGradSquared, varGrad } from "./smooth-grad.ts";

/** What any attribution technique can be told. Each reads what its `takes` lists, and what all share. */
export interface AttributionOptions extends ObjectiveOptions, LoopOptions, MemoryOptions {
  /** The CAMs: whose maps are weighed. Default: the last layer with more than one pixel. */
  readonly layer?: string;
  /** What a class's score is. Default: the technique's `on`. */
  readonly on?: "logit" | "probability";
  /** Noisy copies, random masks, or copies with hidden segments. */
  readonly samples?: number;
  /** Standard deviation of the noise as a fraction of the input's max − min. */
  readonly noise?: number;
  /** Nodes along a path. */
  readonly steps?: number;
  /** Integrated gradients: how far the sum may be off, as a share of the difference, before the steps are doubled. */
  readonly tolerance?: number;
  /** Where a path begins. */
  readonly baseline?: Baseline;
  /** LRP: how layers share relevance. */
  readonly rules?: CompositeName;
  /** Seed of noise and masks. */
  readonly seed?: number;
  /** Side of the patch that covers, in pixels. */
  readonly patch?: number;
  /** Pixels from one patch to the next. */
  readonly stride?: number;
  /** What covers or hides. */
  readonly fill?: InputColor;
  /** LIME: what hides a segment; "segment" is its own mean colour. */
  readonly hide?: "segment" | InputColor;
}

export const ATTRIBUTION: Fields<AttributionOptions> = {
  ...{ ...EXPLAIN },
  ...{ layer: "may", on: "may", samples: "may", noise: "may", steps: "may", tolerance: "may" },
  ...{ baseline: "may", rules: "may", seed: "may", patch: "may", stride: "may", fill: "may", hide: "may" },
};

/** The options that belong to some techniques only. */
export type AttributionOption = Exclude<
  keyof AttributionOptions,
  "target" | "output" | "signal" | "onProgress" | "memory"
>;

/** What a technique found, with its own account of it in numbers: a residual, an R², a count. */
export interface Attribution extends Explanation {
  readonly account?: Readonly<Record<string, number>>;
}

/** An attribution technique as plain data with a function: what a table, a menu or a contact sheet needs of it. */
export interface AttributionTechnique {
  /** Short, for a command line or an address: lower case and hyphens. */
  readonly name: string;
  readonly title: string;
  /** One line: what it computes, the shape, the paper. */
  readonly summary: string;
  /** How its map is drawn. */
  readonly figure: Exclude<MapKind, "activation">;
  /** What its values are, below the picture. Default: as its figure has it. */
  readonly unit?: string;
  /** The options that it reads, beside target, signal and onProgress. */
  readonly takes: readonly AttributionOption[];
  /** Whether `layer` names the layer whose maps are weighed. */
  readonly weighsMaps?: boolean;
  /** Whether it can be asked of classes only, and not of any neurons. */
  readonly classesOnly?: boolean;
  /** What a class's score is unless the options say so. Default "logit". */
  readonly on?: "probability";
  /** Whether it needs no gradients: a network made with `gradients: false` will do. */
  readonly forwardOnly?: boolean;
  /** False where it reads no layer but the output and the one it is asked: a network made with `share: true` will do. */
  readonly looksWithin?: false;
  /** About how many images it runs through the network by default, where many: the network's `batch` at a time. */
  readonly samples?: number;
  /**
   * Explains an image.
   * @throws InputError for an option out of range; UnsupportedError for a network that the technique is not defined on.
   */
  run(network: Network, image: Picture, options?: AttributionOptions): Promise<Attribution>;
  /** The same for several targets, where one sweep of samples answers all of them. */
  runEach?(
    network: Network,
    image: Picture,
    targets: readonly AttributionOptions["target"][],
    options?: Omit<AttributionOptions, "target">,
  ): Promise<readonly Attribution[]>;
}

type Run = AttributionTechnique["run"];
type Backward = (network: Network, image: Picture, options: AttributionOptions) => Promise<Attribution>;

/** A technique that starts at a gradient: a probability is an objective, not an option. */
function backward(technique: Backward): Run {
  return async (network, image, { on, ...options } = {}) => {
    if (on !== undefined) assertScore(on, "attribution");
    if (on !== "probability") return technique(network, image, options);
    const { target, objective } = await objectiveOf(network, image, { ...options, on });
    const found = await technique(network, image, { ...options, target: objective });
    return { ...found, target };
  };
}

const forward =
  (technique: Backward): Run =>
  (network, image, options = {}) =>
    technique(network, image, options);

function accountedFit(found: LimeExplanation): Attribution {
  const { fit, segments } = found;
  return { ...found, account: { segments: segments.count, intercept: fit.intercept, r2: fit.r2 } };
}

const PIXELS = "[H,W,C]";

const TECHNIQUES: readonly AttributionTechnique[] = [
  {
    name: "saliency",
    title: "Saliency",
    summary: `∂S/∂x, signed, ${PIXELS}; its picture is the maximum over colour (Simonyan et al. 2013)`,
    figure: "gradient",
    takes: ["on"],
    run: backward(saliency),
  },
  {
    name: "saliency-mask",
    title: "Saliency mask",
    summary:
      "1 on the object and 0 beside it: a graph cut by saliency and colour, [H,W] (Simonyan et al. 2013)",
    figure: "expectation",
    unit: "1: the object",
    takes: ["on"],
    run: backward(saliencyMask),
  },
  {
    name: "gradient-input",
    title: "Gradient × input",
    summary: `x ⊙ ∂S/∂x, signed, ${PIXELS}; its picture is the sum over colour (Shrikumar et al. 2016)`,
    figure: "attribution",
    unit: "sum over colour of x·∂S/∂x",
    takes: ["on"],
    run: backward(gradientTimesInput),
  },
  {
    name: "local-linear",
    title: "Local linear view",
    summary: `gradient × input, with the biases' share and what is missing (Srinivas & Fleuret 2019), ${PIXELS}`,
    figure: "attribution",
    unit: "sum over colour of x·∂S/∂x",
    takes: [],
    async run(network, image, options) {
      const found = await localLinear(network, image, options);
      const { score, linear, bias, residual } = found;
      return { ...found, account: { score, linear, bias, residual } };
    },
  },
  {
    name: "smoothgrad",
    title: "SmoothGrad",
    summary: `mean of ∂S/∂x over noisy copies, signed, ${PIXELS} (Smilkov et al. 2017)`,
    figure: "gradient",
    unit: "max over colour of |mean ∂S/∂x|",
    takes: ["on", "samples", "noise", "seed"],
    samples: 50,
    run: backward(smoothGrad),
  },
  {
    name: "smoothgrad-squared",
    title: "SmoothGrad squared",
    summary: `mean of its square, ${PIXELS} (Hooker et al. 2019)`,
    figure: "gradient",
    unit: "max over colour of the mean squared ∂S/∂x",
    takes: ["on", "samples", "noise", "seed"],
    samples: 50,
    run: backward(smoothGradSquared),
  },
  {
    name: "vargrad",
    title: "VarGrad",
    summary: `its variance, ${PIXELS} (Adebayo et al. 2018)`,
    figure: "gradient",
    unit: "max over colour of var ∂S/∂x",
    takes: ["on", "samples", "noise", "seed"],
    samples: 50,
    run: backward(varGrad),
  },
  {
    name: "integrated-gradients",
    title: "Integrated gradients",
    summary: `(x − x′) ⊙ mean of ∂S/∂x from a baseline x′, signed, ${PIXELS} (Sundararajan et al. 2017)`,
    figure: "attribution",
    unit: "sum over colour of the attribution",
    takes: ["on", "steps", "tolerance", "baseline"],
    samples: 52,
    run: backward(async (network, image, options) => {
      const found = await integratedGradients(network, image, options);
      const { sum, difference, residual, relative } = found.completeness;
      return { ...found, account: { steps: found.steps, sum, difference, residual, relative } };
    }),
  },
  {
    name: "lrp",
    title: "LRP",
    summary: `relevance shared layer by layer, with what biases took, signed, ${PIXELS} (Bach et al. 2015)`,
    figure: "attribution",
    unit: "sum over colour of the relevance",
    takes: ["rules"],
    async run(network, image, options) {
      const found = await lrp(network, image, options);
      return { ...found, account: { ...found.conservation } };
    },
  },
  {
    name: "guided-backprop",
    title: "Guided backprop",
    summary: `the gradient where it and the activation are positive, ${PIXELS} (Springenberg et al. 2014)`,
    figure: "signal",
    takes: ["on"],
    run: backward(guidedBackprop),
  },
  {
    name: "deconvnet",
    title: "Deconvnet",
    summary: `the signal where it is positive itself, ${PIXELS} (Zeiler & Fergus 2013)`,
    figure: "signal",
    takes: ["on"],
    run: backward(deconvnet),
  },
  {
    name: "cam",
    title: "CAM",
    summary: "maps before global average pooling, by the class's weights, signed, [h,w] (Zhou et al. 2016)",
    figure: "cam",
    unit: "∑ weight × activation",
    takes: [],
    classesOnly: true,
    forwardOnly: true,
    run: forward(cam),
  },
  {
    name: "grad-cam",
    title: "Grad-CAM",
    summary: "a layer's maps weighed by the gradient, [h,w] (Selvaraju et al. 2017)",
    figure: "cam",
    takes: ["layer", "on"],
    weighsMaps: true,
    run: backward(gradCam),
  },
  {
    name: "grad-cam-plus-plus",
    title: "Grad-CAM++",
    summary: "the same, every instance alike, [h,w] (Chattopadhay et al. 2018)",
    figure: "cam",
    takes: ["layer", "on"],
    weighsMaps: true,
    run: backward(gradCamPlusPlus),
  },
  {
    name: "layer-cam",
    title: "Layer-CAM",
    summary: "the same, every place by its own gradient, [h,w] (Jiang et al. 2021)",
    figure: "cam",
    unit: "ReLU(∑ ReLU(gradient) × activation)",
    takes: ["layer", "on"],
    weighsMaps: true,
    run: backward(layerCam),
  },
  {
    name: "guided-grad-cam",
    title: "Guided Grad-CAM",
    summary: `guided backprop ⊙ Grad-CAM enlarged, ${PIXELS} (Selvaraju et al. 2017)`,
    figure: "signal",
    takes: ["layer", "on"],
    weighsMaps: true,
    run: backward(guidedGradCam),
  },
  {
    name: "score-cam",
    title: "Score-CAM",
    summary: "a layer's maps, by the score of the image seen through them, [h,w] (Wang et al. 2020)",
    figure: "cam",
    takes: ["layer", "on"],
    weighsMaps: true,
    forwardOnly: true,
    looksWithin: false,
    samples: 512,
    run: forward(scoreCam),
  },
  {
    name: "ablation-cam",
    title: "Ablation-CAM",
    summary: "a layer's maps, by the fall of the score without them, [h,w] (Desai & Ramaswamy 2020)",
    figure: "cam",
    takes: ["layer", "on"],
    weighsMaps: true,
    forwardOnly: true,
    samples: 512,
    run: forward(ablationCam),
  },
  {
    name: "occlusion",
    title: "Occlusion",
    summary: "how far the score falls when a patch is covered, [H,W] (Zeiler & Fergus 2013)",
    figure: "occlusion",
    takes: ["on", "patch", "stride", "fill"],
    forwardOnly: true,
    samples: 196,
    run: forward(occlusion),
    runEach: occlusionEach,
  },
  {
    name: "rise",
    title: "RISE",
    summary:
      "the probability to be expected when a pixel shows, over random masks, [H,W] (Petsiuk et al. 2018)",
    figure: "expectation",
    on: "probability",
    takes: ["on", "samples", "fill", "seed"],
    forwardOnly: true,
    looksWithin: false,
    samples: 4000,
    run: forward((network, image, { samples: masks, ...options }) =>
      rise(network, image, { ...options, ...(masks === undefined ? {} : { masks }) }),
    ),
    runEach: (network, image, targets, { samples: masks, ...options } = {}) =>
      riseEach(network, image, targets, { ...options, ...(masks === undefined ? {} : { masks }) }),
  },
  {
    name: "lime",
    title: "LIME",
    summary: "weights of segments in a linear model of the score, with its R², [H,W] (Ribeiro et al. 2016)",
    figure: "attribution",
    unit: "weight of the segment",
    takes: ["on", "samples", "hide", "seed"],
    forwardOnly: true,
    looksWithin: false,
    samples: 1000,
    run: forward(async (network, image, options) => accountedFit(await lime(network, image, options))),
    runEach: async (network, image, targets, options = {}) =>
      (await limeEach(network, image, targets, options)).map(accountedFit),
  },
];

/** A technique that is told what it reads, and refuses what none knows. */
function told(technique: AttributionTechnique): AttributionTechnique {
  const { name, takes, run, runEach } = technique;
  const shared = Object.keys(EXPLAIN);
  const read = <O extends AttributionOptions>(options: O, network: Network): O => {
    assertCall({ who: name, fields: ATTRIBUTION }, network, options as AttributionOptions);
    const own = Object.entries(options).filter(
      ([key]) => shared.includes(key) || takes.includes(key as AttributionOption),
    );
    return Object.fromEntries(own) as O;
  };
  return {
    ...technique,
    run: async (network, image, options = {}) => run(network, image, read(options, network)),
    ...(runEach
      ? {
          runEach: async (network, image, targets, options = {}) =>
            runEach(network, image, targets, read(options, network)),
        }
      : {}),
  };
}

/** Every attribution technique: which pixels decided. In the order in which people meet them. */
export const ATTRIBUTIONS: readonly AttributionTechnique[] = TECHNIQUES.map(told);

/** A technique by its name. @throws InputError that lists the names. */
export function attributionNamed(name: string): AttributionTechnique {
  const found = ATTRIBUTIONS.find((technique) => technique.name === name);
  if (found) return found;
  throw new InputError(
    `attribution: expected one of ${ATTRIBUTIONS.map((technique) => technique.name).join(", ")}, got "${name}"`,
  );
}
