import type { Command } from "../gpu/command.ts";
import { InputError } from "../gpu/errors.ts";
import type { Scope } from "../gpu/scope.ts";
import { asNhwc, formatShape, type Shape, type Tensor } from "../gpu/tensor.ts";
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
  /** Entries of the batch that are views of one image. */
  readonly views: number;
  /** The masks of the layer's regions, one after another; a term appends its own. */
  readonly masks: number[];
}

/** Everything about a kind of term that the kernels of all such terms compute: the layer where it sits, and what it is to them. */
export interface PackedTermKind<T> {
  layerOf(term: T, graph: Graph): string;
  /** @throws InputError for a class, index or mask that the network does not have. */
  find(term: T, site: TermSite): Pick<ObjectiveTerm, "kind"> & Partial<ObjectiveTerm>;
}

/** Where a term with kernels of its own is computed. */
export interface OwnTermSite {
  readonly device: GPUDevice;
  readonly graph: Graph;
  /** Its owner, which frees what the term creates. */
  readonly scope: Pick<Scope, "tensor" | "command">;
  /** The layer's activation, or the images, [N, …]. */
  readonly a: Tensor;
  /** [N]: gets the term times its weight, written or added. */
  readonly values: Tensor;
  readonly weight: number;
  /** Entries of the batch that are views of one image, side by side. */
  readonly views: number;
  readonly accumulate: boolean;
}

/** A term on the GPU. */
export interface OwnTermCommands {
  /** Writes it to the values, or adds it, from the activations. */
  readonly score: Command;
  /** Makes its gradient to `a`, which is written to `da` or added, from what `score` left. */
  gradient(da: Tensor, accumulate: boolean): Promise<Command>;
}

/** Everything about a kind of term with kernels of its own. */
export interface OwnTermKind<T> {
  /** The layer where it sits; undefined: the image. */
  layerOf(term: T, graph: Graph): string | undefined;
  /** @throws InputError for a reference that does not fit the layer. */
  create(term: T, site: OwnTermSite): Promise<OwnTermCommands>;
}

export type TermKind<T> = PackedTermKind<T> | OwnTermKind<T>;

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
export function assertOneScore(who: string, { shape }: { readonly shape: Shape }): void {
  const [, height, width] = asNhwc(shape);
  if (height * width === 1) return;
  throw new InputError(
    `objective ${who}: expected one score a class, got an output of ${formatShape(shape.slice(1))}; use regionObjective(mask, class) or channelObjective(layer, c)`,
  );
}
