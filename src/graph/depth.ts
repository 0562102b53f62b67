import { type Graph, layerOf } from "./graph.ts";

/**
 * The depth of a layer as a share of the network's, 0 (an input) to 1 (the output): layers on the longest way to it, over those on the
 * longest way to the output.
 * @throws InputError for a layer that there is not.
 */
export function depthOf(graph: Graph, layer: string): number {
  layerOf(graph, layer);
  const depths = new Map<string, number>();
  for (const { name, inputs } of graph.layers) {
    depths.set(
      name,
      inputs.length === 0 ? 0 : 1 + Math.max(...inputs.map((input) => depths.get(input) ?? 0)),
    );
  }
  return Math.min(1, (depths.get(layer) ?? 0) / Math.max(1, depths.get(graph.output) ?? 1));
}
