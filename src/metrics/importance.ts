import { drawingOf } from "../figures/kinds.ts";
import { InputError } from "../gpu/errors.ts";
import { formatShape, type Shape, sizeOf } from "../gpu/tensor.ts";
import { enlargeMap } from "../images/enlarge.ts";
import { maxOverColor, sumOverColor } from "../images/over-color.ts";
import type { AttributionTechnique } from "../techniques/attribution/technique.ts";

/** A map without colour, [h, w]: the weight of each pixel, or cell. */
export interface Importance {
  readonly data: Float32Array;
  readonly shape: readonly [height: number, width: number];
}

/**
 * True of a map whose values are slopes, ∂S/∂x or alike, one an element of the input: its kind takes the largest magnitude
 * over colour. Shares, whose sum over colour counts, are none, nor is a map without colour. A map of no known kind is a
 * gradient.
 */
export function holdsSlopes(shape: Shape, kind: AttributionTechnique["kind"] = "gradient"): boolean {
  return shape.length === 3 && drawingOf(kind).overColor === "max";
}

/**
 * A map as one number a pixel, as its kind says: of shares the sum over colour, signed; of slopes the largest magnitude over colour; a map
 * without colour as it stands.
 * @throws InputError when it is no map, or holds NaN.
 */
export function importanceOf(
  map: { readonly data: Float32Array; readonly shape: Shape },
  kind: AttributionTechnique["kind"] | undefined,
): Importance {
  const { shape } = map;
  if ((shape.length !== 2 && shape.length !== 3) || sizeOf(shape) !== map.data.length) {
    throw new InputError(
      `trust: expected a map of H×W or H×W×C, got ${map.data.length} values of ${formatShape(shape)}`,
    );
  }
  const at = map.data.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) throw new InputError(`trust: expected a map of finite values, got ${map.data[at]} at ${at}`);
  const flat = shape.length === 2 ? map : holdsSlopes(shape, kind) ? maxOverColor(map) : sumOverColor(map);
  return { data: flat.data, shape: [shape[0] ?? 1, shape[1] ?? 1] };
}

/** A map [h, w] at the size of the image: bilinear between the centres of its cells. */
export function atImageSize(
  { data, shape }: Importance,
  [height, width]: readonly [number, number, number],
): Float32Array {
  if (shape[0] === height && shape[1] === width) return data;
  return enlargeMap(data, shape, { height, width, squares: false });
}

/** The rank of every pixel in the order of falling importance; equal ones in reading order. */
export function ranksOf(importance: Float32Array): Uint32Array {
  const order = Uint32Array.from({ length: importance.length }, (_, i) => i).sort(
    (i, j) => (importance[j] ?? 0) - (importance[i] ?? 0) || i - j,
  );
  const ranks = new Uint32Array(importance.length);
  for (const [rank, pixel] of order.entries()) ranks[pixel] = rank;
  return ranks;
}

/** Magnitudes, for comparing the order of pixels whatever their sign. */
export function magnitudes({ data }: Importance): Float32Array {
  return data.map(Math.abs);
}
