import { type Shape, sizeOf } from "../../src/gpu/tensor.ts";
import type { Array64 } from "./array.ts";

/** A number for each index of arrays that are repeated to one shape, by NumPy's rule over the axes after the batch. */
export function broadcast(arrays: readonly Array64[], f: (...values: number[]) => number): Array64 {
  const rank = Math.max(...arrays.map(({ shape }) => shape.length));
  const shapes = arrays.map(({ shape: [batch = 1, ...rest] }): Shape => {
    return [batch, ...Array<number>(rank - 1 - rest.length).fill(1), ...rest];
  });
  const shape = Array.from({ length: rank }, (_, axis) => Math.max(...shapes.map((one) => one[axis] ?? 1)));
  const data = Float64Array.from({ length: sizeOf(shape) }, (_, i) => {
    const index: number[] = [];
    let rest = i;
    for (const size of shape.toReversed()) {
      index.unshift(rest % size);
      rest = Math.floor(rest / size);
    }
    const values = arrays.map(({ data }, array) => {
      const sizes = shapes[array] ?? [];
      const place = index.reduce((sum, at, axis) => {
        const size = sizes[axis] ?? 1;
        return sum * size + (size === 1 ? 0 : at);
      }, 0);
      return data[place] ?? Number.NaN;
    });
    return f(...values);
  });
  return { shape, data };
}

/** A constant as an operand: the batch in front. */
export function operandOf({ shape, data }: { readonly shape: Shape; readonly data: Float32Array }): Array64 {
  return { shape: [1, ...shape], data: Float64Array.from(data) };
}
