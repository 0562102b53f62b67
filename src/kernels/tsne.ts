import affinitiesShader from "../../shaders/tsne_affinities.wgsl";
import divergenceShader from "../../shaders/tsne_divergence.wgsl";
import gradientShader from "../../shaders/tsne_gradient.wgsl";
import moveShader from "../../shaders/tsne_move.wgsl";
import repulsionShader from "../../shaders/tsne_repulsion.wgsl";
import weightsShader from "../../shaders/tsne_weights.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { createSteps } from "../gpu/steps.ts";
import { sizeOf, type Tensor } from "../gpu/tensor.ts";

/** Probabilities of pairs of points, point by point, and the map that is to follow them. */
export interface TsneSite {
  /** [points, 2 or 3] */
  readonly y: Tensor;
  /** [points + 1], u32: where the neighbours of each point begin in `others` and `p`. */
  readonly starts: Tensor;
  /** [pairs], u32 */
  readonly others: Tensor;
  /** [pairs] */
  readonly p: Tensor;
  /** [parts, 4, points]: sums over the points, in as many parts as `repulsionShape` says. */
  readonly sums: Tensor;
  /** [1]: sum of the weights of all pairs. */
  readonly whole: Tensor;
}

/** Threads that a device should have to do. The number of parts must not hang on the device: it decides the bits. */
const THREADS = 65536;
const STAGED = 256;

/** Shape of the sums over the points. */
export function repulsionShape(points: number): readonly [parts: number, rows: number, points: number] {
  return [Math.min(Math.ceil((4 * THREADS) / points), Math.ceil(points / STAGED)), 4, points];
}

/** Makes the probabilities with which points pick their neighbours ready to record; see tsne_affinities.wgsl. */
export function createAffinities(
  device: GPUDevice,
  site: {
    /** [points, k]: squared distances, nearest first. */
    readonly squared: Tensor;
    /** [points, k] */
    readonly p: Tensor;
    readonly perplexity: number;
  },
): Promise<Command> {
  const { squared, p, perplexity } = site;
  const [points = 1, k = 1] = squared.shape;
  return createDispatch(device, affinitiesShader, {
    params: { points, k, entropy: Math.log(perplexity) },
    bindings: { squared, p },
    workgroups: gridOf(Math.ceil(points / 64)),
  });
}

/** Makes the repulsion of all points and the sum of their weights ready to record; see tsne_repulsion.wgsl and tsne_weights.wgsl. */
export function createRepulsion(device: GPUDevice, { y, sums, whole }: TsneSite): Promise<Command> {
  const [points = 1, dimensions = 2] = y.shape;
  const [parts = 1] = sums.shape;
  const extent = Math.ceil(Math.ceil(points / parts) / STAGED) * STAGED;
  return createSteps(device, "t-SNE repulsion", () => [
    {
      shader: repulsionShader,
      constants: { DIMENSIONS: dimensions },
      params: { points, extent },
      bindings: { y, sums },
      workgroups: [Math.ceil(points / 256), parts],
    },
    { shader: weightsShader, params: { points, parts }, bindings: { sums, whole }, workgroups: [1] },
  ]);
}

/** How points move. */
export interface TsneMotion {
  /** [1], u32: number of the iteration. */
  readonly step: Tensor;
  /** Iterations in which probabilities are exaggerated, and by how much. */
  readonly early: number;
  readonly exaggeration: number;
}

/** Makes the gradient at the map ready to record, once the repulsion is there; see tsne_gradient.wgsl. */
export function createTsneGradient(
  device: GPUDevice,
  site: TsneSite & TsneMotion & { readonly g: Tensor },
): Promise<Command> {
  const { y, starts, others, p, sums, whole, step, early, exaggeration, g } = site;
  const [points = 1, dimensions = 2] = y.shape;
  return createDispatch(device, gradientShader, {
    constants: { DIMENSIONS: dimensions },
    params: { points, parts: sums.shape[0] ?? 1, early, exaggeration },
    bindings: { y, starts, others, p, sums, whole, step, g },
    workgroups: gridOf(Math.ceil(points / 64)),
  });
}

/** Makes moving the points down the gradient ready to record; see tsne_move.wgsl. */
export function createTsneMove(
  device: GPUDevice,
  site: Pick<TsneSite, "y"> &
    TsneMotion & {
      readonly g: Tensor;
      readonly velocity: Tensor;
      readonly gains: Tensor;
      readonly rate: number;
    },
): Promise<Command> {
  const { g, step, velocity, gains, y, early, rate } = site;
  const size = sizeOf(y.shape);
  return createDispatch(device, moveShader, {
    params: { size, early, rate },
    bindings: { g, step, velocity, gains, y },
    workgroups: gridOf(Math.ceil(size / 64)),
  });
}

/** Makes what each point adds to the divergence ready to record, once the repulsion is there; see tsne_divergence.wgsl. */
export function createTsneDivergence(
  device: GPUDevice,
  { y, starts, others, p, whole, terms }: TsneSite & { readonly terms: Tensor },
): Promise<Command> {
  const [points = 1, dimensions = 2] = y.shape;
  return createDispatch(device, divergenceShader, {
    constants: { DIMENSIONS: dimensions },
    params: { points },
    bindings: { y, starts, others, p, whole, terms },
    workgroups: gridOf(Math.ceil(points / 64)),
  });
}
