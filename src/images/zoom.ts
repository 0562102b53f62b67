import { InputError } from "../gpu/errors.ts";
import type { Pixels } from "./pixels.ts";

/** Values of a picture, row by row, its channels side by side. */
export interface PictureValues {
  readonly data: Float32Array;
  /** [H, W, C] */
  readonly shape: readonly [height: number, width: number, channels: number];
}

/** Pixels of 8 bits as values of 0…1. */
export function valuesOf({ width, height, data }: Pixels): PictureValues & {
  readonly shape: readonly [number, number, 3];
} {
  return { data: Float32Array.from(data, (value) => value / 255), shape: [height, width, 3] };
}

/**
 * A picture at another size, bilinear between its pixels' centres, its corners on the corners (SciPy's `ndimage.zoom` of order 1).
 * Nothing is smoothed before it is made smaller.
 */
export function zoomed(
  { data, shape }: PictureValues,
  size: readonly [height: number, width: number],
): PictureValues {
  const [height, width] = shape;
  const [h, w] = size;
  if (![h, w].every((side) => Number.isInteger(side) && side >= 1)) {
    throw new InputError(`zoom: expected a size of whole pixels, got ${h}×${w}`);
  }
  const step = (from: number, to: number): number => (to > 1 ? (from - 1) / (to - 1) : 0);
  return sampled({ data, shape }, size, [step(height, h), step(width, w)], [0, 0]);
}

/**
 * A picture drawn larger about its middle, at its own size, bilinear (the zoom of DeepDream's film: SciPy's `affine_transform` of
 * order 1 with the matrix 1 − by and the offset by·size/2).
 * @param by share of the picture that is lost; 0.05 in the reference.
 */
export function zoomedIn({ data, shape }: PictureValues, by: number): PictureValues {
  const [height, width] = shape;
  return sampled({ data, shape }, [height, width], [1 - by, 1 - by], [(height * by) / 2, (width * by) / 2]);
}

/** Pixel (y, x) is the one at (y, x)·step + from; beyond the border lies black. */
function sampled(
  { data, shape: [height, width, channels] }: PictureValues,
  [h, w]: readonly [number, number],
  step: readonly [number, number],
  from: readonly [number, number],
): PictureValues {
  const out = new Float32Array(h * w * channels);
  const at = (y: number, x: number, c: number): number =>
    y < height && x < width ? (data[(y * width + x) * channels + c] ?? 0) : 0;
  for (let y = 0; y < h; y++) {
    const row = y * step[0] + from[0];
    const top = Math.floor(row);
    for (let x = 0; x < w; x++) {
      const column = x * step[1] + from[1];
      const left = Math.floor(column);
      const [v, u] = [row - top, column - left];
      for (let c = 0; c < channels; c++) {
        const above = at(top, left, c) * (1 - u) + (u > 0 ? at(top, left + 1, c) * u : 0);
        const below = v > 0 ? at(top + 1, left, c) * (1 - u) + (u > 0 ? at(top + 1, left + 1, c) * u : 0) : 0;
        out[(y * w + x) * channels + c] = above * (1 - v) + below * v;
      }
    }
  }
  return { data: out, shape: [h, w, channels] };
}
