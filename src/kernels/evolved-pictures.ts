import cppnShader from "../../shaders/cppn_batch.wgsl";
import hlsShader from "../../shaders/hls_batch.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { asNhwc, type Tensor } from "../gpu/tensor.ts";

/** The batch that evolved pictures are drawn into. */
export interface PictureBatchSite {
  /** [N, H, W, C], of one or three channels. */
  readonly y: Tensor;
  /** Per channel: v · scale + offset of v in 0…255. */
  readonly scale: readonly number[];
  readonly offset: readonly number[];
}

/** Functions of a neuron, by their codes in cppn_batch.wgsl. */
export const CPPN_FUNCTIONS = ["sine", "sigmoid", "gaussian", "linear"] as const;

/** Inputs of a pattern-producing network: x, y, the distance from the centre, 1. */
export const CPPN_INPUTS = 4;

/** The most values, inputs and neurons, that a picture's network may have. */
export const MOST_CPPN_VALUES = 64;

/** Makes drawing pictures of neurons' programs [N, words] ready to record; see cppn_batch.wgsl. */
export function createCppnBatch(
  device: GPUDevice,
  { y, scale, offset, programs }: PictureBatchSite & { readonly programs: Tensor<"u32"> },
): Promise<Command> {
  const [images, height, width, channels] = asNhwc(y.shape);
  return createDispatch(device, cppnShader, {
    params: {
      ...{ size: [height, width], words: programs.shape[1] ?? 0, channels },
      ...{ scale: four(scale), offset: four(offset) },
    },
    bindings: { programs, y },
    workgroups: [Math.ceil((height * width) / 64), images],
  });
}

/** Makes drawing pictures of hues, lightnesses and saturations [N, H, W, 3] ready to record; see hls_batch.wgsl. */
export function createHlsBatch(
  device: GPUDevice,
  { y, scale, offset, genes }: PictureBatchSite & { readonly genes: Tensor },
): Promise<Command> {
  const [images, height, width, channels] = asNhwc(y.shape);
  const pixels = images * height * width;
  return createDispatch(device, hlsShader, {
    params: { pixels, channels, scale: four(scale), offset: four(offset) },
    bindings: { genes, y },
    workgroups: gridOf(Math.ceil(pixels / 256)),
  });
}

function four(values: readonly number[]): number[] {
  return Array.from({ length: 4 }, (_, c) => values[c] ?? 0);
}
