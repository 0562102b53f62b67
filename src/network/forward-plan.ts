import { InputError } from "../gpu/errors.ts";
import { describe } from "../gpu/options.ts";
import { type Graph, type Layer, layerOf } from "../graph/graph.ts";
import { ancestorsOf, descendantsOf } from "../graph/traverse.ts";
import { reusedBuffer } from "./options.ts";

/**
 * Plans a forward pass: the layers that it runs, in order.
 * @param to the last layers, with all that they depend on; undefined for every layer.
 * @param after the layer whose dependents alone run; undefined for every layer.
 * @param alone layers with buffers of their own, where the others reuse one another's.
 * @throws InputError when there is no such layer, or the pass reads a buffer that others reused.
 */
export function planForward(
  graph: Graph,
  to: readonly string[] | undefined,
  after: string | undefined,
  alone: ReadonlySet<string> | undefined,
): readonly Layer[] {
  const { layers } = graph;
  if (to && (!Array.isArray(to) || to.length === 0)) {
    const got = Array.isArray(to) ? "none" : describe(to);
    throw new InputError(`forward: expected the names of layers in to, got ${got}`);
  }
  for (const name of to ?? []) layerOf(graph, name);
  const needed = to ? ancestorsOf(layers, to) : layers;
  if (after === undefined) return needed;
  const changed = new Set(descendantsOf(layers, [layerOf(graph, after).name]).map(({ name }) => name));
  const run = needed.filter(({ name }) => name !== after && changed.has(name));
  for (const input of alone ? run.flatMap(({ inputs }) => inputs) : []) {
    if (changed.has(input) || alone?.has(input)) continue;
    throw reusedBuffer(graph, `forward after "${after}" from "${input}", which goes around it,`, input);
  }
  return run;
}
