import shader from "../../shaders/normalization.wgsl";
import gradientShader from "../../shaders/normalization_gradient.wgsl";
import sumsShader from "../../shaders/normalization_gradient_sums.wgsl";
import incrementalShader from "../../shaders/normalization_incremental.wgsl";
import mergeShader from "../../shaders/normalization_merge.wgsl";
import statisticsShader from "../../shaders/normalization_statistics.wgsl";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { InputError } from "../gpu/errors.ts";
import { createSteps, type Scratch, type Step } from "../gpu/steps.ts";
import { formatShape, type Shape, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { axesParams, MOST_AXES } from "./axes.ts";
import { broadcastShape } from "./broadcast.ts";
import { itemGrid } from "./incremental.ts";
import {
  ALONE,
  type Constant,
  LAYER_FIELDS,
  type LayerBase,
  type Op,
  onlyInput,
  type Tensors,
} from "./op.ts";
import { outputsAlong, type ReductionGrid, reductionOf } from "./reduction.ts";
import { seesAll, seesItself } from "./sight.ts";

/**
 * y = scale·(x − mean) / √(variance + ε) + offset, mean and variance (over n, not n − 1) being those of the image itself along
 * some axes: of [N, H, W, C], instance norm has the axes [1, 2], layer norm [3] or [1, 2, 3], group norm [1, 2, 3] and `groups`.
 */
export interface NormalizationLayer extends LayerBase {
  readonly op: "normalization";
  /** Axes of the input, the batch being axis 0, over which mean and variance are taken. */
  readonly axes: readonly number[];
  /** The last axis in so many groups, each by itself; `axes` holds the last axis too. */
  readonly groups?: number;
  readonly epsilon: number;
  /** Broadcast over x, without the batch, by NumPy's rule. Default 1. */
  readonly scale?: Constant;
  /** Likewise. Default 0. */
  readonly offset?: Constant;
}

export const normalization: Op<NormalizationLayer> = {
  fields: {
    ...{ ...LAYER_FIELDS, axes: "must", groups: "may", epsilon: "must" },
    ...{ scale: "may", offset: "may" },
  },
  describe: ({ axes, groups }) =>
    `normalisation over ${axes.length > 1 ? "axes" : "axis"} ${axes.join(", ")}${groups ? `, in ${groups} groups` : ""}`,
  shape(layer, x) {
    const shape = onlyInput(layer, x);
    const { name, axes, groups, epsilon, scale, offset } = layer;
    const fits = (axis: number): boolean => Number.isInteger(axis) && axis >= 1 && axis < shape.length;
    if (axes.length === 0 || !axes.every(fits) || new Set(axes).size < axes.length) {
      throw new InputError(
        `normalization "${name}": expected different axes of 1 to ${shape.length - 1} for x of shape ${formatShape(shape)}, got [${axes}]`,
      );
    }
    if (shape.length + Number(groups !== undefined) > MOST_AXES) {
      throw new InputError(
        `normalization "${name}": expected at most ${MOST_AXES} axes, groups being one more, got x of shape ${formatShape(shape)}`,
      );
    }
    const last = shape.length - 1;
    if (groups !== undefined) {
      const channels = shape[last] ?? 0;
      if (!axes.includes(last)) {
        throw new InputError(
          `normalization "${name}": expected axes with the last, ${last}, where that is in groups, got [${axes}]`,
        );
      }
      if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0) {
        throw new InputError(
          `normalization "${name}": expected groups that divide ${channels} channels, got ${groups}`,
        );
      }
    }
    if (!(epsilon >= 0 && epsilon < Number.POSITIVE_INFINITY)) {
      throw new InputError(`normalization "${name}": expected an epsilon of at least 0, got ${epsilon}`);
    }
    for (const [what, constant] of Object.entries({ scale, offset })) {
      if (constant && formatShape(broadcastShape([shape], [constant.shape]) ?? []) !== formatShape(shape)) {
        throw new InputError(
          `normalization "${name}": expected ${what} to be broadcast to ${formatShape(shape.slice(1))}, got ${formatShape(constant.shape)}`,
        );
      }
    }
    return shape;
  },
  view: false,

  constants({ scale, offset }, [x = []]): Record<string, Constant> {
    return {
      ...(scale ? { scale: periodic(scale, x.slice(1)) } : {}),
      ...(offset ? { offset: periodic(offset, x.slice(1)) } : {}),
    };
  },

  saved: (layer, [x = []]) => ({ statistics: { shape: [gridFor(layer, x).outputs, 2], dtype: "f32" } }),

  scratch(layer, [x = []]) {
    const { outputs, slices } = gridFor(layer, x);
    const partials = slices > 1 ? 2 * outputs * slices : 0;
    return { forward: [partials + 2 * outputs], backward: [partials + 2 * outputs] };
  },

  forward(device, { layer, x: [x], y, constants, saved }) {
    const { name: label, epsilon } = layer;
    const { shape, axes } = grouped(layer, x.shape);
    const grid = reductionOf(shape, axes);
    return createSteps(device, label, (scratch) => {
      const statistics = saved.statistics ?? scratch([grid.outputs, 2], `${label} statistics`);
      const found = inSlices(scratch, grid, statistics, { label, epsilon, sums: false }, (to, sliced) => ({
        shader: statisticsShader,
        label,
        ...grid.options,
        constants: { ...grid.options.constants, SLICED: sliced },
        params: { ...grid.options.params, epsilon },
        bindings: { x, y: to },
      }));
      const along = outputsAlong(shape, axes);
      const { scale, offset, ...affine } = affineOf(constants, x);
      const size = sizeOf(x.shape);
      return [
        ...found,
        {
          shader,
          label,
          constants: { RANK: along.sizes.length, ...affine.constants },
          params: { size, ...affine.params, ...axesParams(along) },
          bindings: { x, statistics, scale, offset, y },
          workgroups: gridOf(Math.ceil(size / 256)),
        },
      ];
    });
  },

  backward(device, { layer, x: [x], constants, saved, dy, dx, accumulate }) {
    const { name: label, epsilon } = layer;
    const { shape, axes } = grouped(layer, x.shape);
    const grid = reductionOf(shape, axes);
    const { statistics } = saved;
    if (!statistics)
      throw new InputError(`normalization "${label}": expected the statistics of its forward pass`);
    return createSteps(device, label, (scratch) => {
      const { scale, constants: given, params } = affineOf(constants, x);
      const { SCALE } = given;
      const { scalePeriod } = params;
      const means = scratch([grid.outputs, 2], `${label} means`);
      const found = inSlices(scratch, grid, means, { label, epsilon, sums: true }, (to, sliced) => ({
        shader: sumsShader,
        label,
        ...grid.options,
        constants: { ...grid.options.constants, SLICED: sliced, SCALE },
        params: { ...grid.options.params, scalePeriod },
        bindings: { x, statistics, scale, dy, y: to },
      }));
      const along = outputsAlong(shape, axes);
      const size = sizeOf(x.shape);
      return [
        ...found,
        {
          shader: gradientShader,
          label,
          constants: { RANK: along.sizes.length, SCALE },
          params: { size, scalePeriod, accumulate: Number(accumulate), ...axesParams(along) },
          bindings: { x, statistics, means, scale, dy, dx },
          workgroups: gridOf(Math.ceil(size / 256)),
        },
      ];
    });
  },

  incremental: {
    kind: "rectangles",
    // Over the channels of every pixel by itself.
    fits({ axes, groups, scale, offset }, [x = []]) {
      const overChannels = x.length === 4 && groups === undefined && axes.length === 1 && axes[0] === 3;
      const ofChannels = (constant?: Constant): boolean =>
        !constant || sizeOf(constant.shape) === (constant.shape.at(-1) ?? 1);
      return overChannels && ofChannels(scale) && ofChannels(offset);
    },
    create(device, { layer, x: [x], y, constants, dirty }) {
      const [, height, width, channels] = x.shape;
      const { scale, offset, ...affine } = affineOf(constants, { ...x, dtype: "f32" });
      return createDispatch(device, incrementalShader, {
        label: layer.name,
        constants: affine.constants,
        params: {
          ...{ start: height * width, count: y.layout.count, channels },
          ...affine.params,
          epsilon: layer.epsilon,
        },
        bindings: { x: x.buffer, scale, offset, rects: dirty.rects, y: y.buffer },
        workgroups: itemGrid(y, 1),
      });
    },
  },
  mathematics: () => ({
    linear: false,
    homogeneous: false,
    pointwise: false,
    nonNegative: "unknown",
    withinInputs: false,
    sums: "lost",
  }),
  weights: ({ scale, offset }) => (scale ? { w: scale, b: offset?.data, products: 0 } : undefined),
  sees: ({ axes }, site) => (axes.includes(site.axis + 1) ? seesAll(site) : seesItself(site)),
  fusion: ALONE,
  relevance: { propagation: () => ({ by: "undefined", pass: "unchanged" }), gate: false },
  backProject: null,
};

/** The input with its groups as an axis of their own, and the axes that are reduced of it. */
function grouped(
  { axes, groups }: NormalizationLayer,
  x: Shape,
): { readonly shape: Shape; readonly axes: readonly number[] } {
  if (groups === undefined) return { shape: x, axes };
  const last = x.length - 1;
  return {
    shape: [...x.slice(0, -1), groups, (x[last] ?? 1) / groups],
    axes: axes.map((axis) => (axis === last ? last + 1 : axis)),
  };
}

function gridFor(layer: NormalizationLayer, x: Shape): ReductionGrid {
  const { shape, axes } = grouped(layer, x);
  return reductionOf(shape, axes);
}

/** The dispatches that find two numbers of each output: at once, or slice by slice and then of all slices. */
function inSlices(
  scratch: Scratch,
  { outputs, length, slices, slice }: ReductionGrid,
  found: Tensor,
  { label, epsilon, sums }: { readonly label: string; readonly epsilon: number; readonly sums: boolean },
  step: (to: Tensor, sliced: 0 | 1) => Step,
): Step[] {
  if (slices === 1) return [step(found, 0)];
  const partials = scratch([slices, outputs, 2], `${label} slices`);
  const merge: Step = {
    shader: mergeShader,
    label,
    constants: { SUMS: Number(sums) },
    params: { outputs, length, slices, slice, epsilon },
    bindings: { x: partials, y: found },
    workgroups: gridOf(outputs),
  };
  return [step(partials, 1), merge];
}

/** Scale and offset as the kernels take them; in the place of one that there is not, `x` is bound. */
function affineOf({ scale, offset }: Tensors, x: Tensor) {
  return {
    scale: scale ?? x,
    offset: offset ?? x,
    constants: { SCALE: Number(scale !== undefined), OFFSET: Number(offset !== undefined) },
    params: { scalePeriod: sizeOf(scale?.shape ?? [1]), offsetPeriod: sizeOf(offset?.shape ?? [1]) },
  };
}

/** A constant laid out so that it repeats over an image, element by element. */
function periodic({ shape, data }: Constant, image: Shape): Constant {
  // Axes in front along which it is the same are what it repeats over.
  const first = shape.findIndex((size) => size !== 1);
  const own = first < 0 ? [] : shape.slice(first);
  const whole = image.slice(image.length - own.length);
  const size = sizeOf(whole);
  const strides = own.map((length, axis) => (length === 1 ? 0 : sizeOf(own.slice(axis + 1))));
  const laid = Float32Array.from({ length: size }, (_, i) => {
    let rest = i;
    let place = 0;
    for (let axis = own.length - 1; axis >= 0; axis--) {
      const along = whole[axis] ?? 1;
      place += (rest % along) * (strides[axis] ?? 0);
      rest = Math.floor(rest / along);
    }
    return data[place] ?? 0;
  });
  return { shape: [size], data: laid };
}
