import { InputError, UnsupportedError } from "../../gpu/errors.ts";
import type { Fields } from "../../gpu/options.ts";
import { type Graph, inputOf, pictureOf } from "../../graph/graph.ts";
import { gaussianBlur } from "../../images/blur.ts";
import { inputColorOf } from "../../images/color.ts";
import { readInput } from "../../images/picture.ts";
import { createPathBatch, createWeightedSum } from "../../kernels/sampling.ts";
import type { Network } from "../../network/network.ts";
import { LOOP, type LoopOptions } from "../../sampling/batches.ts";
import { MEMORY, type MemoryOptions } from "../../sampling/budget.ts";
import { gaussLegendre } from "../../sampling/quadrature.ts";
import { createSampleLoop } from "../../sampling/samples.ts";
import { answer, assertCall, copyOf } from "../answer.ts";
import { assertAnswer } from "../answer-checks.ts";
import { EXPLAIN, type Explanation, type ObjectiveOptions, type Picture } from "../question.ts";
import { andThen, explainPrepared, imageOf, NONE, type Prepare } from "./command.ts";
import { BASELINE, type Baseline, ON, type TechniqueOption } from "./options.ts";
import { type Attribution, attributionTechnique, fromGradient } from "./technique.ts";

export interface IntegratedGradientsOptions extends ObjectiveOptions, LoopOptions, MemoryOptions {
  /** Nodes of the Gauss–Legendre rule along the path. Default 50. */
  readonly steps?: number | undefined;
  /**
   * The largest `completeness.relative` to be content with. The steps are doubled until it is reached, at most four times (up
   * to sixteen times `steps`, of which `completeness` then says how far they came). Default: `steps`, once.
   */
  readonly tolerance?: number | undefined;
  /**
   * Default "black". "blur" is the image under a Gaussian whose standard deviation is a tenth of its shorter side. An
   * attribution says what distinguishes the image from its baseline: what is black in both gets none.
   */
  readonly baseline?: Baseline | undefined;
}

const STEPS = {
  type: { kind: "whole", from: 1, to: 10_000 },
  default: 50,
  help: "Number of points along the path from the baseline to the image.",
} as const satisfies TechniqueOption<number>;

const TOLERANCE = {
  type: { kind: "number" },
  otherwise: "the steps are taken once",
  help: "The largest error of the sum, as a share of the difference to the baseline. The steps are doubled until it is reached, at most four times.",
} as const satisfies TechniqueOption<number>;

const WHO = "integrated gradients";

/** Both ends of the path are samples without weight, for their scores. */
const ENDS = 2;

const FIELDS: Fields<IntegratedGradientsOptions> = {
  ...EXPLAIN,
  ...LOOP,
  ...MEMORY,
  ...{ steps: "may", tolerance: "may", baseline: "may" },
};

/** Comparison of the attributions' sum with the change of the score that they explain. */
export interface Completeness {
  /** Σ over all elements of the attribution. */
  readonly sum: number;
  /** S(x) − S(x′): what the sum is in theory. */
  readonly difference: number;
  /** sum − difference. */
  readonly residual: number;
  /** |residual| as a share of |difference|. Above 0.01, take more steps, or ask for a tolerance. */
  readonly relative: number;
}

/** Attributions with how well they add up. */
export interface PathExplanation extends Explanation {
  readonly completeness: Completeness;
  /** Nodes of the rule that gave it. */
  readonly steps: number;
}

/** Most doublings of the number of steps. */
const DOUBLINGS = 4;

/**
 * Integrated gradients: (x − x′) ⊙ ∫₀¹ ∂S(x′ + α(x − x′))/∂x dα, signed, [H, W, C]
 * (Sundararajan et al. 2017, arXiv:1703.01365, eq. 1), by a Gauss–Legendre rule. The score at both ends of the path is
 * measured too, and the completeness residual is reported (ibid., proposition 1).
 * @example
 * ```ts
 * import { integratedGradients } from "vitrine";
 *
 * const { completeness, steps } = await integratedGradients(network, image, { target: "star", steps: 8 });
 * console.log(steps, Math.abs(completeness.residual) < 1); // 8 true
 * ```
 */
export async function integratedGradients(
  network: Network,
  image: Picture,
  options: IntegratedGradientsOptions = {},
): Promise<PathExplanation> {
  assertCall({ who: "integrated gradients", fields: FIELDS }, network, options);
  const { tolerance, steps = STEPS.default, onProgress } = options;
  if (tolerance === undefined) return answer(network, image, options, alongPath);
  if (!(tolerance > 0 && Number.isFinite(tolerance))) {
    throw new InputError(
      `integrated gradients: expected a tolerance above 0 (a share of the difference), got ${tolerance}`,
    );
  }
  // Rounds of 1, 2, 4, … parts of the work; the last may not be needed.
  const parts = 2 ** (DOUBLINGS + 1) - 1;
  const input = await copyOf(network, image);
  const round = (factor: number, target: Pick<ObjectiveOptions, "target">) => {
    const settings = {
      ...options,
      ...target,
      steps: steps * factor,
      onProgress: (done: number) => onProgress?.((factor * (1 + done) - 1) / parts),
    };
    return answer(network, input, settings, alongPath);
  };
  let found = await round(1, {});
  for (let factor = 2; factor <= 2 ** DOUBLINGS; factor *= 2) {
    const { residual, difference } = found.completeness;
    if (Math.abs(residual) <= tolerance * Math.abs(difference)) break;
    found = await round(factor, { target: found.target });
  }
  onProgress?.(1);
  return found;
}

function alongPath(
  network: Network,
  input: Float32Array,
  options: IntegratedGradientsOptions,
): Promise<PathExplanation> {
  return explainPrepared(network, input, WHO, options, preparePath);
}

/** Results: `mean`, the mean gradient along the path, [H, W, C], and `scores`, at the baseline, the image, and each node. */
const preparePath: Prepare<IntegratedGradientsOptions, PathExplanation> = async (site, options) => {
  const { network, input, scope } = site;
  const { steps = STEPS.default, baseline = BASELINE.default } = options;
  const { device, graph, batch } = network;
  const { nodes, weights } = gaussLegendre(steps);
  const { name, shape } = inputOf(graph);
  const start = await baselineOf(graph, input, baseline);
  const g = network.gradient(name);
  const { target, objective } = await site.ask(options);
  const asked = await scope.objective(objective);
  const constant = (data: Float32Array) => scope.tensor([data.length], { data, label: WHO });
  const alphas = constant(Float32Array.from([0, 1, ...nodes]));
  const w = constant(Float32Array.from([0, 0, ...weights]));
  const { image: x } = imageOf(site, WHO);
  const count = steps + ENDS;
  const mean = scope.tensor(shape, { label: WHO });
  const scores = scope.tensor([Math.ceil(count / batch) * batch], { label: WHO });
  const from = constant(start);
  const loop = await createSampleLoop(
    network,
    {
      ...{ who: WHO, count, gradient: true },
      fill: (position) => createPathBatch(device, { x, baseline: from, alphas, position, y: network.input }),
      questions: [
        {
          objective: asked,
          scores,
          gather: (position) => createWeightedSum(device, { x: g, w, position, sum: mean }),
          sums: [mean],
        },
      ],
    },
    scope,
  );
  return {
    ...loop,
    ...{ image: x, target, results: { mean, scores } },
    async finish({ mean: slopes = NONE, scores: [before = 0, after = 0] = NONE }, image) {
      await assertAnswer(network, Float32Array.of(before, after), "its scores");
      const data = slopes.map((slope, i) => slope * ((image[i] ?? 0) - (start[i] ?? 0)));
      return { data, shape, target, completeness: completenessOf(data, after - before), steps };
    },
  };
};

/** The same as a command of its own, whose number of steps is fixed before the first is taken. */
const prepareFixed: typeof preparePath = async (site, options) => {
  if (options.tolerance === undefined) return preparePath(site, options);
  throw new UnsupportedError(
    `${WHO}: expected no tolerance for a command, which takes as many steps as it was created with, got ${options.tolerance}; give steps, or call integratedGradients()`,
  );
};

function completenessOf(data: Float32Array, difference: number): Completeness {
  const sum = data.reduce((total, value) => total + value, 0);
  const residual = sum - difference;
  return { sum, difference, residual, relative: Math.abs(residual) / Math.abs(difference) };
}

/** A baseline as values [H, W, C] of the network's input. @throws InputError when it cannot be one. */
export async function baselineOf(
  graph: Graph,
  input: Float32Array,
  baseline: Baseline,
  who = "integrated gradients",
): Promise<Float32Array> {
  if (typeof baseline === "object" && "image" in baseline) return readInput(graph, baseline.image);
  // One number needs no colours.
  if (typeof baseline === "number" && Number.isFinite(Math.fround(baseline)))
    return input.map(() => baseline);
  const { shape } = pictureOf(
    graph,
    `${who}, whose baseline is a colour and neither a number nor { image: values }`,
  );
  if (baseline === "blur") return gaussianBlur(input, shape, Math.min(shape[0], shape[1]) / 10);
  if (typeof baseline === "string" && !["mean", "black", "grey", "white"].includes(baseline)) {
    throw new InputError(
      `${who}: expected a baseline of black, grey, white, mean, blur, a colour or { image }, got "${baseline}"`,
    );
  }
  const color = inputColorOf(graph, input, baseline, who);
  return Float32Array.from(input, (_, i) => color[i % shape[2]] ?? 0);
}

/** The completeness of an attribution as its account. */
function accounted(found: PathExplanation): Attribution {
  const { sum, difference, residual, relative } = found.completeness;
  return { ...found, account: { steps: found.steps, sum, difference, residual, relative } };
}

export const INTEGRATED_GRADIENTS = attributionTechnique({
  name: "integrated-gradients",
  title: "Integrated gradients",
  paper: { authors: "Sundararajan et al.", year: 2017, arxiv: "1703.01365" },
  summary:
    "Each pixel's share of the score's difference from a baseline image: gradients summed along the path between them",
  shape: "[H,W,C]",
  kind: "attribution",
  unit: "sum over colour of the attribution",
  options: { on: ON, steps: STEPS, tolerance: TOLERANCE, baseline: BASELINE },
  accountInWords: ({ relative = 0 }, write) => `Completeness: ${write(100 * Math.abs(relative))} % missing.`,
  quick: { steps: 20 },
  quickest: { steps: 24 },
  passes: STEPS.default + ENDS,
  prepare: andThen(prepareFixed, accounted),
  run: fromGradient(async (network, image, options) =>
    accounted(await integratedGradients(network, image, options)),
  ),
});
