import type { Pixels } from "../../../images/pixels.ts";
import { cutToBits } from "./bits.ts";
import { motionShifts } from "./blurs.ts";
import type { CorruptionSite } from "./corruption.ts";
import { drawsOf, normals, type Size, type Unit } from "./fields.ts";
import { enlarged } from "./zoom.ts";

const STREAM = 0x540;

/** Falling snow: flakes that are blurred along their fall, over a picture that is whiter. */
export async function snow({ pixels, constants, seed }: CorruptionSite): Promise<Pixels> {
  return snowed(pixels, constants, drawsOf(seed, STREAM));
}

/** @param constants of the flakes: mean, deviation, enlargement, least value, radius and deviation of the blur; then the picture's share. */
export function snowed(pixels: Pixels, constants: readonly number[], unit: Unit): Pixels {
  const { width, height, data } = pixels;
  const share = constants[6] ?? 1;
  const layer = flakes([height, width], constants, unit);
  const out = new Float64Array(data.length);
  for (let i = 0; i < width * height; i++) {
    const value = (c: number): number => (data[3 * i + c] ?? 0) / 255;
    const grey = 0.299 * value(0) + 0.587 * value(1) + 0.114 * value(2);
    const fallen = (layer[i] ?? 0) + (layer[width * height - 1 - i] ?? 0);
    for (let c = 0; c < 3; c++) {
      out[3 * i + c] = share * value(c) + (1 - share) * Math.max(value(c), 1.5 * grey + 0.5) + fallen;
    }
  }
  return cutToBits(out, width, height);
}

/** [H, W], 0…1 in 8 bits. */
function flakes(
  [height, width]: Size,
  [mean = 0, deviation = 0, factor = 1, least = 0, radius = 0, sigma = 1]: readonly number[],
  unit: Unit,
): Float64Array {
  const drawn = Float32Array.from(normals(height * width, mean, deviation, unit));
  const { data } = enlarged({ data: drawn, shape: [height, width, 1] }, factor);
  const kept = data.map((value) => (value < least ? 0 : Math.min(1, Math.max(0, value))));
  const angle = (-135 + 90 * unit()) * (Math.PI / 180);
  const shifts = motionShifts(radius, sigma, angle);
  const within = (place: number, length: number): number => Math.min(length - 1, Math.max(0, place));
  return Float64Array.from({ length: height * width }, (_, i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    let sum = 0;
    for (const [down, right, weight] of shifts) {
      sum += weight * (kept[within(row + down, height) * width + within(column + right, width)] ?? 0);
    }
    return Math.round(sum * 255) / 255;
  });
}
