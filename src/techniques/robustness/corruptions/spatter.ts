import type { Pixels } from "../../../images/pixels.ts";
import { cutToBits } from "./bits.ts";
import type { CorruptionSite } from "./corruption.ts";
import { distances, edges } from "./edges.ts";
import { drawsOf, normals, type Size, smoothed, type Unit } from "./fields.ts";

const STREAM = 0x59a;
const WATER = [175, 238, 238] as const;
const MUD = [63, 42, 20] as const;

/** Drops of water, or splashes of mud, on the lens. */
export async function spatter({ pixels, constants, seed }: CorruptionSite): Promise<Pixels> {
  return spattered(pixels, constants, drawsOf(seed, STREAM));
}

/** @param constants of the liquid: mean, deviation, smoothing, least value; strength of water or smoothing of mud; 1 for mud. */
export function spattered(
  { width, height, data }: Pixels,
  [mean = 0, deviation = 0, sigma = 1, least = 0, strength = 0, mud = 0]: readonly number[],
  unit: Unit,
): Pixels {
  const size = [height, width] as const;
  const nearest = { truncate: 4, border: "nearest" } as const;
  const drawn = normals(height * width, mean, deviation, unit);
  const liquid = smoothed(drawn, size, { sigma, ...nearest }).map((value) => (value < least ? 0 : value));
  const covered = mud
    ? smoothed(
        liquid.map((value) => Number(value > least)),
        size,
        { sigma: strength, ...nearest },
      ).map((value) => (value < 0.8 ? 0 : value))
    : waterOf(liquid, size, strength);
  const color = mud ? MUD : WATER;
  return cutToBits(
    Float64Array.from(data, (value, i) => {
      const share = covered[Math.floor(i / 3)] ?? 0;
      return ((mud ? 1 - share : 1) * value + share * (color[i % 3] ?? 0)) / 255;
    }),
    width,
    height,
  );
}

/** How much light each place of the water adds: most within, and on the side where the light falls on a drop's rim. */
function waterOf(liquid: Float64Array, size: Size, strength: number): Float64Array {
  const bits = liquid.map((value) => Math.min(255, Math.floor(value * 255)));
  const away = distances(edges(bits, size, 50, 150), size).map((value) => Math.min(20, value));
  const near = equalised(filtered(away, size, MEAN).map((value) => Math.floor(value + 1e-4)));
  const relief = filtered(near, size, RELIEF).map((value) => Math.min(255, Math.max(0, value)));
  const light = filtered(relief, size, MEAN).map((value, i) => Math.round(value) * (bits[i] ?? 0));
  const most = light.reduce((a, b) => Math.max(a, b), 0);
  return light.map((value) => (most > 0 ? (value / most) * strength : 0));
}

const MEAN = new Array<number>(9).fill(1 / 9);
const RELIEF = [-2, -1, 0, -1, 1, 1, 0, 1, 2];

/** A sum of each place and its eight neighbours, mirrored at the borders. */
function filtered(field: Float64Array, [height, width]: Size, weights: readonly number[]): Float64Array {
  const within = (place: number, length: number): number =>
    length === 1 ? 0 : place < 0 ? 1 : place >= length ? length - 2 : place;
  return Float64Array.from(field, (_, i) => {
    const [y, x] = [Math.floor(i / width), i % width];
    let sum = 0;
    for (const [k, weight] of weights.entries()) {
      const row = within(y + Math.floor(k / 3) - 1, height);
      sum += weight * (field[row * width + within(x + (k % 3) - 1, width)] ?? 0);
    }
    return sum;
  });
}

/** Spreads values of 0…255 so that each is about as frequent as any other (histogram equalisation). */
function equalised(field: Float64Array): Float64Array {
  const counts = new Float64Array(256);
  for (const value of field) counts[value] = (counts[value] ?? 0) + 1;
  const first = counts.findIndex((count) => count > 0);
  const others = field.length - (counts[first] ?? 0);
  if (others === 0) return field;
  let sum = 0;
  const spread = counts.map((count, value) => {
    if (value > first) sum += count;
    return Math.round((sum * 255) / others);
  });
  return field.map((value) => spread[value] ?? 0);
}
