import { isFusable } from "../layers/activation.ts";
import { opOf } from "../layers/ops.ts";
import { type Graph, inputOf, type Layer, layerOf } from "./graph.ts";
import { answersOf } from "./heads.ts";
import { activationOf } from "./layer-facts.ts";
import { readersOf } from "./traverse.ts";

/**
 * The same network with fewer layers: batch norm folded into the weights before it, activations and zero padding taken
 * into the layers beside them. A pair becomes one layer under the later one's name. Layers named in `keep`, the input,
 * the outputs and their logits stay as they are.
 * @throws InputError when `keep` names a layer that the graph does not have.
 */
export function fuse(graph: Graph, keep: readonly string[]): Graph {
  for (const name of keep) layerOf(graph, name);
  const kept = new Set([...keep, inputOf(graph).name, ...answersOf(graph)]);
  const readers = readersOf(graph.layers);

  const fused = new Map<string, Layer>();
  for (const layer of graph.layers) {
    const [source] = layer.inputs;
    const before = source === undefined ? undefined : fused.get(source);
    const hidden =
      before && layer.inputs.length === 1 && !kept.has(before.name) && readers.get(before.name)?.length === 1;
    const pair = hidden ? merge(before, layer) : undefined;
    if (pair && before) fused.delete(before.name);
    fused.set(layer.name, pair ?? layer);
  }
  return { ...graph, layers: [...fused.values()] };
}

/** Two layers as one, under the later one's name, where that computes the same. */
function merge(before: Layer, after: Layer): Layer | undefined {
  if (before.op === "input" || after.op === "input") return undefined;
  const { name } = after;
  const [first, second] = [opOf(before).fusion, opOf(after).fusion];
  const own = first.as?.(before);
  const bordered = own?.kind === "border" ? second.bordered?.(after, own.border) : undefined;
  if (bordered) return { ...bordered, inputs: before.inputs };

  const taken = second.as?.(after);
  const activation = activationOf(after);
  // What a layer takes in comes before its own activation.
  if (!taken || activationOf(before)) return undefined;
  if (taken.kind === "scale" && first.scaled) {
    return { ...first.scaled(before, taken), name, ...(activation ? { activation } : {}) } as Layer;
  }
  if (taken.kind === "activation" && first.activation && activation && isFusable(activation)) {
    return { ...before, name, activation } as Layer;
  }
  return undefined;
}
