import { assertFinite } from "../graph/finite.ts";
import { type Folds, fuseWith } from "../graph/fuse.ts";
import { assertLayer, type Graph, inputsOf, type Shapes, shapesOf } from "../graph/graph.ts";
import { answersOf, withLogits } from "../graph/heads.ts";
import { type GradientLayout, gradientLayout } from "./gradient-layout.ts";
import type { NetworkSettings } from "./options.ts";

/** A network before it is on a device: plain data. */
export interface NetworkPlan {
  /** The graph as it runs: fused where `keep` allows. */
  readonly graph: Graph;
  readonly batch: number;
  readonly keep: NetworkSettings["keep"];
  readonly shapes: Shapes;
  /** Layout of the gradients; undefined in a network without. */
  readonly layout: GradientLayout | undefined;
  /** Layers with buffers of their own, where the others reuse one another's; undefined where every layer has its own. */
  readonly alone: readonly string[] | undefined;
}

/**
 * The graph as a network of it runs: the logits of a fused sigmoid or softmax apart, what `keep` does not name fused.
 * @param folds batch norms that were folded before, for networks that share them.
 * @throws InputError when `keep` names a layer that there is not.
 */
export function runningGraph(graph: Graph, keep: NetworkSettings["keep"], folds: Folds = []): Graph {
  const whole = withLogits(graph);
  return keep === "all" ? whole : fuseWith(whole, keep, folds);
}

/**
 * Plans a network of a graph as it runs.
 * @throws InputError, UnsupportedError for a graph that cannot be right or run.
 */
export function planNetwork(
  graph: Graph,
  { batch, keep, gradients, reuseBuffers }: NetworkSettings,
): NetworkPlan {
  const shapes = shapesOf(graph, batch);
  const inputs = inputsOf(graph).map(({ name }) => name);
  const kept = new Set(keep === "all" ? graph.layers.map(({ name }) => name) : keep);
  return {
    ...{ graph, batch, keep, shapes },
    layout: gradients ? gradientLayout(graph, kept) : undefined,
    alone: reuseBuffers && keep !== "all" ? [...keep, ...answersOf(graph), ...inputs] : undefined,
  };
}

/** @throws ModelError for weights or settings that are NaN or infinite; InputError for layers without what they need. */
export function assertSound(graph: Graph): void {
  for (const layer of graph.layers) assertLayer(layer);
  assertFinite(graph);
}
