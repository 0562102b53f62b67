import { type Shape, sizeOf } from "../../src/gpu/tensor.ts";
import type { Array64 } from "./array.ts";

// Arrays of any rank, element by element.

/** An array of a shape whose element at `index` is `value(index)`. */
export function build(shape: Shape, value: (index: readonly number[]) => number): Array64 {
  const data = new Float64Array(sizeOf(shape));
  const index = shape.map(() => 0);
  for (let i = 0; i < data.length; i++) {
    data[i] = value(index);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (index[axis] ?? 0) + 1;
      index[axis] = next === shape[axis] ? 0 : next;
      if (next !== shape[axis]) break;
    }
  }
  return { shape, data };
}

/** The element at an index; an axis of one element takes any. */
export function element({ shape, data }: Array64, index: readonly number[]): number {
  const place = shape.reduce((at, size, axis) => at * size + (size === 1 ? 0 : (index[axis] ?? 0)), 0);
  return data[place] ?? Number.NaN;
}

/** The axes in another order, as NumPy's transpose has them. */
export function permuted(x: Array64, axes: readonly number[]): Array64 {
  const shape = axes.map((axis) => x.shape[axis] ?? 0);
  return build(shape, (index) =>
    element(
      x,
      x.shape.map((_, axis) => index[axes.indexOf(axis)] ?? 0),
    ),
  );
}

/** The element at an index of an array of as many axes; undefined outside of it. */
export function inside(x: Array64, index: readonly number[]): number | undefined {
  return index.every((at, axis) => at >= 0 && at < (x.shape[axis] ?? 0)) ? element(x, index) : undefined;
}

/** One value of the elements along some axes, which stay with one element each, or go. */
export function reduced(
  x: Array64,
  { axes, keepDims }: { readonly axes: readonly number[]; readonly keepDims: boolean },
  value: (elements: readonly number[]) => number,
): Array64 {
  const inner = x.shape.map((size, axis) => (axes.includes(axis) ? size : 1));
  const shape = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const { data } = build(shape, (at) => {
    const elements: number[] = [];
    build(inner, (among) => {
      elements.push(
        element(
          x,
          at.map((place, axis) => place + (among[axis] ?? 0)),
        ),
      );
      return 0;
    });
    return value(elements);
  });
  return { shape: keepDims ? shape : x.shape.filter((_, axis) => !axes.includes(axis)), data };
}
