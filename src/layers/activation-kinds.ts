import { InputError } from "../gpu/errors.ts";
import type { FusedGradient, NonNegative } from "./op.ts";

/** The facts of an activation, a(z). */
interface ActivationFacts {
  /** Its number in WGSL (`override ACTIVATION`). */
  readonly code: number;
  /** Its name for people. */
  readonly title: string;
  /** a(0) */
  readonly atZero: number;
  /** True if it is a multiple of z, or constant, piece by piece, without a jump. */
  readonly piecewise: boolean;
  /** a(c·z) = c·a(z) for every c > 0. */
  readonly homogeneous: boolean;
  /** The places where a(z) is known not to be negative; "inputs": where z is not. */
  readonly nonNegative: NonNegative;
  /** True if a(z) is z wherever it is not 0. */
  readonly passesOrStops: boolean;
  /** True if backward rules other than the gradient are defined for it. */
  readonly rules: boolean;
  /** True if they are, and its slope is 0 over a range, so that the rule "redirected" may differ from the gradient. */
  readonly stops: boolean;
  /** Where it is constant above; Infinity where it is not. */
  readonly ceiling: number;
  /** True if its output, as the factor of a product, gates the other. */
  readonly gate: boolean;
}

interface Parameters {
  readonly alpha: number;
  readonly beta: number;
  readonly gamma: number;
}

/** The facts of a kind, beside its code. */
type Facts = Omit<ActivationFacts, "code">;

/** A kind of activation. */
interface Kind {
  readonly code: number;
  /** True if its slope follows from its output, so that it may be fused into the layer before. */
  readonly fusable: boolean;
  /** Its parameters: what each is where it is left out, or "must". */
  readonly parameters?: Partial<Record<keyof Parameters, number | "must">>;
  /** What is wrong with parameters, as "alpha above 0". */
  readonly expects?: (given: Parameters) => string | undefined;
  readonly facts: Facts | ((given: Parameters) => Facts);
}

/** The largest number of 32 bits, in place of a bound that there is not. */
const LARGEST = 3.4028234663852886e38;

const ceiling = Number.POSITIVE_INFINITY;
const PIECEWISE = { atZero: 0, piecewise: true, gate: false, ceiling } as const;
const CURVED = {
  ...{ atZero: 0, piecewise: false, homogeneous: false, passesOrStops: false },
  ...{ rules: false, stops: false, gate: false, ceiling },
} as const;

const expectsAbove = ({ alpha }: Parameters) => (alpha > 0 ? undefined : "alpha above 0");

const KINDS = {
  linear: {
    code: 0,
    fusable: true,
    facts: {
      ...PIECEWISE,
      title: "",
      stops: false,
      homogeneous: true,
      nonNegative: "inputs",
      passesOrStops: true,
      rules: true,
    },
  },
  relu: {
    code: 1,
    fusable: true,
    facts: {
      ...PIECEWISE,
      title: "ReLU",
      stops: true,
      homogeneous: true,
      nonNegative: "always",
      passesOrStops: true,
      rules: true,
    },
  },
  relu6: {
    code: 2,
    fusable: true,
    facts: {
      ...PIECEWISE,
      ceiling: 6,
      title: "ReLU6",
      stops: true,
      homogeneous: false,
      nonNegative: "always",
      passesOrStops: false,
      rules: true,
    },
  },
  leakyRelu: {
    code: 3,
    fusable: true,
    parameters: { alpha: 0 },
    facts: ({ alpha }) => ({
      ...PIECEWISE,
      title: "leaky ReLU",
      stops: false,
      homogeneous: true,
      nonNegative: alpha < 0 ? "always" : "inputs",
      passesOrStops: false,
      rules: false,
    }),
  },
  sigmoid: {
    code: 4,
    fusable: true,
    facts: { ...CURVED, title: "sigmoid", atZero: 0.5, nonNegative: "always", gate: true },
  },
  tanh: { code: 5, fusable: true, facts: { ...CURVED, title: "tanh", nonNegative: "inputs" } },
  swish: { code: 6, fusable: false, facts: { ...CURVED, title: "swish", nonNegative: "inputs" } },
  elu: {
    code: 7,
    fusable: true,
    parameters: { alpha: 1 },
    expects: expectsAbove,
    facts: { ...CURVED, title: "ELU", nonNegative: "inputs" },
  },
  selu: { code: 8, fusable: true, facts: { ...CURVED, title: "SELU", nonNegative: "inputs" } },
  hardSigmoid: {
    code: 9,
    fusable: true,
    parameters: { alpha: "must", beta: "must" },
    expects: expectsAbove,
    facts: ({ beta }) => ({
      ...CURVED,
      title: "hard sigmoid",
      atZero: Math.min(1, Math.max(0, beta)),
      nonNegative: "always",
      gate: true,
    }),
  },
  clip: {
    code: 10,
    fusable: true,
    parameters: { alpha: -LARGEST, beta: LARGEST },
    expects: ({ alpha, beta }) => (alpha <= beta ? undefined : "alpha (the minimum) of at most beta"),
    facts({ alpha, beta }) {
      const above = beta < LARGEST;
      const straight = !above && (alpha === 0 || alpha <= -LARGEST);
      return {
        ...PIECEWISE,
        title: "clip",
        atZero: Math.min(Math.max(0, alpha), beta),
        homogeneous: straight,
        nonNegative: alpha >= 0 ? "always" : beta >= 0 ? "inputs" : "unknown",
        passesOrStops: straight,
        rules: alpha === 0,
        stops: alpha === 0,
        ceiling: above ? beta : ceiling,
      };
    },
  },
  softplus: {
    code: 11,
    fusable: true,
    facts: { ...CURVED, title: "softplus", atZero: Math.LN2, nonNegative: "always" },
  },
  gelu: { code: 12, fusable: false, facts: { ...CURVED, title: "GELU", nonNegative: "inputs" } },
  geluTanh: { code: 13, fusable: false, facts: { ...CURVED, title: "GELU by tanh", nonNegative: "inputs" } },
  mish: { code: 14, fusable: false, facts: { ...CURVED, title: "mish", nonNegative: "inputs" } },
  hardSwish: {
    code: 15,
    fusable: false,
    facts: { ...CURVED, title: "hard swish", nonNegative: "inputs" },
  },
  softsign: { code: 16, fusable: false, facts: { ...CURVED, title: "softsign", nonNegative: "inputs" } },
  celu: {
    code: 17,
    fusable: false,
    parameters: { alpha: 1 },
    expects: expectsAbove,
    facts: { ...CURVED, title: "CELU", nonNegative: "inputs" },
  },
  thresholdedRelu: {
    code: 18,
    fusable: false,
    parameters: { alpha: 1 },
    facts: ({ alpha }) => ({
      ...PIECEWISE,
      title: "thresholded ReLU",
      piecewise: alpha === 0,
      homogeneous: alpha === 0,
      nonNegative: alpha >= 0 ? "always" : "inputs",
      passesOrStops: true,
      rules: false,
      stops: false,
    }),
  },
  generalRelu: {
    code: 19,
    fusable: false,
    parameters: { alpha: 0, beta: 0, gamma: LARGEST },
    facts({ alpha, beta, gamma }) {
      const [straight, above] = [beta === 0 && gamma >= LARGEST, gamma >= 0];
      const nonNegative = above && (alpha === 0 || beta <= 0);
      return {
        ...PIECEWISE,
        title: "general ReLU",
        atZero: 0 >= gamma ? gamma : 0 >= beta ? 0 : -alpha * beta,
        piecewise: straight,
        homogeneous: straight,
        nonNegative: !nonNegative ? "unknown" : alpha === 0 && beta >= 0 ? "always" : "inputs",
        passesOrStops: alpha === 0 && gamma >= LARGEST,
        rules: false,
        stops: false,
      };
    },
  },
  exp: {
    code: 20,
    fusable: false,
    facts: { ...CURVED, title: "exponential", atZero: 1, nonNegative: "always" },
  },
  log: {
    code: 21,
    fusable: false,
    facts: { ...CURVED, title: "logarithm", atZero: Number.NEGATIVE_INFINITY, nonNegative: "unknown" },
  },
  sqrt: { code: 22, fusable: false, facts: { ...CURVED, title: "square root", nonNegative: "always" } },
  square: { code: 23, fusable: false, facts: { ...CURVED, title: "square", nonNegative: "always" } },
  abs: {
    code: 24,
    fusable: false,
    facts: {
      ...PIECEWISE,
      title: "absolute value",
      stops: false,
      homogeneous: true,
      nonNegative: "always",
      passesOrStops: false,
      rules: false,
    },
  },
  negative: {
    code: 25,
    fusable: false,
    facts: {
      ...PIECEWISE,
      title: "negative",
      stops: false,
      homogeneous: true,
      nonNegative: "unknown",
      passesOrStops: false,
      rules: false,
    },
  },
  reciprocal: {
    code: 26,
    fusable: false,
    facts: { ...CURVED, title: "reciprocal", atZero: Number.POSITIVE_INFINITY, nonNegative: "inputs" },
  },
  erf: { code: 27, fusable: false, facts: { ...CURVED, title: "error function", nonNegative: "inputs" } },
  logSigmoid: {
    code: 28,
    fusable: false,
    facts: { ...CURVED, title: "log of sigmoid", atZero: -Math.LN2, nonNegative: "unknown" },
  },
  sin: { code: 29, fusable: false, facts: { ...CURVED, title: "sine", nonNegative: "unknown" } },
  cos: { code: 30, fusable: false, facts: { ...CURVED, title: "cosine", atZero: 1, nonNegative: "unknown" } },
  floor: { code: 31, fusable: false, facts: { ...CURVED, title: "floor", nonNegative: "inputs" } },
  ceil: { code: 32, fusable: false, facts: { ...CURVED, title: "ceiling", nonNegative: "inputs" } },
  round: { code: 33, fusable: false, facts: { ...CURVED, title: "rounding", nonNegative: "inputs" } },
  sign: { code: 34, fusable: false, facts: { ...CURVED, title: "sign", nonNegative: "inputs" } },
} as const satisfies Record<string, Kind>;

export type ActivationKind = keyof typeof KINDS;

/**
 * An elementwise non-linearity. Kinds of one parameter or more take `alpha`, `beta` and `gamma`:
 * - `leakyRelu`: alpha, the slope below zero (default 0);
 * - `elu`, `celu`: alpha > 0, what it comes down to (1);
 * - `hardSigmoid`: min(1, max(0, alpha·z + beta)), alpha > 0; both must be given;
 * - `clip`: alpha, the least value, and beta, the largest (default: no bound). A ReLU with a maximum has alpha 0;
 * - `thresholdedRelu`: alpha, at or below which it is 0 (1);
 * - `generalRelu`, Keras's ReLU: gamma where z ≥ gamma (default: no bound), else z where z ≥ beta (0), else
 *   alpha·(z − beta) (0).
 *
 * `gelu` is z·Φ(z) by erf, `geluTanh` its approximation; `hardSwish` is z·min(1, max(0, z/6 + ½)); `round` goes to the even
 * number from halfway; `floor`, `ceil`, `round` and `sign` have the slope 0.
 */
export interface Activation {
  readonly kind: ActivationKind;
  readonly alpha?: number;
  readonly beta?: number;
  readonly gamma?: number;
}

/** Activations whose slope follows from their output, so that they may be fused into the layer before. */
export type FusedActivation = Activation & {
  readonly kind: {
    [K in ActivationKind]: (typeof KINDS)[K]["fusable"] extends true ? K : never;
  }[ActivationKind];
};

/** Tells whether an activation may be fused into the layer before. */
export function isFusable(activation: Activation): activation is FusedActivation {
  const { kind, alpha = 0 } = activation;
  // Of a leaky ReLU that rises on both sides the output does not tell which.
  return KINDS[kind].fusable && !(kind === "leakyRelu" && alpha < 0);
}

/** The facts of an activation; none is linear. */
export function activationFacts(activation: Activation | undefined): ActivationFacts {
  const { code, facts }: Kind = KINDS[activation?.kind ?? "linear"];
  return { code, ...(typeof facts === "function" ? facts(parametersOf(activation)) : facts) };
}

/** @throws InputError when a parameter is missing, not finite, or does not fit its kind. */
function parametersOf(activation: Activation | undefined): Parameters {
  const { kind, ...given }: Activation = activation ?? { kind: "linear" };
  const { parameters = {}, expects }: Kind = KINDS[kind];
  const value = (name: keyof Parameters): number => {
    const found = given[name] ?? parameters[name] ?? 0;
    if (typeof found === "number" && Number.isFinite(found)) return found;
    const got = found === "must" ? "none" : found;
    throw new InputError(`activation ${kind}: expected a finite number as ${name}, got ${got}`);
  };
  const found = { alpha: value("alpha"), beta: value("beta"), gamma: value("gamma") };
  const fault = expects?.(found);
  if (fault === undefined) return found;
  throw new InputError(
    `activation ${kind}: expected ${fault}, got alpha ${found.alpha} and beta ${found.beta}`,
  );
}

/** Parameters of an activation as overrides; a kernel has them where it applies one, or takes the gradient of one. */
function overridesOf({ beta, gamma = 0 }: { readonly beta: number; readonly gamma?: number }) {
  return { ...(beta === 0 ? {} : { BETA: beta }), ...(gamma === 0 ? {} : { GAMMA: gamma }) };
}

/** Overrides and `params.alpha` of a kernel that applies an activation; none means linear. */
export function activationCode(activation: Activation | undefined): {
  readonly constants: Readonly<Record<string, number>>;
  readonly alpha: number;
} {
  const { alpha, ...others } = parametersOf(activation);
  return { constants: { ACTIVATION: activationFacts(activation).code, ...overridesOf(others) }, alpha };
}

/** Code and parameters of an activation whose gradient a kernel takes. */
export function gradientCode(activation: Activation): Pick<FusedGradient, "code" | "alpha" | "beta"> & {
  readonly constants: Readonly<Record<string, number>>;
} {
  const { alpha, beta, gamma } = parametersOf(activation);
  const { code } = activationFacts(activation);
  return { code, alpha, beta, constants: { GRADIENT_OF: code, ...overridesOf({ beta, gamma }) } };
}

/** Overrides and parameters of a kernel with which the gradient of an activation is fused, or of none. */
export function fusedGradientCode(fused: FusedGradient | undefined): {
  readonly constants: Readonly<Record<string, number>>;
  readonly alpha: number;
  readonly slot: number;
} {
  const { code = 0, alpha = 0, beta = 0, slot = 0 } = fused ?? {};
  return { constants: { GRADIENT_OF: code, ...overridesOf({ beta }) }, alpha, slot };
}
