import riseShader from "../../shaders/rise_batch.wgsl";
import segmentShader from "../../shaders/segment_batch.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { asNhwc, sizeOf, type Tensor } from "../gpu/tensor.ts";
import type { BatchSite } from "./sampling.ts";

/** O'Neill's PCG permutation (RXS-M-XS) of a 32-bit word: the hash that the sampling kernels draw from. */
export function hash32(v: number): number {
  const state = (Math.imul(v, 747796405) + 2891336453) >>> 0;
  const word = Math.imul((state >>> ((state >>> 28) + 4)) ^ state, 277803737) >>> 0;
  return ((word >>> 22) ^ word) >>> 0;
}

/** True if a segment shows in a sample; see segment_batch.wgsl. */
export function segmentShows(seed: number, sample: number, segment: number): boolean {
  return sample === 0 || hash32(hash32(segment) ^ hash32(sample ^ hash32(seed))) >>> 31 === 1;
}

/** Fills `y` with the image behind random smooth masks, and `masks` [N, H, W] with these; see rise_batch.wgsl. */
export function createRiseBatch(
  device: GPUDevice,
  {
    grid,
    seed,
    keep,
    ...bindings
  }: BatchSite & {
    readonly fill: Tensor;
    readonly masks: Tensor;
    readonly grid: number;
    readonly seed: number;
    /** Probability of a cell to show. */
    readonly keep: number;
  },
): Promise<Command> {
  const [images, height, width, channels] = asNhwc(bindings.y.shape);
  const cell = [Math.ceil(height / grid), Math.ceil(width / grid)];
  const threshold = Math.round(keep * 2 ** 24);
  return createDispatch(device, riseShader, {
    params: { image: [height, width], cell, channels, images, grid, seed, threshold },
    bindings: { ...bindings },
    workgroups: gridOf(Math.ceil((images * height * width) / 256)),
  });
}

/** Fills `y` with the image, random segments of it hidden; see segment_batch.wgsl. */
export function createSegmentBatch(
  device: GPUDevice,
  {
    seed,
    ...bindings
  }: BatchSite & { readonly labels: Tensor; readonly fills: Tensor; readonly seed: number },
): Promise<Command> {
  const [images, , , channels] = asNhwc(bindings.y.shape);
  const size = sizeOf(bindings.y.shape);
  return createDispatch(device, segmentShader, {
    params: { size: size / images, channels, images, seed },
    bindings: { ...bindings },
    workgroups: gridOf(Math.ceil(size / 256)),
  });
}
