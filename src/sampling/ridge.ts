/** A weighted linear fit. */
export interface RidgeFit {
  readonly coefficients: Float64Array;
  readonly intercept: number;
  /** Share of the weighted variance that the fit explains, at most 1; 0 where there is none to explain. */
  readonly r2: number;
}

/**
 * Weighted ridge regression: the least Σ w·(y − intercept − z·β)² + alpha·‖β‖², the intercept free (Hoerl & Kennard 1970).
 * @param z design, row by row: y.length rows of `features` values.
 */
export function ridge(
  z: ArrayLike<number>,
  y: ArrayLike<number>,
  w: ArrayLike<number>,
  features: number,
  alpha: number,
): RidgeFit {
  const rows = y.length;
  let total = 0;
  let meanY = 0;
  const mean = new Float64Array(features);
  for (let i = 0; i < rows; i++) {
    const weight = w[i] ?? 0;
    total += weight;
    meanY += weight * (y[i] ?? 0);
    for (let k = 0; k < features; k++) mean[k] = (mean[k] ?? 0) + weight * (z[i * features + k] ?? 0);
  }
  meanY /= total;
  for (let k = 0; k < features; k++) mean[k] = (mean[k] ?? 0) / total;

  const a = new Float64Array(features * features);
  const b = new Float64Array(features);
  const row = new Float64Array(features);
  for (let i = 0; i < rows; i++) {
    const weight = w[i] ?? 0;
    const height = weight * ((y[i] ?? 0) - meanY);
    for (let k = 0; k < features; k++) row[k] = (z[i * features + k] ?? 0) - (mean[k] ?? 0);
    for (let k = 0; k < features; k++) {
      const scaled = weight * (row[k] ?? 0);
      b[k] = (b[k] ?? 0) + height * (row[k] ?? 0);
      for (let l = 0; l <= k; l++) {
        a[k * features + l] = (a[k * features + l] ?? 0) + scaled * (row[l] ?? 0);
      }
    }
  }
  for (let k = 0; k < features; k++) a[k * features + k] = (a[k * features + k] ?? 0) + alpha;
  const coefficients = solve(a, b, features);
  const intercept = meanY - dot(coefficients, mean, 0);

  let [missed, spread] = [0, 0];
  for (let i = 0; i < rows; i++) {
    const weight = w[i] ?? 0;
    missed += weight * ((y[i] ?? 0) - intercept - dot(coefficients, z, i * features)) ** 2;
    spread += weight * ((y[i] ?? 0) - meanY) ** 2;
  }
  return { coefficients, intercept, r2: spread > 0 ? 1 - missed / spread : 0 };
}

function dot(a: Float64Array, b: ArrayLike<number>, from: number): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k] ?? 0) * (b[from + k] ?? 0);
  return sum;
}

/** Solves a·x = b by Cholesky's decomposition; `a` is symmetric, positive definite, its lower half given. */
function solve(a: Float64Array, b: Float64Array, n: number): Float64Array {
  const at = (i: number, j: number): number => a[i * n + j] ?? 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = at(i, j);
      for (let k = 0; k < j; k++) sum -= at(i, k) * at(j, k);
      // A direction that the data leave open gets nothing.
      if (i === j) a[i * n + i] = sum > 0 ? Math.sqrt(sum) : Number.POSITIVE_INFINITY;
      else a[i * n + j] = sum / at(j, j);
    }
  }
  const x = b.slice();
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i] = (x[i] ?? 0) - at(i, k) * (x[k] ?? 0);
    x[i] = (x[i] ?? 0) / at(i, i);
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i] = (x[i] ?? 0) - at(k, i) * (x[k] ?? 0);
    x[i] = (x[i] ?? 0) / at(i, i);
  }
  return x;
}
