import { Draws } from "../../../sampling/draws.ts";

/** Draws numbers in (0, 1). */
export type Unit = () => number;

/** [height, width] */
export type Size = readonly [height: number, width: number];

/** The numbers of a seed and a stream, one after another. */
export function drawsOf(seed: number, stream: number): Unit {
  const draws = new Draws(seed, stream);
  return () => draws.unit();
}

/** Numbers of a normal distribution (Box & Muller), each of two draws. */
export function normals(count: number, mean: number, deviation: number, unit: Unit): Float64Array {
  return Float64Array.from({ length: count }, () => {
    const radius = Math.sqrt(-2 * Math.log(unit()));
    return mean + deviation * radius * Math.cos(2 * Math.PI * unit());
  });
}

/** How a Gaussian is cut, in deviations, and what lies beyond the border: the outermost value, or the field mirrored with it. */
export interface Smoothing {
  readonly sigma: number;
  readonly truncate: number;
  readonly border: "nearest" | "reflect";
}

/** A field [H, W] smoothed by a Gaussian (SciPy's `gaussian_filter`); a deviation of 0 leaves it. */
export function smoothed(field: Float64Array, [height, width]: Size, smoothing: Smoothing): Float64Array {
  const down = along(field, height, width, height, smoothing);
  return along(down, width, 1, width, smoothing);
}

/** Smooths one axis: `length` places, `stride` apart. */
function along(
  from: Float64Array,
  length: number,
  stride: number,
  period: number,
  smoothing: Smoothing,
): Float64Array {
  const rows = rowsOf(length, smoothing);
  const to = new Float64Array(from.length);
  for (let i = 0; i < from.length; i++) {
    const place = Math.floor(i / stride) % period;
    const row = rows[place];
    if (!row) continue;
    const start = i - place * stride;
    let sum = 0;
    for (let k = 0; k < row.weights.length; k++) {
      sum += (row.weights[k] ?? 0) * (from[start + (row.first + k) * stride] ?? 0);
    }
    to[i] = sum;
  }
  return to;
}

/** For each place the run of places that it reads. What lies beyond the border is counted to the place that stands for it. */
function rowsOf(
  length: number,
  { sigma, truncate, border }: Smoothing,
): { readonly first: number; readonly weights: Float64Array }[] {
  const reach = Math.floor(truncate * sigma + 0.5);
  const taps = Float64Array.from({ length: 2 * reach + 1 }, (_, i) =>
    sigma > 0 ? Math.exp(-((i - reach) ** 2) / (2 * sigma * sigma)) : 1,
  );
  const whole = taps.reduce((sum, tap) => sum + tap, 0);
  return Array.from({ length }, (_, place) => {
    const first = Math.max(0, place - reach);
    const mirrored = border === "reflect" && (place < reach || place + reach >= length);
    const [low, high] = mirrored ? [0, length - 1] : [first, Math.min(length - 1, place + reach)];
    const weights = new Float64Array(high - low + 1);
    for (const [i, tap] of taps.entries()) {
      const at = within(place + i - reach, length, border) - low;
      weights[at] = (weights[at] ?? 0) + tap / whole;
    }
    return { first: low, weights };
  });
}

/** The place that stands for one beyond the border. */
function within(place: number, length: number, border: Smoothing["border"]): number {
  if (border === "nearest") return Math.min(length - 1, Math.max(0, place));
  const turned = ((place % (2 * length)) + 2 * length) % (2 * length);
  return turned < length ? turned : 2 * length - 1 - turned;
}
