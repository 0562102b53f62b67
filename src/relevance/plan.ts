import { InputError, UnsupportedError } from "../gpu/errors.ts";
import { describe } from "../gpu/options.ts";
import { sizeOf } from "../gpu/tensor.ts";
import { fuse } from "../graph/fuse.ts";
import { type Graph, type Layer, layerOf, pictureIn, type Shapes, shapesOf } from "../graph/graph.ts";
import { activationOf, weightsOf } from "../graph/layer-facts.ts";
import { ancestorsOf } from "../graph/traverse.ts";
import { activationFacts } from "../layers/activation-kinds.ts";
import type { NonNegative, RelevancePropagation, RuleGroup } from "../layers/op.ts";
import { type OpLayer, opOf } from "../layers/ops.ts";
import type { Composite, RelevanceRule, RuleCase } from "./rules.ts";

/** A layer whose outputs' relevance is redistributed by a rule: a linear one, but for its activation, or a sum. */
interface RedistributedLayer {
  readonly layer: OpLayer;
  readonly rule: RelevanceRule;
  /** True where its inputs may be negative, and its pre-activation where it is relevant. */
  readonly signed: { readonly input: boolean; readonly output: boolean };
}

/** The propagation of relevance through one layer. */
export type RelevanceStep =
  | { readonly by: "image"; readonly layer: Layer }
  /** Among the values of its only input, by a rule; `as`: the linear layer that it is. */
  | ({ readonly by: "rule"; readonly as: OpLayer } & RedistributedLayer)
  /** Among its inputs, by a rule. */
  | ({ readonly by: "sum" } & RedistributedLayer)
  /** To where each value came from: what the gradient does. */
  | { readonly by: "gradient"; readonly layer: OpLayer }
  /** Unchanged, to one of the inputs. */
  | { readonly by: "unchanged"; readonly layer: OpLayer; readonly input: number };

/** A step that redistributes relevance by a rule. */
export type RedistributionStep = Extract<RelevanceStep, { readonly rule: RelevanceRule }>;

/** Tells whether a step redistributes relevance by a rule. */
export function isRedistribution(step: RelevanceStep): step is RedistributionStep {
  return step.by === "rule" || step.by === "sum";
}

export interface RelevancePlanOptions {
  readonly composite: Composite;
  /** Layers at which the pass starts. */
  readonly from: readonly string[];
  /** Layers that pass relevance on unchanged although LRP is not defined for them, or all such layers. */
  readonly pass: readonly string[] | "all";
  /** Layers that are not to be folded into others: their relevance is asked for. */
  readonly keep?: readonly string[] | undefined;
}

/**
 * The layers from which relevance comes down to the image, from the last to the first, batch norm, activations and zero
 * padding folded into their neighbours where that computes the same.
 * @throws InputError for a layer that there is not, and where no rule or the wrong one is given.
 * @throws UnsupportedError naming a layer for which LRP is not defined, with what to choose.
 */
export function planRelevance(graph: Graph, options: RelevancePlanOptions): readonly RelevanceStep[] {
  const { composite, from, pass, keep = [] } = options;
  const named = composite.flatMap(({ at }) => (typeof at === "object" ? at : []));
  if (pass !== "all" && !Array.isArray(pass)) {
    throw new InputError(`LRP: expected pass to be the names of layers, or "all", got ${describe(pass)}`);
  }
  for (const name of pass === "all" ? named : [...pass, ...named]) layerOf(graph, name);
  const folded = fuse(graph, [...from, ...keep]);
  const layers = ancestorsOf(
    folded.layers,
    from.map((name) => layerOf(folded, name).name),
  );
  // Bounds of colour are known of pictures only.
  const image = pictureIn(graph.layers)?.name;
  const positive = nonNegative(folded);
  const foldedInto = new Map(layers.map((layer) => [layer.name, membersOf(graph, layer)]));
  const members = (layer: Layer): readonly string[] => foldedInto.get(layer.name) ?? [layer.name];
  const outputLayers = outputLayersOf(layers);
  const shapes = shapesOf(graph);
  const ruleOf = (layer: OpLayer, group: RuleGroup): RelevanceRule => {
    const readsImage = image !== undefined && weightsOf(layer) !== undefined && layer.inputs.includes(image);
    const fits = ({ at }: RuleCase): boolean => {
      if (typeof at === "function") return at(layer);
      if (typeof at === "object") return at.some((name) => members(layer).includes(name));
      switch (at) {
        case "image":
          return readsImage;
        case "output":
          return outputLayers.has(layer.name);
        case "convolution":
        case "dense":
          return group === at;
        case "any":
          return true;
        default:
          throw new InputError(
            `LRP rules: expected at of "image", "output", "convolution", "dense", "any", names or a function, got "${at satisfies never}"`,
          );
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
  const stepOf = (layer: Layer): RelevanceStep => {
    if (layer.op === "input") return { by: "image", layer };
    const passes = pass === "all" || members(layer).some((name) => pass.includes(name));
    const propagation = expectDefined(layer, passes);
    switch (propagation.by) {
      case "unchanged":
        return { by: "unchanged", layer, input: 0 };
      case "undefined": {
        const input = propagation.pass === "signal" ? signalOf(layer, layers, shapes) : 0;
        return { by: "unchanged", layer, input };
      }
      case "gradient":
        return { by: "gradient", layer };
      case "rule":
      case "sum": {
        const input = !layer.inputs.every((name) => positive.has(name));
        // A sigmoid's output is positive of any pre-activation.
        const output = !positive.has(layer.name) || activationFacts(activationOf(layer)).atZero !== 0;
        const rule = ruleOf(layer, propagation.by === "rule" ? propagation.group : "other");
        return { ...propagation, layer, rule, signed: { input, output } };
      }
    }
  };
  const steps = layers.map(stepOf);
  const shared = new Set(steps.filter(isRedistribution).flatMap(({ layer }) => members(layer)));
  const stray = named.find((name) => !shared.has(name));
  if (stray !== undefined) {
    throw new InputError(
      `LRP rules: expected layers on the path that redistribute relevance (${[...shared].slice(0, 12).join(", ")}), got "${stray}"`,
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
    if (layer.op === "input") continue;
    const inputs = layer.inputs.every((name) => found.has(name));
    const holds = (fact: NonNegative, ofInputs: boolean): boolean =>
      fact === "always" || (fact === "inputs" && ofInputs);
    const before = holds(opOf(layer).mathematics(layer).nonNegative, inputs);
    if (holds(activationFacts(activationOf(layer)).nonNegative, before)) found.add(layer.name);
  }
  return found;
}

/** The output layers: the layers with weights from which no other layer with weights leads to the start of the pass. */
function outputLayersOf(layers: readonly Layer[]): ReadonlySet<string> {
  const under = new Set<string>();
  const found = new Set<string>();
  for (const layer of layers.toReversed()) {
    const weighted = weightsOf(layer) !== undefined;
    if (weighted && !under.has(layer.name)) found.add(layer.name);
    if (!weighted && !under.has(layer.name)) continue;
    for (const input of layer.inputs) under.add(input);
  }
  return found;
}

/** The input of a product that is the signal, and not its gate: the first that is neither broadcast nor a gate. */
function signalOf({ inputs, name }: OpLayer, layers: readonly Layer[], shapes: Shapes): number {
  const sizeOfLayer = (layer: string): number => sizeOf(shapes.get(layer) ?? []);
  const gates = (input: string): boolean => {
    if (sizeOfLayer(input) < sizeOfLayer(name)) return true;
    const layer = layers.find((one) => one.name === input);
    if (!layer || layer.op === "input") return false;
    return activationFacts(activationOf(layer)).gate || opOf(layer).relevance.gate;
  };
  const index = inputs.findIndex((input) => !gates(input));
  if (index >= 0) return index;
  throw new UnsupportedError(`LRP: expected a factor of "${name}" that is no gate, got ${inputs.join(", ")}`);
}

/** The propagation of relevance through a layer. @throws UnsupportedError where LRP is not defined and the caller has not asked to pass it on. */
function expectDefined(
  layer: OpLayer,
  passes: boolean,
): Exclude<RelevancePropagation<OpLayer>, { readonly by: "end" }> {
  const propagation = opOf(layer).relevance.propagation(layer);
  if (propagation.by === "end") {
    throw new UnsupportedError(
      `LRP: expected to start before the ${layer.op} "${layer.name}"; ask for a class, or start at layer "${layer.inputs[0]}"`,
    );
  }
  if (propagation.by === "undefined" && propagation.pass === "nowhere") {
    throw new UnsupportedError(
      `LRP: expected layers through which relevance has a way, got ${layer.op} "${layer.name}"; start at layer "${layer.inputs[0]}", or ask a technique of gradients or of covered images`,
    );
  }
  if (passes) return propagation;
  const activation = activationOf(layer);
  const curved =
    propagation.by === "undefined"
      ? layer.op
      : activationFacts(activation).piecewise
        ? undefined
        : activation?.kind;
  if (curved === undefined) return propagation;
  const signal = propagation.by === "undefined" && propagation.pass === "signal";
  const meaning = signal ? "all of it to the factor that is no gate" : "unchanged";
  throw new UnsupportedError(
    `LRP: expected layers that are linear piece by piece, got ${curved} at layer "${layer.name}"; to let it pass relevance on (${meaning}), give { pass: ["${layer.name}"] }, or { pass: "all" } for all such layers`,
  );
}
