import { InputError } from "../../gpu/errors.ts";
import { describe } from "../../gpu/options.ts";
import { type Graph, layerOf } from "../../graph/graph.ts";

/** Layers: one, several of the same weight, or each with its weight. */
export type LayerWeights = string | readonly string[] | Readonly<Record<string, number>>;

/** @throws InputError where there is no layer, one that the graph lacks, or a weight below 0. */
export function weightsOf(who: string, name: string, graph: Graph, given: LayerWeights): Map<string, number> {
  const listed = typeof given === "string" ? [given] : given;
  if (typeof listed !== "object" || listed === null) {
    throw new InputError(
      `${who}: expected ${name} as a layer's name, a list of names, or weights by name, got ${describe(listed)}`,
    );
  }
  const weights = new Map<string, number>(
    Array.isArray(listed) ? listed.map((layer) => [layer, 1]) : Object.entries(listed),
  );
  if (weights.size === 0) throw new InputError(`${who}: expected at least one layer in ${name}, got none`);
  for (const [layer, weight] of weights) {
    layerOf(graph, layer);
    if (Number.isFinite(weight) && weight >= 0) continue;
    throw new InputError(
      `${who}: expected a weight of at least 0 for layer "${layer}", got ${describe(weight)}`,
    );
  }
  return weights;
}
