import valuesShader from "../../shaders/corrupt_values.wgsl";
import shiftsShader from "../../shaders/weighted_shifts.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import type { Tensor } from "../gpu/tensor.ts";

/** Corruptions of values one by one, by their codes in corrupt_values.wgsl. */
export const CORRUPTED_VALUES = [
  ...["gaussian noise", "shot noise", "impulse noise", "speckle noise"],
  ...["brightness", "contrast", "saturate", "fog"],
] as const;

/** Makes corrupting the values of a picture x [H, W, 3] of 0…1 ready to record; see corrupt_values.wgsl. */
export function createCorruptValues(
  device: GPUDevice,
  {
    kind,
    seed,
    constants: [first = 0, second = 0],
    mean,
    ...bindings
  }: {
    readonly kind: number;
    readonly seed: number;
    readonly constants: readonly number[];
    readonly mean: readonly number[];
    readonly x: Tensor;
    readonly field: Tensor;
    readonly y: Tensor;
  },
): Promise<Command> {
  const [height = 0, width = 0] = bindings.y.shape;
  const pixels = height * width;
  return createDispatch(device, valuesShader, {
    params: { kind, pixels, seed, first, second, mean },
    bindings,
    workgroups: gridOf(Math.ceil(pixels / 64)),
  });
}

/** Makes a sum of shifted copies of a picture x [H, W, 3] ready to record; see weighted_shifts.wgsl. */
export function createWeightedShifts(
  device: GPUDevice,
  {
    mirror,
    ...bindings
  }: { readonly mirror: boolean; readonly x: Tensor; readonly shifts: Tensor; readonly y: Tensor },
): Promise<Command> {
  const [height = 0, width = 0] = bindings.y.shape;
  return createDispatch(device, shiftsShader, {
    params: { size: [height, width], mirror: Number(mirror) },
    bindings,
    workgroups: gridOf(Math.ceil((height * width) / 64)),
  });
}
