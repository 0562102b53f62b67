import type { Graph } from "./graph.ts";
import { layerOf } from "./graph.ts";
import { behindViews, headOf, withLogits } from "./heads.ts";
import { weightsOf } from "./layer-facts.ts";

/**
 * The layer whose values the last weights of an output read: the network's own description of a picture, before it is turned into
 * scores. Where the output has no weights behind it, the layer of its logits.
 * @param output its name; default: the output that the graph names first.
 * @throws InputError that lists the outputs.
 */
export function penultimateOf(graph: Graph, output?: string): string {
  const { logits } = headOf(graph, output);
  const apart = withLogits(graph);
  for (let layer = layerOf(apart, logits); ; ) {
    const [input, ...others] = layer.inputs;
    if (input === undefined || others.length > 0) return logits;
    if (weightsOf(layer)) return behindViews(apart, input).name;
    layer = layerOf(apart, input);
  }
}
