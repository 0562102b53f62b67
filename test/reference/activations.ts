import type { Activation, ActivationKind, FusedActivation } from "../../src/layers/activation-kinds.ts";

// Activations in f64, each as its paper or its framework writes it.

/** Every kind, with parameters that are none's default. */
export const EVERY: readonly Activation[] = [
  ...[
    { kind: "linear" },
    { kind: "relu" },
    { kind: "relu6" },
    { kind: "leakyRelu", alpha: 0.1 },
    { kind: "leakyRelu", alpha: -0.5 },
  ],
  ...[
    { kind: "sigmoid" },
    { kind: "tanh" },
    { kind: "swish" },
    { kind: "elu", alpha: 1.3 },
    { kind: "selu" },
  ],
  ...[
    { kind: "hardSigmoid", alpha: 0.2, beta: 0.4 },
    { kind: "clip", alpha: -0.5, beta: 1.5 },
  ],
  ...[{ kind: "clip", alpha: 0, beta: 2 }, { kind: "clip", beta: 1 }, { kind: "softplus" }, { kind: "gelu" }],
  ...[{ kind: "geluTanh" }, { kind: "mish" }, { kind: "hardSwish" }, { kind: "softsign" }],
  ...[
    { kind: "celu", alpha: 1.7 },
    { kind: "thresholdedRelu", alpha: 0.6 },
  ],
  ...[{ kind: "generalRelu", alpha: 0.2, beta: 0.3, gamma: 1.1 }, { kind: "exp" }, { kind: "log" }],
  ...[{ kind: "sqrt" }, { kind: "square" }, { kind: "abs" }, { kind: "negative" }, { kind: "reciprocal" }],
  ...[{ kind: "erf" }, { kind: "logSigmoid" }, { kind: "sin" }, { kind: "cos" }, { kind: "floor" }],
  ...[{ kind: "ceil" }, { kind: "round" }, { kind: "sign" }],
] as const;

/** erf by its series, and by the continued fraction of its complement where that converges better. */
export function erf(z: number): number {
  const x = Math.abs(z);
  if (x < 2.5) {
    let [sum, term] = [x, x];
    for (let n = 1; n < 80; n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(z) * 2 * sum) / Math.sqrt(Math.PI);
  }
  return Math.sign(z) * (1 - erfc(x));
}

/** 1 − erf(x) for x of at least 2, by its continued fraction. */
export function erfc(x: number): number {
  let fraction = 0;
  for (let k = 120; k > 0; k--) fraction = k / 2 / (x + fraction);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
}

/** The share of a normal distribution below z. */
function normal(z: number): number {
  return z < -3 ? erfc(-z / Math.SQRT2) / 2 : (1 + erf(z / Math.SQRT2)) / 2;
}

const softplus = (z: number): number => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
const elu = (z: number, alpha: number): number => (z > 0 ? z : alpha * Math.expm1(z));

function roundToEven(z: number): number {
  const down = Math.floor(z);
  return z - down === 0.5 ? 2 * Math.round(z / 2) : Math.round(z);
}

type Of = (z: number, alpha: number, beta: number, gamma: number) => number;

const VALUES: Readonly<Record<ActivationKind, Of>> = {
  linear: (z) => z,
  relu: (z) => Math.max(0, z),
  relu6: (z) => Math.min(6, Math.max(0, z)),
  leakyRelu: (z, alpha) => (z > 0 ? z : alpha * z),
  sigmoid,
  tanh: Math.tanh,
  swish: (z) => z * sigmoid(z),
  elu,
  selu: (z) => 1.0507009873554805 * elu(z, 1.6732632423543772),
  hardSigmoid: (z, alpha, beta) => Math.max(0, Math.min(1, alpha * z + beta)),
  clip: (z, alpha, beta) => Math.min(beta, Math.max(alpha, z)),
  softplus,
  gelu: (z) => z * normal(z),
  geluTanh: (z) => 0.5 * z * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (z + 0.044715 * z ** 3))),
  mish: (z) => z * Math.tanh(softplus(z)),
  hardSwish: (z) => (z * Math.min(6, Math.max(0, z + 3))) / 6,
  softsign: (z) => z / (1 + Math.abs(z)),
  celu: (z, alpha) => Math.max(0, z) + Math.min(0, alpha * Math.expm1(z / alpha)),
  thresholdedRelu: (z, alpha) => (z > alpha ? z : 0),
  generalRelu: (z, alpha, beta, gamma) => (z >= gamma ? gamma : z >= beta ? z : alpha * (z - beta)),
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  square: (z) => z * z,
  abs: Math.abs,
  negative: (z) => -z,
  reciprocal: (z) => 1 / z,
  erf,
  logSigmoid: (z) => -softplus(-z),
  sin: Math.sin,
  cos: Math.cos,
  floor: Math.floor,
  ceil: Math.ceil,
  round: roundToEven,
  sign: Math.sign,
};

/** What kinds have where a parameter is left out. */
const LEFT_OUT: Partial<Record<ActivationKind, readonly [alpha: number, beta?: number, gamma?: number]>> = {
  elu: [1],
  celu: [1],
  thresholdedRelu: [1],
  clip: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  generalRelu: [0, 0, Number.POSITIVE_INFINITY],
};

/** Any activation. */
export function activate(activation: Activation, z: number): number {
  const [a = 0, b = 0, c = 0] = LEFT_OUT[activation.kind] ?? [];
  const { kind, alpha = a, beta = b, gamma = c } = activation;
  return VALUES[kind](z, alpha, beta, gamma);
}

/** The derivative of an activation that layers carry, from its output a. */
export function slopeFrom({ kind, alpha = 0, beta = 0 }: FusedActivation, a: number): number {
  switch (kind) {
    case "relu":
      return Number(a > 0);
    case "relu6":
      return Number(a > 0 && a < 6);
    case "leakyRelu":
      return a > 0 ? 1 : alpha;
    case "sigmoid":
      return a * (1 - a);
    case "tanh":
      return 1 - a * a;
    case "clip":
      return Number(a > alpha && a < beta);
    case "linear":
      return 1;
    default:
      throw new Error(`no slope of ${kind}`);
  }
}
