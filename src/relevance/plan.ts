import { InputError, UnsupportedError } from "../gpu/errors.ts";
import { sizeOf } from "../gpu/tensor.ts";
import { fuse } from "../graph/fuse.ts";
import { type Graph, inputOf, type Layer, layerOf, type Shapes, shapesOf } from "../graph/graph.ts";
import { ancestorsOf } from "../graph/traverse.ts";
import type { OpLayer } from "../layers/ops.ts";
import { activationOf } from "../network/gradient-layout.ts";
import type { Composite, RelevanceRule, RuleCase } from "./rules.ts";

/** A layer whose outputs share their relevance among its inputs: a linear one, but for its activation. */
export type ShareLayer = Extract<
  OpLayer,
  { op: "conv2d" | "depthwiseConv2d" | "dense" | "batchNorm" | "add" | "pool" | "globalPool" | "upsample" }
>;

/** How relevance passes one layer on its way down. */
export type RelevanceStep =
  | { readonly way: "image"; readonly layer: Layer }
  /** Among the inputs, by a rule. */
  | {
      readonly way: "share";
      readonly layer: ShareLayer;
      readonly rule: RelevanceRule;
      /** Whether its inputs may be negative, and its pre-activation where it is relevant. */
      readonly signed: { readonly input: boolean; readonly output: boolean };
    }
  /** To where each value came from: what the gradient does. */
  | { readonly way: "route"; readonly layer: OpLayer }
  /** Unchanged, to one of the inputs. */
  | { readonly way: "pass"; readonly layer: OpLayer; readonly input: number };

export interface RelevancePlanOptions {
  readonly composite: Composite;
  /** Layers at which the pass starts. */
  readonly from: readonly string[];
  /** Layers that pass relevance on unchanged although LRP is not defined for them. */
  readonly pass: readonly string[];
}

/**
 * The layers from which relevance comes down to the image, from the last to the first, batch norm, activations and zero
 * padding folded into their neighbours where that computes the same.
 * @throws InputError for a layer that there is not, and where no rule or the wrong one is given.
 * @throws UnsupportedError naming a layer for which LRP is not defined, with what to choose.
 */
export function planRelevance(graph: Graph, options: RelevancePlanOptions): readonly RelevanceStep[] {
  const { composite, from, pass } = options;
  const named = composite.flatMap(({ at }) => (typeof at === "object" ? at : []));
  for (const name of [...pass, ...named]) layerOf(graph, name);
  const folded = fuse(graph, from);
  const way = ancestorsOf(
    folded.layers,
    from.map((name) => layerOf(folded, name).name),
  );
  const image = inputOf(graph).name;
  const positive = nonNegative(folded);
  const foldedInto = new Map(way.map((layer) => [layer.name, membersOf(graph, layer)]));
  const members = (layer: Layer): readonly string[] => foldedInto.get(layer.name) ?? [layer.name];
  const tops = topsOf(way);
  const shapes = shapesOf(graph);
  const ruleOf = (layer: ShareLayer): RelevanceRule => {
    const readsImage = isWeighted(layer) && layer.inputs.includes(image);
    const fits = ({ at }: RuleCase): boolean => {
      if (typeof at === "function") return at(layer);
      switch (at) {
        case "image":
          return readsImage;
        case "top":
          return tops.has(layer.name);
        case "convolution":
          return layer.op === "conv2d" || layer.op === "depthwiseConv2d";
        case "dense":
          return layer.op === "dense";
        case "any":
          return true;
        default:
          return at.some((name) => members(layer).includes(name));
      }
    };
    const rule = composite.find(fits)?.rule;
    if (!rule) {
      throw new InputError(
        `LRP: expected a rule for layer "${layer.name}" (${layer.op}), got none; end the rules with { at: "any", rule: { kind: "epsilon" } }`,
      );
    }
    if (rule.kind === "zBox" && !readsImage) {
      throw new InputError(
        `LRP rule "zBox": expected a layer with weights that reads the image, got "${layer.name}" (${layer.op}); use epsilon, gamma or zPlus there`,
      );
    }
    return rule;
  };
  const steps = way.map((layer): RelevanceStep => {
    if (layer.op === "input") return { way: "image", layer };
    const passes = members(layer).some((name) => pass.includes(name));
    expectPiecewise(layer, passes);
    if (isElementwise(layer)) return { way: "pass", layer, input: 0 };
    if (passes && layer.op === "multiply") return { way: "pass", layer, input: signalOf(layer, way, shapes) };
    if (passes && layer.op === "lrn") return { way: "pass", layer, input: 0 };
    if (!isShared(layer)) return { way: "route", layer };
    const input = !layer.inputs.every((name) => positive.has(name));
    // A sigmoid's output is positive of any pre-activation.
    const output = !positive.has(layer.name) || activationOf(layer)?.kind === "sigmoid";
    return { way: "share", layer, rule: ruleOf(layer), signed: { input, output } };
  });
  const shared = new Set(steps.flatMap(({ way, layer }) => (way === "share" ? members(layer) : [])));
  const stray = named.find((name) => !shared.has(name));
  if (stray !== undefined) {
    throw new InputError(
      `LRP rules: expected layers on the way that share relevance (${[...shared].slice(0, 12).join(", ")}), got "${stray}"`,
    );
  }
  return steps.reverse();
}

/** Names in the graph of what was folded into a layer: itself, and those before it down to its first input. */
function membersOf(graph: Graph, { name, inputs: [end] }: Layer): string[] {
  const found = [name];
  for (let layer = layerOf(graph, name); ; ) {
    const [before] = layer.inputs;
    if (before === undefined || before === end) return found;
    found.push(before);
    layer = layerOf(graph, before);
  }
}

/** Layers whose outputs are never negative. */
function nonNegative(graph: Graph): ReadonlySet<string> {
  const found = new Set<string>();
  for (const layer of graph.layers) {
    const kind = activationOf(layer)?.kind ?? "linear";
    const keeps =
      !isWeighted(layer) &&
      layer.op !== "input" &&
      layer.op !== "lrn" &&
      layer.inputs.every((name) => found.has(name));
    if (["relu", "relu6", "sigmoid"].includes(kind) || layer.op === "softmax" || keeps) found.add(layer.name);
  }
  return found;
}

/** Layers with weights that have none between them and where the pass starts. */
function topsOf(way: readonly Layer[]): ReadonlySet<string> {
  const under = new Set<string>();
  const tops = new Set<string>();
  for (const layer of way.toReversed()) {
    if (isWeighted(layer) && !under.has(layer.name)) tops.add(layer.name);
    if (!isWeighted(layer) && !under.has(layer.name)) continue;
    for (const input of layer.inputs) under.add(input);
  }
  return tops;
}

function isWeighted({ op }: Layer): boolean {
  return op === "conv2d" || op === "depthwiseConv2d" || op === "dense" || op === "batchNorm";
}

function isShared(layer: OpLayer): layer is ShareLayer {
  if (layer.op === "pool" || layer.op === "globalPool") return layer.mode === "average";
  if (layer.op === "upsample") return layer.mode === "bilinear";
  return isWeighted(layer) || layer.op === "add";
}

function isElementwise({ op }: OpLayer): boolean {
  return op === "activation" || op === "reshape";
}

/** Which input of a product is the signal, and not what gates it: one that is not broadcast, the first that is no gate. */
function signalOf({ inputs, name }: OpLayer, way: readonly Layer[], shapes: Shapes): number {
  const sizeOfLayer = (layer: string): number => sizeOf(shapes.get(layer) ?? []);
  const gates = (input: string): boolean => {
    if (sizeOfLayer(input) < sizeOfLayer(name)) return true;
    const layer = way.find((one) => one.name === input);
    return layer ? activationOf(layer)?.kind === "sigmoid" || layer.op === "globalPool" : false;
  };
  const index = inputs.findIndex((input) => !gates(input));
  if (index >= 0) return index;
  throw new UnsupportedError(`LRP: expected a factor of "${name}" that is no gate, got ${inputs.join(", ")}`);
}

const PIECEWISE = ["linear", "relu", "relu6", "leakyRelu"];

/** @throws UnsupportedError where LRP is not defined. */
function expectPiecewise(layer: OpLayer, passes: boolean): void {
  if (layer.op === "softmax") {
    throw new UnsupportedError(
      `LRP: expected to start before the softmax "${layer.name}"; ask for a class, or start at layer "${layer.inputs[0]}"`,
    );
  }
  if (passes) return;
  const kind = activationOf(layer)?.kind ?? "linear";
  const curved =
    layer.op === "multiply" || layer.op === "lrn" ? layer.op : PIECEWISE.includes(kind) ? undefined : kind;
  if (curved === undefined) return;
  const meaning = layer.op === "multiply" ? "all of it to the factor that is no gate" : "unchanged";
  throw new UnsupportedError(
    `LRP: expected layers that are linear piece by piece, got ${curved} at layer "${layer.name}"; to let it pass relevance on (${meaning}), give { pass: ["${layer.name}"] }`,
  );
}
