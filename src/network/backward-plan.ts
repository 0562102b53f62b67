import { InputError } from "../gpu/errors.ts";
import { type Graph, layerOf } from "../graph/graph.ts";
import { activationOf, fusedActivationOf } from "../graph/layer-facts.ts";
import { betweenOf, descendantsOf } from "../graph/traverse.ts";
import {
  assertGradient,
  assertRule,
  type BackwardRule,
  PASS,
  RULE_CODES,
} from "../layers/activation-gradient.ts";
import { activationFacts } from "../layers/activation-kinds.ts";
import { opOf } from "../layers/ops.ts";
import type { GradientLayout } from "./gradient-layout.ts";
import { type LayerRules, rulesOf } from "./rules.ts";

/** Request for a backward pass. */
export interface BackwardRequest {
  /** Layers whose output gradients the pass starts from; the same layer may stand several times. */
  readonly from: readonly string[];
  /** The layer whose gradient the pass ends with. */
  readonly to: string;
  readonly rule: BackwardRule | LayerRules;
  /** Gradients that must be complete afterwards: those of `to` and of kept layers, or of all layers between. */
  readonly gradients: "kept" | "all";
}

/** The buffer between an activation gradient and the layer gradient that follows it. */
export const SCRATCH = "scratch";

/** One step of a backward pass. Gradient buffers go by the names of `GradientLayout`. */
export type BackwardStep =
  /** Writes (or adds) the gradient of what the pass starts from to the layer's output. */
  | {
      readonly kind: "output gradient";
      readonly layer: string;
      /** Index in the request's `from`. */
      readonly index: number;
      readonly into: string;
      readonly add: boolean;
    }
  /** Finds the images of which the rule "gradient" lets nothing pass at the layer's ReLU. */
  | { readonly kind: "zero-gradient mask"; readonly layer: string; readonly reads: string }
  /** Takes the gradient through the activation that is fused to the layer. */
  | {
      readonly kind: "activation gradient";
      readonly layer: string;
      readonly rule: BackwardRule;
      readonly reads: string;
      readonly into: typeof SCRATCH;
    }
  /** Takes the gradient through the layer to one of its inputs. */
  | {
      readonly kind: "layer gradient";
      readonly layer: string;
      readonly input: string;
      /** Index of the layer's input. */
      readonly index: number;
      readonly reads: string;
      readonly into: string;
      readonly add: boolean;
      /** The rule of the layer, where that is an activation. */
      readonly rule: BackwardRule | undefined;
      /** The rule by which the same kernel takes what it writes through the input's activation, where it does. */
      readonly fused: BackwardRule | undefined;
    };

/** Steps and rules of a backward pass, in order: a plain value that needs no device. */
export interface BackwardPlan {
  readonly request: BackwardRequest;
  readonly steps: readonly BackwardStep[];
  /** Rule codes by slot; where there is none, any may stand. */
  readonly codes: readonly (number | undefined)[];
}

/**
 * Plans a backward pass: the layers between `from` and `to`, last layer first. The first step into a gradient buffer writes it,
 * later ones add.
 * @throws InputError when there is no such layer, `to` does not lead to one of `from`, or rules are given for a layer that
 * there is not.
 * @throws UnsupportedError when a rule is not defined for an activation between.
 */
export function planBackward(graph: Graph, layout: GradientLayout, request: BackwardRequest): BackwardPlan {
  const { from, to, rule, gradients } = request;
  if (from.length === 0) {
    throw new InputError("backward: expected at least one output gradient to start from, got none");
  }
  const layers = layersBetween(graph, from, to);
  const ruleOf = rulesOf(graph, rule);
  const starts = new Set(from);
  const codes: (number | undefined)[] = [];
  const fused = new Map<string, BackwardRule>();
  for (const layer of layers) {
    const { name } = layer;
    const own = ruleOf(name);
    const activation = activationOf(layer);
    if (activation && name !== to) assertRule(own, activation, name);
    const rectifier = layer.op === "input" ? undefined : opOf(layer).rectifier;
    if (rectifier !== undefined && name !== to) assertGradient(own, rectifier, name);
    const slot = layout.ruleSlots.get(name);
    if (slot !== undefined) codes[slot] = RULE_CODES[own];
    const fusedSlot = layout.fusedSlots.get(name);
    if (fusedSlot === undefined) continue;
    // Whoever needs the whole gradient, or adds to it, needs it before the activation.
    const whole = name === to || starts.has(name) || own === "redirected" || gradients === "all";
    if (!whole) fused.set(name, own);
    codes[fusedSlot] = whole ? PASS : RULE_CODES[own];
  }

  const between = new Set(layers.map(({ name }) => name));
  const bufferOf = (name: string): string => layout.buffers.get(name) ?? name;
  const written = new Set<string>();
  const isWritten = (buffer: string): boolean => {
    const before = written.has(buffer);
    written.add(buffer);
    return before;
  };
  const steps: BackwardStep[] = [];
  for (const layer of layers.toReversed()) {
    const { name } = layer;
    const gradient = bufferOf(name);
    for (const [index, start] of from.entries()) {
      if (start !== name) continue;
      steps.push({ kind: "output gradient", layer: name, index, into: gradient, add: isWritten(gradient) });
    }
    if (name === to) continue;
    const own = ruleOf(name);
    const separate = !fused.has(name) && fusedActivationOf(layer) !== undefined;
    if (!fused.has(name) && own === "redirected" && activationFacts(activationOf(layer)).stops) {
      steps.push({ kind: "zero-gradient mask", layer: name, reads: gradient });
    }
    if (separate) {
      steps.push({ kind: "activation gradient", layer: name, rule: own, reads: gradient, into: SCRATCH });
    }
    for (const [index, input] of layer.inputs.entries()) {
      const into = bufferOf(input);
      if (!between.has(input) || into === gradient) continue;
      steps.push({
        kind: "layer gradient",
        layer: name,
        input,
        index,
        reads: separate ? SCRATCH : gradient,
        into,
        add: isWritten(into),
        rule: layer.op === "activation" ? own : undefined,
        fused: fused.get(input),
      });
    }
  }
  return { request, steps, codes };
}

/** A plan as text, a line for each step: what runs, what it reads, where it goes. */
export function formatBackwardPlan({ request, steps }: BackwardPlan): string {
  const head = `backward from ${request.from.join(", ")} to ${request.to}`;
  return [head, ...steps.map((step) => `  ${formatStep(step)}`)].join("\n");
}

function formatStep(step: BackwardStep): string {
  switch (step.kind) {
    case "output gradient":
      return `output gradient of ${step.layer}: ${arrow(step)}`;
    case "zero-gradient mask":
      return `zero-gradient mask of ${step.layer}: ${step.reads} -> mask`;
    case "activation gradient":
      return `activation gradient of ${step.layer} by "${step.rule}": ${step.reads} -> ${step.into}`;
    case "layer gradient": {
      const rule = step.rule === undefined ? "" : ` by "${step.rule}"`;
      const fused =
        step.fused === undefined ? "" : `, through the activation of ${step.input} by "${step.fused}"`;
      return `layer gradient of ${step.layer}${rule}: ${step.reads} ${arrow(step)}${fused}`;
    }
  }
}

function arrow({ into, add }: { readonly into: string; readonly add: boolean }): string {
  return `${add ? "+>" : "->"} ${into}`;
}

/** Layers on any path from `to` up to one of `from`, in the graph's order. */
function layersBetween(graph: Graph, from: readonly string[], to: string): Graph["layers"] {
  const end = layerOf(graph, to).name;
  const reached = new Set(descendantsOf(graph.layers, [end]).map(({ name }) => name));
  for (const start of from) {
    if (reached.has(layerOf(graph, start).name)) continue;
    throw new InputError(`backward: expected "to" to name a layer that leads to "${start}", got "${end}"`);
  }
  return betweenOf(graph.layers, [end], from);
}
