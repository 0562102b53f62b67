import { type Graph, parametersOf } from "../src/index.ts";

/** Numbers that were learned in a whole network. */
export function parametersIn(graph: Graph): number {
  return graph.layers.reduce((sum, layer) => sum + parametersOf(layer), 0);
}

/** A whole number with thin spaces. */
export function grouped(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, "\u2009");
}
