/** x [rows, features] · w [features, units] + b in f64. */
export function multiply(
  [rows, features, units]: readonly [number, number, number],
  x: Float32Array,
  w: Float32Array,
  b?: Float32Array,
): Float64Array {
  const y = new Float64Array(rows * units);
  for (let r = 0; r < rows; r++) {
    for (let u = 0; u < units; u++) {
      let sum = b?.[u] ?? 0;
      for (let f = 0; f < features; f++) sum += (x[r * features + f] ?? 0) * (w[f * units + u] ?? 0);
      y[r * units + u] = sum;
    }
  }
  return y;
}

/** dy [rows, units] · wᵀ in f64. */
export function multiplyTransposed(
  [rows, features, units]: readonly [number, number, number],
  dy: Float32Array,
  w: Float32Array,
): Float64Array {
  const dx = new Float64Array(rows * features);
  for (let r = 0; r < rows; r++) {
    for (let f = 0; f < features; f++) {
      let sum = 0;
      for (let u = 0; u < units; u++) sum += (dy[r * units + u] ?? 0) * (w[f * units + u] ?? 0);
      dx[r * features + f] = sum;
    }
  }
  return dx;
}
