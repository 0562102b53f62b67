import { expect } from "vitest";
import type { FusedActivation } from "../../src/layers/activation-kinds.ts";

/** Reproducible numbers of -1 to 1. */
export function numbers(length: number, seed = 1): Float32Array {
  let state = (seed * 2654435761) >>> 0;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) * 0.999;
  });
}

/** Expects every value within `tolerance` of the largest expected one. */
export function expectClose(actual: Float32Array, expected: ArrayLike<number>, tolerance = 1e-5): void {
  expect(actual.length).toBe(expected.length);
  const scale = Math.max(1e-3, ...Array.from(expected, Math.abs));
  const worst = actual.reduce((most, value, i) => {
    const error = Math.abs(value - (expected[i] ?? Number.NaN)) / scale;
    return Math.max(most, error);
  }, 0);
  expect(worst).toBeLessThan(tolerance);
}

/** ‖a − b‖ / ‖b‖ in f64. */
export function relativeDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [off, norm] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    off += ((a[i] ?? Number.NaN) - (b[i] ?? 0)) ** 2;
    norm += (b[i] ?? 0) ** 2;
  }
  return Math.sqrt(off / norm);
}

/** Σ a·b in f64. */
export function inner(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

/** Activations that a layer may carry. */
export const FUSED: readonly FusedActivation[] = [
  { kind: "relu" },
  { kind: "relu6" },
  { kind: "leakyRelu", alpha: 0.1 },
  { kind: "sigmoid" },
  { kind: "tanh" },
  { kind: "clip", alpha: -0.5, beta: 1.5 },
];

export { activate as activated } from "./activations.ts";
