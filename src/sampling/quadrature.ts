import { InputError } from "../gpu/errors.ts";

/**
 * Nodes and weights of the Gauss–Legendre rule on [0, 1], in rising order: exact for polynomials of degree 2·count − 1.
 * The nodes are the roots of the Legendre polynomial, by Newton's method from Tricomi's estimate.
 * @throws InputError when the count is not a whole number of 1 to 10 000.
 */
export function gaussLegendre(count: number): {
  readonly nodes: Float64Array;
  readonly weights: Float64Array;
} {
  if (!Number.isInteger(count) || count < 1 || count > 10_000) {
    throw new InputError(`Gauss–Legendre rule: expected 1 to 10000 steps, got ${count}`);
  }
  const nodes = new Float64Array(count);
  const weights = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let x = -Math.cos((Math.PI * (i + 0.75)) / (count + 0.5));
    let slope = 0;
    for (let round = 0; round < 100; round++) {
      // The three-term recurrence of the Legendre polynomials.
      let [before, here] = [1, x];
      for (let k = 2; k <= count; k++) {
        [before, here] = [here, ((2 * k - 1) * x * here - (k - 1) * before) / k];
      }
      slope = (count * (x * here - before)) / (x * x - 1);
      const step = here / slope;
      x -= step;
      if (Math.abs(step) < 1e-15) break;
    }
    nodes[i] = (1 + x) / 2;
    weights[i] = 1 / ((1 - x * x) * slope * slope);
  }
  return { nodes, weights };
}
