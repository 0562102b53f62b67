import { InputError } from "../gpu/errors.ts";
import type { Pixels } from "./pixels.ts";

/** @throws InputError when it is no side of a median's window. */
export function assertMedian(size: number): void {
  if (Number.isInteger(size) && size >= 2 && size <= 31) return;
  throw new InputError(`median: expected a window of 2 to 31 pixels, got ${size}`);
}

/**
 * The median of a window around each value, channel by channel; of an even number of values the upper middle one, and a window
 * of an even side lies towards the top left. Beyond the edge the image is mirrored, its edge pixels repeated. As
 * `scipy.ndimage.median_filter(x, (size, size, 1))`.
 * @throws InputError for a side out of range.
 */
export function medianFilter({ width, height, data }: Pixels, size: number): Pixels {
  assertMedian(size);
  const found = new Uint8ClampedArray(data.length);
  const window = new Uint8Array(size * size);
  const before = Math.floor(size / 2);
  for (let at = 0; at < data.length; at++) {
    const [y, x, c] = [Math.floor(at / 3 / width), Math.floor(at / 3) % width, at % 3];
    for (let k = 0; k < window.length; k++) {
      const row = mirrored(y - before + Math.floor(k / size), height);
      const column = mirrored(x - before + (k % size), width);
      window[k] = data[3 * (row * width + column) + c] ?? 0;
    }
    found[at] = window.sort()[Math.floor(window.length / 2)] ?? 0;
  }
  return { width, height, data: found };
}

/** A place of a list that is mirrored at its ends again and again: … 1 0 | 0 1 2 | 2 1 … */
function mirrored(place: number, length: number): number {
  const within = ((place % (2 * length)) + 2 * length) % (2 * length);
  return Math.min(within, 2 * length - 1 - within);
}
