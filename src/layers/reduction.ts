import type { DispatchOptions } from "../gpu/dispatch.ts";
import { gridOf } from "../gpu/dispatch.ts";
import { type Shape, sizeOf } from "../gpu/tensor.ts";
import { type Axes, axesOf, axesParams } from "./axes.ts";
import { stridesOf } from "./strided.ts";

/** Elements of an output from which on they are reduced in slices, where there are few outputs. */
const SLICE = 1024;

/** Elements up to which one thread takes an output by itself, where there are many: sharing it costs more than it saves. */
const THREAD = 128;

/** Outputs, or slices of them, from which on there is work enough for a device. */
const MANY = 2048;

/** A reduction over some axes, as blocks/reduction_thread.wgsl has it. */
export interface ReductionGrid {
  readonly outputs: number;
  /** Elements of an output. */
  readonly length: number;
  /** Slices of each output, every one reduced by itself; 1 where it is reduced as a whole. */
  readonly slices: number;
  /** Elements of a slice; the last may have fewer. */
  readonly slice: number;
  /** What the kernel's dispatch takes for it. */
  readonly options: Required<Pick<DispatchOptions, "constants" | "redeclare" | "params" | "workgroups">>;
}

/** How the work of a reduction is cut: few outputs of many elements into slices, so that a device has enough to do. */
export function reductionOf(shape: Shape, axes: readonly number[]): ReductionGrid {
  const all = shape.map((_, axis) => axis);
  const kept = axesOf(
    all.filter((axis) => !axes.includes(axis)),
    shape,
  );
  const reduced = axesOf(
    all.filter((axis) => axes.includes(axis)),
    shape,
  );
  const [outputs, length] = [sizeOf(kept.sizes), sizeOf(reduced.sizes)];
  const wanted = Math.max(1, Math.min(Math.ceil(length / SLICE), Math.ceil(MANY / outputs)));
  const slice = Math.ceil(length / wanted);
  const slices = Math.ceil(length / slice);
  const innermost = reduced.strides.at(-1) === 1 && length > 1;
  const short = slice < 16 || (slice < THREAD && outputs >= MANY);
  const lanes = short ? 256 : innermost && slice >= 1024 ? 1 : 16;
  const groups = Math.ceil(outputs / lanes) * slices;
  const keptParams = axesParams(kept);
  return {
    outputs,
    length,
    slices,
    slice,
    options: {
      constants: {
        ...{ KEPT_RANK: kept.sizes.length, REDUCED_RANK: reduced.sizes.length },
        ELEMENTS_FIRST: Number(innermost),
      },
      redeclare: { LANES: `${lanes}u` },
      params: {
        ...{ outputs, length, slices, slice, groups },
        keptSizes: keptParams.sizes,
        moreKeptSizes: keptParams.moreSizes,
        keptStrides: keptParams.strides,
        moreKeptStrides: keptParams.moreStrides,
        ...axesParams(reduced),
      },
      workgroups: gridOf(groups),
    },
  };
}

/** The axes of an array, and along each how far apart its neighbours' outputs lie: 0 where it is reduced. */
export function outputsAlong(shape: Shape, axes: readonly number[]): Axes {
  const outputs = stridesOf(shape.map((size, axis) => (axes.includes(axis) ? 1 : size)));
  return axesOf(
    shape.map((_, axis) => axis),
    shape,
    outputs.map((stride, axis) => (axes.includes(axis) ? 0 : stride)),
  );
}
