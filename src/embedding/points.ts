import { InputError } from "../gpu/errors.ts";
import { formatShape, type Shape } from "../gpu/tensor.ts";

/** Points of a space, such as the features of many pictures: `data` has them one after another. */
export interface Points {
  readonly data: Float32Array;
  /** `[N, D]`: how many there are, and how many numbers each has. */
  readonly shape: Shape;
}

/** How far two points are apart: the length of their difference, or 1 − the cosine of their angle. */
export type Metric = "euclidean" | "cosine";
export const METRICS = ["euclidean", "cosine"] as const satisfies readonly Metric[];

/** @throws InputError when points are none, their shape does not fit, or a number of theirs is NaN or infinite. */
export function assertPoints(who: string, points: Points, name = "points"): { n: number; d: number } {
  const { data, shape } = (points ?? {}) as Partial<Points>;
  if (!(data instanceof Float32Array) || !Array.isArray(shape)) {
    throw new InputError(`${who}: expected ${name} as { data: Float32Array, shape: [N, D] }`);
  }
  const [n = 0, d = 0] = shape;
  const whole = shape.length === 2 && [n, d].every((size) => Number.isInteger(size) && size >= 1);
  if (!whole || data.length !== n * d) {
    throw new InputError(
      `${who}: expected ${name} of shape N×D with as many numbers, got ${data.length} for ${formatShape(shape)}`,
    );
  }
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new InputError(
      `${who}: expected finite numbers, got ${data[bad]} at ${name} [${Math.floor(bad / d)}, ${bad % d}]; leave that point out`,
    );
  }
  return { n, d };
}

/** @throws InputError when they have not as many numbers each as the points. */
export function assertSameSpace(who: string, d: number, other: number, name: string): void {
  if (d === other) return;
  throw new InputError(`${who}: expected ${name} of ${d} numbers each, as the points have, got ${other}`);
}

/** Points brought to a size whose squares neither overflow nor vanish, and how large one of their units was. */
export interface Scaled {
  readonly data: Float32Array;
  readonly unit: number;
}

/** The same space, in units of a power of two: no digit is lost. */
export function scaled(...spaces: readonly Float32Array[]): {
  spaces: readonly Float32Array[];
  unit: number;
} {
  let most = 0;
  for (const data of spaces) for (const value of data) most = Math.max(most, Math.abs(value));
  if (most === 0 || (most > 1e-6 && most < 1e6)) return { spaces, unit: 1 };
  const unit = 2 ** Math.floor(Math.log2(most));
  return { spaces: spaces.map((data) => data.map((value) => value / unit)), unit };
}

/**
 * The directions of points: each divided by its length, in f64.
 * @throws InputError for a point of zeros, which has no direction.
 */
export function directionsOf(who: string, { data, shape }: Points, name = "points"): Float32Array {
  const [, d = 1] = shape;
  const directions = new Float32Array(data.length);
  for (let start = 0; start < data.length; start += d) {
    let squares = 0;
    for (let i = start; i < start + d; i++) squares += (data[i] ?? 0) ** 2;
    if (squares === 0) {
      throw new InputError(
        `${who}: expected points with a direction for the metric "cosine", got zeros only at ${name} [${start / d}]; leave it out, or take "euclidean"`,
      );
    }
    const length = Math.sqrt(squares);
    for (let i = start; i < start + d; i++) directions[i] = (data[i] ?? 0) / length;
  }
  return directions;
}
