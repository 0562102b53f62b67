import type { FusedGradient, NonNegative } from "./op.ts";

/** The facts of a kind of activation, a(z). */
interface ActivationFacts {
  /** Its number in WGSL (`override ACTIVATION`). */
  readonly code: number;
  /** Its name for people. */
  readonly title: string;
  /** a(0) */
  readonly atZero: number;
  /** True if it is linear piece by piece. */
  readonly piecewise: boolean;
  /** a(c·z) = c·a(z) for every c > 0. */
  readonly homogeneous: boolean;
  /** The places where a(z) is known not to be negative; "inputs": where z is not. */
  readonly nonNegative: NonNegative;
  /** True if a(z) is z wherever it is not 0. */
  readonly passesOrStops: boolean;
  /** True if backward rules other than the gradient are defined for it. */
  readonly rules: boolean;
  /** True if its slope is 0 over a range, so that the rule "redirected" may differ from the gradient. */
  readonly stops: boolean;
  /** True if its output, as the factor of a product, gates the other. */
  readonly gate: boolean;
}

const PIECEWISE = { atZero: 0, piecewise: true, gate: false } as const;
const CURVED = {
  ...{ piecewise: false, homogeneous: false, passesOrStops: false },
  ...{ rules: false, stops: false },
} as const;

const ACTIVATIONS = {
  linear: {
    ...PIECEWISE,
    code: 0,
    title: "",
    stops: false,
    homogeneous: true,
    nonNegative: "inputs",
    passesOrStops: true,
    rules: true,
  },
  relu: {
    ...PIECEWISE,
    code: 1,
    title: "ReLU",
    stops: true,
    homogeneous: true,
    nonNegative: "always",
    passesOrStops: true,
    rules: true,
  },
  relu6: {
    ...PIECEWISE,
    code: 2,
    title: "ReLU6",
    stops: true,
    homogeneous: false,
    nonNegative: "always",
    passesOrStops: false,
    rules: true,
  },
  leakyRelu: {
    ...PIECEWISE,
    code: 3,
    title: "leaky ReLU",
    stops: false,
    homogeneous: true,
    nonNegative: "inputs",
    passesOrStops: false,
    rules: false,
  },
  sigmoid: { ...CURVED, code: 4, title: "sigmoid", atZero: 0.5, nonNegative: "always", gate: true },
  tanh: { ...CURVED, code: 5, title: "tanh", atZero: 0, nonNegative: "inputs", gate: false },
  swish: { ...CURVED, code: 6, title: "swish", atZero: 0, nonNegative: "inputs", gate: false },
} as const satisfies Record<string, ActivationFacts>;

export type ActivationKind = keyof typeof ACTIVATIONS;

/** The facts of an activation; none is linear. */
export function activationFacts(activation: Activation | undefined): ActivationFacts {
  return ACTIVATIONS[activation?.kind ?? "linear"];
}

/** An elementwise non-linearity; `alpha` is the slope of leaky ReLU below zero. */
export interface Activation {
  readonly kind: ActivationKind;
  readonly alpha?: number;
}

/** Activations whose slope follows from their output, so that they may be fused into the layer before. */
export type FusedActivation = Activation & { readonly kind: Exclude<ActivationKind, "swish"> };

/** Tells whether an activation may be fused into the layer before. */
export function isFusable(activation: Activation): activation is FusedActivation {
  return activation.kind !== "swish";
}

/** `override ACTIVATION` and `params.alpha` of a kernel that applies an activation; none means linear. */
export function activationCode(activation: Activation | undefined): { code: number; alpha: number } {
  return { code: activationFacts(activation).code, alpha: activation?.alpha ?? 0 };
}

/** `override GRADIENT_OF` and parameters of a kernel with which the gradient of an activation is fused, or of none. */
export function fusedGradientCode(fused: FusedGradient | undefined): {
  readonly GRADIENT_OF: number;
  readonly alpha: number;
  readonly slot: number;
} {
  return { GRADIENT_OF: fused?.code ?? 0, alpha: fused?.alpha ?? 0, slot: fused?.slot ?? 0 };
}
