import { InputError } from "../../gpu/errors.ts";
import type { ColorSigmoid } from "../../kernels/parametrisation.ts";
import type { ImageKind } from "./image.ts";

/** "decorrelated": axes along which the colors of photographs vary by themselves (three channels only); "rgb": the channels as they are. */
export type ColorSpace = "decorrelated" | "rgb";

/** Options of images whose pixels are squashed into bounds. */
export interface ColorOptions {
  /** Default "decorrelated"; images of another number of channels than three have no such axes and are as they are. */
  readonly color?: ColorSpace | undefined;
  /** Least and largest value of the pixels, in the network's own unit. Default: 0…1 before its preprocessing. */
  readonly bounds?: readonly [low: number, high: number] | undefined;
}

/** Square root of the covariance of RGB in photographs, as Lucid has it (tensorflow/lucid, optvis/param/color.py). */
const SQUARE_ROOT = [
  [0.26, 0.09, 0.02],
  [0.27, 0, -0.05],
  [0.27, -0.09, 0.03],
] as const;
/** Its largest column has length 1 when divided by this. */
const LENGTH = Math.hypot(...SQUARE_ROOT.map(([first]) => first));

/** RGB of decorrelated channels, row by row. */
export const DECORRELATED: readonly (readonly [number, number, number])[] = SQUARE_ROOT.map(([a, b, c]) => [
  a / LENGTH,
  b / LENGTH,
  c / LENGTH,
]);

const INVERSE = inverse(DECORRELATED);

/** Inverse of a 3×3 matrix, by cofactors. */
function inverse(m: readonly (readonly [number, number, number])[]): readonly number[][] {
  const at = (row: number, column: number): number => m[row % 3]?.[column % 3] ?? 0;
  const cofactor = (i: number, j: number): number =>
    at(i + 1, j + 1) * at(i + 2, j + 2) - at(i + 1, j + 2) * at(i + 2, j + 1);
  const determinant = [0, 1, 2].reduce((sum, j) => sum + at(0, j) * cofactor(0, j), 0);
  return [0, 1, 2].map((i) => [0, 1, 2].map((j) => cofactor(j, i) / determinant));
}

/** How an image of so many channels becomes pixels. */
export function colorSigmoidOf({ color, bounds }: ColorOptions, channels: number): ColorSigmoid {
  const mixed = color !== "rgb" && channels === 3;
  return { bounds: bounds ?? [0, 1], matrix: mixed ? DECORRELATED : undefined };
}

/** The unit of pixels with these bounds. */
export function rangeOf({ bounds }: ColorOptions): ImageKind["range"] {
  return bounds === undefined ? "unit" : "input";
}

/** @throws InputError when the bounds are not two numbers, the lower first. */
export function assertBounds(who: string, { bounds }: ColorOptions): void {
  if (bounds === undefined) return;
  const [low, high] = bounds as readonly unknown[];
  if (bounds.length === 2 && Number.isFinite(low) && Number.isFinite(high) && bounds[0] < bounds[1]) return;
  throw new InputError(`${who}: expected bounds [low, high] with low < high, got [${bounds}]`);
}

/** Nearest to a bound that a pixel is taken for, of the whole range, so that what is before the sigmoid stays finite. */
const EDGE = 1e-3;

/**
 * What becomes these pixels, [..., C], in double precision: the inverse of {@link ColorSigmoid}. Pixels within a thousandth of a
 * bound, or beyond, count as a thousandth away from it.
 */
export function beforeColorSigmoid(
  pixels: ArrayLike<number>,
  { bounds: [low, high], matrix }: ColorSigmoid,
): Float32Array {
  const z = Float64Array.from(pixels, (pixel) => {
    const s = Math.min(Math.max((pixel - low) / (high - low), EDGE), 1 - EDGE);
    return Math.log(s / (1 - s));
  });
  return matrix ? decorrelated(z) : Float32Array.from(z);
}

/** Decorrelated channels of RGB, [..., 3]: the inverse of {@link DECORRELATED}. */
export function decorrelated(rgb: ArrayLike<number>): Float32Array {
  return Float32Array.from(rgb, (_, i) => {
    const row = INVERSE[i % 3] ?? [];
    return row.reduce((sum, weight, channel) => sum + weight * (rgb[i - (i % 3) + channel] ?? 0), 0);
  });
}
