import layerShader from "../../shaders/cppn_layer.wgsl";
import layerGradientShader from "../../shaders/cppn_layer_gradient.wgsl";
import startShader from "../../shaders/cppn_start.wgsl";
import weightGradientShader from "../../shaders/cppn_weight_gradient.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { sizeOf, type Tensor } from "../gpu/tensor.ts";

/** A layer of pattern-producing networks, one network an image. */
export interface CppnLayer {
  /** Height and width of the images. */
  readonly size: readonly [height: number, width: number];
  /** Neurons of the layers before the last. */
  readonly hidden: number;
  /** Number of its first weight among an image's parameters. */
  readonly offset: number;
  readonly outputs: number;
  /** True where its inputs are the coordinates. */
  readonly first: boolean;
}

/** Draws `parameters` [N, P] to begin with, by `spread` [P, 2]; see cppn_start.wgsl. */
export function createCppnStart(
  device: GPUDevice,
  site: {
    readonly numbers: Tensor;
    readonly spread: Tensor;
    readonly parameters: Tensor;
    readonly seed: number;
  },
): Promise<Command> {
  const { seed, ...bindings } = site;
  const [images = 1, size = 1] = site.parameters.shape;
  return createDispatch(device, startShader, {
    params: { size, images, seed },
    bindings,
    workgroups: gridOf(Math.ceil((size * images) / 256)),
  });
}

/** Runs a layer: `z` [N, H·W, outputs] of `x` [N, H·W, hidden]; see cppn_layer.wgsl. */
export function createCppnLayer(
  device: GPUDevice,
  { size, hidden, offset, outputs, first }: CppnLayer,
  bindings: { readonly x: Tensor; readonly parameters: Tensor; readonly z: Tensor },
): Promise<Command> {
  const [images = 1, parameters = 1] = bindings.parameters.shape;
  return createDispatch(device, layerShader, {
    constants: { FIRST: Number(first) },
    redeclare: { HIDDEN: `${hidden}u` },
    params: { size, parameters, offset, outputs },
    bindings,
    workgroups: [Math.ceil(sizeOf(size) / 64), images],
  });
}

/** Takes `dz` [N, H·W, outputs] back to `dx` [N, H·W, hidden]; see cppn_layer_gradient.wgsl. */
export function createCppnLayerGradient(
  device: GPUDevice,
  { size, hidden, offset, outputs }: CppnLayer,
  bindings: { readonly x: Tensor; readonly parameters: Tensor; readonly dz: Tensor; readonly dx: Tensor },
): Promise<Command> {
  const [images = 1, parameters = 1] = bindings.parameters.shape;
  const pixels = sizeOf(size);
  return createDispatch(device, layerGradientShader, {
    redeclare: { HIDDEN: `${hidden}u` },
    params: { pixels, parameters, offset, outputs },
    bindings,
    workgroups: [Math.ceil(pixels / 64), images],
  });
}

/** Takes `dz` [N, H·W, outputs] to the layer's part of `gradient` [N, P]; see cppn_weight_gradient.wgsl. */
export function createCppnWeightGradient(
  device: GPUDevice,
  { size, hidden, offset, outputs, first }: CppnLayer,
  bindings: { readonly x: Tensor; readonly dz: Tensor; readonly gradient: Tensor },
): Promise<Command> {
  const [images = 1, parameters = 1] = bindings.gradient.shape;
  return createDispatch(device, weightGradientShader, {
    constants: { FIRST: Number(first) },
    redeclare: { HIDDEN: `${hidden}u`, OUTPUTS: `${outputs}u` },
    params: { size, parameters, offset },
    bindings,
    workgroups: [(first ? 2 : 2 * hidden) + 1, images],
  });
}
