import type { Pixels } from "./pixels.ts";
import { resizePixels } from "./resample.ts";

/** Images up to this many pixels a side are shown as squares, larger ones smoothly. */
const SMALL = 128;
const PANEL = 320;
const LEAST = 256;
const MOST = 512;

/** The size at which a picture is shown, and whether its pixels are shown as squares. */
export interface Shown {
  readonly width: number;
  readonly height: number;
  readonly squares: boolean;
}

/**
 * How large to show a picture: 256 to 512 pixels along its longer side, or about `about` where one of many; small ones at
 * a whole multiple.
 */
export function shownSize(width: number, height: number, about?: number): Shown {
  const side = Math.max(width, height);
  const squares = side <= SMALL;
  const target = about ?? (side < LEAST ? PANEL : Math.min(side, MOST));
  const factor = squares ? Math.max(1, Math.round((about ?? PANEL) / side)) : target / side;
  return {
    width: Math.max(1, Math.round(width * factor)),
    height: Math.max(1, Math.round(height * factor)),
    squares,
  };
}

/** A picture at its shown size. */
export function enlargePixels(pixels: Pixels, { width, height, squares }: Shown): Pixels {
  if (!squares) return resizePixels(pixels, width, height);
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * pixels.height) / height) * pixels.width;
    for (let x = 0; x < width; x++) {
      const from = 3 * (row + Math.floor((x * pixels.width) / width));
      data.set(pixels.data.subarray(from, from + 3), 3 * (y * width + x));
    }
  }
  return { width, height, data };
}

/** A map [h, w] as [height, width]: bilinear between the centres of its cells, or its cells as squares. */
export function enlargeMap(
  map: Float32Array,
  [h, w]: readonly [number, number],
  { width, height, squares }: Shown,
): Float32Array {
  const out = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const [top, bottom, v] = along(y, h, height, squares);
    for (let x = 0; x < width; x++) {
      const [left, right, u] = along(x, w, width, squares);
      const above = mix(map[top * w + left], map[top * w + right], u);
      const below = mix(map[bottom * w + left], map[bottom * w + right], u);
      out[y * width + x] = mix(above, below, v);
    }
  }
  return out;
}

/** The two cells beside a place, and how far it is from the first to the second. */
function along(
  at: number,
  cells: number,
  size: number,
  squares: boolean,
): [first: number, second: number, share: number] {
  const place = ((at + 0.5) * cells) / size;
  if (squares) return [Math.floor(place), Math.floor(place), 0];
  const centred = Math.min(cells - 1, Math.max(0, place - 0.5));
  const first = Math.floor(centred);
  return [first, Math.min(cells - 1, first + 1), centred - first];
}

function mix(a = 0, b = 0, t = 0): number {
  return a + (b - a) * t;
}
