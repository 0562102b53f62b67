import { asNhwc, type Shape, sizeOf } from "../../src/gpu/tensor.ts";

/** An array in f64. */
export interface Array64 {
  readonly shape: Shape;
  readonly data: Float64Array;
}

/** An array of a shape whose element [n, y, x, c] is `value(n, y, x, c)`. */
export function fill(shape: Shape, value: (n: number, y: number, x: number, c: number) => number): Array64 {
  const [images, height, width, channels] = asNhwc(shape);
  const data = new Float64Array(sizeOf(shape));
  let i = 0;
  for (let n = 0; n < images; n++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        for (let c = 0; c < channels; c++) data[i++] = value(n, y, x, c);
      }
    }
  }
  return { shape, data };
}

/** Element [n, y, x, c]; undefined outside the array. */
export function at({ shape, data }: Array64, n: number, y: number, x: number, c: number): number | undefined {
  const [images, height, width, channels] = asNhwc(shape);
  const inside = [n, y, x, c].every((index, axis) => {
    const size = [images, height, width, channels][axis] ?? 0;
    return index >= 0 && index < size;
  });
  return inside ? data[((n * height + y) * width + x) * channels + c] : undefined;
}

/** Indices from 0 to below `count`. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
