import momentsShader from "../../shaders/image_moments.wgsl";
import standardiseShader from "../../shaders/standardise.wgsl";
import gradientShader from "../../shaders/standardise_gradient.wgsl";
import sumsShader from "../../shaders/standardise_sums.wgsl";
import type { Command } from "../gpu/command.ts";
import { createSteps } from "../gpu/steps.ts";
import { sizeOf, type Tensor } from "../gpu/tensor.ts";

/** Most slices of an image, each summed by a workgroup. */
const SLICES = 64;
/** A slice of fewer elements would cost more to merge than to sum. */
const SHORTEST_SLICE = 1024;

function sizesOf({ shape }: Tensor) {
  const [images = 1, ...rest] = shape;
  const size = sizeOf(rest);
  const slice = Math.max(SHORTEST_SLICE, Math.ceil(size / SLICES));
  return { images, size, slice, slices: Math.ceil(size / slice) };
}

/** Standardises images `x` [N, …] into `y` [N, …], each by itself, and keeps their deviations in `sd` [N]; see standardise.wgsl. */
export function createStandardise(
  device: GPUDevice,
  site: { readonly x: Tensor; readonly y: Tensor; readonly sd: Tensor; readonly epsilon: number },
): Promise<Command> {
  const { x, y, sd, epsilon } = site;
  const { images, size, slice, slices } = sizesOf(x);
  return createSteps(device, "standardise", (scratch) => {
    const partial = scratch([images, slices, 2], "image moments");
    return [
      {
        shader: momentsShader,
        params: { size, slice },
        bindings: { x, partial },
        workgroups: [slices, images],
      },
      {
        shader: standardiseShader,
        params: { size, slice, epsilon },
        bindings: { x, partial, y, sd },
        workgroups: [Math.ceil(size / 256), images],
      },
    ];
  });
}

/** Takes `dy` [N, …] back to `dx` [N, …], with `y` and `sd` as they were made; see standardise_gradient.wgsl. */
export function createStandardiseGradient(
  device: GPUDevice,
  site: {
    readonly y: Tensor;
    readonly dy: Tensor;
    readonly sd: Tensor;
    readonly dx: Tensor;
    readonly epsilon: number;
  },
): Promise<Command> {
  const { y, dy, sd, dx, epsilon } = site;
  const { images, size, slice, slices } = sizesOf(y);
  return createSteps(device, "standardise gradient", (scratch) => {
    const partial = scratch([images, slices, 2], "image sums");
    return [
      {
        shader: sumsShader,
        params: { size, slice },
        bindings: { y, dy, partial },
        workgroups: [slices, images],
      },
      {
        shader: gradientShader,
        params: { size, slice, epsilon },
        bindings: { y, dy, sd, partial, dx },
        workgroups: [Math.ceil(size / 256), images],
      },
    ];
  });
}
