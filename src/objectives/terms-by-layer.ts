import { InputError } from "../gpu/errors.ts";
import type { ObjectiveTerm } from "../kernels/objective.ts";
import type { Network } from "../network/network.ts";
import type { Objective } from "./objective.ts";
import { EVERYWHERE } from "./term.ts";
import { kindOfTerm } from "./terms.ts";

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
  const { graph } = network;
  const layers = new Map<string, { terms: ObjectiveTerm[]; masks: number[] }>();
  for (const term of terms) {
    const kind = kindOfTerm(term);
    const layer = kind.layerOf(term, graph);
    const group = layers.get(layer) ?? { terms: [], masks: [] };
    layers.set(layer, group);
    const { shape } = network.activation(layer);
    const found = kind.find(term, { graph, layer, shape, masks: group.masks });
    group.terms.push({ ...EVERYWHERE, weight: term.weight, ...found });
  }
  return Array.from(layers, ([layer, { terms, masks }]) => ({
    layer,
    terms,
    masks: Float32Array.from(masks),
  }));
}
