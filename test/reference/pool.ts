import { asNhwc } from "../../src/gpu/tensor.ts";
import type { GlobalPoolLayer } from "../../src/layers/global-pool.ts";
import type { PoolLayer } from "../../src/layers/pool.ts";
import { type Array64, at, fill, upTo } from "./array.ts";

/** Length of the output and padding before it along one axis, as TensorFlow's documentation states them. */
function along(
  input: number,
  size: number,
  stride: number,
  padding: "same" | "valid" | readonly [number, number],
): [out: number, before: number] {
  if (padding === "valid") return [Math.ceil((input - size + 1) / stride), 0];
  if (padding === "same") {
    const pad = input % stride === 0 ? Math.max(size - stride, 0) : Math.max(size - (input % stride), 0);
    return [Math.ceil(input / stride), Math.floor(pad / 2)];
  }
  const [before, after] = padding;
  return [Math.floor((input + before + after - size) / stride) + 1, before];
}

function combine(mode: "max" | "average", values: readonly number[]): number {
  return mode === "max" ? Math.max(...values) : values.reduce((sum, v) => sum + v, 0) / values.length;
}

/** Pooling by naive loops. */
export function pool({ mode, size, strides, padding }: PoolLayer, x: Array64): Array64 {
  const [n, height, width, channels] = asNhwc(x.shape);
  const named = typeof padding === "string";
  const [rows, top] = along(height, size[0], strides[0], named ? padding : [padding.top, padding.bottom]);
  const [columns, left] = along(width, size[1], strides[1], named ? padding : [padding.left, padding.right]);
  return fill([n, rows, columns, channels], (image, v, u, c) => {
    const window = upTo(size[0]).flatMap((dv) =>
      upTo(size[1]).map((du) => at(x, image, v * strides[0] + dv - top, u * strides[1] + du - left, c)),
    );
    return combine(
      mode,
      window.filter((value) => value !== undefined),
    );
  });
}

/** Global pooling by naive loops. */
export function globalPool({ mode, keepDims }: GlobalPoolLayer, x: Array64): Array64 {
  const [n, height, width, channels] = asNhwc(x.shape);
  return fill(keepDims ? [n, 1, 1, channels] : [n, channels], (image, _y, _x, c) =>
    combine(
      mode,
      upTo(height * width).map((p) => at(x, image, Math.floor(p / width), p % width, c) ?? Number.NaN),
    ),
  );
}
