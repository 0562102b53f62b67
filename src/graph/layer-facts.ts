import { formatShape, sizeOf } from "../gpu/tensor.ts";
import {
  type Activation,
  activationFacts,
  type FusedActivation,
  isFusable,
} from "../layers/activation-kinds.ts";
import type { InputLayer } from "../layers/input.ts";
import type { Weights } from "../layers/op.ts";
import { opOf } from "../layers/ops.ts";
import type { Layer, Shapes } from "./graph.ts";

export { keepsChannels } from "../layers/pad.ts";

/** The activation that a layer applies, if any. */
export function activationOf(layer: Layer): Activation | undefined {
  return "activation" in layer ? layer.activation : undefined;
}

/** Tells whether another layer may carry an activation, since its slope follows from its output. */
export function canBeCarried(activation: Activation): activation is FusedActivation {
  return isFusable(activation);
}

/** The activation that is fused to another op, if there is one. */
export function fusedActivationOf(layer: Layer): FusedActivation | undefined {
  if (layer.op === "activation" || !("activation" in layer)) return undefined;
  return layer.activation?.kind === "linear" ? undefined : layer.activation;
}

/** The numbers that were learned in a layer, if any. */
export function weightsOf(layer: Layer): Weights | undefined {
  return layer.op === "input" ? undefined : opOf(layer).weights(layer);
}

/** The count of the numbers that were learned in a layer. */
export function parametersOf(layer: Layer): number {
  const weights = weightsOf(layer);
  return weights ? weights.w.data.length + (weights.b?.length ?? 0) : 0;
}

/** Multiply-adds that a layer takes for what `shapes` are of; those of convolutions and dense layers are counted. */
export function multiplyAddsOf(layer: Layer, shapes: Shapes): number {
  return sizeOf(shapes.get(layer.name) ?? []) * (weightsOf(layer)?.products ?? 0);
}

/** Says in a few words what a layer computes: "3 × 3 convolution, stride 2, ReLU". */
export function describeLayer(layer: Layer): string {
  if (layer.op === "input") return describeInput(layer);
  const op = opOf(layer);
  const { title } = activationFacts(op.fusion.activation ? activationOf(layer) : undefined);
  return title ? `${op.describe(layer)}, ${title}` : op.describe(layer);
}

function describeInput({ shape }: InputLayer): string {
  if (shape.length === 3) return "the image";
  return shape.length === 0 ? "one number" : `${formatShape(shape)} numbers`;
}

/** Tells whether a layer shows its input's values as they are: a view of them, or the linear activation. */
export function isIdentity(layer: Layer): boolean {
  if (layer.op === "input") return false;
  return opOf(layer).view || (layer.op === "activation" && layer.activation.kind === "linear");
}
