import { InputError } from "../../gpu/errors.ts";
import { assertFields, type Fields } from "../../gpu/options.ts";
import { type AffineMap, type PictureBorder, sampled } from "./sampling.ts";
import type { Size, Transform } from "./transform.ts";

/** @throws InputError when a border is none that there is. */
export function assertBorder(who: string, border: unknown): void {
  if (["edge", "reflect", "wrap"].includes(border as string) || Number.isFinite(border)) return;
  throw new InputError(
    `${who}: expected a border of "edge", "reflect", "wrap" or a finite number, got ${String(border)}`,
  );
}

/** @throws InputError when a list is empty or holds what is not right. */
export function assertList(
  who: string,
  list: readonly unknown[],
  expected: string,
  right: (one: number) => boolean,
): void {
  if (Array.isArray(list) && list.length > 0 && list.every((one) => Number.isFinite(one) && right(one)))
    return;
  throw new InputError(`${who}: expected a list of ${expected}, got [${list}]`);
}

/** The map by which a view of a size turns about the centre of a picture: the place of a pixel is A · (pixel − its centre) + centre. */
export function aroundCentre(
  [a, b, d, e]: readonly [a: number, b: number, d: number, e: number],
  size: Size,
  view: Size,
): AffineMap {
  const [y, x] = [(size[0] - 1) / 2, (size[1] - 1) / 2];
  const [v, u] = [(view[0] - 1) / 2, (view[1] - 1) / 2];
  return [a, b, y - a * v - b * u, d, e, x - d * v - e * u];
}

export interface AffineOptions {
  /** The map of each step in order, and again from the first, rather than one drawn at random. Default false. */
  readonly ordered?: boolean | undefined;
  /** What stands beyond the border. Default 0. */
  readonly border?: PictureBorder | undefined;
  /** Size of the views. Default: the picture's. */
  readonly size?: Size | undefined;
}

const AFFINE: Fields<AffineOptions> = { ordered: [true, false], border: "may", size: "may" };

/**
 * One of a list of affine maps, drawn for each view and step, or the map of the step: any movement exactly as it is wanted.
 * @throws InputError when a map is not six finite numbers or cannot be inverted.
 * @example
 * affine([[0, 1, 0, 1, 0, 0]]); // rows and columns exchanged
 */
export function affine(maps: readonly AffineMap[], options: AffineOptions = {}): Transform {
  assertFields("affine", options, AFFINE);
  const { ordered = false, border = 0, size: given } = options;
  assertBorder("affine", border);
  if (given) assertSize("affine", given);
  if (!Array.isArray(maps) || maps.length === 0) {
    throw new InputError("affine: expected at least one map of six numbers, got none");
  }
  for (const map of maps) {
    const [a = 0, b = 0, , d = 0, e = 0] = map;
    if (map.length === 6 && map.every(Number.isFinite) && Math.abs(a * e - b * d) > 1e-6) continue;
    throw new InputError(`affine: expected maps of six finite numbers that can be inverted, got [${map}]`);
  }
  return sampled({
    name: "affine",
    border,
    sizeOf: (size) => given ?? size,
    draws: () => ({ maps, ordered }),
  });
}

/** @throws InputError when a size is not two whole numbers of pixels. */
export function assertSize(who: string, size: Size): void {
  if (size.length === 2 && size.every((side) => Number.isInteger(side) && side >= 1)) return;
  throw new InputError(`${who}: expected a size [height, width] of whole pixels, got [${size}]`);
}
