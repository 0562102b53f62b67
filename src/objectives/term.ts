import { InputError } from "../gpu/errors.ts";
import { asNhwc, formatShape, type Shape } from "../gpu/tensor.ts";
import { classOf, type Side, sideOf } from "../graph/classes.ts";
import type { Graph } from "../graph/graph.ts";
import { type Head, headOf } from "../graph/heads.ts";
import { EVERY_INDEX, type ObjectiveTerm } from "../kernels/objective.ts";

/** A class of an output by number or label; without an output, of the one that is asked by default. */
export interface OfClass {
  readonly class: number | string;
  readonly output?: string | undefined;
}

/** The network that a term is put to, at the term's layer. */
export interface TermSite {
  readonly graph: Graph;
  readonly layer: string;
  /** Shape of the layer's activation, with the batch. */
  readonly shape: Shape;
  /** The masks of the layer's regions, one after another; a term appends its own. */
  readonly masks: number[];
}

/** Everything about a kind of term: the layer where it sits, and what the kernels compute of it. */
export interface TermKind<T> {
  layerOf(term: T, graph: Graph): string;
  /** @throws InputError for a class, index or mask that the network does not have. */
  find(term: T, site: TermSite): Pick<ObjectiveTerm, "kind"> & Partial<ObjectiveTerm>;
}

/** A term of the kernels that reads every element, unless it says otherwise. */
export const EVERYWHERE = {
  ...{ image: EVERY_INDEX, y: EVERY_INDEX, x: EVERY_INDEX, channel: EVERY_INDEX },
  mask: 0,
} as const;

/** The layer of a class's scores. */
export const logitsOf = (term: OfClass, graph: Graph): string => headOf(graph, term.output).logits;

/** A class's output, its channel and its sign there. */
export function sideOfTerm(term: OfClass, graph: Graph): Side & { readonly head: Head } {
  const head = headOf(graph, term.output);
  return { head, ...sideOf(head, classOf(head, term.class)) };
}

/** @throws InputError where an output scores a class at many places. */
export function assertOneScore(who: string, { shape }: TermSite): void {
  const [, height, width] = asNhwc(shape);
  if (height * width === 1) return;
  throw new InputError(
    `objective ${who}: expected one score a class, got an output of ${formatShape(shape.slice(1))}; use regionObjective(mask, class) or channelObjective(layer, c)`,
  );
}
