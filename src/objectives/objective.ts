import { InputError } from "../gpu/errors.ts";
import { assertFields, describe } from "../gpu/options.ts";
import type { GramNormalisation } from "../kernels/gram.ts";
import type { Target } from "../network/network.ts";
import { assertTarget } from "../network/output-gradient.ts";
import type { Term } from "./terms.ts";

/**
 * A quantity to explain, as plain data: a weighted sum of terms, which may belong to several layers. It has one value
 * for each image of a batch. `a.plus(b)`, `a.minus(b)` and `a.times(2)` make new ones.
 */
export class Objective {
  readonly terms: readonly Term[];

  constructor(terms: readonly Term[]) {
    this.terms = terms;
  }

  /** @throws InputError when the other is no objective. */
  plus(other: Objective): Objective {
    assertObjective("plus", other);
    return new Objective([...this.terms, ...other.terms]);
  }

  /** @throws InputError when the other is no objective. */
  minus(other: Objective): Objective {
    assertObjective("minus", other);
    return this.plus(other.times(-1));
  }

  /** @throws InputError when the factor is not finite. */
  times(factor: number): Objective {
    if (!Number.isFinite(factor)) throw new InputError(`objective: expected a finite factor, got ${factor}`);
    return new Objective(this.terms.map((term) => ({ ...term, weight: term.weight * factor })));
  }
}

function assertObjective(who: string, other: unknown): asserts other is Objective {
  if (other instanceof Objective) return;
  throw new InputError(
    `objective ${who}: expected an objective, such as logit("star"), got ${describe(other)}`,
  );
}

/**
 * A class's score before the softmax or sigmoid of its output's head: of the no of a yes or no, minus the yes's; of values,
 * the value.
 */
export function logit(target: number | string, output?: string): Objective {
  return new Objective([{ of: "logit", class: target, output, weight: 1 }]);
}

/**
 * Probability of a class, 0 to 1: its logit after the head of an output. Outputs that are plain values have none. See
 * `headOf`.
 */
export function probability(target: number | string, output?: string): Objective {
  return new Objective([{ of: "probability", class: target, output, weight: 1 }]);
}

/**
 * The sum of a layer's elements that a target means; what the target leaves out means every index. A target of one image is
 * zero for the others.
 */
export function elements(target: Target): Objective {
  assertTarget(target);
  return new Objective([{ of: "sum", target, weight: 1 }]);
}

/** The sum of a channel over its places. */
export function channelObjective(layer: string, c: number): Objective {
  return elements({ layer, channel: c });
}

/** One neuron: row y, column x of channel c. */
export function neuronObjective(layer: string, y: number, x: number, c: number): Objective {
  return elements({ layer, y, x, channel: c });
}

/** ½·Σ A² over a layer: its gradient at the layer is the activation itself (Mordvintsev et al. 2015). */
export function normObjective(layer: string): Objective {
  return new Objective([{ of: "norm", layer, weight: 1 }]);
}

/** The mean of a channel over its places: Lucid's channel objective. */
export function channelMean(layer: string, c: number): Objective {
  return meanOf({ layer, channel: c });
}

/** The mean of the elements that a target means; see {@link elements}. */
export function meanOf(target: Target): Objective {
  assertTarget(target);
  return new Objective([{ of: "sum", target, mean: true, weight: 1 }]);
}

/**
 * A channel for each image of a batch: image n is asked for the mean of channel `channels[n]`, and for nothing else. A wall of
 * dreams climbs by it.
 */
export function channelOfEach(layer: string, channels: readonly number[]): Objective {
  return new Objective([{ of: "channels", layer, channels: [...channels], weight: 1 }]);
}

/** The mean of a layer's squared activations: Lucid's DeepDream objective. */
export function meanSquare(layer: string): Objective {
  return new Objective([{ of: "norm", layer, mean: true, weight: 1 }]);
}

/**
 * The logarithm of a class's probability: minus the cross-entropy of the class. It climbs on where a probability near 0 or 1
 * has no slope left.
 */
export function logProbability(target: number | string, output?: string): Objective {
  return new Objective([{ of: "crossEntropy", class: target, output, weight: 1 }]);
}

export interface MarginOptions {
  /** Where the margin stops to grow; Infinity: nowhere. Default 0: once the class is the first. */
  readonly confidence?: number | undefined;
}

/**
 * min(Z_t − max over i ≠ t of Z_i, confidence): how far a class's logit lies above the strongest other, up to a confidence (minus the
 * f6 of Carlini & Wagner 2017). At the confidence it has no slope left.
 * @throws UnsupportedError, when it is put to a network, for an output of one number.
 */
export function marginObjective(
  target: number | string,
  options: MarginOptions = {},
  output?: string,
): Objective {
  assertFields("marginObjective", options, { confidence: "may" });
  const { confidence = 0 } = options;
  if (!(confidence >= 0)) {
    throw new InputError(`objective margin: expected confidence of at least 0, got ${describe(confidence)}`);
  }
  return new Objective([{ of: "margin", class: target, output, confidence, weight: 1 }]);
}

export interface DirectionOptions {
  /** Power of the cosine by which the product is multiplied, from below at 0.1. Default 0: the product alone. */
  readonly power?: number | undefined;
  /** The one place that counts. Default: the mean over all. */
  readonly at?: { readonly y: number; readonly x: number } | undefined;
}

/**
 * ⟨a, v⟩·max(0.1, cos)^power of a layer's vector at each place, and the mean over the places: how far the layer goes in a direction
 * (Lucid's `direction` and `direction_neuron`).
 * @param vector one number a channel.
 */
export function directionObjective(
  layer: string,
  vector: ArrayLike<number>,
  options: DirectionOptions = {},
): Objective {
  assertFields("directionObjective", options, { power: "may", at: "may" });
  const { power = 0, at } = options;
  assertAtLeast("directionObjective", { power }, 0);
  const values = finite("directionObjective", vector);
  return new Objective([{ of: "direction", layer, vector: values, power, at, weight: 1 }]);
}

/**
 * ⟨A, A₀⟩·max(0.1, cos)^power of a whole layer: what a picture has, and more of it (Lucid's caricature).
 * @param reference the layer's activations of a picture.
 */
export function caricature(
  layer: string,
  reference: ArrayLike<number>,
  options: Pick<DirectionOptions, "power"> = {},
): Objective {
  assertFields("caricature", options, { power: "may" });
  const { power = 0 } = options;
  assertAtLeast("caricature", { power }, 0);
  const vector = finite("caricature", reference);
  return new Objective([{ of: "direction", layer, vector, power, whole: true, weight: 1 }]);
}

/**
 * Σ over places of the best product with a place of a guide: its gradient at each place is what of the guide matches best (guided
 * dreams of DeepDream's notebook, 2015).
 * @param guide the layer's activations of another picture, of any size.
 */
export function guidedMatch(layer: string, guide: ArrayLike<number>): Objective {
  return new Objective([{ of: "bestMatch", layer, guide: finite("guidedMatch", guide), weight: 1 }]);
}

export interface DistanceOptions {
  /** Divisor of the sum: the number of elements (a mean square), Σ A₀² (relative), or none. Default none. */
  readonly over?: "elements" | "reference" | undefined;
}

/**
 * Σ (A − A₀)² of a layer. As a loss it has a negative weight: `featureDistance(layer, reference).times(-1)`.
 * @param reference the layer's activations to reach, of one image or of each.
 */
export function featureDistance(
  layer: string,
  reference: ArrayLike<number>,
  options: DistanceOptions = {},
): Objective {
  assertFields("featureDistance", options, { over: ["elements", "reference"] });
  const values = finite("featureDistance", reference);
  return new Objective([
    { of: "distance", layer, reference: values, alpha: 2, over: options.over, weight: 1 },
  ]);
}

/** Σ (x − x₀)² of the image before its transforms, in its own unit. */
export function imageDistance(reference: ArrayLike<number>, options: DistanceOptions = {}): Objective {
  assertFields("imageDistance", options, { over: ["elements", "reference"] });
  const values = finite("imageDistance", reference);
  return new Objective([{ of: "distance", reference: values, alpha: 2, over: options.over, weight: 1 }]);
}

export interface AlphaNormOptions {
  /** Default 6, as Mahendran & Vedaldi have it. */
  readonly alpha?: number | undefined;
  /** What is subtracted first: one number, or one a channel. Default 0. */
  readonly around?: number | readonly number[] | undefined;
}

/** Σ |x − around|^α of the image before its transforms (Mahendran & Vedaldi 2015, section 2.2). */
export function alphaNorm(options: AlphaNormOptions = {}): Objective {
  assertFields("alphaNorm", options, { alpha: "may", around: "may" });
  const { alpha = 6, around = 0 } = options;
  assertAtLeast("alphaNorm", { alpha }, 1);
  const reference = finite("alphaNorm", typeof around === "number" ? [around] : around);
  return new Objective([{ of: "distance", reference, alpha, weight: 1 }]);
}

export interface TotalVariationOptions {
  /** Default 2. */
  readonly beta?: number | undefined;
}

/**
 * Σ (Δ→² + Δ↓²)^(β/2) of the image before its transforms, Δ the differences to the right and lower neighbour (Mahendran & Vedaldi
 * 2015, section 2.2).
 */
export function totalVariation(options: TotalVariationOptions = {}): Objective {
  assertFields("totalVariation", options, { beta: "may" });
  const { beta = 2 } = options;
  assertAtLeast("totalVariation", { beta }, 1);
  return new Objective([{ of: "totalVariation", beta, weight: 1 }]);
}

export interface GramDistanceOptions {
  /** Divisor of the Gram matrices: places ("pixels"), or places times channels ("elements"). Default "pixels". */
  readonly normalise?: GramNormalisation | undefined;
}

/**
 * Σ (G − G₀)² over the elements of a layer's Gram matrix, G = AᵀA over its divisor (Gatys, Ecker & Bethge 2015). Gatys' loss is this
 * with `normalise: "pixels"` times w/(4·C²), jcjohnson's with "elements" times w/C².
 * @param reference [C, C], the Gram matrix to reach, of the same divisor.
 */
export function gramDistance(
  layer: string,
  reference: ArrayLike<number>,
  options: GramDistanceOptions = {},
): Objective {
  assertFields("gramDistance", options, { normalise: ["none", "pixels", "elements"] });
  const { normalise = "pixels" } = options;
  const values = finite("gramDistance", reference);
  return new Objective([{ of: "gramDistance", layer, reference: values, normalise, weight: 1 }]);
}

/**
 * 1/B · Σ over the other images of the batch of cos(G, G′), G an image's Gram matrix of a layer and B the number of images: how
 * alike the images of a batch are. Summed over the images it is Lucid's `diversity`, and the gradient of each image is that of
 * the sum. With a negative weight the images grow apart: `diversityObjective(layer).times(-1)`.
 *
 * This one objective looks at other images, so it depends on the batch; the same batch gives the same bits. Of `views`, each is
 * compared with the same view of the others. Alone, an image has the value 0.
 */
export function diversityObjective(layer: string): Objective {
  return new Objective([{ of: "diversity", layer, weight: 1 }]);
}

/** A copy of numbers. @throws InputError when one is NaN or infinite. */
function finite(who: string, values: ArrayLike<number>): Float32Array {
  const copy = Float32Array.from(values);
  const wrong = copy.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return copy;
  throw new InputError(`objective ${who}: expected finite numbers, got ${values[wrong]} at ${wrong}`);
}

function assertAtLeast(who: string, values: Readonly<Record<string, number>>, least: number): void {
  for (const [name, value] of Object.entries(values)) {
    if (value >= least && Number.isFinite(value)) continue;
    throw new InputError(`objective ${who}: expected ${name} of at least ${least}, got ${value}`);
  }
}

/**
 * Σ mask · S_c over the places of a network that scores a class at every place (a segmentation network); `mask` has one
 * weight a place of the logits' layer, row by row.
 */
export function regionObjective(
  mask: ArrayLike<number>,
  target: number | string,
  output?: string,
): Objective {
  return new Objective([{ of: "region", mask, class: target, output, weight: 1 }]);
}
