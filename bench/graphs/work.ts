import { multiplyAddsOf, shapesOf } from "../../src/graph.ts";
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
    const products = multiplyAddsOf(layer, shapes);
    if (products > 0) flops += 2 * products;
    else flops += Math.max(out, ...layer.inputs.map(size));
    values += out + weights + layer.inputs.reduce((sum, name) => sum + size(name), 0);
  }
  return { flops, bytes: 4 * values };
}
