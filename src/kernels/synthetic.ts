import shader from "../../shaders/synthetic.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch } from "../gpu/dispatch.ts";
import { InputError } from "../gpu/errors.ts";
import { formatShape, LARGEST_U32, type Tensor } from "../gpu/tensor.ts";

export interface SyntheticOptions {
  /** Index of the first picture. Default 0. The shipped network was trained on 0 to 23999 of seed 1. */
  readonly first?: number | undefined;
  /** Default 1, the seed of the shipped network's data. */
  readonly seed?: number | undefined;
  /** Samples a pixel along each axis. Default 2, as the shipped network's data were drawn. */
  readonly supersample?: number | undefined;
  /** Two objects side by side in each picture. Default false. */
  readonly pair?: boolean | undefined;
}

/** Options of {@link createSyntheticPictures}. */
export interface SyntheticKernelOptions extends SyntheticOptions {
  /**
   * Instead of colours, what is seen at the middle of each pixel: 1 + class of the object, or of the texture that the picture is of;
   * 1 + class of the faint texture behind; 1 for clutter. Default false.
   */
  readonly parts?: boolean | undefined;
}

const TILE = 8;

/**
 * Makes the drawing of pictures ready to record: y [count, size, size, 3] gets the pictures first, first + 1, …, as RGB
 * of 0…1. The same numbers give the same picture on every device, up to rounding.
 * @throws InputError when y is no batch of square RGB pictures, or a number is out of range.
 */
export function createSyntheticPictures(
  device: GPUDevice,
  y: Tensor,
  { first = 0, seed = 1, supersample = 2, pair = false, parts = false }: SyntheticKernelOptions = {},
): Promise<Command> {
  const [count = 0, size = 0, width, channels] = y.shape;
  if (y.shape.length !== 4 || width !== size || channels !== 3) {
    throw new InputError(
      `synthetic pictures: expected y of shape count×size×size×3, got ${formatShape(y.shape)}`,
    );
  }
  assertWhole("seed", seed, 0, LARGEST_U32);
  assertWhole("first", first, 0, LARGEST_U32 - count + 1);
  assertWhole("supersample", supersample, 1, 16);
  return createDispatch(device, shader, {
    label: `${first} of seed ${seed}`,
    params: { seed, first, count, size, supersample, pair: Number(pair), parts: Number(parts) },
    bindings: { y },
    workgroups: [Math.ceil(size / TILE), Math.ceil(size / TILE), count],
  });
}

/** @throws InputError when an option is no whole number within its range. */
export function assertWhole(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new InputError(
      `synthetic pictures: expected ${name} to be a whole number of ${least} to ${most}, got ${value}`,
    );
  }
}
