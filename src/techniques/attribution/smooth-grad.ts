import { InputError } from "../../gpu/errors.ts";
import type { Fields } from "../../gpu/options.ts";
import { inputOf } from "../../graph/graph.ts";
import { createNoisyBatch, createRunningMoments } from "../../kernels/sampling.ts";
import type { Network } from "../../network/network.ts";
import { type LoopOptions, MOST_SAMPLES } from "../../sampling/batches.ts";
import type { MemoryOptions } from "../../sampling/budget.ts";
import { createSampleLoop } from "../../sampling/samples.ts";
import { seedOf } from "../../sampling/seed.ts";
import { answer } from "../answer.ts";
import { scoresBeside } from "../answer-checks.ts";
import { EXPLAIN, type Explanation, type ObjectiveOptions, type Picture } from "../question.ts";
import { explainPrepared, imageOf, NONE, type Prepare } from "./command.ts";
import { ON, SEED, type TechniqueOption } from "./options.ts";
import { attributionTechnique, fromGradient } from "./technique.ts";

export interface SmoothGradOptions extends ObjectiveOptions, LoopOptions, MemoryOptions {
  /** Noisy copies of the image. Default 50. */
  readonly samples?: number | undefined;
  /** Standard deviation of the noise as a fraction of the input's max − min. Default 0.15; the paper has 0.1 to 0.2. */
  readonly noise?: number | undefined;
  /** A whole number of 0 to 2³² − 1; the same seed gives the same bits on the same device. Default 0. */
  readonly seed?: number | undefined;
}

const SAMPLES = {
  type: { kind: "whole", from: 1, to: MOST_SAMPLES },
  counts: "copies",
  default: 50,
  help: "Number of noisy copies of the image.",
} as const satisfies TechniqueOption<number>;

const NOISE = {
  type: { kind: "number" },
  default: 0.15,
  help: "Standard deviation of the noise, as a fraction of the input's max − min.",
} as const satisfies TechniqueOption<number>;

const FIELDS: Fields<SmoothGradOptions> = {
  ...{ ...EXPLAIN },
  ...{ samples: "may", noise: "may", seed: "may" },
};

/**
 * SmoothGrad: the mean over noisy copies of the gradient to the image, signed, [H, W, C]
 * (Smilkov et al. 2017, arXiv:1706.03825): 1/n·Σ ∂S(x + ε)/∂x, ε ~ N(0, σ²).
 */
export function smoothGrad(
  network: Network,
  image: Picture,
  options: SmoothGradOptions = {},
): Promise<Explanation> {
  return noisyGradients(network, image, options, "SmoothGrad", MEAN);
}

/** SmoothGrad²: the mean of the squared gradient, [H, W, C] (Hooker et al. 2019, arXiv:1806.10758, section 4.2). */
export function smoothGradSquared(
  network: Network,
  image: Picture,
  options: SmoothGradOptions = {},
): Promise<Explanation> {
  return noisyGradients(network, image, options, "SmoothGrad²", MEAN_OF_SQUARES);
}

/**
 * VarGrad: the variance (that of the samples, over n) of the gradient, [H, W, C] (Adebayo et al. 2018, arXiv:1810.03307).
 */
export function varGrad(
  network: Network,
  image: Picture,
  options: SmoothGradOptions = {},
): Promise<Explanation> {
  return noisyGradients(network, image, options, "VarGrad", VARIANCE);
}

/** Element of the map, from the mean and the variance of noisy copies' gradients. */
type OfMoments = (mean: number, variance: number) => number;

const MEAN: OfMoments = (mean) => mean;
const MEAN_OF_SQUARES: OfMoments = (mean, variance) => mean * mean + variance;
const VARIANCE: OfMoments = (_, variance) => variance;

function noisyGradients(
  network: Network,
  image: Picture,
  options: SmoothGradOptions,
  who: string,
  result: OfMoments,
): Promise<Explanation> {
  const work = (turn: Network, input: Float32Array) =>
    explainPrepared(turn, input, "SmoothGrad", options, prepareMoments(result));
  return answer(network, image, options, work, { who, fields: FIELDS });
}

/** Results: `mean` and `m2`, the mean of the gradients and the sum of their squared deviations, [H, W, C]. */
function prepareMoments(result: OfMoments): Prepare<SmoothGradOptions, Explanation> {
  return async (site, options) => {
    const { network, input, scope } = site;
    const { samples = SAMPLES.default, noise = NOISE.default } = options;
    const { device, graph } = network;
    const sigma = noise * spread(input);
    if (!(noise >= 0 && Number.isFinite(Math.fround(sigma)))) {
      throw new InputError(
        `SmoothGrad: expected noise of at least 0 (a fraction of max − min), got ${noise}`,
      );
    }
    const seed = seedOf(options.seed, "SmoothGrad");
    const { name, shape } = inputOf(graph);
    const g = network.gradient(name);
    const { target, objective } = await site.ask(options);
    const asked = await scope.objective(objective);
    const { image: x } = imageOf(site, "SmoothGrad");
    const mean = scope.tensor(shape, { label: "SmoothGrad mean" });
    const m2 = scope.tensor(shape, { label: "SmoothGrad m2" });
    const loop = await createSampleLoop(
      network,
      {
        who: "SmoothGrad",
        count: samples,
        fill: (position) => createNoisyBatch(device, { x, position, y: network.input, seed, sigma }),
        gradient: true,
        questions: [
          {
            objective: asked,
            gather: (position) => createRunningMoments(device, { x: g, position, mean, m2 }),
            sums: [mean, m2],
          },
        ],
      },
      scope,
    );
    return {
      ...loop,
      ...{ image: x, target, results: { mean, m2 }, beside: scoresBeside(network, [objective]) },
      finish: ({ mean: means = NONE, m2: squares = NONE }) => ({
        data: means.map((value, i) => result(value, (squares[i] ?? 0) / samples)),
        shape,
        target,
      }),
    };
  };
}

/** max − min. */
export function spread(values: Float32Array): number {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return high - low;
}

const SHARED = {
  shape: "[H,W,C]",
  kind: "gradient",
  options: { on: ON, samples: SAMPLES, noise: NOISE, seed: SEED },
  quick: { samples: 25 },
  quickest: { samples: 16 },
  passes: SAMPLES.default,
} as const;

export const SMOOTH_GRAD = attributionTechnique({
  ...SHARED,
  name: "smoothgrad",
  title: "SmoothGrad",
  paper: { authors: "Smilkov et al.", year: 2017, arxiv: "1706.03825" },
  summary: "The mean of the gradients of many noisy copies of the image: saliency with less noise",
  unit: "max over colour of |mean ∂S/∂x|",
  run: fromGradient(smoothGrad),
  prepare: prepareMoments(MEAN),
});

export const SMOOTH_GRAD_SQUARED = attributionTechnique({
  ...SHARED,
  name: "smoothgrad-squared",
  title: "SmoothGrad squared",
  paper: { authors: "Hooker et al.", year: 2019, arxiv: "1806.10758" },
  summary: "The mean of the squared gradients of many noisy copies of the image",
  unit: "max over colour of the mean squared ∂S/∂x",
  run: fromGradient(smoothGradSquared),
  prepare: prepareMoments(MEAN_OF_SQUARES),
});

export const VAR_GRAD = attributionTechnique({
  ...SHARED,
  name: "vargrad",
  title: "VarGrad",
  paper: { authors: "Adebayo et al.", year: 2018, arxiv: "1810.03307" },
  summary: "The variance of the gradients of many noisy copies of the image",
  unit: "max over colour of var ∂S/∂x",
  run: fromGradient(varGrad),
  prepare: prepareMoments(VARIANCE),
});
