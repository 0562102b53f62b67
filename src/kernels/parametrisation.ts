import magnitudesShader from "../../shaders/add_magnitudes.wgsl";
import colorShader from "../../shaders/color_sigmoid.wgsl";
import colorGradientShader from "../../shaders/color_sigmoid_gradient.wgsl";
import phaseShader from "../../shaders/phase_spectrum.wgsl";
import phaseGradientShader from "../../shaders/phase_spectrum_gradient.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { type Shape, sizeOf, type Tensor } from "../gpu/tensor.ts";

/** A grid with a thread for every element. */
function threadsFor({ shape }: Tensor): [number, number] {
  return gridOf(Math.ceil(sizeOf(shape) / 256));
}

/** How numbers without bounds become pixels: low + (high − low)·σ(M·t). */
export interface ColorSigmoid {
  readonly bounds: readonly [low: number, high: number];
  /** Rows of M, for three channels. */
  readonly matrix?: readonly (readonly [number, number, number])[] | undefined;
}

const pixelsOf = (shape: Shape): number => sizeOf(shape.slice(0, -1));

function colorParams({ bounds: [low, high], matrix }: ColorSigmoid, { shape }: Tensor) {
  const rows = Array.from({ length: 12 }, (_, index) => matrix?.[index >> 2]?.[index % 4] ?? 0);
  return {
    ...{ pixels: pixelsOf(shape), channels: shape.at(-1) ?? 1, mixed: Number(matrix !== undefined) },
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
  return createDispatch(device, colorShader, {
    params,
    bindings,
    workgroups: gridOf(Math.ceil(params.pixels / 64)),
  });
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
    workgroups: gridOf(Math.ceil(params.pixels / 64)),
  });
}

/** Makes spectra `y` [N, …, 2] of `phase` [N, …] and `magnitude` […]; see phase_spectrum.wgsl. */
export function createPhaseSpectrum(
  device: GPUDevice,
  bindings: { readonly phase: Tensor; readonly magnitude: Tensor; readonly y: Tensor },
): Promise<Command> {
  return createDispatch(device, phaseShader, {
    params: { count: sizeOf(bindings.phase.shape), size: sizeOf(bindings.magnitude.shape) },
    bindings,
    workgroups: threadsFor(bindings.phase),
  });
}

/** Takes `dy` [N, …, 2] back to `dphase` [N, …]; see phase_spectrum_gradient.wgsl. */
export function createPhaseSpectrumGradient(
  device: GPUDevice,
  bindings: {
    readonly phase: Tensor;
    readonly magnitude: Tensor;
    readonly dy: Tensor;
    readonly dphase: Tensor;
  },
): Promise<Command> {
  return createDispatch(device, phaseGradientShader, {
    params: { count: sizeOf(bindings.phase.shape), size: sizeOf(bindings.magnitude.shape) },
    bindings,
    workgroups: threadsFor(bindings.phase),
  });
}

/**
 * Adds weight·Σ |x| to `sum`: of real numbers `x` [places, depth], or of complex ones [places, depth, 2]; see
 * add_magnitudes.wgsl.
 */
export function createAddMagnitudes(
  device: GPUDevice,
  {
    parts,
    weight,
    ...bindings
  }: { readonly x: Tensor; readonly sum: Tensor; readonly parts: 1 | 2; readonly weight: number },
): Promise<Command> {
  const places = sizeOf(bindings.sum.shape);
  return createDispatch(device, magnitudesShader, {
    params: { places, depth: sizeOf(bindings.x.shape) / places / parts, parts, weight },
    bindings,
    workgroups: threadsFor(bindings.sum),
  });
}
