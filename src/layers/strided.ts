import copyShader from "../../shaders/strided_copy.wgsl";
import scatterShader from "../../shaders/strided_scatter.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { UnsupportedError } from "../gpu/errors.ts";
import { type Shape, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { chunkOf } from "./incremental.ts";

/** Elements of a tensor at regular distances along each axis of an index, outermost first. */
export interface Strided {
  readonly tensor: Tensor;
  /** Default 0. */
  readonly start?: number | undefined;
  readonly strides: readonly number[];
}

/** The most axes that the kernels count. */
const MOST_AXES = 8;

/** Distances between neighbours along each axis of a dense array, outermost first. */
export function stridesOf(shape: Shape): number[] {
  return shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
}

/** Copies (or adds) x to y, index by index; what no index reaches stays. */
export function createStridedCopy(
  device: GPUDevice,
  copy: {
    readonly label: string;
    readonly sizes: Shape;
    readonly x: Strided;
    readonly y: Strided;
    readonly accumulate?: boolean | undefined;
  },
): Promise<Command> {
  const { label, sizes, x, y, accumulate = false } = copy;
  const axes: { size: number; x: number; y: number }[] = [];
  for (const [axis, size] of sizes.entries()) {
    if (size === 1) continue;
    const inner = { size, x: x.strides[axis] ?? 0, y: y.strides[axis] ?? 0 };
    const outer = axes.at(-1);
    if (outer && outer.x === size * inner.x && outer.y === size * inner.y) {
      axes.splice(-1, 1, { ...inner, size: outer.size * size });
    } else axes.push(inner);
  }
  const last = axes.at(-1);
  const { start: xStart = 0 } = x;
  const { start: yStart = 0 } = y;
  const beside = last?.x === 1 && last.y === 1;
  const places = axes.slice(0, -1).flatMap((axis) => [axis.x, axis.y]);
  const chunk = chunkOf(...(beside ? [last.size, xStart, yStart, ...places] : [1]));
  const chunks = axes.map((axis) =>
    axis === last
      ? { ...axis, size: axis.size / chunk.size }
      : { ...axis, x: axis.x / chunk.size, y: axis.y / chunk.size },
  );
  const size = sizeOf(sizes) / chunk.size;
  return createDispatch(device, copyShader, {
    label,
    constants: { RANK: chunks.length },
    redeclare: { Chunk: chunk.type },
    params: {
      ...inFours(
        label,
        "sizes",
        chunks.map((axis) => axis.size),
        1,
      ),
      ...inFours(
        label,
        "xStrides",
        chunks.map((axis) => axis.x),
        0,
      ),
      ...inFours(
        label,
        "yStrides",
        chunks.map((axis) => axis.y),
        0,
      ),
      xStart: xStart / chunk.size,
      yStart: yStart / chunk.size,
      size,
      accumulate: Number(accumulate),
    },
    bindings: { x: x.tensor, y: y.tensor },
    workgroups: gridOf(Math.ceil(size / 256)),
  });
}

/** Lays x into y, from an index of y on in steps along each axis, and a value everywhere else. */
export function createStridedScatter(
  device: GPUDevice,
  scatter: {
    readonly label: string;
    readonly x: Tensor;
    readonly y: Tensor;
    readonly starts: readonly number[];
    readonly steps: readonly number[];
    readonly value: number;
  },
): Promise<Command> {
  const { label, x, y, starts, steps, value } = scatter;
  const axes: { size: number; ySize: number; start: number; step: number }[] = [];
  for (const [axis, ySize] of y.shape.entries()) {
    if (ySize === 1) continue;
    const inner = { size: x.shape[axis] ?? 1, ySize, start: starts[axis] ?? 0, step: steps[axis] ?? 1 };
    const outer = axes.at(-1);
    const whole = inner.size === ySize && inner.step === 1;
    if (outer && outer.step === 1 && whole) {
      const [size, outerSize, start] = [outer.size, outer.ySize, outer.start].map((count) => count * ySize);
      axes.splice(-1, 1, { size: size ?? 0, ySize: outerSize ?? 0, start: start ?? 0, step: 1 });
    } else axes.push(inner);
  }
  const last = axes.at(-1);
  const chunk = chunkOf(...(last?.step === 1 ? [last.size, last.ySize, last.start] : [1]));
  const chunks = axes.map((axis) => {
    if (axis !== last) return axis;
    const { size, ySize, start, step } = axis;
    return { size: size / chunk.size, ySize: ySize / chunk.size, start: start / chunk.size, step };
  });
  const size = sizeOf(y.shape) / chunk.size;
  return createDispatch(device, scatterShader, {
    label,
    constants: { RANK: chunks.length, STEPPED: Number(chunks.some(({ step }) => step !== 1)) },
    redeclare: { Chunk: chunk.type },
    params: {
      ...inFours(
        label,
        "sizes",
        chunks.map((axis) => axis.size),
        1,
      ),
      ...inFours(
        label,
        "ySizes",
        chunks.map((axis) => axis.ySize),
        1,
      ),
      ...inFours(
        label,
        "starts",
        chunks.map((axis) => axis.start),
        0,
      ),
      ...inFours(
        label,
        "steps",
        chunks.map((axis) => axis.step),
        1,
      ),
      size,
      value,
    },
    bindings: { x, y },
    workgroups: gridOf(Math.ceil(size / 256)),
  });
}

/** A parameter with a number for each axis, outermost first, as the kernels read it: two fours, innermost first. */
export function inFours(
  label: string,
  name: string,
  values: readonly number[],
  none: number,
): Record<string, number[]> {
  if (values.length > MOST_AXES) {
    throw new UnsupportedError(
      `"${label}": expected at most ${MOST_AXES} axes to be cut or moved, got ${values.length}`,
    );
  }
  const eight = [...values.toReversed(), ...Array<number>(MOST_AXES - values.length).fill(none)];
  const outer = `outer${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  return { [name]: eight.slice(0, 4), [outer]: eight.slice(4) };
}
