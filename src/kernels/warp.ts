import boxesShader from "../../shaders/draw_boxes.wgsl";
import mapsShader from "../../shaders/draw_maps.wgsl";
import shader from "../../shaders/warp.wgsl";
import gradientShader from "../../shaders/warp_gradient.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { asNhwc, sizeOf, type Tensor } from "../gpu/tensor.ts";

/** What stands beyond a picture's border. */
export const BORDERS = { constant: 0, edge: 1, reflect: 2, wrap: 3 } as const;

type Size = readonly [height: number, width: number];

/** Pictures and their views by affine maps; the shapes are those of warp.wgsl. */
export interface Warp {
  /** [images·views, 6] */
  readonly maps: Tensor;
  readonly border: keyof typeof BORDERS;
  /** A move by whole pixels of x to what the maps read, and of what they make to y: maps as well, and the size between. */
  readonly before?: { readonly maps: Tensor; readonly size: Size } | undefined;
  readonly after?: { readonly maps: Tensor; readonly size: Size } | undefined;
}

function paramsOf(x: Tensor, y: Tensor, { before }: Warp) {
  const [images, h, w, channels] = asNhwc(x.shape);
  const [pictures, height, width] = asNhwc(y.shape);
  const read = [...(before?.size ?? [h, w])];
  return { image: [h, w], read, view: [height, width], channels, views: pictures / images };
}

function constantsOf({ border, before, after }: Warp) {
  return {
    BORDER: BORDERS[border],
    MOVED_BEFORE: Number(before !== undefined),
    MOVED_AFTER: Number(after !== undefined),
  };
}

/** Channels that a thread computes at once. */
function widthOf(channels: number): number {
  return [4, 3, 2].find((width) => channels % width === 0) ?? 1;
}

function mapsOf({ maps, before, after }: Warp) {
  return { maps, before: before?.maps ?? maps, after: after?.maps ?? maps };
}

const pixelsOf = (tensor: Tensor): number => sizeOf(tensor.shape.slice(0, -1));

/**
 * Writes views `y` of pictures `x` by affine maps; beyond a constant border stands `value`, beyond x `around` where it is moved
 * before. See warp.wgsl.
 */
export function createWarp(
  device: GPUDevice,
  warp: Warp,
  site: { readonly x: Tensor; readonly y: Tensor; readonly value: number; readonly around: number },
): Promise<Command> {
  const { x, y, value, around } = site;
  return createDispatch(device, shader, {
    constants: constantsOf(warp),
    params: { ...paramsOf(x, y, warp), pixels: pixelsOf(y), value, around },
    bindings: { x, ...mapsOf(warp), y },
    workgroups: gridOf(Math.ceil(pixelsOf(y) / 64)),
  });
}

/** Takes the gradient to such views back to the pictures, `whole` where every map moves by whole pixels; see warp_gradient.wgsl. */
export function createWarpGradient(
  device: GPUDevice,
  warp: Warp,
  { dx, dy, whole }: { readonly dx: Tensor; readonly dy: Tensor; readonly whole: boolean },
): Promise<Command> {
  const params = paramsOf(dx, dy, warp);
  return createDispatch(device, gradientShader, {
    constants: { ...constantsOf(warp), WHOLE: Number(whole), WIDTH: widthOf(params.channels) },
    params: { ...params, mapped: [...(warp.after?.size ?? params.view)], pixels: pixelsOf(dx) },
    bindings: { ...mapsOf(warp), dy, dx },
    workgroups: gridOf(Math.ceil(pixelsOf(dx) / 64)),
  });
}

/** What the maps of views are drawn by. */
interface Draw {
  /** [N], u32 */
  readonly numbers: Tensor;
  /** [1], u32 */
  readonly step: Tensor;
  /** [N, 6] */
  readonly maps: Tensor;
  readonly seed: number;
}

/** Draws for each view one of the maps of `table` [rows, 7] and a move of whole pixels; see draw_maps.wgsl. */
export function createDrawMaps(
  device: GPUDevice,
  site: Draw & {
    readonly table: Tensor;
    readonly range: readonly [number, number];
    readonly ordered: boolean;
    /** Adds moves by whole pixels to those that `maps` holds. */
    readonly added?: boolean;
  },
): Promise<Command> {
  const { table, numbers, step, maps, seed, range, ordered, added = false } = site;
  const [rows = 1] = table.shape;
  const [views = 1] = maps.shape;
  return createDispatch(device, mapsShader, {
    constants: { ADDED: Number(added) },
    params: { views, rows, range, seed, ordered: ordered ? 1 : 0 },
    bindings: { table, numbers, step, maps },
    workgroups: [Math.ceil(views / 64)],
  });
}

/** Sides and centres of crops, as shares of a picture's. */
export interface Boxes {
  /** Mean of the side in the first step, and from step `steps` on. */
  readonly mean: readonly [first: number, last: number];
  readonly steps: number;
  /** Standard deviation of the side. */
  readonly sd: number;
  /** The side moves by a uniform number in ± this too. */
  readonly uniform: number;
  /** Least side. */
  readonly least: number;
  /** Standard deviation of the centre around the picture's. */
  readonly centreSd: number;
}

/** Draws a crop of pictures of size `image` for each view of size `view`; see draw_boxes.wgsl. */
export function createDrawBoxes(
  device: GPUDevice,
  site: Draw & {
    readonly boxes: Boxes;
    readonly image: readonly [number, number];
    readonly view: readonly [number, number];
  },
): Promise<Command> {
  const { numbers, step, maps, seed, image, view, boxes } = site;
  const { mean, steps, sd, uniform, least, centreSd } = boxes;
  const [views = 1] = maps.shape;
  return createDispatch(device, boxesShader, {
    params: { image, view, mean, steps, sd, least, uniform_share: uniform, centre_sd: centreSd, views, seed },
    bindings: { numbers, step, maps },
    workgroups: [Math.ceil(views / 64)],
  });
}
