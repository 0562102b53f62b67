import cellsShader from "../../shaders/cells_batch.wgsl";
import differenceShader from "../../shaders/difference_batch.wgsl";
import rankedShader from "../../shaders/ranked_batch.wgsl";
import uniformShader from "../../shaders/uniform_batch.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { asNhwc, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { hash32 } from "./masking.ts";
import type { BatchSite } from "./sampling.ts";

/** Numbers a sample in the plan of {@link createRankedBatch}. */
export const PLAN_LENGTH = 5;

/** Fills `y` with the image's pixels of some ranks over one of two baselines; see ranked_batch.wgsl. */
export function createRankedBatch(
  device: GPUDevice,
  bindings: BatchSite & { readonly bases: Tensor; readonly ranks: Tensor; readonly plan: Tensor },
): Promise<Command> {
  const [images, height, width, channels] = asNhwc(bindings.y.shape);
  return createDispatch(device, rankedShader, {
    params: { image: [height, width], channels, images },
    bindings: { ...bindings },
    workgroups: gridOf(Math.ceil((images * height * width) / 256)),
  });
}

/** Fills `y` with the image, some cells of a grid replaced; see cells_batch.wgsl. */
export function createCellsBatch(
  device: GPUDevice,
  {
    grid,
    ...bindings
  }: BatchSite & { readonly base: Tensor; readonly hidden: Tensor; readonly grid: number },
): Promise<Command> {
  const [images, height, width, channels] = asNhwc(bindings.y.shape);
  return createDispatch(device, cellsShader, {
    params: { image: [height, width], channels, images, grid, words: Math.ceil((grid * grid) / 32) },
    bindings: { ...bindings },
    workgroups: gridOf(Math.ceil((images * height * width) / 256)),
  });
}

/** Fills `y` with x − {@link uniformNoise}, sample 0 with x itself; see uniform_batch.wgsl. */
export function createUniformBatch(
  device: GPUDevice,
  { x, position, y, seed, radius }: BatchSite & { readonly seed: number; readonly radius: number },
): Promise<Command> {
  return createDispatch(device, uniformShader, {
    params: { size: sizeOf(x.shape), images: y.shape[0] ?? 1, seed, radius },
    bindings: { x, position, y },
    workgroups: gridOf(Math.ceil(sizeOf(y.shape) / 256)),
  });
}

/** Fills `y` with the image, one square of one channel brighter or darker by `step`; see difference_batch.wgsl. */
export function createDifferenceBatch(
  device: GPUDevice,
  { x, position, y, side, step }: BatchSite & { readonly side: number; readonly step: number },
): Promise<Command> {
  const [images, height, width, channels] = asNhwc(y.shape);
  return createDispatch(device, differenceShader, {
    params: { size: [height, width], channels, columns: Math.ceil(width / side), side, images, step },
    bindings: { x, position, y },
    workgroups: gridOf(Math.ceil(sizeOf(y.shape) / 256)),
  });
}

/** The noise of one sample of {@link createUniformBatch}, uniform in (−radius, radius). */
export function uniformNoise(seed: number, sample: number, size: number, radius: number): Float32Array {
  const key = hash32(sample ^ hash32(seed));
  return Float32Array.from({ length: size }, (_, element) => {
    const bits = hash32(hash32(element) ^ key) >>> 8;
    return radius * ((2 * bits + 1 - 2 ** 24) / 2 ** 24);
  });
}
