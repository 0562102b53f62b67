import { InputError, UnsupportedError } from "../gpu/errors.ts";
import type { Graph } from "../graph/graph.ts";
import type { ObjectiveTerm } from "../kernels/objective.ts";
import type { Network } from "../network/network.ts";
import type { Objective } from "./objective.ts";
import { EVERYWHERE } from "./term.ts";
import { kindOfTerm, type Term } from "./terms.ts";

/** The terms of an objective that sit at one layer, as its kernels read them. */
export interface LayerTerms {
  readonly layer: string;
  readonly terms: readonly ObjectiveTerm[];
  readonly masks: Float32Array;
}

/** The layers of an objective's terms, each once; terms at the image have none. */
export function layersOf({ terms }: Objective, graph: Graph): string[] {
  const layers = terms.map((term) => kindOfTerm(term).layerOf(term, graph));
  return [...new Set(layers.filter((layer) => layer !== undefined))];
}

/** True if a term has kernels of its own. */
export function hasOwnKernels(term: Term): boolean {
  return "create" in kindOfTerm(term);
}

/**
 * Finds an objective's classes and layers in a network.
 * @param views entries of the network's batch that are views of one image.
 * @throws InputError for a class, layer, index or mask that the network does not have; UnsupportedError for terms that only an
 * ascent can be asked, such as distances.
 */
export function termsByLayer(network: Network, { terms }: Objective, views = 1): LayerTerms[] {
  if (terms.length === 0) throw new InputError("objective: expected at least one term, got none");
  const { graph } = network;
  const layers = new Map<string, { terms: ObjectiveTerm[]; masks: number[] }>();
  for (const term of terms) {
    const kind = kindOfTerm(term);
    if ("create" in kind) {
      throw new UnsupportedError(
        `objective ${term.of}: expected sums of activations, logits and probabilities here; distances, directions and terms at the image are asked of ascents`,
      );
    }
    const layer = kind.layerOf(term, graph);
    const group = layers.get(layer) ?? { terms: [], masks: [] };
    layers.set(layer, group);
    const { shape } = network.activation(layer);
    const found = kind.find(term, { graph, layer, shape, views, masks: group.masks });
    group.terms.push({ ...EVERYWHERE, weight: term.weight, ...found });
  }
  return Array.from(layers, ([layer, { terms, masks }]) => ({
    layer,
    terms,
    masks: Float32Array.from(masks),
  }));
}
