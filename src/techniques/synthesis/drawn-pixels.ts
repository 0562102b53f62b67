import type { OutputRange } from "../../graph/graph.ts";
import type { Pixels } from "../../images/pixels.ts";

/**
 * Numbers that a network drew, [h, w, 3], as pixels; beyond black and white they are clipped.
 * @param at size of what the network gave in columns, and place in it, where only a part is wanted.
 */
export function drawnPixels(
  values: Float32Array,
  { width, height }: Pick<Pixels, "width" | "height">,
  [black, white]: OutputRange,
  { columns, top, left }: { readonly columns: number; readonly top: number; readonly left: number } = {
    columns: width,
    top: 0,
    left: 0,
  },
): Pixels {
  const data = new Uint8ClampedArray(width * height * 3);
  const scale = 255 / (white - black);
  for (let row = 0; row < height; row++) {
    const from = 3 * ((top + row) * columns + left);
    for (let i = 0; i < 3 * width; i++) data[3 * row * width + i] = ((values[from + i] ?? 0) - black) * scale;
  }
  return { width, height, data };
}
