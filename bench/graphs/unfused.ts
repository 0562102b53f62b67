import type { Graph, Layer } from "../../src/index.ts";
import type { OpLayer } from "../../src/layers.ts";

/** A layer, and the activation that was part of it as a layer of its own under its name. */
function parted(layer: OpLayer): OpLayer[] {
  if (layer.op === "activation" || !("activation" in layer)) return [layer];
  const { activation, ...bare } = layer;
  if (!activation || activation.kind === "linear") return [layer];
  const name = `${layer.name}, linear`;
  return [{ ...bare, name } as OpLayer, { op: "activation", name: layer.name, inputs: [name], activation }];
}

/** The same network with every activation as a layer of its own: what fusion is worth. */
export function unfused(graph: Graph): Graph {
  return {
    ...graph,
    layers: graph.layers.flatMap((layer): Layer[] => (layer.op === "input" ? [layer] : parted(layer))),
  };
}
