import { InputError } from "../gpu/errors.ts";
import { formatShape, sizeOf } from "../gpu/tensor.ts";
import { classOf, logitsOf } from "../network/graph.ts";
import type { Network, Target } from "../network/network.ts";
import { EVERY_INDEX, type ObjectiveTerm } from "../ops/objective.ts";

/** A part of an objective, times its weight. Classes are numbers or labels, found when the objective is put to a network. */
export type Term = { readonly weight: number } & (
  | { readonly of: "logit" | "probability"; readonly class: number | string }
  | { readonly of: "sum"; readonly target: Target }
  | { readonly of: "norm"; readonly layer: string }
  | { readonly of: "region"; readonly class: number | string; readonly mask: ArrayLike<number> }
);

/**
 * What is asked of a network, as plain data: a weighted sum of terms, which may sit at several layers. It is a number
 * for each image of a batch. `a.plus(b)`, `a.minus(b)` and `a.times(2)` make new ones.
 */
export class Objective {
  readonly terms: readonly Term[];

  constructor(terms: readonly Term[]) {
    this.terms = terms;
  }

  plus(other: Objective): Objective {
    return new Objective([...this.terms, ...other.terms]);
  }

  minus(other: Objective): Objective {
    return this.plus(other.times(-1));
  }

  /** @throws InputError when the factor is not finite. */
  times(factor: number): Objective {
    if (!Number.isFinite(factor)) throw new InputError(`objective: expected a finite factor, got ${factor}`);
    return new Objective(this.terms.map((term) => ({ ...term, weight: term.weight * factor })));
  }
}

/** A class's score before the softmax. */
export function logit(target: number | string): Objective {
  return new Objective([{ of: "logit", class: target, weight: 1 }]);
}

/** A class's softmax over the logits, whether the network ends in a softmax or not. */
export function probability(target: number | string): Objective {
  return new Objective([{ of: "probability", class: target, weight: 1 }]);
}

/** The sum of a layer's elements that a target means; what the target leaves out means every index. */
export function elements(target: Target): Objective {
  return new Objective([{ of: "sum", target, weight: 1 }]);
}

/** The sum of a channel over its places. */
export function channel(layer: string, c: number): Objective {
  return elements({ layer, channel: c });
}

/** One neuron: row y, column x of channel c. */
export function neuron(layer: string, y: number, x: number, c: number): Objective {
  return elements({ layer, y, x, channel: c });
}

/** ½·Σ A² over a layer: its gradient at the layer is the activation itself (Mordvintsev et al. 2015). */
export function layerNorm(layer: string): Objective {
  return new Objective([{ of: "norm", layer, weight: 1 }]);
}

/**
 * Σ mask · S_c over the places of a network that scores a class at every place (a segmentation network); `mask` has one
 * weight a place of the logits' layer, row by row.
 */
export function region(mask: ArrayLike<number>, target: number | string): Objective {
  return new Objective([{ of: "region", mask, class: target, weight: 1 }]);
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
  return term.of === "norm" ? term.layer : logitsOf(graph);
}

/** A term with its class and indices found; a region's mask goes to the end of `masks`. */
function found(network: Network, layer: string, term: Term, masks: number[]): ObjectiveTerm {
  const { shape } = network.activation(layer);
  const [height, width] = shape.length === 4 ? [shape[1] ?? 1, shape[2] ?? 1] : [1, 1];
  const channels = sizeOf(shape) / ((shape[0] ?? 1) * height * width);
  const every = { y: EVERY_INDEX, x: EVERY_INDEX, channel: EVERY_INDEX, mask: 0, weight: term.weight };
  const index = (name: string, value: number | undefined, size: number): number => {
    if (value === undefined) return EVERY_INDEX;
    if (Number.isInteger(value) && value >= 0 && value < size) return value;
    throw new InputError(`objective at layer "${layer}": expected ${name} of 0 to ${size - 1}, got ${value}`);
  };
  switch (term.of) {
    case "sum": {
      const { y, x, channel } = term.target;
      return {
        ...every,
        kind: "sum",
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
      return { ...every, kind: "region", mask, channel: classOf(network.graph, channels, term.class) };
    }
    default:
      if (height * width !== 1) {
        throw new InputError(
          `objective ${term.of}: expected one score a class, got an output of ${formatShape(shape.slice(1))}; use region(mask, class) or channel(layer, c)`,
        );
      }
      return {
        ...every,
        kind: term.of === "logit" ? "sum" : "probability",
        channel: classOf(network.graph, channels, term.class),
      };
  }
}
