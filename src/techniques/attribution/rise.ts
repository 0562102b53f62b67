import { InputError } from "../../gpu/errors.ts";
import type { Fields } from "../../gpu/options.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { pictureOf } from "../../graph/graph.ts";
import { type InputColor, inputColorOf } from "../../images/color.ts";
import { createRiseBatch } from "../../kernels/masking.ts";
import { createWeightedSum } from "../../kernels/sampling.ts";
import type { Network, Target } from "../../network/network.ts";
import type { ObjectiveCommand } from "../../objectives/commands.ts";
import type { Objective } from "../../objectives/objective.ts";
import { assertSamples, LOOP, type LoopOptions, MOST_SAMPLES } from "../../sampling/batches.ts";
import { MEMORY, type MemoryOptions } from "../../sampling/budget.ts";
import { createSampleLoop } from "../../sampling/samples.ts";
import { seedOf } from "../../sampling/seed.ts";
import { assertCall } from "../answer.ts";
import { sameScores } from "../answer-checks.ts";
import {
  type AnyTarget,
  EXPLAIN,
  type Explanation,
  type ObjectiveOptions,
  type Picture,
} from "../question.ts";
import { andThen, explainEachPrepared, first, imageOf, NONE, numbered, type Prepare } from "./command.ts";
import { FILL, ON, SEED, type TechniqueOption } from "./options.ts";
import { attributionTechnique } from "./technique.ts";

export interface RiseOptions extends ObjectiveOptions, LoopOptions, MemoryOptions {
  /**
   * Score of a class. Default "probability", as in the paper, where the output has one: the part of a logit that all
   * masks share only adds noise.
   */
  readonly on?: "logit" | "probability" | undefined;
  /** Random masks. Default 4000. */
  readonly samples?: number | undefined;
  /** Cells of a mask along each side, before it is enlarged. Default 7, or as many as the image has pixels. */
  readonly grid?: number | undefined;
  /** Probability that a cell shows. Default 0.5. */
  readonly keep?: number | undefined;
  /** Colour of hidden parts. Default "mean". */
  readonly fill?: InputColor | undefined;
  /** A whole number of 0 to 2³² − 1; the same seed gives the same masks on every device. Default 0. */
  readonly seed?: number | undefined;
}

const SAMPLES = {
  type: { kind: "whole", from: 1, to: MOST_SAMPLES },
  counts: "masks",
  default: 4000,
  help: "Number of random masks.",
} as const satisfies TechniqueOption<number>;

const WHO = "RISE";

const FIELDS: Fields<RiseOptions> = {
  ...EXPLAIN,
  ...LOOP,
  ...MEMORY,
  ...{ on: "may", samples: "may", grid: "may", keep: "may", fill: "may", seed: "may" },
};

/**
 * Note for a map whose masks all have one score. The map is then that score; the weighted sum would only show how
 * often each pixel happened to be visible.
 */
const SAME = "hiding any parts changes the score by no more than rounding: the map is that score everywhere";

/**
 * RISE: 1/(N·p)·Σ S(x ⊙ M_i)·M_i over random smooth masks, [H, W] (Petsiuk et al. 2018, arXiv:1806.07421, eq. 6). Each pixel's
 * value is the score to be expected when it shows. Masks are made on the GPU; no more than a batch of them is kept,
 * whatever their number. Any network will do, with gradients or without.
 * @throws InputError when an option is out of range.
 */
export async function rise(
  network: Network,
  image: Picture,
  options: RiseOptions = {},
): Promise<Explanation> {
  assertCall({ who: WHO, fields: FIELDS }, network, options);
  const [found] = await riseEach(network, image, [options.target], options);
  return found;
}

/** The same for several targets, whose scores are read off one sweep of masks. */
export function riseEach<const T extends readonly (AnyTarget | Objective | undefined)[]>(
  network: Network,
  image: Picture,
  targets: T,
  options: Omit<RiseOptions, "target"> = {},
): Promise<{ -readonly [I in keyof T]: Explanation }> {
  return explainEachPrepared(network, image, WHO, targets, options, prepareMasks);
}

/**
 * Results, of each target in order, numbered from the second: `sum`, of the masks times their scores, [H, W], and `scores`, of
 * the image behind each mask.
 */
function prepareMasks(
  targets: readonly (AnyTarget | Objective | undefined)[],
): Prepare<Omit<RiseOptions, "target">, Explanation[]> {
  return async (site, options) => {
    const { network, input, scope } = site;
    const {
      samples = SAMPLES.default,
      keep = 0.5,
      fill: color = FILL.default,
      output,
      region,
      signal,
    } = options;
    const { device, graph, batch } = network;
    const { tensor } = scope;
    const { shape } = pictureOf(graph, WHO);
    const [height, width, channels] = shape;
    const { grid = Math.min(7, height, width) } = options;
    if (!Number.isInteger(grid) || grid < 1 || grid > Math.min(height, width)) {
      throw new InputError(`RISE: expected a grid of 1 to ${Math.min(height, width)} cells, got ${grid}`);
    }
    if (!(keep > 0 && keep <= 1)) {
      throw new InputError(`RISE: expected a probability above 0 and up to 1 to keep a cell, got ${keep}`);
    }
    assertSamples(samples, WHO);
    const seed = seedOf(options.seed, WHO);
    const hidden = inputColorOf(graph, input, color, "RISE fill");
    const label = WHO;
    const { image: x } = imageOf(site, WHO);
    const fill = tensor([channels], { data: hidden, label });
    const masks = tensor([batch, height, width], { label: `${label} masks` });
    const asked: { target: Target | Objective; scores: Tensor; sum: Tensor; objective: ObjectiveCommand }[] =
      [];
    for (const question of targets) {
      const on = options.on ?? "if any";
      const { target, objective } = await site.ask({ target: question, output, region, on, signal });
      const scores = tensor([site.room(samples)], { label: `${label} scores` });
      const sum = tensor([height, width], { label });
      asked.push({ objective: await scope.objective(objective), scores, sum, target });
    }
    const [first] = asked;
    if (!first) throw new InputError("RISE: expected at least one target, got none");
    const loop = await createSampleLoop(
      network,
      {
        ...{ who: WHO, count: samples },
        fill: (position) =>
          createRiseBatch(device, { x, fill, position, masks, y: network.input, grid, seed, keep }),
        questions: asked.map(({ objective, scores, sum }) => ({
          ...{ objective, scores, sums: [sum] },
          gather: (position) => createWeightedSum(device, { x: masks, w: scores, position, sum }),
        })),
      },
      scope,
    );
    return {
      ...loop,
      ...{ image: x, target: first.target },
      results: Object.fromEntries(
        asked.flatMap(({ sum, scores }, i) => [
          [numbered("sum", i), sum],
          [numbered("scores", i), scores],
        ]),
      ),
      finish: (values) =>
        asked.map(({ target }, i): Explanation => {
          const sum = values[numbered("sum", i)] ?? NONE;
          const scores = values[numbered("scores", i)] ?? NONE;
          const same = samples > 1 && sameScores(scores);
          const data = same
            ? new Float32Array(sum.length).fill(scores[0] ?? 0)
            : sum.map((value) => value / (samples * keep));
          return { data, shape: [height, width], target, ...(same ? { notes: [SAME] } : {}) };
        }),
    };
  };
}

export const RISE = attributionTechnique({
  name: "rise",
  title: "RISE",
  paper: { authors: "Petsiuk et al.", year: 2018, arxiv: "1806.07421" },
  summary: "The mean probability of the class over random masks that leave a pixel visible",
  shape: "[H,W]",
  kind: "expectation",
  on: "probability",
  options: { on: ON, samples: SAMPLES, fill: FILL, seed: SEED },
  quick: { samples: 500 },
  quickest: { samples: 400 },
  forwardOnly: true,
  outputOnly: true,
  passes: SAMPLES.default,
  run: rise,
  runEach: riseEach,
  prepare: (site, options) => andThen(prepareMasks([options.target]), first)(site, options),
});
