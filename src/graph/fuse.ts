import { isFusable } from "../layers/activation-kinds.ts";
import type { Constant, Scale } from "../layers/op.ts";
import { opOf } from "../layers/ops.ts";
import { type Graph, inputsOf, type Layer, layerOf } from "./graph.ts";
import { answersOf } from "./heads.ts";
import { activationOf } from "./layer-facts.ts";
import { readersOf } from "./traverse.ts";

/**
 * Weights that took in a scale, with what they were before. Given to {@link fuseWith} again, the same weights and scale give the
 * same arrays, so that networks which fuse differently can share them.
 */
export type Folds = {
  readonly before: Constants;
  readonly scale: Scale;
  readonly after: Constants;
}[];

/** A layer's weights and biases by the names of their fields. */
type Constants = Readonly<Record<string, Constant>>;

/**
 * The same network with fewer layers: batch norm folded into the weights before it, activations and zero padding taken
 * into the layers beside them. A pair becomes one layer under the later one's name. Layers named in `keep`, the input,
 * the outputs and their logits stay as they are.
 * @throws InputError when `keep` names a layer that the graph does not have.
 */
export function fuse(graph: Graph, keep: readonly string[]): Graph {
  return fuseWith(graph, keep, []);
}

/**
 * Fuses a graph for networks that share what they fold; see {@link fuse}.
 * @param folds what was folded before, to which this call adds.
 */
export function fuseWith(graph: Graph, keep: readonly string[], folds: Folds): Graph {
  for (const name of keep) layerOf(graph, name);
  const kept = new Set([...keep, ...inputsOf(graph).map(({ name }) => name), ...answersOf(graph)]);
  const readers = readersOf(graph.layers);

  const fused = new Map<string, Layer>();
  for (const layer of graph.layers) {
    const [source] = layer.inputs;
    const before = source === undefined ? undefined : fused.get(source);
    const hidden =
      before && layer.inputs.length === 1 && !kept.has(before.name) && readers.get(before.name)?.length === 1;
    const pair = hidden ? merge(before, layer, folds) : undefined;
    if (pair && before) fused.delete(before.name);
    fused.set(layer.name, pair ?? layer);
  }
  return { ...graph, layers: [...fused.values()] };
}

/** Two layers as one, under the later one's name, where that computes the same. */
function merge(before: Layer, after: Layer, folds: Folds): Layer | undefined {
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
    const scaled = foldOnce(before, taken, folds, first.scaled);
    return { ...scaled, name, ...(activation ? { activation } : {}) } as Layer;
  }
  if (taken.kind === "activation" && first.activation && activation && isFusable(activation)) {
    return { ...before, name, activation } as Layer;
  }
  return undefined;
}

/** A layer that took in a scale: made by `scaled`, or of the arrays that were made before. */
function foldOnce<L extends Layer>(
  layer: L,
  scale: Scale,
  folds: Folds,
  scaled: (layer: L, scale: Scale) => L,
): L {
  const before = constantsOf(layer);
  const known = folds.find(
    (one) =>
      one.scale.scale === scale.scale && one.scale.offset === scale.offset && isSame(one.before, before),
  );
  if (known) return { ...layer, ...known.after };
  const made = scaled(layer, scale);
  folds.push({ before, scale, after: constantsOf(made) });
  return made;
}

function constantsOf(layer: Layer): Constants {
  const found = Object.entries(layer).filter(([, value]) => value?.data instanceof Float32Array);
  return Object.fromEntries(found);
}

function isSame(a: Constants, b: Constants): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name]?.data === b[name]?.data);
}
