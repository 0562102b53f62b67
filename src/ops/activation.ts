import forwardShader from "../../shaders/activation.wgsl";
import backwardShader from "../../shaders/activation_gradient.wgsl";
import { UnsupportedError } from "../gpu/errors.ts";
import { type Command, createDispatch, gridOf } from "../gpu/kernel.ts";
import { sizeOf, type Tensor } from "../gpu/tensor.ts";
import { type LayerBase, type Op, onlyInput } from "./op.ts";

/** Codes of the activations in WGSL (`override ACTIVATION`). */
const CODES = { linear: 0, relu: 1, relu6: 2, leakyRelu: 3, sigmoid: 4, tanh: 5, swish: 6 } as const;

export type ActivationKind = keyof typeof CODES;

/** An elementwise non-linearity; `alpha` is the slope of leaky ReLU below zero. */
export interface Activation {
  readonly kind: ActivationKind;
  readonly alpha?: number;
}

/** Activations whose slope follows from their output, so that they may be fused into the layer before. */
export type FusedActivation = Activation & { readonly kind: Exclude<ActivationKind, "swish"> };

export interface ActivationLayer extends LayerBase {
  readonly op: "activation";
  readonly activation: Activation;
}

/** How a gradient passes a ReLU. */
export type BackwardRule = "gradient" | "guided" | "deconvnet";

/** Codes of the backward rules in WGSL (`rule`). */
export const RULE_CODES: Readonly<Record<BackwardRule, number>> = { gradient: 0, guided: 1, deconvnet: 2 };

/** `override ACTIVATION` and `params.alpha` of a kernel that applies an activation; none means linear. */
export function activationCode(activation: Activation | undefined): { code: number; alpha: number } {
  return { code: CODES[activation?.kind ?? "linear"], alpha: activation?.alpha ?? 0 };
}

/**
 * Guided backprop and deconvnet are defined at ReLUs only.
 * @throws UnsupportedError naming the layer when the rule is not defined for its activation.
 */
export function assertRule(rule: BackwardRule, activation: Activation, layer: string): void {
  const { kind } = activation;
  if (rule !== "gradient" && kind !== "linear" && kind !== "relu" && kind !== "relu6") {
    throw new UnsupportedError(
      `backward rule "${rule}": expected ReLU or ReLU6, got ${kind} at layer "${layer}"; use the rule "gradient"`,
    );
  }
}

/**
 * Passes a signal back through an activation by the rule whose code `rule` holds.
 * `a` is the activation's output (for swish, its input); dy and dx have its shape.
 */
export function createActivationGradient(
  device: GPUDevice,
  site: {
    readonly activation: Activation;
    readonly a: Tensor;
    readonly dy: Tensor;
    readonly dx: Tensor;
    readonly rule: GPUBuffer;
    readonly accumulate?: boolean;
    readonly label?: string;
  },
): Promise<Command> {
  const { activation, a, dy, dx, rule, accumulate = false, label } = site;
  const { code, alpha } = activationCode(activation);
  const size = sizeOf(a.shape);
  return createDispatch(device, backwardShader, {
    ...(label ? { label } : {}),
    constants: { ACTIVATION: code },
    params: { size, accumulate: Number(accumulate), alpha },
    bindings: { rule, a, dy, dx },
    workgroups: gridOf(Math.ceil(size / 256)),
  });
}

export const activation: Op<ActivationLayer> = {
  shape: (layer, x) => onlyInput(layer, x),

  forward(device, { layer, x: [x], y }) {
    const { code, alpha } = activationCode(layer.activation);
    const size = sizeOf(y.shape);
    return createDispatch(device, forwardShader, {
      label: layer.name,
      constants: { ACTIVATION: code },
      params: { size, alpha },
      bindings: { x, y },
      workgroups: gridOf(Math.ceil(size / 256)),
    });
  },

  backward(device, { layer, x: [x], y, dy, dx, rule, accumulate }) {
    const a = layer.activation.kind === "swish" ? x : y;
    return createActivationGradient(device, {
      activation: layer.activation,
      a,
      dy,
      dx,
      rule,
      accumulate,
      label: layer.name,
    });
  },
};
