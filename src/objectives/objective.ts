import { InputError } from "../gpu/errors.ts";
import { describe } from "../gpu/options.ts";
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
