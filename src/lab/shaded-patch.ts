import { gaussianBlur } from "../images/blur.ts";
import type { Pixels } from "../images/pixels.ts";
import { resizePixels } from "../images/resample.ts";
import type { Patch } from "./patches.ts";

/** Brightness that is left where a channel saw nothing of relevance. */
const DARK = 0.25;

/**
 * A patch darkened where it was of no relevance: brightness follows the positive part of a map over the network's input, smoothed (σ is a 24th
 * of the longer side), in shares of its largest value within the patch.
 * @param map [height, width] of the network's input, of which the patch's field is taken.
 */
export function shadedPatch(
  { field, pixels }: Patch,
  map: Float32Array,
  [height, width]: readonly [number, number],
): Pixels {
  const { top, left, bottom, right } = field;
  const [h, w] = [bottom - top, right - left];
  const own = new Float32Array(h * w);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const [row, column] = [top + y, left + x];
      const inside = row >= 0 && row < height && column >= 0 && column < width;
      own[y * w + x] = inside ? Math.max(0, map[row * width + column] ?? 0) : 0;
    }
  }
  const smooth = gaussianBlur(own, [h, w, 1], Math.max(0.5, Math.max(h, w) / 24));
  const most = smooth.reduce((largest, value) => Math.max(largest, value), 0) || 1;
  // As pixels, the shading is brought to the patch's size as the patch was.
  const shade = new Uint8ClampedArray(h * w * 3);
  for (const [i, value] of smooth.entries()) shade.fill(255 * Math.sqrt(value / most), 3 * i, 3 * i + 3);
  const shown = resizePixels({ width: w, height: h, data: shade }, pixels.width, pixels.height).data;
  const data = Uint8ClampedArray.from(
    pixels.data,
    (value, i) => value * (DARK + ((1 - DARK) * (shown[i] ?? 0)) / 255),
  );
  return { width: pixels.width, height: pixels.height, data };
}
