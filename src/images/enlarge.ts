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
 * The size at which to show a picture: 256 to 512 pixels along its longer side, or about `about` where one of many; small ones at
 * a whole multiple, and one of many that is little larger than `about` as it is.
 */
export function shownSize(width: number, height: number, about?: number): Shown {
  const side = Math.max(width, height);
  const squares = side <= SMALL;
  const alone = side < LEAST ? PANEL : Math.min(side, MOST);
  const target = about === undefined ? alone : side <= 1.5 * about ? Math.max(side, about) : about;
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

/**
 * A map [h, w] as [height, width]: bilinear between the centres of its cells, or its cells as squares. Along an axis that
 * shrinks, the mean of the cells that fall on a pixel, so that none is lost.
 */
export function enlargeMap(
  map: Float32Array,
  [h, w]: readonly [number, number],
  { width, height, squares }: Shown,
): Float32Array {
  const columns = Array.from({ length: width }, (_, x) => along(x, w, width, squares));
  const rows = Array.from({ length: height }, (_, y) => along(y, h, height, squares));
  const out = new Float32Array(width * height);
  const line = new Float64Array(w);
  for (const [y, taps] of rows.entries()) {
    for (let x = 0; x < w; x++) {
      line[x] = taps.reduce((sum, [row, share]) => sum + share * (map[row * w + x] ?? 0), 0);
    }
    for (const [x, across] of columns.entries()) {
      let sum = 0;
      for (const [column, share] of across) sum += share * (line[column] ?? 0);
      out[y * width + x] = sum;
    }
  }
  return out;
}

/** The cells at a place, and the share of each. */
function along(at: number, cells: number, size: number, squares: boolean): (readonly [number, number])[] {
  if (cells > size) {
    const [from, to] = [(at * cells) / size, ((at + 1) * cells) / size];
    return Array.from({ length: Math.ceil(to) - Math.floor(from) }, (_, i) => {
      const cell = Math.floor(from) + i;
      const share = (Math.min(to, cell + 1) - Math.max(from, cell)) / (to - from);
      return [Math.min(cells - 1, cell), share] as const;
    });
  }
  const place = ((at + 0.5) * cells) / size;
  if (squares) return [[Math.floor(place), 1]];
  const centred = Math.min(cells - 1, Math.max(0, place - 0.5));
  const first = Math.floor(centred);
  const share = centred - first;
  return share === 0
    ? [[first, 1]]
    : [
        [first, 1 - share],
        [Math.min(cells - 1, first + 1), share],
      ];
}
