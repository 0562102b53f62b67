import type { Shape } from "../gpu/tensor.ts";
import { stridesOf } from "./strided.ts";

/** Axes along which an array is walked, outermost first: how many elements each has, and how far apart they lie. */
export interface Axes {
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
}

/** Most axes that the kernels walk; see blocks/axes.wgsl. */
export const MOST_AXES = 8;

/**
 * Some axes of an array, in an order, with as few as say the same: axes of one element are left out, and neighbours that a
 * single stride walks become one. At least one is left.
 * @param strides how far apart the elements along each axis of the array lie; default: as it lies in memory.
 */
export function axesOf(
  axes: readonly number[],
  shape: Shape,
  strides: readonly number[] = stridesOf(shape),
): Axes {
  const found: { sizes: number[]; strides: number[] } = { sizes: [], strides: [] };
  for (const axis of axes) {
    const [size, stride] = [shape[axis] ?? 1, strides[axis] ?? 0];
    if (size === 1) continue;
    const last = found.sizes.length - 1;
    if (found.strides[last] === size * stride) {
      found.sizes[last] = (found.sizes[last] ?? 1) * size;
      found.strides[last] = stride;
    } else {
      found.sizes.push(size);
      found.strides.push(stride);
    }
  }
  return found.sizes.length > 0 ? found : { sizes: [1], strides: [1] };
}

/** Axes as the kernels' parameters have them. */
export function axesParams({ sizes, strides }: Axes) {
  const four = (values: readonly number[], from: number): number[] =>
    [0, 1, 2, 3].map((i) => values[from + i] ?? 1);
  return {
    sizes: four(sizes, 0),
    moreSizes: four(sizes, 4),
    strides: four(strides, 0),
    moreStrides: four(strides, 4),
  };
}
