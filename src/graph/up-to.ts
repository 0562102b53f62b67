import { InputError } from "../gpu/errors.ts";
import { describe } from "../gpu/options.ts";
import { assertGraph, type Graph, type HeadKind, layerOf } from "./graph.ts";
import { headsOf } from "./heads.ts";
import { ancestorsOf } from "./traverse.ts";

/**
 * The graph cut behind some layers: what they do not depend on is gone, and they are the outputs, the last of them the one that is
 * asked by default. Weight arrays and preprocessing stay the same. A dense head goes with what is cut away, so that `resized` takes
 * any size; labels stay where the scores do that they name, and a layer between has values, no scores.
 * @throws InputError for a layer that there is not, or none.
 * @example
 * const deep = resized(upTo(graph, ["inception_4c/output"]), [480, 640]);
 */
export function upTo(graph: Graph, layers: readonly string[]): Graph {
  assertGraph("upTo", graph);
  if (!Array.isArray(layers)) {
    throw new InputError(`upTo "${graph.name}": expected a list of layers' names, got ${describe(layers)}`);
  }
  for (const name of layers) layerOf(graph, name);
  const kept = ancestorsOf(graph.layers, layers);
  const outputs = kept.map(({ name }) => name).filter((name) => layers.includes(name));
  const output = outputs.at(-1);
  if (output === undefined)
    throw new InputError(`upTo "${graph.name}": expected at least one layer, got none`);
  const answers = headsOf(graph);
  const heads = outputs.flatMap((name): [string, HeadKind][] => {
    const head = answers.find(({ output, logits }) => output === name || logits === name);
    if (!head) return [[name, "values"]];
    if (head.output !== name) return [[name, head.scores]];
    return head.known === "given" ? [[name, head.kind]] : [];
  });
  const { name, preprocessing, labels, labelsFrom } = graph;
  const named = answers.some(
    (head) => head.labels && outputs.some((one) => one === head.output || one === head.logits),
  );
  return {
    ...{ name, preprocessing, layers: kept, output },
    ...(outputs.length > 1 ? { outputs } : {}),
    ...(named && labels ? { labels } : {}),
    ...(named && labelsFrom !== undefined ? { labelsFrom } : {}),
    ...(heads.length > 0 ? { heads: Object.fromEntries(heads) } : {}),
  };
}
