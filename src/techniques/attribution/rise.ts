import { InputError } from "../../gpu/errors.ts";
import type { Fields } from "../../gpu/options.ts";
import { inputOf } from "../../graph/graph.ts";
import { type InputColor, inputColorOf } from "../../images/color.ts";
import { createRiseBatch } from "../../kernels/masking.ts";
import { createWeightedSum } from "../../kernels/sampling.ts";
import type { Network } from "../../network/network.ts";
import type { Objective } from "../../objectives/objective.ts";
import { createBatches, LOOP, type LoopOptions } from "../../sampling/batches.ts";
import { MEMORY, type MemoryOptions, withBudget } from "../../sampling/budget.ts";
import { roomForScores, runSamples } from "../../sampling/samples.ts";
import { answer, assertCall } from "../answer.ts";
import { sameScores } from "../answer-checks.ts";
import {
  EXPLAIN,
  type Explanation,
  type ObjectiveOptions,
  objectiveOf,
  type Picture,
  type Question,
} from "../question.ts";
import { seedOf } from "../seed.ts";
import { FILL, MOST_SAMPLES, ON, SEED, type TechniqueOption } from "./options.ts";
import { attributionTechnique } from "./technique.ts";

export interface RiseOptions extends ObjectiveOptions, LoopOptions, MemoryOptions {
  /**
   * What a class's score is. Default "probability", as in the paper (what all masks share only adds noise), where the output
   * has one.
   */
  readonly on?: "logit" | "probability";
  /** Random masks. Default 4000. */
  readonly masks?: number;
  /** Cells of a mask along each side, before it is enlarged. Default 7, or as many as the image has pixels. */
  readonly grid?: number;
  /** Probability that a cell shows. Default 0.5. */
  readonly keep?: number;
  /** What shows where a mask hides. Default "mean". */
  readonly fill?: InputColor;
  /** A whole number of 0 to 2³² − 1; the same seed gives the same masks on every device. Default 0. */
  readonly seed?: number;
}

const SAMPLES = {
  type: { kind: "whole", from: 1, to: MOST_SAMPLES },
  default: 4000,
  help: "Number of random masks.",
} as const satisfies TechniqueOption<number>;

const FIELDS: Fields<RiseOptions> = {
  ...EXPLAIN,
  ...LOOP,
  ...MEMORY,
  ...{ on: "may", masks: "may", grid: "may", keep: "may", fill: "may", seed: "may" },
};

/** Where all masks have one score, it is what to expect anywhere; the sum would draw how often each pixel happened to show. */
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
  assertCall({ who: "RISE", fields: FIELDS }, network, options);
  const [found] = await riseEach(network, image, [options.target], options);
  return found;
}

/** The same for several targets, whose scores are read off one sweep of masks. */
export function riseEach<const T extends readonly (Question | Objective | undefined)[]>(
  network: Network,
  image: Picture,
  targets: T,
  options: Omit<RiseOptions, "target"> = {},
): Promise<{ -readonly [I in keyof T]: Explanation }> {
  return answer(network, image, options, (turn, input) => overMasks(turn, input, targets, options));
}

function overMasks<const T extends readonly (Question | Objective | undefined)[]>(
  network: Network,
  input: Float32Array,
  targets: T,
  options: Omit<RiseOptions, "target">,
): Promise<{ -readonly [I in keyof T]: Explanation }> {
  const { masks: count = SAMPLES.default, keep = 0.5, fill: color = FILL.default, signal } = options;
  const { device, graph, batch } = network;
  return withBudget(network, "RISE", options, async (scope) => {
    const { own, tensor, command, read } = scope;
    const { shape } = inputOf(graph);
    const [height, width, channels] = shape;
    const { grid = Math.min(7, height, width) } = options;
    if (!Number.isInteger(grid) || grid < 1 || grid > Math.min(height, width)) {
      throw new InputError(`RISE: expected a grid of 1 to ${Math.min(height, width)} cells, got ${grid}`);
    }
    if (!(keep > 0 && keep <= 1)) {
      throw new InputError(`RISE: expected a probability above 0 and up to 1 to keep a cell, got ${keep}`);
    }
    const seed = seedOf(options.seed, "RISE");
    const hidden = inputColorOf(graph, input, color, "RISE fill");
    const batches = own(createBatches(network, count, "RISE"));
    const label = "RISE";
    const x = tensor(shape, { data: input, label });
    const fill = tensor([channels], { data: hidden, label });
    const masks = tensor([batch, height, width], { label: `${label} masks` });
    const { position } = batches;
    const site = { x, fill, position, masks, y: network.input, grid, seed, keep };
    const mask = await command(createRiseBatch(device, site));
    const asked = [];
    for (const question of targets) {
      const what = question === undefined ? {} : { target: question };
      const { target, objective } = await objectiveOf(network, input, {
        ...what,
        ...(options.output === undefined ? {} : { output: options.output }),
        on: options.on ?? "if any",
        ...(signal ? { signal } : {}),
      });
      const scores = tensor([roomForScores(network)], { label: `${label} scores` });
      const each: number[] = [];
      const take = (values: Float32Array): void => {
        for (const value of values) each.push(value);
      };
      const sum = tensor([height, width], { label });
      const gather = await command(createWeightedSum(device, { x: masks, w: scores, position, sum }));
      asked.push({ objective: await scope.objective(objective), scores, take, each, gather, sum, target });
    }
    const [first, ...beside] = asked;
    if (!first) throw new InputError("RISE: expected at least one target, got none");
    await runSamples(network, first.objective, { ...first, batches, fill: mask, beside }, options);
    const sums = await read(asked.map(({ sum }) => sum));
    signal?.throwIfAborted();
    const found = asked.map(({ target, each }, i): Explanation => {
      const sum = sums[i] as Float32Array;
      const same = count > 1 && sameScores(each);
      const data = same
        ? new Float32Array(sum.length).fill(each[0] ?? 0)
        : sum.map((value) => value / (count * keep));
      return { data, shape: [height, width], target, ...(same ? { notes: [SAME] } : {}) };
    });
    return found as { -readonly [I in keyof T]: Explanation };
  });
}

export const RISE = attributionTechnique({
  name: "rise",
  title: "RISE",
  paper: { authors: "Petsiuk et al.", year: 2018, arxiv: "1806.07421" },
  summary: "The probability to expect when a pixel shows, averaged over random masks",
  shape: "[H,W]",
  kind: "expectation",
  on: "probability",
  options: { on: ON, samples: SAMPLES, fill: FILL, seed: SEED },
  quick: { samples: 500 },
  quickest: { samples: 400 },
  forwardOnly: true,
  outputOnly: true,
  passes: SAMPLES.default,
  run: (network, image, { samples: masks, ...options } = {}) =>
    rise(network, image, { ...options, ...(masks === undefined ? {} : { masks }) }),
  runEach: (network, image, targets, { samples: masks, ...options } = {}) =>
    riseEach(network, image, targets, { ...options, ...(masks === undefined ? {} : { masks }) }),
});
