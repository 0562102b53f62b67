import { shapesOf } from "../../src/graph.ts";
import type { Graph } from "../../src/index.ts";
import type { Work } from "../case.ts";
import { sizeOf } from "../shape.ts";

/** Cost of a graph's forward pass, layer by layer: inputs and weights read once, outputs written once. */
export function workOf(graph: Graph, batch: number): Work {
  const shapes = shapesOf(graph, batch);
  const size = (name: string): number => sizeOf(shapes.get(name) ?? []);
  let flops = 0;
  let values = 0;
  for (const layer of graph.layers) {
    if (layer.op === "input" || layer.op === "reshape") continue;
    const out = size(layer.name);
    const weights = "w" in layer ? sizeOf(layer.w.shape) : 0;
    // Products of one output: every weight over the outputs that have weights of their own.
    if ("w" in layer) flops += 2 * out * (weights / ownersOf(layer));
    else flops += Math.max(out, ...layer.inputs.map(size));
    values += out + weights + layer.inputs.reduce((sum, name) => sum + size(name), 0);
  }
  return { flops, bytes: 4 * values };
}

/** Number of filters that share a layer's weights among them. */
function ownersOf(
  layer: Extract<Graph["layers"][number], { w: { readonly shape: readonly number[] } }>,
): number {
  const { shape } = layer.w;
  return layer.op === "depthwiseConv2d" ? sizeOf(shape.slice(2)) : (shape.at(-1) ?? 1);
}
