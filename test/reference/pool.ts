import { asNhwc } from "../../src/gpu/tensor.ts";
import type { GlobalPoolLayer } from "../../src/layers/global-pool.ts";
import type { PoolLayer } from "../../src/layers/pool.ts";
import { type Array64, at, fill, upTo } from "./array.ts";

/** Length of the output and the padding around it along one axis, as TensorFlow's and PyTorch's documentation state them. */
function along(
  { size, strides, dilations = [1, 1], padding, ceil }: PoolLayer,
  axis: 0 | 1,
  input: number,
): { out: number; before: number; after: number } {
  const stride = strides[axis];
  const extent = (size[axis] - 1) * dilations[axis] + 1;
  if (padding === "same") {
    const pad = input % stride === 0 ? Math.max(extent - stride, 0) : Math.max(extent - (input % stride), 0);
    return { out: Math.ceil(input / stride), before: Math.floor(pad / 2), after: pad - Math.floor(pad / 2) };
  }
  const border = padding === "valid" ? { top: 0, bottom: 0, left: 0, right: 0 } : padding;
  const [before, after] = axis === 0 ? [border.top, border.bottom] : [border.left, border.right];
  const starts = upTo(input + before + after).filter((start) => start % stride === 0);
  // A window is whole; rounded up, one more may reach beyond the end if it starts before the padding at the end.
  const whole = starts.filter((start) => start + extent <= input + before + after);
  const next = whole.length * stride;
  const more = ceil && next - stride + extent < input + before + after && next < input + before;
  return { out: whole.length + (more ? 1 : 0), before, after };
}

function combine(mode: "max" | "average", values: readonly number[]): number {
  return mode === "max" ? Math.max(...values) : values.reduce((sum, v) => sum + v, 0) / values.length;
}

/** Pooling by naive loops. */
export function pool(layer: PoolLayer, x: Array64): Array64 {
  const [n, height, width, channels] = asNhwc(x.shape);
  const { mode, size, strides, dilations = [1, 1], countPadding } = layer;
  const rows = along(layer, 0, height);
  const columns = along(layer, 1, width);
  return fill([n, rows.out, columns.out, channels], (image, v, u, c) => {
    const window = upTo(size[0]).flatMap((dv) =>
      upTo(size[1]).map((du) => {
        const row = v * strides[0] + dv * dilations[0] - rows.before;
        const column = u * strides[1] + du * dilations[1] - columns.before;
        const padded = row < height + rows.after && column < width + columns.after;
        return at(x, image, row, column, c) ?? (mode === "average" && countPadding && padded ? 0 : undefined);
      }),
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
