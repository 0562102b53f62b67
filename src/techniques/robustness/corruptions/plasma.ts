import { Draws } from "../../../sampling/draws.ts";

/** Stream of the draws of fog, apart from those of other techniques. */
const STREAM = 0xf06;

/**
 * A random cloud of 0…1 that repeats beyond its sides, `side` a power of two, by the diamond-square algorithm: each place is the
 * mean of four neighbours plus wibble·U(−wibble, wibble), and the wibble shrinks by `decay` a level.
 * @param unit the numbers in (0, 1) that it draws, in the order of the published program.
 */
export function plasma(
  side: number,
  decay: number,
  seed: number,
  unit: () => number = drawsOf(seed),
): Float64Array {
  const field = new Float64Array(side * side);
  const at = (row: number, column: number): number =>
    field[((row + side) % side) * side + ((column + side) % side)] ?? 0;
  let wibble = 100;
  for (let step = side; step >= 2; step /= 2) {
    const half = step / 2;
    const fill = (top: number, left: number, around: (row: number, column: number) => number): void => {
      for (let row = top; row < side; row += step) {
        for (let column = left; column < side; column += step) {
          field[row * side + column] = around(row, column) / 4 + wibble * wibble * (2 * unit() - 1);
        }
      }
    };
    const beside = (row: number, column: number): number =>
      at(row - half, column) + at(row + half, column) + at(row, column - half) + at(row, column + half);
    fill(half, half, (row, column) => {
      const upper = at(row - half, column - half) + at(row - half, column + half);
      return upper + at(row + half, column - half) + at(row + half, column + half);
    });
    fill(0, half, beside);
    fill(half, 0, beside);
    wibble /= decay;
  }
  const least = field.reduce((a, b) => Math.min(a, b));
  const most = field.reduce((a, b) => Math.max(a, b));
  return field.map((value) => (value - least) / (most - least));
}

function drawsOf(seed: number): () => number {
  const draws = new Draws(seed, STREAM);
  return () => draws.unit();
}
