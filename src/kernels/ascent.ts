import valuesShader from "../../shaders/ascent_values.wgsl";
import finiteShader from "../../shaders/finite_images.wgsl";
import keepShader from "../../shaders/keep_images.wgsl";
import nextShader from "../../shaders/next_step.wgsl";
import normalShader from "../../shaders/normal_images.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { sizeOf, type Tensor } from "../gpu/tensor.ts";

/** Fills `x` [N, …] with mean + sd·ε, ε standard normal, drawn by the number of each image; see normal_images.wgsl. */
export function createNormalImages(
  device: GPUDevice,
  site: {
    /** [N], u32 */
    readonly numbers: Tensor;
    /** One number, one a channel, an image, or all of x. */
    readonly mean: Tensor;
    readonly x: Tensor;
    readonly sd: number;
    readonly seed: number;
  },
): Promise<Command> {
  const { numbers, mean, x, sd, seed } = site;
  const [images = 1, ...rest] = x.shape;
  return createDispatch(device, normalShader, {
    params: { size: sizeOf(rest), images, period: sizeOf(mean.shape), seed, sd },
    bindings: { numbers, mean, x },
    workgroups: gridOf(Math.ceil(sizeOf(x.shape) / 256)),
  });
}

/** Adds the objective of each image's views, and that at the image; see ascent_values.wgsl. */
export function createAscentValues(
  device: GPUDevice,
  bindings: {
    /** [images·views] */
    readonly views: Tensor;
    /** [images] */
    readonly at: Tensor;
    /** [1], u32 */
    readonly step: Tensor;
    /** [images] */
    readonly values: Tensor;
    /** [steps, images] */
    readonly recent: Tensor;
  },
): Promise<Command> {
  const images = sizeOf(bindings.values.shape);
  const views = sizeOf(bindings.views.shape) / images;
  return createDispatch(device, valuesShader, {
    params: { images, views, steps: sizeOf(bindings.recent.shape) / images },
    bindings,
    workgroups: [Math.ceil(images / 64)],
  });
}

/** Adds 1 to `step` [1]; see next_step.wgsl. */
export function createNextStep(device: GPUDevice, step: Tensor): Promise<Command> {
  return createDispatch(device, nextShader, { bindings: { step }, workgroups: [1] });
}

/** Says in `finite` [N] which images `x` [N, …] and objectives `values` [N] are numbers; see finite_images.wgsl. */
export function createFiniteImages(
  device: GPUDevice,
  bindings: { readonly values: Tensor; readonly x: Tensor; readonly finite: Tensor },
): Promise<Command> {
  const [images = 1, ...rest] = bindings.x.shape;
  return createDispatch(device, finiteShader, {
    params: { size: sizeOf(rest), images },
    bindings,
    workgroups: gridOf(images),
  });
}

/** Copies into `kept` the images `x` [N, …] for which `finite` [N] is 1; see keep_images.wgsl. */
export function createKeepImages(
  device: GPUDevice,
  bindings: { readonly finite: Tensor; readonly x: Tensor; readonly kept: Tensor },
): Promise<Command> {
  const [images = 1, ...rest] = bindings.x.shape;
  return createDispatch(device, keepShader, {
    params: { size: sizeOf(rest), images },
    bindings,
    workgroups: gridOf(Math.ceil(sizeOf(bindings.x.shape) / 256)),
  });
}
