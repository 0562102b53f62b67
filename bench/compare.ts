/**
 * Largest difference relative to the reference's largest value; infinite where the lengths differ, a value is not finite,
 * or the reference is all zeros, which proves nothing.
 */
export function difference(y: Float32Array, reference: ArrayLike<number>): number {
  if (y.length !== reference.length) return Number.POSITIVE_INFINITY;
  let scale = 0;
  let worst = 0;
  for (let index = 0; index < y.length; index++) {
    const expected = reference[index] ?? Number.NaN;
    const apart = Math.abs((y[index] ?? Number.NaN) - expected);
    if (!Number.isFinite(apart)) return Number.POSITIVE_INFINITY;
    scale = Math.max(scale, Math.abs(expected));
    worst = Math.max(worst, apart);
  }
  return scale === 0 ? Number.POSITIVE_INFINITY : worst / scale;
}

/**
 * The same for a reference that is computed, in double precision, only at some places, since in JavaScript the whole of a
 * large layer takes minutes. The output must be finite everywhere.
 */
export function sampledDifference(
  y: Float32Array,
  size: number,
  at: (index: number) => number,
  samples = 512,
): number {
  if (y.length !== size || !y.every(Number.isFinite)) return Number.POSITIVE_INFINITY;
  // Steps of a golden section visit every region, and no period of the layout twice alike.
  const places = Array.from({ length: Math.min(samples, size) }, (_, i) =>
    Math.floor(((i * 0.6180339887498949 + 0.37) % 1) * size),
  );
  const picked = Float32Array.from(places, (index) => y[index] ?? Number.NaN);
  return difference(picked, places.map(at));
}

/**
 * The norm of the difference over the norm of the reference, for gradients of a few noisy copies: where two computations
 * of the same noise differ in the last bit, a ReLU or a max pool now and then decides otherwise, and a few pixels of the
 * gradient change a lot, though the whole hardly does. Other noise, or another network, is of the order of 1.
 */
export function normDifference(y: Float32Array, reference: ArrayLike<number>): number {
  if (y.length !== reference.length || !y.every(Number.isFinite)) return Number.POSITIVE_INFINITY;
  let apart = 0;
  let whole = 0;
  for (let index = 0; index < y.length; index++) {
    const expected = reference[index] ?? Number.NaN;
    apart += ((y[index] ?? 0) - expected) ** 2;
    whole += expected ** 2;
  }
  return whole > 0 ? Math.sqrt(apart / whole) : Number.POSITIVE_INFINITY;
}
