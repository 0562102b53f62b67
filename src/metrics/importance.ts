import { InputError } from "../gpu/errors.ts";
import { formatShape, type Shape, sizeOf } from "../gpu/tensor.ts";
import { enlargeMap } from "../images/enlarge.ts";
import { maxOverColor, sumOverColor } from "../images/over-color.ts";
import type { AttributionTechnique } from "../techniques/attribution/technique.ts";

/** A map without colour, [h, w]: what a pixel, or a cell, weighs. */
export interface Importance {
  readonly data: Float32Array;
  readonly shape: readonly [height: number, width: number];
}

/**
 * Whether a map's values are slopes, ∂S/∂x or alike, one an element of the input. Maps of shares ("attribution": what is
 * multiplied by the input) and maps without colour are not.
 */
export function holdsSlopes(shape: Shape, kind: AttributionTechnique["kind"] | undefined): boolean {
  return shape.length === 3 && kind !== "attribution";
}

/**
 * A map as one number a pixel: of shares the sum over colour, signed; of slopes the largest magnitude over colour; a map
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

/** Every pixel's place in the order of falling importance; equal ones in reading order. */
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
