import { InputError } from "../gpu/errors.ts";
import { assertGraph, type Graph, layerOf } from "./graph.ts";
import { ancestorsOf } from "./traverse.ts";

/**
 * The graph cut behind some layers: what they do not depend on is gone, and they are the outputs. A dense head goes with it, so
 * that `resized` takes any size.
 * @throws InputError for a layer that there is not, or none.
 * @example
 * const deep = resized(upTo(graph, ["inception_4c/output"]), [480, 640]);
 */
export function upTo(graph: Graph, layers: readonly string[]): Graph {
  assertGraph("upTo", graph);
  for (const name of layers) layerOf(graph, name);
  const kept = ancestorsOf(graph.layers, layers);
  const outputs = kept.map(({ name }) => name).filter((name) => layers.includes(name));
  const output = outputs.at(-1);
  if (output === undefined)
    throw new InputError(`upTo "${graph.name}": expected at least one layer, got none`);
  const heads = Object.entries(graph.heads ?? {}).filter(([name]) => outputs.includes(name));
  const { name, preprocessing } = graph;
  return {
    ...{ name, preprocessing, layers: kept, output },
    ...(outputs.length > 1 ? { outputs } : {}),
    ...(heads.length > 0 ? { heads: Object.fromEntries(heads) } : {}),
  };
}
