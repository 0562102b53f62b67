import { sequence } from "../../gpu/command.ts";
import { InputError } from "../../gpu/errors.ts";
import { assertFields, type Fields } from "../../gpu/options.ts";
import { build } from "../../gpu/scope.ts";
import {
  type BORDERS,
  type Boxes,
  createDrawBoxes,
  createDrawMaps,
  createWarp,
  createWarpGradient,
} from "../../kernels/warp.ts";
import type { Size, Transform } from "./transform.ts";

/**
 * An affine map from a pixel of the view to a place in the picture, both in pixels from the centre of the first: row =
 * a·row′ + b·column′ + c, column = d·row′ + e·column′ + f.
 */
export type AffineMap = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** What stands beyond a picture's border: a number in its unit, or the picture's own pixels. */
export type PictureBorder = number | "edge" | "reflect" | "wrap";

/** What the maps of a transform are drawn from. */
export type Draws =
  | { readonly boxes: Boxes }
  | {
      readonly maps: readonly AffineMap[];
      /** How likely each is, of a sum of 1. Default: all alike. */
      readonly chances?: readonly number[];
      /** The map of each step in order, and again from the first, in place of a draw. */
      readonly ordered?: boolean;
      /** A further move of 0 … range − 1 pixels. Default 1: none. */
      readonly range?: number;
    };

/** A transform whose views are samples of a picture at the places of an affine map, bilinear. */
export interface Sampling {
  readonly name: string;
  readonly border: PictureBorder;
  sizeOf(size: Size, network: Size): Size;
  /** The maps, for pictures and views of a size. */
  draws(size: Size, view: Size): Draws;
}

/** Makes a transform of affine sampling. */
export function sampled({ name, border, sizeOf, draws }: Sampling): Transform {
  return {
    name,
    sizeOf,
    create: ({ device, x, dx, y, dy, numbers, step, seed }) =>
      build(device, name, async ({ tensor, command }) => {
        const [, h = 1, w = 1] = x.shape;
        const [views = 1, height = 1, width = 1] = y.shape;
        const maps = tensor([views, 6], { label: `${name} maps` });
        const drawn = draws([h, w], [height, width]);
        const site = { numbers, step, maps, seed };
        const draw = await command(
          "boxes" in drawn
            ? createDrawBoxes(device, { ...site, boxes: drawn.boxes, image: [h, w], view: [height, width] })
            : createDrawMaps(device, {
                ...site,
                table: tensor([drawn.maps.length, 7], { label: `${name} table`, data: tableOf(drawn) }),
                range: [drawn.range ?? 1, drawn.range ?? 1],
                ordered: drawn.ordered ?? false,
              }),
        );
        const beyond = kindOf(border);
        const value = typeof border === "number" ? border : 0;
        const warp = await command(createWarp(device, { x, y, maps, border: beyond, value }));
        const backward = await command(createWarpGradient(device, { dx, dy, maps, border: beyond }));
        return { forward: sequence([draw, warp]), backward };
      }),
  };
}

const kindOf = (border: PictureBorder): keyof typeof BORDERS =>
  typeof border === "number" ? "constant" : border;

/** Each map with how likely it is one of those so far. */
function tableOf({ maps, chances }: Extract<Draws, { maps: unknown }>): Float32Array {
  let sum = 0;
  return Float32Array.from(
    maps.flatMap((map, n) => {
      sum += chances?.[n] ?? 1 / maps.length;
      return [...map, sum];
    }),
  );
}

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
