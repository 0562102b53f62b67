import shader from "../../shaders/fit_views.wgsl";
import gradientShader from "../../shaders/fit_views_gradient.wgsl";
import noisyShader from "../../shaders/noisy_views.wgsl";
import numbersShader from "../../shaders/view_numbers.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { asNhwc, sizeOf, type Tensor } from "../gpu/tensor.ts";

/** Per channel: y = scale · x + offset. */
export interface Scaling {
  readonly scale?: readonly number[] | undefined;
  readonly offset?: readonly number[] | undefined;
}

const four = (values: readonly number[] | undefined, otherwise: number): number[] =>
  Array.from({ length: 4 }, (_, c) => values?.[c] ?? otherwise);

function paramsOf(x: Tensor, y: Tensor) {
  const [images, h, w, channels] = asNhwc(x.shape);
  const [pictures, height, width] = asNhwc(y.shape);
  return { image: [h, w], view: [height, width], channels, views: pictures / images };
}

function sameSize(x: Tensor, y: Tensor) {
  return { SAME_SIZE: x.shape[1] === y.shape[1] && x.shape[2] === y.shape[2] ? 1 : 0 };
}

/** Writes views `y` [images·views, H, W, C] of images `x` [images, h, w, C]; see fit_views.wgsl. */
export function createFitViews(
  device: GPUDevice,
  { x, y, scale, offset }: Scaling & { readonly x: Tensor; readonly y: Tensor },
): Promise<Command> {
  const pixels = sizeOf(y.shape.slice(0, -1));
  return createDispatch(device, shader, {
    constants: sameSize(x, y),
    params: { ...paramsOf(x, y), pixels, scale: four(scale, 1), offset: four(offset, 0) },
    bindings: { x, y },
    workgroups: gridOf(Math.ceil(pixels / 64)),
  });
}

/** Takes the gradient to such views back to the images; see fit_views_gradient.wgsl. */
export function createFitViewsGradient(
  device: GPUDevice,
  { dx, dy, scale }: Scaling & { readonly dx: Tensor; readonly dy: Tensor },
): Promise<Command> {
  const pixels = sizeOf(dx.shape.slice(0, -1));
  return createDispatch(device, gradientShader, {
    constants: sameSize(dx, dy),
    params: { ...paramsOf(dx, dy), pixels, scale: four(scale, 1) },
    bindings: { dy, dx },
    workgroups: gridOf(Math.ceil(pixels / 64)),
  });
}

/** Writes views `y` of images `x` with normal and uniform noise, in units of x; see noisy_views.wgsl. */
export function createNoisyViews(
  device: GPUDevice,
  site: {
    readonly x: Tensor;
    readonly y: Tensor;
    /** [images·views], u32 */
    readonly numbers: Tensor;
    /** [1], u32 */
    readonly step: Tensor;
    readonly seed: number;
    readonly sd: number;
    readonly uniform: number;
  },
): Promise<Command> {
  const { x, y, numbers, step, seed, sd, uniform } = site;
  const total = sizeOf(y.shape);
  const size = sizeOf(y.shape.slice(1));
  return createDispatch(device, noisyShader, {
    params: { size, total, views: total / sizeOf(x.shape), seed, sd, uniform_range: uniform },
    bindings: { x, numbers, step, y },
    workgroups: gridOf(Math.ceil(total / 256)),
  });
}

/** Numbers views `y` [images·views] by the numbers [images] of their images; see view_numbers.wgsl. */
export function createViewNumbers(
  device: GPUDevice,
  { numbers, y }: { readonly numbers: Tensor; readonly y: Tensor },
): Promise<Command> {
  const total = sizeOf(y.shape);
  return createDispatch(device, numbersShader, {
    params: { total, views: total / sizeOf(numbers.shape) },
    bindings: { numbers, y },
    workgroups: [Math.ceil(total / 64)],
  });
}
