/**
 * Weighted ridge regression with a free intercept, as anyone would write it: the normal equations by Gauss–Jordan.
 * @param z design, row by row.
 * @returns the features' weights, without the intercept.
 */
export function ridgeWeights(
  z: Float32Array,
  y: Float32Array,
  w: readonly number[],
  features: number,
  alpha: number,
): number[] {
  const size = features + 1;
  // The last column of the design is 1, and its weight is not penalised; the last of each row is the right-hand side.
  const rows = Array.from({ length: size }, (_, i) => {
    const row = new Float64Array(size + 1);
    if (i < features) row[i] = alpha;
    return row;
  });
  const of = (sample: number, k: number): number => (k === features ? 1 : (z[sample * features + k] ?? 0));
  for (const [sample, weight] of w.entries()) {
    for (const [i, row] of rows.entries()) {
      const scaled = weight * of(sample, i);
      if (scaled === 0) continue;
      for (let k = 0; k < size; k++) row[k] = (row[k] ?? 0) + scaled * of(sample, k);
      row[size] = (row[size] ?? 0) + scaled * (y[sample] ?? 0);
    }
  }
  for (const [i, row] of rows.entries()) {
    const pivot = row[i] ?? 1;
    for (let k = i; k <= size; k++) row[k] = (row[k] ?? 0) / pivot;
    for (const [j, other] of rows.entries()) {
      const factor = other[i] ?? 0;
      if (j === i || factor === 0) continue;
      for (let k = i; k <= size; k++) other[k] = (other[k] ?? 0) - factor * (row[k] ?? 0);
    }
  }
  return rows.slice(0, features).map((row) => row[size] ?? Number.NaN);
}

/** Weight of each of LIME's samples: √exp(−d²/0.25²), d = 1 − √(share of segments that show). */
export function limeWeights(z: Float32Array, samples: number, features: number): number[] {
  return Array.from({ length: samples }, (_, sample) => {
    const shown = z
      .subarray(sample * features, (sample + 1) * features)
      .reduce((sum, value) => sum + value, 0);
    const distance = 1 - Math.sqrt(shown / features);
    return Math.sqrt(Math.exp(-(distance ** 2) / 0.25 ** 2));
  });
}
