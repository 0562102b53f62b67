import colorShader from "../../shaders/color_sigmoid.wgsl";
import colorGradientShader from "../../shaders/color_sigmoid_gradient.wgsl";
import scaleShader from "../../shaders/frequency_scale.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { sizeOf, type Tensor } from "../gpu/tensor.ts";

/** A grid with a thread for every element. */
function threadsFor({ shape }: Tensor): [number, number] {
  return gridOf(Math.ceil(sizeOf(shape) / 256));
}

/** Scales spectra `x` [N, H, ⌊W/2⌋ + 1, C, 2] by `scale` [H, ⌊W/2⌋ + 1] into `y`; see frequency_scale.wgsl. */
export function createFrequencyScale(
  device: GPUDevice,
  bindings: { readonly x: Tensor; readonly scale: Tensor; readonly y: Tensor },
): Promise<Command> {
  const size = sizeOf(bindings.x.shape);
  const frequencies = sizeOf(bindings.scale.shape);
  const depth = sizeOf(bindings.x.shape.slice(3));
  return createDispatch(device, scaleShader, {
    params: { size, frequencies, depth },
    bindings,
    workgroups: threadsFor(bindings.x),
  });
}

/** How numbers without bounds become pixels: low + (high − low)·σ(M·t). */
export interface ColorSigmoid {
  readonly bounds: readonly [low: number, high: number];
  /** Rows of M, for three channels. */
  readonly matrix?: readonly (readonly [number, number, number])[] | undefined;
}

function colorParams({ bounds: [low, high], matrix }: ColorSigmoid, { shape }: Tensor) {
  const rows = Array.from({ length: 12 }, (_, index) => matrix?.[index >> 2]?.[index % 4] ?? 0);
  return {
    ...{ size: sizeOf(shape), channels: shape.at(-1) ?? 1, mixed: Number(matrix !== undefined) },
    ...{ low, range: high - low, rows },
  };
}

/** Makes `pixels` [N, H, W, C] of `t` [N, H, W, C]; see color_sigmoid.wgsl. */
export function createColorSigmoid(
  device: GPUDevice,
  color: ColorSigmoid,
  bindings: { readonly t: Tensor; readonly pixels: Tensor },
): Promise<Command> {
  const params = colorParams(color, bindings.t);
  return createDispatch(device, colorShader, { params, bindings, workgroups: threadsFor(bindings.t) });
}

/** Takes `dpixels` back to `dt`, all [N, H, W, C], with `pixels` as they were made; see color_sigmoid_gradient.wgsl. */
export function createColorSigmoidGradient(
  device: GPUDevice,
  color: ColorSigmoid,
  bindings: { readonly pixels: Tensor; readonly dpixels: Tensor; readonly dt: Tensor },
): Promise<Command> {
  const params = colorParams(color, bindings.dt);
  return createDispatch(device, colorGradientShader, {
    params,
    bindings,
    workgroups: threadsFor(bindings.dt),
  });
}
