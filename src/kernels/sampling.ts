import advanceShader from "../../shaders/advance.wgsl";
import collectShader from "../../shaders/collect_scores.wgsl";
import noisyShader from "../../shaders/noisy_batch.wgsl";
import pathShader from "../../shaders/path_batch.wgsl";
import momentsShader from "../../shaders/running_moments.wgsl";
import sumShader from "../../shaders/weighted_sum.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { sizeOf, type Tensor } from "../gpu/tensor.ts";

/** Bindings of every kernel that writes a batch of samples. */
export interface BatchSite {
  /** `[H, W, C]`: the image, as the network takes it. */
  readonly x: Tensor;
  /** [2], u32: number of the batch's first sample, and how many samples it has. */
  readonly position: Tensor;
  /** [N, H, W, C] */
  readonly y: Tensor;
}

/** A grid with a thread for every element. */
function threadsFor(elements: number): [number, number] {
  return gridOf(Math.ceil(elements / 256));
}

/** Moves `position` [2] on to the next of so many samples, `batch` at a time; see advance.wgsl. */
export function createAdvance(
  device: GPUDevice,
  { position, ...params }: { readonly position: Tensor; readonly samples: number; readonly batch: number },
): Promise<Command> {
  return createDispatch(device, advanceShader, { params, bindings: { position }, workgroups: [1] });
}

/** Collects a batch's scores, `values` [N], at the indices of their samples in `scores`; see collect_scores.wgsl. */
export function createCollectScores(
  device: GPUDevice,
  bindings: { readonly values: Tensor; readonly position: Tensor; readonly scores: Tensor },
): Promise<Command> {
  const workgroups = [Math.ceil(sizeOf(bindings.values.shape) / 64)] as const;
  return createDispatch(device, collectShader, { bindings, workgroups });
}

/** Fills `y` with x + sigma·ε, ε standard normal, reproducible from the seed (a u32); see noisy_batch.wgsl. */
export function createNoisyBatch(
  device: GPUDevice,
  { x, position, y, seed, sigma }: BatchSite & { readonly seed: number; readonly sigma: number },
): Promise<Command> {
  return createDispatch(device, noisyShader, {
    params: { size: sizeOf(x.shape), images: y.shape[0] ?? 1, seed, sigma },
    bindings: { x, position, y },
    workgroups: threadsFor(sizeOf(y.shape)),
  });
}

/** Fills `y` with points of the line from `baseline` to x, at the places that `alphas` says; see path_batch.wgsl. */
export function createPathBatch(
  device: GPUDevice,
  { x, baseline, alphas, position, y }: BatchSite & { readonly baseline: Tensor; readonly alphas: Tensor },
): Promise<Command> {
  return createDispatch(device, pathShader, {
    params: { size: sizeOf(x.shape), images: y.shape[0] ?? 1 },
    bindings: { x, baseline, alphas, position, y },
    workgroups: threadsFor(sizeOf(y.shape)),
  });
}

/** Adds Σ w·x over a batch `x` [N, …] to `sum` […]; `w` holds one weight a sample, or those of a batch. See weighted_sum.wgsl. */
export function createWeightedSum(
  device: GPUDevice,
  bindings: { readonly x: Tensor; readonly w: Tensor; readonly position: Tensor; readonly sum: Tensor },
): Promise<Command> {
  const size = sizeOf(bindings.sum.shape);
  return createDispatch(device, sumShader, { params: { size }, bindings, workgroups: threadsFor(size) });
}

/** Takes a batch `x` [N, …] into `mean` […] and `m2` […], Σ (x − mean)²; see running_moments.wgsl. */
export function createRunningMoments(
  device: GPUDevice,
  bindings: { readonly x: Tensor; readonly position: Tensor; readonly mean: Tensor; readonly m2: Tensor },
): Promise<Command> {
  const size = sizeOf(bindings.mean.shape);
  return createDispatch(device, momentsShader, { params: { size }, bindings, workgroups: threadsFor(size) });
}
