import type { Size } from "./fields.ts";

/**
 * The edges of a field of whole numbers (Canny 1986), as OpenCV finds them: Sobel of 3×3, the gradient's size as |dx| + |dy|, thinned
 * across the edge; what exceeds `low` counts where it hangs together with what exceeds `high`.
 * @returns 1 at edges.
 */
export function edges(field: Float64Array, [height, width]: Size, low: number, high: number): Uint8Array {
  const at = (row: number, column: number): number =>
    field[Math.min(height - 1, Math.max(0, row)) * width + Math.min(width - 1, Math.max(0, column))] ?? 0;
  const [dx, dy] = [new Int32Array(field.length), new Int32Array(field.length)];
  for (let i = 0; i < field.length; i++) {
    const [y, x] = [Math.floor(i / width), i % width];
    const column = (of: number): number => at(y - 1, of) + 2 * at(y, of) + at(y + 1, of);
    const row = (of: number): number => at(of, x - 1) + 2 * at(of, x) + at(of, x + 1);
    dx[i] = column(x + 1) - column(x - 1);
    dy[i] = row(y + 1) - row(y - 1);
  }
  const steep = (row: number, column: number): number => {
    if (row < 0 || row >= height || column < 0 || column >= width) return 0;
    const i = row * width + column;
    return Math.abs(dx[i] ?? 0) + Math.abs(dy[i] ?? 0);
  };
  const weak = new Uint8Array(field.length);
  const open: number[] = [];
  for (let i = 0; i < field.length; i++) {
    const [y, x] = [Math.floor(i / width), i % width];
    const own = steep(y, x);
    if (own <= low || !isRidge(own, y, x, dx[i] ?? 0, dy[i] ?? 0, steep)) continue;
    weak[i] = 1;
    if (own > high) open.push(i);
  }
  const found = new Uint8Array(field.length);
  for (let i = open.pop(); i !== undefined; i = open.pop()) {
    if (found[i]) continue;
    found[i] = 1;
    const [y, x] = [Math.floor(i / width), i % width];
    for (let row = Math.max(0, y - 1); row <= Math.min(height - 1, y + 1); row++) {
      for (let column = Math.max(0, x - 1); column <= Math.min(width - 1, x + 1); column++) {
        const other = row * width + column;
        if (weak[other] && !found[other]) open.push(other);
      }
    }
  }
  return found;
}

/** tan 22.5° */
const FLAT = Math.SQRT2 - 1;

/** Tells whether the gradient is largest here along its own direction, of four. */
function isRidge(
  own: number,
  y: number,
  x: number,
  dx: number,
  dy: number,
  steep: (row: number, column: number) => number,
): boolean {
  const [across, down] = [Math.abs(dx), Math.abs(dy)];
  if (down < across * FLAT) return own > steep(y, x - 1) && own >= steep(y, x + 1);
  if (down > across * (FLAT + 2)) return own > steep(y - 1, x) && own >= steep(y + 1, x);
  const side = dx < 0 !== dy < 0 ? -1 : 1;
  return own > steep(y - 1, x - side) && own > steep(y + 1, x + side);
}

/** Moves to places before in reading order, and their lengths: those of OpenCV's mask of 5×5. */
const MOVES = [
  ...[-1, 1].map((x) => [-2, x, 2.1969] as const),
  ...[-2, 2].map((x) => [-1, x, 2.1969] as const),
  ...[-1, 1].map((x) => [-1, x, 1.4] as const),
  [-1, 0, 1] as const,
  [0, -1, 1] as const,
];

/** How far each place is from the next edge, by steps as a horse and a king in chess make; Infinity where there is none. */
export function distances(edge: Uint8Array, [height, width]: Size): Float64Array {
  const away = Float64Array.from(edge, (value) => (value ? 0 : Number.POSITIVE_INFINITY));
  for (const turned of [1, -1]) {
    for (let n = 0; n < away.length; n++) {
      const i = turned === 1 ? n : away.length - 1 - n;
      const [y, x] = [Math.floor(i / width), i % width];
      for (const [down, right, length] of MOVES) {
        const [row, column] = [y + turned * down, x + turned * right];
        if (row < 0 || row >= height || column < 0 || column >= width) continue;
        away[i] = Math.min(away[i] ?? 0, (away[row * width + column] ?? 0) + length);
      }
    }
  }
  return away;
}
