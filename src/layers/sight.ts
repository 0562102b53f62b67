import type { Shape } from "../gpu/tensor.ts";
import type { SightSite } from "./op.ts";
import { type LayerWindow, windowGeometry } from "./padding.ts";

/**
 * Rows (axis 0) or columns (axis 1) of a shape with the batch in front, [N, H, W, C] or with several axes of channels; 1 where
 * it has no pixels.
 */
export function extentOf(shape: Shape | undefined, axis: 0 | 1): number {
  return shape && shape.length >= 4 ? (shape[axis + 1] ?? 1) : 1;
}

/** Sizes of the axes of channels, which stand behind rows and columns; of a shape without pixels, the last. */
export function channelAxesOf(shape: Shape): Shape {
  return shape.slice(shape.length >= 4 ? 3 : -1);
}

/** Each place sees the same of the input, or its only one where that is repeated over the pixels. */
export function seesItself({ axis, input, x, y }: SightSite): (at: number) => Iterable<number> {
  const repeated = extentOf(x[input], axis) < extentOf(y, axis);
  return (at) => [repeated ? 0 : at];
}

/** Each place sees every place of the input. */
export function seesAll({ axis, input, x }: SightSite): (at: number) => Iterable<number> {
  const all = Array.from({ length: extentOf(x[input], axis) }, (_, at) => at);
  return () => all;
}

/** Each place sees the taps of a sliding window. */
export function seesTaps(
  layer: string,
  window: LayerWindow & { readonly ceil?: boolean },
  { axis, x: [x] }: SightSite,
) {
  const { top, left } = windowGeometry(layer, extentOf(x, 0), extentOf(x, 1), window);
  const before = axis === 0 ? top : left;
  const [size, stride, dilation] = [window.size[axis], window.strides[axis], window.dilations[axis]];
  return (at: number): Iterable<number> => {
    const taps = new Array<number>(size);
    for (let tap = 0; tap < size; tap++) taps[tap] = at * stride - before + tap * dilation;
    return taps;
  };
}
