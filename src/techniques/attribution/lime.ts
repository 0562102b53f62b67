import { InputError, UnsupportedError } from "../../gpu/errors.ts";
import type { Fields } from "../../gpu/options.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { withinRounding } from "../../graph/finite.ts";
import { type Graph, pictureOf } from "../../graph/graph.ts";
import { type InputColor, inputColorOf } from "../../images/color.ts";
import { deprocess } from "../../images/preprocess.ts";
import { quickshift, type Segments } from "../../images/quickshift.ts";
import { createSegmentBatch, segmentShows } from "../../kernels/masking.ts";
import type { Network, Target } from "../../network/network.ts";
import type { ObjectiveCommand } from "../../objectives/commands.ts";
import type { Objective } from "../../objectives/objective.ts";
import { assertSamples, LOOP, type LoopOptions, MOST_SAMPLES } from "../../sampling/batches.ts";
import { MEMORY, type MemoryOptions } from "../../sampling/budget.ts";
import { type RidgeFit, ridge } from "../../sampling/ridge.ts";
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
import { HIDE, ON, SEED, type TechniqueOption } from "./options.ts";
import { type Attribution, attributionTechnique } from "./technique.ts";

export interface LimeOptions extends ObjectiveOptions, LoopOptions, MemoryOptions {
  /** Score of a class. Default "logit"; the reference implementation takes the probability. */
  readonly on?: "logit" | "probability" | undefined;
  /** Copies of the image with random segments hidden. Default 1000. */
  readonly samples?: number | undefined;
  /** Number of each pixel's segment, from 0. Default: {@link quickshift} with its defaults. */
  readonly segments?: ArrayLike<number> | undefined;
  /** Colour that hides a segment. Default: the segment's own mean colour. */
  readonly hide?: "segment" | InputColor | undefined;
  /** Width of the kernel that weighs a sample by its distance from the image. Default 0.25. */
  readonly kernelWidth?: number | undefined;
  /** Weight of the ridge's penalty. Default 1. */
  readonly alpha?: number | undefined;
  /** A whole number of 0 to 2³² − 1; the same seed hides the same segments on every device. Default 0. */
  readonly seed?: number | undefined;
}

const SAMPLES = {
  type: { kind: "whole", from: 1, to: MOST_SAMPLES },
  counts: "samples",
  default: 1000,
  help: "Number of copies of the image with random segments hidden.",
} as const satisfies TechniqueOption<number>;

const WHO = "LIME";

const FIELDS: Fields<LimeOptions> = {
  ...EXPLAIN,
  ...LOOP,
  ...MEMORY,
  ...{
    on: "may",
    samples: "may",
    segments: "may",
    hide: "may",
    kernelWidth: "may",
    alpha: "may",
    seed: "may",
  },
};

/** A map with the surrogate model that it was painted from. */
export interface LimeExplanation extends Explanation {
  readonly segments: Segments;
  /** The ridge's weights a segment, its intercept, and R²: how much of the network's behaviour the model explains. */
  readonly fit: RidgeFit;
}

/**
 * LIME: each segment's weight in a linear model of the score, fitted to copies of the image with random segments hidden,
 * painted over its pixels, [H, W] (Ribeiro et al. 2016, arXiv:1602.04938, section 3.4). Samples weigh
 * √exp(−d²/width²), d the cosine distance of what shows from the whole; ridge regression. R² is reported: a map whose R² is
 * low explains little. Any network will do, with gradients or without.
 * @throws InputError when an option is out of range; UnsupportedError when the image is neither grey nor RGB and no segments
 * are given.
 */
export async function lime(
  network: Network,
  image: Picture,
  options: LimeOptions = {},
): Promise<LimeExplanation> {
  assertCall({ who: WHO, fields: FIELDS }, network, options);
  const [found] = await limeEach(network, image, [options.target], options);
  return found;
}

/** The same for several targets, whose scores are read off one sweep of segments. */
export function limeEach<const T extends readonly (AnyTarget | Objective | undefined)[]>(
  network: Network,
  image: Picture,
  targets: T,
  options: Omit<LimeOptions, "target"> = {},
): Promise<{ -readonly [I in keyof T]: LimeExplanation }> {
  return explainEachPrepared(network, image, WHO, targets, options, prepareSegments);
}

/** Results, of each target in order, numbered from the second: `scores`, of each copy. The ridge is the processor's. */
function prepareSegments(
  targets: readonly (AnyTarget | Objective | undefined)[],
): Prepare<Omit<LimeOptions, "target">, LimeExplanation[]> {
  return async (site, options) => {
    const { network, input, scope } = site;
    const { samples = SAMPLES.default, kernelWidth = 0.25, alpha = 1, hide = HIDE.default } = options;
    const { on = ON.default, output, region, signal } = options;
    const { device, graph } = network;
    const { tensor } = scope;
    for (const [name, value] of [
      ["a kernel width", kernelWidth],
      ["an alpha", alpha],
    ] as const) {
      if (!(value > 0 && Number.isFinite(value))) {
        throw new InputError(`LIME: expected ${name} above 0, got ${value}`);
      }
    }
    assertSamples(samples, WHO);
    const seed = seedOf(options.seed, WHO);
    const { shape } = pictureOf(graph, WHO);
    const [height, width, channels] = shape;
    if (!options.segments && channels !== 1 && channels !== 3) {
      throw new UnsupportedError(
        `LIME: expected an image of 1 or 3 channels to find segments in, got ${channels}; give segments of your own`,
      );
    }
    const segments = options.segments
      ? givenSegments(options.segments, height * width)
      : quickshift(deprocess(input, graph));
    const { labels, count } = segments;
    const colors = hiding(graph, input, segments, hide);
    const label = WHO;
    const { image: x } = imageOf(site, WHO);
    const places = tensor([height, width], { dtype: "u32", data: labels, label });
    const fills = tensor([count, channels], { data: colors, label });
    const asked: { target: Target | Objective; scores: Tensor; objective: ObjectiveCommand }[] = [];
    for (const question of targets) {
      const { target, objective } = await site.ask({ target: question, output, region, on, signal });
      const scores = tensor([site.room(samples)], { label });
      asked.push({ objective: await scope.objective(objective), scores, target });
    }
    const [first] = asked;
    if (!first) throw new InputError("LIME: expected at least one target, got none");
    const loop = await createSampleLoop(
      network,
      {
        ...{ who: WHO, count: samples, questions: asked },
        fill: (position) =>
          createSegmentBatch(device, { x, labels: places, fills, position, y: network.input, seed }),
      },
      scope,
    );
    return {
      ...loop,
      ...{ image: x, target: first.target },
      results: Object.fromEntries(asked.map(({ scores }, i) => [numbered("scores", i), scores])),
      finish(values, shown) {
        const { shows, weights } = designOf({ seed, samples, count, kernelWidth });
        return asked.map(({ target }, i): LimeExplanation => {
          const y = values[numbered("scores", i)] ?? NONE;
          const fit = ridge(shows, y, weights, count, alpha);
          const same = sameScores(y);
          const data = Float32Array.from(labels, (segment) => (same ? 0 : (fit.coefficients[segment] ?? 0)));
          const notes = same ? { notes: [unchanged(shown, segments, colors)] } : {};
          return { data, shape: [height, width], target, segments, fit, ...notes };
        });
      },
    };
  };
}

/** Visible segments of each sample, row by row, and the sample's weight in the fit. */
function designOf({
  seed,
  samples,
  count,
  kernelWidth,
}: {
  readonly seed: number;
  readonly samples: number;
  readonly count: number;
  readonly kernelWidth: number;
}): { readonly shows: Uint8Array; readonly weights: Float64Array } {
  const shows = new Uint8Array(samples * count);
  const weights = new Float64Array(samples);
  for (let sample = 0; sample < samples; sample++) {
    let shown = 0;
    for (let segment = 0; segment < count; segment++) {
      const visible = Number(segmentShows(seed, sample, segment));
      shows[sample * count + segment] = visible;
      shown += visible;
    }
    const distance = 1 - Math.sqrt(shown / count);
    weights[sample] = Math.sqrt(Math.exp(-(distance ** 2) / kernelWidth ** 2));
  }
  return { shows, weights };
}

/** Reason, in words, why hiding segments changes nothing. */
function unchanged(input: Float32Array, { labels }: Segments, colors: Float32Array): string {
  const channels = input.length / labels.length;
  const own = input.every((value, i) => {
    const hidden = colors[(labels[Math.floor(i / channels)] ?? 0) * channels + (i % channels)] ?? 0;
    return withinRounding(Math.min(value, hidden), Math.max(value, hidden));
  });
  return own
    ? "hiding changes nothing: every segment has the colour already that hides it; choose another (hide): the map is zero"
    : "hiding any segments changes the score by no more than rounding: the map is zero";
}

function givenSegments(given: ArrayLike<number>, pixels: number): Segments {
  const labels = Uint32Array.from(given);
  const count = labels.reduce((most, label) => Math.max(most, label + 1), 0);
  const whole = Array.from(given).every((label, i) => label === labels[i]);
  if (labels.length !== pixels || !whole || new Set(labels).size !== count) {
    throw new InputError(
      `LIME: expected segments numbered 0, 1, 2, …, one for each of ${pixels} pixels, got ${labels.length} values up to ${count - 1}`,
    );
  }
  return { labels, count };
}

/** `[segments, C]`: what hides each segment. */
function hiding(
  graph: Graph,
  input: Float32Array,
  { labels, count }: Segments,
  hide: "segment" | InputColor,
): Float32Array {
  const channels = pictureOf(graph, WHO).shape[2];
  const colors = new Float64Array(count * channels);
  if (hide !== "segment") {
    const color = inputColorOf(graph, input, hide, "LIME hide");
    return Float32Array.from(colors, (_, i) => color[i % channels] ?? 0);
  }
  const sizes = new Uint32Array(count);
  for (const [pixel, label] of labels.entries()) {
    sizes[label] = (sizes[label] ?? 0) + 1;
    for (let c = 0; c < channels; c++) {
      const at = label * channels + c;
      colors[at] = (colors[at] ?? 0) + (input[pixel * channels + c] ?? 0);
    }
  }
  return Float32Array.from(colors, (sum, i) => sum / (sizes[Math.floor(i / channels)] ?? 1));
}

/** The surrogate model's account of itself. */
function accounted(found: LimeExplanation): Attribution {
  const { fit, segments } = found;
  return { ...found, account: { segments: segments.count, intercept: fit.intercept, r2: fit.r2 } };
}

export const LIME = attributionTechnique({
  name: "lime",
  title: "LIME",
  paper: { authors: "Ribeiro et al.", year: 2016, arxiv: "1602.04938" },
  summary: "The weight of each segment of the image in a linear model that is fitted to the score",
  shape: "[H,W]",
  kind: "attribution",
  unit: "weight of the segment",
  options: { on: ON, samples: SAMPLES, hide: HIDE, seed: SEED },
  accountInWords: ({ r2 = 0, segments = 0 }, write) => `R² ${write(r2)} over ${segments} segments.`,
  quick: { samples: 300 },
  quickest: { samples: 200 },
  forwardOnly: true,
  outputOnly: true,
  passes: SAMPLES.default,
  run: async (network, image, options) => accounted(await lime(network, image, options)),
  runEach: async (network, image, targets, options) =>
    (await limeEach(network, image, targets, options)).map(accounted),
  prepare: (site, options) =>
    andThen(prepareSegments([options.target]), (found) => accounted(first(found)))(site, options),
});
