import gradientShader from "../../shaders/broadcast_gradient.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { asNhwc, formatShape, type Shape, type Tensor } from "../gpu/tensor.ts";

/** Axes that a kernel goes through, at most (shaders/blocks/repeated_axes.wgsl). */
const MOST_AXES = 8;

/**
 * The shape of arrays taken together element by element, by NumPy's rule over the axes after the batch: aligned at the
 * last axis, each axis as long as the longest, those of length 1 repeated. Undefined where they do not fit.
 * @param constants shapes without the batch.
 */
export function broadcastShape(x: readonly Shape[], constants: readonly Shape[] = []): Shape | undefined {
  const [batch] = x[0] ?? [];
  if (batch === undefined || x.some(([n]) => n !== batch)) return undefined;
  const shapes = [...x.map(([, ...rest]) => rest), ...constants];
  const rank = shapes.reduce((most, { length }) => Math.max(most, length), 0);
  if (rank >= MOST_AXES) return undefined;
  const sizes = shapes.map((shape) => alignedTo(rank, shape));
  const whole = Array.from({ length: rank }, (_, axis) =>
    // Of a hundred thousand operands, say: more than a call takes.
    sizes.reduce((most, size) => Math.max(most, size[axis] ?? 1), 1),
  );
  const fits = sizes.every((size) => size.every((one, axis) => one === 1 || one === whole[axis]));
  return fits ? [batch, ...whole] : undefined;
}

function alignedTo(rank: number, shape: Shape): Shape {
  return [...Array<number>(rank - shape.length).fill(1), ...shape];
}

/** Strides of an array that is repeated to `whole`, both with the batch in front; 0 along axes of length 1. */
export function stridesIn(whole: Shape, [batch = 1, ...rest]: Shape): number[] {
  const sizes = [batch, ...alignedTo(whole.length - 1, rest)];
  let stride = 1;
  return sizes
    .map((size) => ({ size }))
    .toReversed()
    .map(({ size }) => {
      const own = size === 1 ? 0 : stride;
      stride *= size;
      return own;
    })
    .toReversed();
}

/** An axis of several arrays: its length, and the stride of each, 0 where one is repeated. */
export type RepeatedAxis = readonly [size: number, ...strides: number[]];

/** The axes of arrays that are repeated to the first, neighbours that all go through alike as one; outermost first. */
export function repeatedAxes(whole: Shape, ...others: readonly Shape[]): RepeatedAxis[] {
  const strides = [whole, ...others].map((shape) => stridesIn(whole, shape));
  const found: RepeatedAxis[] = [];
  for (const [axis, size] of whole.entries()) {
    if (size === 1) continue;
    const here = strides.map((of) => of[axis] ?? 0);
    const [length, ...before] = found.at(-1) ?? [0];
    const joined = length > 0 && before.every((stride, array) => stride === (here[array] ?? 0) * size);
    if (joined) found.pop();
    found.push([joined ? length * size : size, ...here]);
  }
  return found;
}

/** Axes as kernels take them: eight of four numbers. */
export function packAxes(axes: readonly RepeatedAxis[]): number[] {
  return Array.from({ length: 4 * MOST_AXES }, (_, i) => axes[Math.floor(i / 4)]?.[i % 4] ?? 0);
}

/** Tells whether an array has one value a channel for each image of `whole`, N×H×W×C. */
export function isRepeatedOverPixels(one: Shape, whole: Shape): boolean {
  const [n = 0, , , channels = 0] = whole;
  const single = one.length === 2 ? [n, channels] : [n, 1, 1, channels];
  return whole.length === 4 && formatShape(one) === formatShape(single);
}

/** dx = Σ over the pixels of dy, times x where it is given, for a dx of one value a channel of each image. */
export function createPixelSum(
  device: GPUDevice,
  site: {
    readonly x?: Tensor | undefined;
    readonly dy: Tensor;
    readonly dx: Tensor;
    readonly accumulate: boolean;
    readonly label: string;
  },
): Promise<Command> {
  const { x, dy, dx, accumulate, label } = site;
  const [n, height, width, channels] = asNhwc(dy.shape);
  const tiles = Math.ceil(channels / 16);
  return createDispatch(device, gradientShader, {
    label,
    constants: { FACTOR: Number(x !== undefined) },
    params: { pixels: height * width, channels, tiles, groups: n * tiles, accumulate: Number(accumulate) },
    bindings: { x: x ?? dy, dy, dx },
    workgroups: gridOf(n * tiles),
  });
}
