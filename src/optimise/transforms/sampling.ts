import type { Command } from "../../gpu/command.ts";
import { sequence } from "../../gpu/command.ts";
import { build, type Owner } from "../../gpu/scope.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import {
  type BORDERS,
  type Boxes,
  createDrawBoxes,
  createDrawMaps,
  createWarp,
  createWarpGradient,
} from "../../kernels/warp.ts";
import type { Size, Transform, TransformSite } from "./transform.ts";

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

/** A transform of affine sampling. */
interface SampledTransform extends Transform {
  readonly sampling: Sampling;
}

/** Makes a transform of affine sampling. */
export function sampled(sampling: Sampling): SampledTransform {
  const { name } = sampling;
  return {
    name,
    sampling,
    sizeOf: sampling.sizeOf,
    create(site) {
      const by = { sampling, seed: site.seed, from: sizeOfTensor(site.x), to: sizeOfTensor(site.y) };
      return createJoined(site, { before: [], by, after: [] });
    },
  };
}

const sizeOfTensor = ({ shape: [, h = 1, w = 1] }: Tensor): Size => [h, w];

/** A transform at its place in a list. */
export interface Placed<T extends Transform = Transform> {
  readonly transform: T;
  readonly seed: number;
  readonly from: Size;
  readonly to: Size;
}

/** One or several neighbouring transforms that are made at once. */
export interface Link {
  readonly name: string;
  readonly to: Size;
  create(
    site: Omit<TransformSite, "seed">,
  ): Promise<{ readonly forward: Command; readonly backward: Command } & Owner>;
}

/**
 * Transforms as they are made: moves by whole pixels are made with the affine map beside them, where the outcome is the same to the
 * bit. What lies between is never held.
 */
export function linksOf(transforms: readonly Placed[]): Link[] {
  const links: Link[] = [];
  let open: Joined | undefined;
  const close = (): void => {
    const joined = open;
    if (!joined) return;
    const parts = partsOf(joined);
    links.push({
      name: parts.map(({ sampling }) => sampling.name).join(", "),
      to: parts.at(-1)?.to ?? joined.by.to,
      create: (site) => createJoined(site, joined),
    });
    open = undefined;
  };
  for (const { transform, seed, from, to } of transforms) {
    if (!isSampled(transform)) {
      close();
      links.push({ name: transform.name, to, create: (site) => transform.create({ ...site, seed }) });
      continue;
    }
    const part = { sampling: transform.sampling, seed, from, to };
    const joined = open && joinedWith(open, part);
    if (!joined) close();
    open = joined ?? { before: [], by: part, after: [] };
  }
  close();
  return links;
}

function isSampled(transform: Transform): transform is SampledTransform {
  return "sampling" in transform;
}

/** A sampling between two sizes. */
interface Part {
  readonly sampling: Sampling;
  readonly seed: number;
  readonly from: Size;
  readonly to: Size;
}

/** An affine map, and moves by whole pixels before and after it. */
interface Joined {
  readonly before: readonly Part[];
  readonly by: Part;
  readonly after: readonly Part[];
}

const partsOf = ({ before, by, after }: Joined): Part[] => [...before, by, ...after];

/** A part more, where it can be. */
function joinedWith({ before, by, after }: Joined, part: Part): Joined | undefined {
  if (staysWithin(part)) return { before, by, after: [...after, part] };
  const leads = isMove(by) && (typeof by.sampling.border === "number" || staysWithin(by));
  if (before.length > 0 || !leads || isMove(part)) return undefined;
  return { before: [by, ...after], by: part, after: [] };
}

const drawsOf = ({ sampling, from, to }: Part): Draws => sampling.draws(from, to);

type Listed = Extract<Draws, { maps: unknown }>;

/** The moves of a part, where it moves by whole pixels only. */
function movesOf(part: Part): Listed | undefined {
  const draws = drawsOf(part);
  const whole = ([a, b, c, d, e, f]: AffineMap): boolean =>
    a === 1 && b === 0 && d === 0 && e === 1 && Number.isInteger(c) && Number.isInteger(f);
  return "maps" in draws && draws.maps.every(whole) ? draws : undefined;
}

const isMove = (part: Part): boolean => movesOf(part) !== undefined;

/** Whether a part moves by whole pixels and reads nothing beyond the border. */
function staysWithin(part: Part): boolean {
  const moves = movesOf(part);
  if (!moves) return false;
  const further = (moves.range ?? 1) - 1;
  const fits = (move: number, axis: 0 | 1): boolean =>
    move >= 0 && move + further + part.to[axis] <= part.from[axis];
  return moves.maps.every(([, , down, , , across]) => fits(down, 0) && fits(across, 1));
}

/** The transform of several parts: one kernel, and its gradient. */
function createJoined(
  site: Omit<TransformSite, "seed">,
  joined: Joined,
): Promise<{ readonly forward: Command; readonly backward: Command } & Owner> {
  const { device, x, dx, y, dy, numbers, step } = site;
  const { before, by, after } = joined;
  const { sampling } = by;
  return build(device, sampling.name, async ({ tensor, command }) => {
    const [views = 1] = y.shape;
    const drawing: Command[] = [];
    const at = { numbers, step };
    /** Maps that are drawn in each step, or one that stays. */
    const listed = async (
      { sampling: { name }, seed }: Part,
      draws: Listed,
      maps?: Tensor,
    ): Promise<Tensor> => {
      const { maps: list, range = 1, ordered = false } = draws;
      const [only] = list;
      if (!maps && only && list.length === 1 && range === 1) {
        const data = Float32Array.from({ length: views * 6 }, (_, i) => only[i % 6] ?? 0);
        return tensor([views, 6], { data, label: `${name} maps` });
      }
      const table = tensor([list.length, 7], { label: `${name} table`, data: tableOf(draws) });
      const drawn = maps ?? tensor([views, 6], { label: `${name} maps` });
      const ranges = [range, range] as const;
      const added = maps !== undefined;
      drawing.push(
        await command(
          createDrawMaps(device, { ...at, maps: drawn, seed, table, range: ranges, ordered, added }),
        ),
      );
      return drawn;
    };
    const moved = async (parts: readonly Part[]): Promise<Tensor | undefined> => {
      let maps: Tensor | undefined;
      for (const { part, draws } of withoutFixed(parts)) maps = await listed(part, draws, maps);
      return maps;
    };
    const boxed = async ({ boxes }: Extract<Draws, { boxes: unknown }>): Promise<Tensor> => {
      const maps = tensor([views, 6], { label: `${sampling.name} maps` });
      const sizes = { image: by.from, view: by.to };
      drawing.push(await command(createDrawBoxes(device, { ...at, maps, seed: by.seed, boxes, ...sizes })));
      return maps;
    };
    const beforeMaps = await moved(before);
    const draws = drawsOf(by);
    const maps = "boxes" in draws ? await boxed(draws) : await listed(by, draws);
    const afterMaps = await moved(after);
    const warp = {
      ...{ maps, border: kindOf(sampling.border) },
      before: beforeMaps && { maps: beforeMaps, size: by.from },
      after: afterMaps && { maps: afterMaps, size: by.to },
    };
    const ends = { value: numberBeyond(sampling.border), around: numberBeyond(before[0]?.sampling.border) };
    const forward = await command(createWarp(device, warp, { x, y, ...ends }));
    const backward = await command(createWarpGradient(device, warp, { dx, dy, whole: isMove(by) }));
    return { forward: sequence([...drawing, forward]), backward };
  });
}

/** Moves one after another, those that are always the same added to another. */
function withoutFixed(parts: readonly Part[]): { readonly part: Part; readonly draws: Listed }[] {
  const moves = parts.flatMap((part) => {
    const draws = movesOf(part);
    return draws ? [{ part, draws }] : [];
  });
  const isFixed = ({ draws: { maps, range = 1 } }: { readonly draws: Listed }): boolean =>
    maps.length === 1 && range === 1;
  const fixed = moves.filter(isFixed).flatMap(({ draws }) => draws.maps);
  const drawn = moves.filter((move) => !isFixed(move));
  const sum = (axis: 2 | 5): number => fixed.reduce((total, map) => total + map[axis], 0);
  const [down, across] = [sum(2), sum(5)];
  const [first, ...others] = drawn.length > 0 ? drawn : moves.slice(0, 1);
  if (!first) return [];
  const maps =
    drawn.length > 0
      ? first.draws.maps.map(([a, b, c, d, e, f]): AffineMap => [a, b, c + down, d, e, f + across])
      : [[1, 0, down, 0, 1, across] as const];
  return [{ part: first.part, draws: { ...first.draws, maps } }, ...others];
}

const kindOf = (border: PictureBorder): keyof typeof BORDERS =>
  typeof border === "number" ? "constant" : border;

const numberBeyond = (border: PictureBorder | undefined): number => (typeof border === "number" ? border : 0);

/** Each map with how likely it is one of those so far. */
function tableOf({ maps, chances }: Listed): Float32Array {
  let sum = 0;
  return Float32Array.from(
    maps.flatMap((map, n) => {
      sum += chances?.[n] ?? 1 / maps.length;
      return [...map, sum];
    }),
  );
}
