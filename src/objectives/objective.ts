import { InputError, UnsupportedError } from "../gpu/errors.ts";
import { describe } from "../gpu/options.ts";
import { asNhwc, formatShape } from "../gpu/tensor.ts";
import { classOf, type Side, sideOf } from "../graph/classes.ts";
import { type Head, headOf } from "../graph/heads.ts";
import { EVERY_INDEX, type ObjectiveTerm } from "../kernels/objective.ts";
import type { Network, Target } from "../network/network.ts";
import { assertTarget } from "../network/output-gradient.ts";

/** A class of an output by number or label; without an output, of the one that is asked by default. */
export interface OfClass {
  readonly class: number | string;
  readonly output?: string | undefined;
}

/** A part of an objective, times its weight. Classes are numbers or labels, found when the objective is put to a network. */
export type Term = { readonly weight: number } & (
  | ({ readonly of: "logit" | "probability" } & OfClass)
  | { readonly of: "sum"; readonly target: Target }
  | { readonly of: "norm"; readonly layer: string }
  | ({ readonly of: "region"; readonly mask: ArrayLike<number> } & OfClass)
);

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
  return new Objective([{ of: "logit", ...ofClass(target, output), weight: 1 }]);
}

/**
 * Probability of a class, 0 to 1: its logit after the head of an output. Outputs that are plain values have none. See
 * `headOf`.
 */
export function probability(target: number | string, output?: string): Objective {
  return new Objective([{ of: "probability", ...ofClass(target, output), weight: 1 }]);
}

function ofClass(target: number | string, output: string | undefined): OfClass {
  return { class: target, output };
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

/**
 * Σ mask · S_c over the places of a network that scores a class at every place (a segmentation network); `mask` has one
 * weight a place of the logits' layer, row by row.
 */
export function regionObjective(
  mask: ArrayLike<number>,
  target: number | string,
  output?: string,
): Objective {
  return new Objective([{ of: "region", mask, ...ofClass(target, output), weight: 1 }]);
}

/** The terms of an objective that sit at one layer, as its kernels read them. */
export interface LayerTerms {
  readonly layer: string;
  readonly terms: readonly ObjectiveTerm[];
  readonly masks: Float32Array;
}

/**
 * Finds an objective's classes and layers in a network.
 * @throws InputError for a class, layer, index or mask that the network does not have.
 */
export function termsByLayer(network: Network, { terms }: Objective): LayerTerms[] {
  if (terms.length === 0) throw new InputError("objective: expected at least one term, got none");
  const layers = new Map<string, { terms: ObjectiveTerm[]; masks: number[] }>();
  for (const term of terms) {
    const layer = layerOfTerm(network, term);
    const group = layers.get(layer) ?? { terms: [], masks: [] };
    layers.set(layer, group);
    group.terms.push(found(network, layer, term, group.masks));
  }
  return Array.from(layers, ([layer, { terms, masks }]) => ({
    layer,
    terms,
    masks: Float32Array.from(masks),
  }));
}

function layerOfTerm({ graph }: Network, term: Term): string {
  if (term.of === "sum") return term.target.layer;
  return term.of === "norm" ? term.layer : headOf(graph, term.output).logits;
}

/** A term with its class and indices found; a region's mask goes to the end of `masks`. */
function found(network: Network, layer: string, term: Term, masks: number[]): ObjectiveTerm {
  const { shape } = network.activation(layer);
  const [images, height, width, channels] = asNhwc(shape);
  const head = ({ output }: OfClass): Head => headOf(network.graph, output);
  const every = {
    ...{ image: EVERY_INDEX, y: EVERY_INDEX, x: EVERY_INDEX, channel: EVERY_INDEX },
    ...{ mask: 0, weight: term.weight },
  };
  const index = (name: string, value: number | undefined, size: number): number => {
    if (value === undefined) return EVERY_INDEX;
    if (Number.isInteger(value) && value >= 0 && value < size) return value;
    throw new InputError(`objective at layer "${layer}": expected ${name} of 0 to ${size - 1}, got ${value}`);
  };
  switch (term.of) {
    case "sum": {
      const { image, y, x, channel } = term.target;
      return {
        ...every,
        kind: "sum",
        image: index("image", image, images),
        y: index("y", y, height),
        x: index("x", x, width),
        channel: index("channel", channel, channels),
      };
    }
    case "norm":
      return { ...every, kind: "norm" };
    case "region": {
      if (term.mask.length !== height * width) {
        throw new InputError(
          `objective region: expected a mask of ${height}×${width} places of layer "${layer}", got ${term.mask.length} values`,
        );
      }
      const mask = masks.length;
      for (let i = 0; i < term.mask.length; i++) masks.push(Number(term.mask[i]));
      const { channel, sign } = sideOfTerm(head(term), term);
      return { ...every, kind: "region", mask, channel, weight: sign * term.weight };
    }
    default: {
      if (height * width !== 1) {
        throw new InputError(
          `objective ${term.of}: expected one score a class, got an output of ${formatShape(shape.slice(1))}; use regionObjective(mask, class) or channelObjective(layer, c)`,
        );
      }
      const asked = head(term);
      const { channel, sign } = sideOfTerm(asked, term);
      if (term.of === "logit") return { ...every, kind: "sum", channel, weight: sign * term.weight };
      return { ...every, kind: kindOfProbability(asked, sign), channel };
    }
  }
}

function sideOfTerm(head: Head, term: OfClass): Side {
  return sideOf(head, classOf(head, term.class));
}

function kindOfProbability({ scores, name }: Head, sign: Side["sign"]): ObjectiveTerm["kind"] {
  if (scores === "softmax") return "probability";
  if (scores === "sigmoid") return sign > 0 ? "yes" : "no";
  throw new UnsupportedError(
    `objective probability: expected an output with a softmax or sigmoid, got the values "${name}", which have no probability; ask for the logit, which is the value`,
  );
}
