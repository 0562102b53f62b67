import shader from "../../shaders/pad_repeated.wgsl";
import gradientShader from "../../shaders/pad_repeated_gradient.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { type Shape, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { chunkOf } from "./incremental.ts";
import { inFours } from "./strided.ts";

/** Borders that take what lies inside, with their codes in the kernels; see blocks/repeated_place.wgsl. */
export const REPEATS = { edge: 1, reflect: 2, symmetric: 3 } as const;

export type Repeat = keyof typeof REPEATS;

/** The element along an axis of so many that a place takes, which may lie before the first or behind the last. */
export function repeatedAt(mode: Repeat, place: number, size: number): number {
  if (mode === "edge") return Math.min(Math.max(place, 0), size - 1);
  const again = mode === "symmetric" ? 1 : 0;
  if (place < 0) return -place - again;
  return place < size ? place : 2 * (size - 1) + again - place;
}

interface BorderSite {
  readonly label: string;
  readonly mode: Repeat;
  /** The first element of x in y, along each axis. */
  readonly starts: readonly number[];
}

/** Lays x into y and fills the border around it from x. */
export function createRepeatedBorder(
  device: GPUDevice,
  { label, mode, x, y, starts }: BorderSite & { readonly x: Tensor; readonly y: Tensor },
): Promise<Command> {
  const { chunk, axes, params } = axesOf(label, x.shape, y.shape, starts);
  const size = sizeOf(y.shape) / chunk.size;
  return createDispatch(device, shader, {
    label,
    constants: { MODE: REPEATS[mode], RANK: axes },
    redeclare: { Chunk: chunk.type },
    params: { ...params, size },
    bindings: { x, y },
    workgroups: gridOf(Math.ceil(size / 256)),
  });
}

/** Sums what the border and the inside of dy have of each element of dx; writes it, or adds it. */
export function createRepeatedBorderGradient(
  device: GPUDevice,
  site: BorderSite & { readonly dy: Tensor; readonly dx: Tensor; readonly accumulate: boolean },
): Promise<Command> {
  const { label, mode, dy, dx, starts, accumulate } = site;
  const { chunk, axes, params } = axesOf(label, dx.shape, dy.shape, starts);
  const size = sizeOf(dx.shape) / chunk.size;
  return createDispatch(device, gradientShader, {
    label,
    constants: { MODE: REPEATS[mode], RANK: axes },
    redeclare: { Chunk: chunk.type },
    params: { ...params, size, accumulate: Number(accumulate) },
    bindings: { dy, dx },
    workgroups: gridOf(Math.ceil(size / 256)),
  });
}

/** The axes of x within y as the kernels read them: those beside each other that have no border are one. */
function axesOf(label: string, x: Shape, y: Shape, starts: readonly number[]) {
  const axes: { size: number; ySize: number; start: number }[] = [];
  for (const [axis, ySize] of y.entries()) {
    if (ySize === 1) continue;
    const inner = { size: x[axis] ?? 1, ySize, start: starts[axis] ?? 0 };
    const outer = axes.at(-1);
    if (outer && isWhole(outer) && isWhole(inner)) {
      const size = outer.size * ySize;
      axes.splice(-1, 1, { size, ySize: size, start: 0 });
    } else axes.push(inner);
  }
  const last = axes.at(-1);
  const chunk = chunkOf(last && isWhole(last) ? last.size : 1);
  const chunks = axes.map((axis) =>
    axis === last ? { ...axis, size: axis.size / chunk.size, ySize: axis.ySize / chunk.size } : axis,
  );
  const params = {
    ...inFours(
      label,
      "sizes",
      chunks.map(({ size }) => size),
      1,
    ),
    ...inFours(
      label,
      "ySizes",
      chunks.map(({ ySize }) => ySize),
      1,
    ),
    ...inFours(
      label,
      "starts",
      chunks.map(({ start }) => start),
      0,
    ),
  };
  return { chunk, axes: chunks.length, params };
}

function isWhole({ size, ySize }: { readonly size: number; readonly ySize: number }): boolean {
  return size === ySize;
}
