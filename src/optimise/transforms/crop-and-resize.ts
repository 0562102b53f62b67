import { InputError } from "../../gpu/errors.ts";
import { assertFields, type Fields } from "../../gpu/options.ts";
import { assertBorder, assertSize } from "./affine.ts";
import { type AffineMap, type PictureBorder, sampled } from "./sampling.ts";
import type { Size, Transform } from "./transform.ts";

/** How a crop is drawn. Sides and centres are shares of the picture's, so that 1 is the whole picture. */
export interface CropDraws {
  /** Mean of the side: one number, or that of the first step and that of step `steps`, linear between and then the same. */
  readonly side: number | readonly [first: number, last: number];
  /** Steps until the last mean. Needed where there are two. */
  readonly steps?: number | undefined;
  /** Standard deviation of the side. Default 0. */
  readonly sd?: number | undefined;
  /** Half the width of a uniform range that is added to the side. Default 0. */
  readonly uniform?: number | undefined;
  /** Least side; the greatest is 1. Default 0.05. */
  readonly least?: number | undefined;
  /** Standard deviation of the centre around the picture's. Default 0. */
  readonly centreSd?: number | undefined;
}

export interface CropOptions {
  /** How a crop is drawn. One of `box` and `boxes` is needed. */
  readonly box?: CropDraws | undefined;
  /** Crops [top, left, height, width] of the steps in order, and again from the first, in pixels. */
  readonly boxes?:
    | readonly (readonly [top: number, left: number, height: number, width: number])[]
    | undefined;
  /** Size of the views. Default: the network's. */
  readonly size?: Size | undefined;
  /** What stands beyond the border, where a crop reaches over it. Default 0.5. */
  readonly border?: PictureBorder | undefined;
}

const CROP: Fields<CropOptions> = { box: "may", boxes: "may", size: "may", border: "may" };
const DRAWS: Fields<CropDraws> = {
  ...{ side: "must", steps: "may", sd: "may", uniform: "may", least: "may", centreSd: "may" },
};

/**
 * Crops, brought to one size, bilinear between pixels' centres without a filter (a larger crop skips pixels, as
 * `tf.image.crop_and_resize` and `grid_sample` do).
 * @throws InputError when a box is out of range.
 * @example
 * cropAndResize({ box: { side: [0.5, 0.05], steps: 256, sd: 0.05, centreSd: 0.15 } });
 */
export function cropAndResize(options: CropOptions): Transform {
  assertFields("cropAndResize", options, CROP);
  const { box, boxes, size: given, border = 0.5 } = options;
  assertBorder("cropAndResize", border);
  if (given) assertSize("cropAndResize", given);
  const drawn = box && drawsOf(box);
  const wrong = boxes?.find(
    (one) => one.length !== 4 || !one.every(Number.isFinite) || one[2] < 0.5 || one[3] < 0.5,
  );
  if (wrong || boxes?.length === 0) {
    throw new InputError(
      `cropAndResize: expected boxes [top, left, height, width] of at least half a pixel a side, got [${wrong ?? ""}]`,
    );
  }
  if ((drawn === undefined) === (boxes === undefined)) {
    throw new InputError(`cropAndResize: expected box or boxes, got ${drawn ? "both" : "neither"}`);
  }
  return sampled({
    name: "crop",
    border,
    sizeOf: (_, network) => given ?? network,
    draws: (_, view) =>
      drawn ? { boxes: drawn } : { maps: (boxes ?? []).map((one) => mapOf(one, view)), ordered: true },
  });
}

function mapOf([top, left, height, width]: readonly [number, number, number, number], view: Size): AffineMap {
  const [down, across] = [height / view[0], width / view[1]];
  return [down, 0, top + down / 2 - 0.5, 0, across, left + across / 2 - 0.5];
}

function drawsOf(box: CropDraws) {
  assertFields("cropAndResize, box", box, DRAWS);
  const { side, steps, sd = 0, uniform = 0, least = 0.05, centreSd = 0 } = box;
  const [first = Number.NaN, last = first] = typeof side === "number" ? [side] : side;
  for (const [name, value, low, high] of [
    ["side", first, 0, 1],
    ["side", last, 0, 1],
    ["sd", sd, 0, 1],
    ["uniform", uniform, 0, 1],
    ["least", least, 0.001, 1],
    ["centreSd", centreSd, 0, 1],
  ] as const) {
    if (value >= low && value <= high) continue;
    throw new InputError(`cropAndResize: expected box.${name} of ${low} to ${high}, got ${value}`);
  }
  if (typeof side !== "number" && !(Number.isInteger(steps) && Number(steps) >= 1)) {
    throw new InputError(
      `cropAndResize: expected box.steps of at least 1 where the side changes, got ${steps}`,
    );
  }
  return { mean: [first, last], steps: steps ?? 1, sd, uniform, least, centreSd } as const;
}
