/** Probability below x of the standard normal, with a relative error below 2e-7 far out, too (Press et al., erfc's Chebyshev fit). */
export function normalBelow(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.5 * z);
  const fit = [
    0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196,
    1.00002368, -1.26551223,
  ].reduce((sum, c) => sum * t + c, 0);
  const tail = 0.5 * t * Math.exp(-z * z + fit);
  return x < 0 ? tail : 1 - tail;
}

const A = [
  -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716,
  2.506628277459239,
];
const B = [
  -54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1,
];
const C = [
  -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783,
];
const D = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1];
const TAIL = 0.02425;

/** The value below which the standard normal has a probability, with a relative error below 2e-9 (Acklam). */
export function normalQuantile(p: number): number {
  if (p > 0.5) return -normalQuantile(1 - p);
  const polynomial = (c: readonly number[], at: number): number => c.reduce((sum, one) => sum * at + one, 0);
  if (p < TAIL) {
    const q = Math.sqrt(-2 * Math.log(p));
    return polynomial(C, q) / polynomial(D, q);
  }
  const q = p - 0.5;
  return (q * polynomial(A, q * q)) / polynomial(B, q * q);
}

/** A number of the standard normal between two ends, from a share of its probability there. */
export function truncatedNormal(low: number, high: number, share: number): number {
  // The right tail is the left one mirrored, where probabilities do not round to 1.
  if (low > 0) return -truncatedNormal(-high, -low, 1 - share);
  const [from, to] = [normalBelow(low), normalBelow(high)];
  const found = normalQuantile(Math.max(Number.MIN_VALUE, from + share * (to - from)));
  return Math.min(high, Math.max(low, found));
}

/** Probability of the standard normal between two ends. */
export function normalBetween(low: number, high: number): number {
  if (!(low < high)) return 0;
  return low > 0 ? normalBelow(-low) - normalBelow(-high) : normalBelow(high) - normalBelow(low);
}
