import type { BackwardRule } from "../../src/layers/activation-gradient.ts";
import type { Activation, FusedActivation } from "../../src/layers/activation-kinds.ts";
import type { BatchNormLayer } from "../../src/layers/batch-norm.ts";
import { activate, slopeFrom } from "./activations.ts";
import { type Array64, at, fill } from "./array.ts";
import { broadcast } from "./broadcast.ts";

/** A gradient behind a fused activation whose output is `a`; at fused gradients "redirected" passes everything. */
export function passed(
  rule: BackwardRule | "pass",
  activation: FusedActivation,
  a: number,
  signal: number,
): number {
  if (rule === "pass" || rule === "redirected") return signal;
  const s = rule === "gradient" ? signal : Math.max(0, signal);
  return rule === "deconvnet" ? s : s * slopeFrom(activation, a);
}

export function batchNorm({ scale, offset, activation }: BatchNormLayer, x: Array64): Array64 {
  return fill(x.shape, (n, v, u, c) =>
    activate(activation ?? { kind: "linear" }, (scale[c] ?? 0) * (at(x, n, v, u, c) ?? 0) + (offset[c] ?? 0)),
  );
}

/** Sum of arrays that are repeated to one shape. */
export function add(activation: Activation, terms: readonly Array64[]): Array64 {
  return broadcast(terms, (...values) =>
    activate(
      activation,
      values.reduce((sum, value) => sum + value, 0),
    ),
  );
}

/** Product of arrays that are repeated to one shape. */
export function multiply(factors: readonly Array64[]): Array64 {
  return broadcast(factors, (...values) => values.reduce((product, value) => product * value, 1));
}
