import type { Pixels } from "../../../images/pixels.ts";
import { cutToBits } from "./bits.ts";
import type { CorruptionSite } from "./corruption.ts";
import { drawsOf, type Size, smoothed, type Unit } from "./fields.ts";

const STREAM = 0xe1a;

/** Stretched like rubber: an affine map of three points that move at random, then a smooth random field of moves. */
export async function elastic({ pixels, constants, seed }: CorruptionSite): Promise<Pixels> {
  return stretched(pixels, constants, drawsOf(seed, STREAM));
}

/** @param constants size of the moves, deviation of their smoothing, and how far the three points move, all in pixels. */
export function stretched(
  { width, height, data }: Pixels,
  [size = 0, sigma = 0, most = 0]: readonly number[],
  unit: Unit,
): Pixels {
  const from = affine([height, width], most, unit);
  const picture = Float64Array.from(data, (value) => value / 255);
  const tilted = sampled(picture, [height, width], "mirror", (row, column) => from(column, row));
  const field = (): Float64Array => {
    const moves = Float64Array.from({ length: height * width }, () => 2 * unit() - 1);
    return smoothed(moves, [height, width], { sigma, truncate: 3, border: "reflect" });
  };
  const [right, down] = [field(), field()];
  const moved = sampled(tilted, [height, width], "reflect", (row, column) => {
    const i = row * width + column;
    return [row + size * (down[i] ?? 0), column + size * (right[i] ?? 0)];
  });
  return cutToBits(moved, width, height);
}

/** The (row, column) that comes to stand at (x, y) when three points about the middle each move by up to `most`. */
function affine(
  [height, width]: Size,
  most: number,
  unit: Unit,
): (x: number, y: number) => readonly [row: number, column: number] {
  // The program takes (rows, columns) for (x, y) here.
  const [u, v] = [Math.floor(height / 2), Math.floor(width / 2)];
  const side = Math.max(1, Math.floor(Math.min(height, width) / 3));
  const before = [
    [u + side, v + side],
    [u + side, v - side],
    [u - side, v - side],
  ] as const;
  const after = before.map((point) => point.map((place) => Math.fround(place + most * (2 * unit() - 1))));
  const at = (i: number, axis: number): number => after[i]?.[axis] ?? 0;
  const edge = (i: number): readonly [number, number] => [at(i, 0) - at(0, 0), at(i, 1) - at(0, 1)];
  const [[ax, ay], [bx, by]] = [edge(1), edge(2)];
  const area = ax * by - ay * bx;
  return (x, y) => {
    const [dx, dy] = [x - at(0, 0), y - at(0, 1)];
    // Shares of the two edges; before the move these were (0, −2 side) and (−2 side, −2 side).
    const a = area === 0 ? 0 : (dx * by - dy * bx) / area;
    const b = area === 0 ? 0 : (dy * ax - dx * ay) / area;
    return [before[0][1] - 2 * side * (a + b), before[0][0] - 2 * side * b];
  };
}

/** A picture [H, W, 3] read at other places, bilinear; beyond the border it is mirrored, its outermost pixels once or twice. */
function sampled(
  picture: Float64Array,
  [height, width]: Size,
  border: "mirror" | "reflect",
  place: (row: number, column: number) => readonly [row: number, column: number],
): Float64Array {
  const out = new Float64Array(picture.length);
  const fold = border === "mirror" ? mirrored : reflected;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const [y, x] = place(row, column);
      const [top, left] = [Math.floor(y), Math.floor(x)];
      const [down, right] = [y - top, x - left];
      const [first, second] = [fold(top, height) * width, fold(top + 1, height) * width];
      const [near, far] = [fold(left, width), fold(left + 1, width)];
      for (let c = 0; c < 3; c++) {
        const at = (line: number, own: number): number => picture[3 * (line + own) + c] ?? 0;
        const upper = (1 - right) * at(first, near) + right * at(first, far);
        const lower = (1 - right) * at(second, near) + right * at(second, far);
        out[3 * (row * width + column) + c] = (1 - down) * upper + down * lower;
      }
    }
  }
  return out;
}

function mirrored(place: number, length: number): number {
  const period = Math.max(1, 2 * length - 2);
  const turned = ((place % period) + period) % period;
  return Math.min(turned, period - turned);
}

function reflected(place: number, length: number): number {
  const turned = ((place % (2 * length)) + 2 * length) % (2 * length);
  return Math.min(turned, 2 * length - 1 - turned);
}
