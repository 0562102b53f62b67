import { enlargePixels } from "../../images/enlarge.ts";
import type { Pixels } from "../../images/pixels.ts";

/** Small pictures in rows, as one. */
export interface PictureGrid {
  readonly columns: number;
  readonly rows: number;
  readonly pixels: Pixels;
}

/** The color of a place without a picture. */
const EMPTY = 226;

/** Lays pictures out in square cells, row by row: each as large as it fits, small ones at a whole multiple with their pixels as squares. */
export function gridOf(
  pictures: readonly (Pixels | undefined)[],
  side: number,
  columns: number,
): PictureGrid {
  const across = Math.max(1, Math.min(columns, pictures.length));
  const rows = Math.max(1, Math.ceil(pictures.length / across));
  const width = across * side;
  const data = new Uint8Array(width * rows * side * 3).fill(EMPTY);
  for (const [n, picture] of pictures.entries()) {
    if (!picture) continue;
    const shown = fitted(picture, side);
    const left = (n % across) * side + Math.floor((side - shown.width) / 2);
    const top = Math.floor(n / across) * side + Math.floor((side - shown.height) / 2);
    for (let y = 0; y < shown.height; y++) {
      const row = shown.data.subarray(3 * y * shown.width, 3 * (y + 1) * shown.width);
      data.set(row, 3 * ((top + y) * width + left));
    }
  }
  return { columns: across, rows, pixels: { width, height: rows * side, data } };
}

function fitted(pixels: Pixels, side: number): Pixels {
  const longest = Math.max(pixels.width, pixels.height);
  const scaled = (length: number, factor: number): number => Math.max(1, Math.round(length * factor));
  const factor = 2 * longest <= side ? Math.floor(side / longest) : side / longest;
  const [width, height] = [scaled(pixels.width, factor), scaled(pixels.height, factor)];
  return enlargePixels(pixels, { width, height, squares: 2 * longest <= side });
}
