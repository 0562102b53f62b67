import type { Shape } from "../shape.ts";

/** [N, H, W, C] as [N, C, H, W], whose shape is given. */
export function channelsFirst(
  values: Float32Array,
  [n = 1, c = 1, h = 1, w = 1]: Shape,
): Float32Array<ArrayBuffer> {
  return transposed(values, n, h * w, c);
}

/** [N, C, H, W], whose shape is given, as [N, H, W, C]. */
export function channelsLast(
  values: Float32Array,
  [n = 1, c = 1, h = 1, w = 1]: Shape,
): Float32Array<ArrayBuffer> {
  return transposed(values, n, c, h * w);
}

/** [n, rows, columns] as [n, columns, rows]. */
function transposed(
  values: Float32Array,
  n: number,
  rows: number,
  columns: number,
): Float32Array<ArrayBuffer> {
  const y = new Float32Array(values.length);
  for (let one = 0; one < n; one++) {
    const first = one * rows * columns;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        y[first + column * rows + row] = values[first + row * columns + column] ?? 0;
      }
    }
  }
  return y;
}
