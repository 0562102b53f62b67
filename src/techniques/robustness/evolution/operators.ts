import type { Draws } from "../../../sampling/draws.ts";

/**
 * Polynomial mutation of a number within bounds (Deb & Goyal 1996): a step whose density falls off as (1 − |δ|)^eta, δ a share of
 * the range, cut at the bounds.
 */
export function polynomialMutation(
  value: number,
  [least, most]: readonly [number, number],
  eta: number,
  draws: Draws,
): number {
  const u = draws.unit();
  const step = u < 0.5 ? (2 * u) ** (1 / (eta + 1)) - 1 : 1 - (2 * (1 - u)) ** (1 / (eta + 1));
  return Math.min(most, Math.max(least, value + step * (most - least)));
}

/**
 * Simulated binary crossover of two numbers within bounds (Deb & Agrawal 1995): two numbers about the same mean, near their parents
 * the more often the larger eta is, never outside the bounds.
 */
export function binaryCrossover(
  a: number,
  b: number,
  [least, most]: readonly [number, number],
  eta: number,
  draws: Draws,
): readonly [number, number] {
  const [low, high] = a < b ? [a, b] : [b, a];
  if (high - low < 1e-14) return [a, b];
  const u = draws.unit();
  const spread = (room: number): number => {
    const alpha = 2 - (1 + (2 * room) / (high - low)) ** -(eta + 1);
    return (u <= 1 / alpha ? u * alpha : 1 / (2 - u * alpha)) ** (1 / (eta + 1));
  };
  const below = (low + high - spread(low - least) * (high - low)) / 2;
  const above = (low + high + spread(most - high) * (high - low)) / 2;
  const cut = (value: number) => Math.min(most, Math.max(least, value));
  return draws.chance(0.5) ? [cut(above), cut(below)] : [cut(below), cut(above)];
}
