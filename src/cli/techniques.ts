import type { Colour } from "../images/colour.ts";
import type { FigureTechnique } from "../images/figure.ts";
import type { LoopOptions } from "../loops/batches.ts";
import type { Network } from "../network/network.ts";
import { ablationCam } from "../techniques/ablation-cam.ts";
import { cam } from "../techniques/cam.ts";
import { deconvnet } from "../techniques/deconvnet.ts";
import type { Explanation, ObjectiveOptions } from "../techniques/explain.ts";
import { gradCam } from "../techniques/grad-cam.ts";
import { gradCamPlusPlus } from "../techniques/grad-cam-plus-plus.ts";
import { gradientTimesInput } from "../techniques/gradient-input.ts";
import { guidedBackprop } from "../techniques/guided-backprop.ts";
import { guidedGradCam } from "../techniques/guided-grad-cam.ts";
import { type Baseline, integratedGradients } from "../techniques/integrated-gradients.ts";
import { layerCam } from "../techniques/layer-cam.ts";
import { lime } from "../techniques/lime.ts";
import { localLinear } from "../techniques/local-linear.ts";
import { rise } from "../techniques/rise.ts";
import { saliency } from "../techniques/saliency.ts";
import { saliencyMask } from "../techniques/saliency-mask.ts";
import { scoreCam } from "../techniques/score-cam.ts";
import { smoothGrad, smoothGradSquared, varGrad } from "../techniques/smooth-grad.ts";
import type { OptionName } from "./options.ts";
import type { Values } from "./values.ts";

/** What a technique found, with its own account of it. */
export interface Found extends Explanation {
  /** For --json, and in words. */
  readonly account?: Readonly<Record<string, number>>;
}

export interface RunOptions extends ObjectiveOptions, LoopOptions {
  /** The layer whose maps are weighed, for the CAMs. */
  readonly layer?: string;
  /** What a class's score is, for techniques that only run forward. */
  readonly on: "logit" | "probability";
}

/** A technique as the command line has it. */
export interface Technique {
  readonly name: string;
  readonly title: string;
  /** One line of help: what it computes. */
  readonly summary: string;
  /** How its map is drawn. */
  readonly figure: Exclude<FigureTechnique, "activation">;
  /** What its values are, below the picture; left out, as its figure has it. */
  readonly unit?: string;
  /** Options of its own. */
  readonly options: readonly OptionName[];
  /** Whether --layer names the layer whose maps are weighed, and not what is explained. */
  readonly weighsMaps?: boolean;
  /** What a class's score is unless --probability says so. Default "logit". */
  readonly on?: "probability";
  /** Whether it needs no gradients. */
  readonly forwardOnly?: boolean;
  /** Whether it runs many images; then as many as --batch at a time. */
  readonly samples?: boolean;
  /** Absent for occlusion, which has options that are checked before the network is loaded. */
  run?(network: Network, image: Float32Array, options: RunOptions, values: Values): Promise<Found>;
}

const NEURONS = ["channel", "at", "probability"] as const;
const NOISY = [...NEURONS, "samples", "noise", "random", "batch"] as const;
const PIXELS = "[H,W,C]";

export const TECHNIQUES: readonly Technique[] = [
  {
    name: "saliency",
    title: "Saliency",
    summary: `∂S/∂x, signed, ${PIXELS}; its picture is the maximum over colour (Simonyan et al. 2013)`,
    figure: "saliency",
    options: NEURONS,
    run: saliency,
  },
  {
    name: "saliency-mask",
    title: "Saliency mask",
    summary:
      "1 on the object and 0 beside it: a graph cut by saliency and colour, [H,W] (Simonyan et al. 2013)",
    figure: "expectation",
    unit: "1: the object",
    options: NEURONS,
    run: saliencyMask,
  },
  {
    name: "gradient-input",
    title: "Gradient × input",
    summary: `x ⊙ ∂S/∂x, signed, ${PIXELS}; its picture is the sum over colour (Shrikumar et al. 2016)`,
    figure: "attribution",
    unit: "sum over colour of x·∂S/∂x",
    options: NEURONS,
    run: gradientTimesInput,
  },
  {
    name: "local-linear",
    title: "Local linear view",
    summary: `gradient × input, with the biases' share and what is missing (Srinivas & Fleuret 2019), ${PIXELS}`,
    figure: "attribution",
    unit: "sum over colour of x·∂S/∂x",
    options: ["channel", "at"],
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
    figure: "saliency",
    unit: "max over colour of |mean ∂S/∂x|",
    options: NOISY,
    samples: true,
    run: (network, image, options, values) => smoothGrad(network, image, { ...options, ...noiseOf(values) }),
  },
  {
    name: "smoothgrad-squared",
    title: "SmoothGrad squared",
    summary: `mean of its square, ${PIXELS} (Hooker et al. 2019)`,
    figure: "saliency",
    unit: "max over colour of the mean squared ∂S/∂x",
    options: NOISY,
    samples: true,
    run: (network, image, options, values) =>
      smoothGradSquared(network, image, { ...options, ...noiseOf(values) }),
  },
  {
    name: "vargrad",
    title: "VarGrad",
    summary: `its variance, ${PIXELS} (Adebayo et al. 2018)`,
    figure: "saliency",
    unit: "max over colour of var ∂S/∂x",
    options: NOISY,
    samples: true,
    run: (network, image, options, values) => varGrad(network, image, { ...options, ...noiseOf(values) }),
  },
  {
    name: "integrated-gradients",
    title: "Integrated gradients",
    summary: `(x − x′) ⊙ mean of ∂S/∂x from a baseline x′, signed, ${PIXELS} (Sundararajan et al. 2017)`,
    figure: "attribution",
    unit: "sum over colour of the attribution",
    options: [...NEURONS, "steps", "baseline", "batch"],
    samples: true,
    async run(network, image, options, values) {
      const steps = values.whole("steps", 1, 10_000);
      const baseline = colourValue<Baseline>(values, "baseline", ["black", "mean", "blur"]);
      const found = await integratedGradients(network, image, {
        ...options,
        ...(steps === undefined ? {} : { steps }),
        ...(baseline === undefined ? {} : { baseline }),
      });
      const { sum, difference, residual, relative } = found.completeness;
      return { ...found, account: { sum, difference, residual, relative } };
    },
  },
  {
    name: "guided-backprop",
    title: "Guided backprop",
    summary: `the gradient where it and the activation are positive, ${PIXELS} (Springenberg et al. 2014)`,
    figure: "guided-backprop",
    options: NEURONS,
    run: guidedBackprop,
  },
  {
    name: "deconvnet",
    title: "Deconvnet",
    summary: `the signal where it is positive itself, ${PIXELS} (Zeiler & Fergus 2013)`,
    figure: "deconvnet",
    options: NEURONS,
    run: deconvnet,
  },
  {
    name: "cam",
    title: "CAM",
    summary: "maps before global average pooling, by the class's weights, signed, [h,w] (Zhou et al. 2016)",
    figure: "grad-cam",
    unit: "∑ weight × activation",
    options: [],
    forwardOnly: true,
    run: cam,
  },
  {
    name: "grad-cam",
    title: "Grad-CAM",
    summary: "a layer's maps weighed by the gradient, [h,w] (Selvaraju et al. 2017)",
    figure: "grad-cam",
    options: ["probability"],
    weighsMaps: true,
    run: gradCam,
  },
  {
    name: "grad-cam-plus-plus",
    title: "Grad-CAM++",
    summary: "the same, every instance alike, [h,w] (Chattopadhay et al. 2018)",
    figure: "grad-cam",
    options: ["probability"],
    weighsMaps: true,
    run: gradCamPlusPlus,
  },
  {
    name: "layer-cam",
    title: "Layer-CAM",
    summary: "the same, every place by its own gradient, [h,w] (Jiang et al. 2021)",
    figure: "grad-cam",
    unit: "ReLU(∑ ReLU(gradient) × activation)",
    options: ["probability"],
    weighsMaps: true,
    run: layerCam,
  },
  {
    name: "guided-grad-cam",
    title: "Guided Grad-CAM",
    summary: `guided backprop ⊙ Grad-CAM enlarged, ${PIXELS} (Selvaraju et al. 2017)`,
    figure: "guided-backprop",
    options: ["probability"],
    weighsMaps: true,
    run: guidedGradCam,
  },
  {
    name: "score-cam",
    title: "Score-CAM",
    summary: "a layer's maps, by the score of the image seen through them, [h,w] (Wang et al. 2020)",
    figure: "grad-cam",
    options: ["probability", "batch"],
    weighsMaps: true,
    forwardOnly: true,
    samples: true,
    run: scoreCam,
  },
  {
    name: "ablation-cam",
    title: "Ablation-CAM",
    summary: "a layer's maps, by the fall of the score without them, [h,w] (Desai & Ramaswamy 2020)",
    figure: "grad-cam",
    options: ["probability", "batch"],
    weighsMaps: true,
    forwardOnly: true,
    samples: true,
    run: ablationCam,
  },
  {
    name: "occlusion",
    title: "Occlusion",
    summary: "how far the score falls when a patch is covered, [H,W] (Zeiler & Fergus 2013)",
    figure: "occlusion",
    options: [...NEURONS, "patch", "stride", "fill", "batch"],
    forwardOnly: true,
    samples: true,
  },
  {
    name: "rise",
    title: "RISE",
    summary:
      "the probability to be expected when a pixel shows, over random masks, [H,W] (Petsiuk et al. 2018)",
    figure: "expectation",
    on: "probability",
    options: [...NEURONS, "samples", "fill", "random", "batch"],
    forwardOnly: true,
    samples: true,
    run(network, image, options, values) {
      const masks = samplesOf(values);
      const fill = colourValue<Colour>(values, "fill", ["mean"]);
      return rise(network, image, {
        ...options,
        ...seedOf(values),
        ...(masks === undefined ? {} : { masks }),
        ...(fill === undefined ? {} : { fill }),
      });
    },
  },
  {
    name: "lime",
    title: "LIME",
    summary: "weights of segments in a linear model of the score, with its R², [H,W] (Ribeiro et al. 2016)",
    figure: "attribution",
    unit: "weight of the segment",
    options: [...NEURONS, "samples", "random", "batch"],
    forwardOnly: true,
    samples: true,
    async run(network, image, options, values) {
      const samples = samplesOf(values);
      const found = await lime(network, image, {
        ...options,
        ...seedOf(values),
        ...(samples === undefined ? {} : { samples }),
      });
      const { fit, segments } = found;
      return { ...found, account: { segments: segments.count, intercept: fit.intercept, r2: fit.r2 } };
    },
  },
];

function samplesOf(values: Values): number | undefined {
  return values.whole("samples", 1, 2 ** 24);
}

function seedOf(values: Values): { readonly seed?: number } {
  const seed = values.whole("random", 0, 2 ** 32 - 1);
  return seed === undefined ? {} : { seed };
}

function noiseOf(values: Values) {
  const samples = samplesOf(values);
  const [noise, ...others] = values.numbers("noise") ?? [];
  return {
    ...seedOf(values),
    ...(samples === undefined ? {} : { samples }),
    // Several numbers are no fraction: the technique says so.
    ...(noise === undefined ? {} : { noise: others.length > 0 ? Number.NaN : noise }),
  };
}

/** A word, a number, or one number a channel. */
function colourValue<T>(values: Values, name: "fill" | "baseline", words: readonly string[]): T | undefined {
  const text = values.text(name);
  if (text === undefined || words.includes(text)) return text as T | undefined;
  const numbers = values.numbers(name);
  return (numbers?.length === 1 ? numbers[0] : numbers) as T | undefined;
}
