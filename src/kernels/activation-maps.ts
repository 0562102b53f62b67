import ablateShader from "../../shaders/ablate_maps.wgsl";
import ablationWeightsShader from "../../shaders/ablation_weights.wgsl";
import plusPlusShader from "../../shaders/grad_cam_plus_plus.wgsl";
import layerCamShader from "../../shaders/layer_cam.wgsl";
import maskedShader from "../../shaders/map_masked_batch.wgsl";
import rangeShader from "../../shaders/map_range.wgsl";
import weightedShader from "../../shaders/weighted_maps.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { asNhwc, sizeOf, type Tensor } from "../gpu/tensor.ts";
import type { BatchSite } from "./sampling.ts";

/** Pixels and channels of the first image of activations [N, H, W, C]. */
function mapsOf(a: Tensor): { pixels: number; channels: number } {
  const [, height, width, channels] = asNhwc(a.shape);
  return { pixels: height * width, channels };
}

/** y [H, W] = Σ_k w_k·a_k, with `rectify` cut at zero; see weighted_maps.wgsl. */
export function createWeightedMaps(
  device: GPUDevice,
  {
    rectify,
    ...bindings
  }: { readonly a: Tensor; readonly w: Tensor; readonly y: Tensor; readonly rectify: boolean },
): Promise<Command> {
  const params = { ...mapsOf(bindings.a), rectify: Number(rectify) };
  const workgroups = gridOf(Math.ceil(params.pixels / 64));
  return createDispatch(device, weightedShader, { params, bindings, workgroups });
}

/** w [C]: Grad-CAM++'s weights; see grad_cam_plus_plus.wgsl. */
export function createGradCamPlusPlusWeights(
  device: GPUDevice,
  bindings: { readonly a: Tensor; readonly g: Tensor; readonly w: Tensor },
): Promise<Command> {
  const params = mapsOf(bindings.a);
  const workgroups = [Math.ceil(params.channels / 64)] as const;
  return createDispatch(device, plusPlusShader, { params, bindings, workgroups });
}

/** y [H, W]: Layer-CAM's map; see layer_cam.wgsl. */
export function createLayerCamMap(
  device: GPUDevice,
  bindings: { readonly a: Tensor; readonly g: Tensor; readonly y: Tensor },
): Promise<Command> {
  const params = mapsOf(bindings.a);
  const workgroups = gridOf(Math.ceil(params.pixels / 64));
  return createDispatch(device, layerCamShader, { params, bindings, workgroups });
}

/** `ranges` [C, 2]: least and largest value of each map once enlarged to `image`, [H, W]; see map_range.wgsl. */
export function createMapRange(
  device: GPUDevice,
  {
    image,
    ...bindings
  }: { readonly a: Tensor; readonly image: readonly [number, number]; readonly ranges: Tensor },
): Promise<Command> {
  const [, height, width, channels] = asNhwc(bindings.a.shape);
  return createDispatch(device, rangeShader, {
    params: { maps: [height, width], image, channels },
    bindings,
    workgroups: [channels],
  });
}

/** Fills `y` with the image seen through one map a sample; see map_masked_batch.wgsl. */
export function createMapMaskedBatch(
  device: GPUDevice,
  bindings: BatchSite & { readonly a: Tensor; readonly ranges: Tensor },
): Promise<Command> {
  const [, height, width, channels] = asNhwc(bindings.a.shape);
  const [images, rows, columns, colors] = asNhwc(bindings.y.shape);
  return createDispatch(device, maskedShader, {
    params: { maps: [height, width], image: [rows, columns], channels, colors, images },
    bindings: { ...bindings },
    workgroups: gridOf(Math.ceil(sizeOf(bindings.y.shape) / 256)),
  });
}

/** Fills the layer `y` with copies of `a`, each without another map; see ablate_maps.wgsl. */
export function createAblateMaps(
  device: GPUDevice,
  bindings: { readonly a: Tensor; readonly position: Tensor; readonly y: Tensor },
): Promise<Command> {
  const [images, , , channels] = asNhwc(bindings.y.shape);
  const size = sizeOf(bindings.y.shape);
  return createDispatch(device, ablateShader, {
    params: { size: size / images, channels, images },
    bindings,
    workgroups: gridOf(Math.ceil(size / 256)),
  });
}

/** w [C]: Ablation-CAM's weights from the scores with and without each map; see ablation_weights.wgsl. */
export function createAblationWeights(
  device: GPUDevice,
  bindings: { readonly scores: Tensor; readonly w: Tensor },
): Promise<Command> {
  const channels = sizeOf(bindings.w.shape);
  return createDispatch(device, ablationWeightsShader, {
    params: { channels },
    bindings,
    workgroups: [Math.ceil(channels / 64)],
  });
}
