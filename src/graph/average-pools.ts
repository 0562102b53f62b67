import { assertGraph, type Graph, type Layer } from "./graph.ts";

/**
 * The same network with a mean in place of every maximum over a sliding window, as textures and styles are made with (Gatys et
 * al. 2015): the same windows, the same weight arrays. A network without such a maximum is given back as it is.
 */
export function withAveragePools(graph: Graph): Graph {
  assertGraph("withAveragePools", graph);
  const isMaximum = (layer: Layer): boolean => layer.op === "pool" && layer.mode === "max";
  if (!graph.layers.some(isMaximum)) return graph;
  const layers = graph.layers.map(
    (layer): Layer => (layer.op === "pool" ? { ...layer, mode: "average" } : layer),
  );
  return { ...graph, layers };
}
