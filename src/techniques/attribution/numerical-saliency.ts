import { InputError } from "../../gpu/errors.ts";
import type { Fields } from "../../gpu/options.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { pictureOf } from "../../graph/graph.ts";
import { createDifferenceBatch } from "../../kernels/perturbing.ts";
import type { Network, Target } from "../../network/network.ts";
import type { ObjectiveCommand } from "../../objectives/commands.ts";
import type { Objective } from "../../objectives/objective.ts";
import { type LoopOptions, MOST_SAMPLES } from "../../sampling/batches.ts";
import type { MemoryOptions } from "../../sampling/budget.ts";
import { createSampleLoop } from "../../sampling/samples.ts";
import { assertCall } from "../answer.ts";
import { assertAnswer } from "../answer-checks.ts";
import {
  type AnyTarget,
  EXPLAIN,
  type Explanation,
  type ObjectiveOptions,
  type Picture,
} from "../question.ts";
import { andThen, explainEachPrepared, first, imageOf, NONE, numbered, type Prepare } from "./command.ts";
import { ON, type TechniqueOption } from "./options.ts";
import { spread } from "./smooth-grad.ts";
import { attributionTechnique } from "./technique.ts";

export interface NumericalSaliencyOptions extends ObjectiveOptions, LoopOptions, MemoryOptions {
  /** Score of a class. Default "logit". */
  readonly on?: "logit" | "probability" | undefined;
  /**
   * Side of the square that is varied at once, in pixels, channel by channel. With 1 it is the gradient itself, by two passes a value. Default: the
   * smallest that takes at most 1024 passes.
   */
  readonly patch?: number | undefined;
  /** How far a value is moved up and down, as a fraction of the input's max − min. Default 0.01. */
  readonly step?: number | undefined;
}

/** Passes that the default square takes at most. */
const PASSES = 1024;

const PATCH = {
  type: { kind: "whole", from: 1, to: 2 ** 16 },
  otherwise: `the smallest that takes at most ${PASSES} passes`,
  help: "Side of the square that is varied at once, channel by channel, in pixels.",
} as const satisfies TechniqueOption<number>;

const STEP = {
  type: { kind: "number" },
  default: 0.01,
  help: "How far a value is moved up and down, as a fraction of the input's max − min.",
} as const satisfies TechniqueOption<number>;

const WHO = "numerical saliency";

const FIELDS: Fields<NumericalSaliencyOptions> = { ...EXPLAIN, on: "may", patch: "may", step: "may" };

/**
 * Saliency by numerical differentiation: the gradient of a class's score to the image, signed, [H, W, C], by central
 * differences, (S(x + h·1_B) − S(x − h·1_B)) / (2·h·|B|), of one square B of one channel after another; within a square its
 * mean (the gradient of Simonyan et al. 2013, section 3, without going backward). In units of the score by unit of the
 * network's input, as `saliency`. It needs scores only, so that any network and any black box will do.
 * @throws InputError when an option is out of range.
 * @example
 * ```ts
 * import { numericalSaliency } from "vitrine";
 *
 * const { shape } = await numericalSaliency(network, image, { target: "star", patch: 16 });
 * console.log(shape.join("×")); // 96×96×3
 * ```
 */
export async function numericalSaliency(
  network: Network,
  image: Picture,
  options: NumericalSaliencyOptions = {},
): Promise<Explanation> {
  assertCall({ who: WHO, fields: FIELDS }, network, options);
  const [found] = await numericalSaliencyEach(network, image, [options.target], options);
  return found;
}

/** The same for several targets, whose scores are read off one sweep of squares. */
export function numericalSaliencyEach<const T extends readonly (AnyTarget | Objective | undefined)[]>(
  network: Network,
  image: Picture,
  targets: T,
  options: Omit<NumericalSaliencyOptions, "target"> = {},
): Promise<{ -readonly [I in keyof T]: Explanation }> {
  return explainEachPrepared(network, image, WHO, targets, options, prepareDifferences);
}

/** The smallest square with which two passes for each, channel by channel, are few enough. */
function usualSide([height, width, channels]: readonly [number, number, number]): number {
  const passes = (side: number): number => 2 * channels * Math.ceil(height / side) * Math.ceil(width / side);
  for (let side = 1; ; side++) if (passes(side) <= PASSES || side >= Math.max(height, width)) return side;
}

/** Results, of each target in order, numbered from the second: `scores`, two for each square. The map is the processor's. */
function prepareDifferences(
  targets: readonly (AnyTarget | Objective | undefined)[],
): Prepare<Omit<NumericalSaliencyOptions, "target">, Explanation[]> {
  return async (site, options) => {
    const { network, input, scope } = site;
    const { on, output, region, signal } = options;
    const { shape } = pictureOf(network.graph, WHO);
    const [height, width, channels] = shape;
    const { patch: side = usualSide(shape), step: fraction = STEP.default } = options;
    const most = Math.max(height, width);
    if (!Number.isInteger(side) || side < 1 || side > most) {
      throw new InputError(`${WHO}: expected a patch of 1 to ${most} pixels, got ${side}`);
    }
    const step = Math.fround(fraction * (spread(input) || 1));
    if (!(fraction > 0 && step > 0 && Number.isFinite(step))) {
      throw new InputError(`${WHO}: expected a step above 0 (a fraction of max − min), got ${fraction}`);
    }
    const [rows, columns] = [Math.ceil(height / side), Math.ceil(width / side)];
    const count = 2 * rows * columns * channels;
    if (count > MOST_SAMPLES) {
      throw new InputError(
        `${WHO}: expected at most ${MOST_SAMPLES} passes, got ${count} for squares of ${side} pixels; use a larger patch`,
      );
    }
    const { image: x } = imageOf(site, WHO);
    const asked: { target: Target | Objective; scores: Tensor; objective: ObjectiveCommand }[] = [];
    for (const question of targets) {
      const { target, objective } = await site.ask({ target: question, output, region, on, signal });
      const scores = scope.tensor([site.room(count)], { label: `${WHO} scores` });
      asked.push({ objective: await scope.objective(objective), scores, target });
    }
    const [one] = asked;
    if (!one) throw new InputError(`${WHO}: expected at least one target, got none`);
    const loop = await createSampleLoop(
      network,
      {
        ...{ who: WHO, count, questions: asked },
        fill: (position) =>
          createDifferenceBatch(network.device, { x, position, y: network.input, side, step }),
      },
      scope,
    );
    return {
      ...loop,
      ...{ image: x, target: one.target },
      results: Object.fromEntries(asked.map(({ scores }, i) => [numbered("scores", i), scores])),
      async finish(values) {
        const found: Explanation[] = [];
        for (const [i, { target }] of asked.entries()) {
          const scores = values[numbered("scores", i)] ?? NONE;
          await assertAnswer(network, scores, "its scores");
          const data = Float32Array.from({ length: height * width * channels }, (_, element) => {
            const pixel = Math.floor(element / channels);
            const [row, column] = [Math.floor(pixel / width / side), Math.floor((pixel % width) / side)];
            const square = (row * columns + column) * channels + (element % channels);
            const area = Math.min(side, height - row * side) * Math.min(side, width - column * side);
            return ((scores[2 * square] ?? 0) - (scores[2 * square + 1] ?? 0)) / (2 * step * area);
          });
          found.push({ data, shape, target });
        }
        return found;
      },
    };
  };
}

export const NUMERICAL_SALIENCY = attributionTechnique({
  name: "numerical-saliency",
  title: "Numerical saliency",
  paper: { authors: "Simonyan et al.", year: 2013, arxiv: "1312.6034" },
  summary:
    "The gradient by differences: how far the score moves as each square of the image gets brighter or darker",
  shape: "[H,W,C]",
  kind: "gradient",
  options: { on: ON, patch: PATCH, step: STEP },
  forwardOnly: true,
  outputOnly: true,
  passes: PASSES,
  run: numericalSaliency,
  runEach: numericalSaliencyEach,
  prepare: (site, options) => andThen(prepareDifferences([options.target]), first)(site, options),
});
