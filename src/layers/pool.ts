import averageShader from "../../shaders/pool_average.wgsl";
import averageGradientShader from "../../shaders/pool_average_gradient.wgsl";
import incrementalShader from "../../shaders/pool_incremental.wgsl";
import maxShader from "../../shaders/pool_max.wgsl";
import maxGradientShader from "../../shaders/pool_max_gradient.wgsl";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { InputError } from "../gpu/errors.ts";
import { asNhwc, type Shape, sizeOf } from "../gpu/tensor.ts";
import { fusedGradientCode } from "./activation-kinds.ts";
import { createArgmaxDispatch } from "./argmax.ts";
import { pairOf, strideOf } from "./describe.ts";
import { chunkOf, itemGrid, listsOf, sizeOfImage } from "./incremental.ts";
import { ALONE, LAYER_FIELDS, type LayerBase, type Mathematics, type Op, onlyImage } from "./op.ts";
import { type LayerWindow, WINDOW_FIELDS, windowGeometry } from "./padding.ts";
import { seesTaps } from "./sight.ts";

/**
 * Maximum or mean over a sliding window. Padding takes no part: the maximum ignores it and the mean divides by the number
 * of pixels inside (as Keras has it), unless `countPadding` says that it counts as zeros.
 */
export interface PoolLayer extends LayerBase, Omit<LayerWindow, "dilations"> {
  readonly op: "pool";
  readonly mode: "max" | "average";
  /** Rows and columns from one tap of the window to the next. Default [1, 1]. */
  readonly dilations?: readonly [vertical: number, horizontal: number];
  /**
   * True: a last window that reaches beyond the padded image counts too, as long as it starts inside of the image or in the
   * padding before it (ceil_mode of PyTorch and ONNX). Default false.
   */
  readonly ceil?: boolean;
  /** True: a mean divides by the taps inside of the padded image (ONNX's count_include_pad). Default false. */
  readonly countPadding?: boolean;
}

export const pool: Op<PoolLayer, PoolLayer> = {
  fields: {
    ...{ ...LAYER_FIELDS, ...WINDOW_FIELDS, size: "must", mode: { must: ["max", "average"] } },
    ...{ dilations: "may", ceil: [true, false], countPadding: [true, false] },
  },
  describe: ({ mode, size, strides }) =>
    `${mode === "max" ? "maximum" : "mean"} of ${pairOf(size)}${strideOf(strides)}`,

  shape(layer, x) {
    const [n, h, w, c] = onlyImage(layer, x);
    const { padding, size } = layer;
    const who = `pool "${layer.name}"`;
    const [rows, columns] = [0, 1].map(
      (axis) => ((size[axis] ?? 1) - 1) * (dilationsOf(layer)[axis] ?? 1) + 1,
    );
    if (typeof padding === "object") {
      const { top, bottom, left, right } = padding;
      if (Math.max(top, bottom) >= (rows ?? 1) || Math.max(left, right) >= (columns ?? 1)) {
        throw new InputError(
          `${who}: expected padding smaller than the window of ${rows}×${columns}, got [${[top, bottom, left, right]}]; some windows would hold no pixel`,
        );
      }
    }
    const { outHeight, outWidth, top, left } = geometryOf(layer, h, w);
    assertPixels(who, layer, 0, h, outHeight, top);
    assertPixels(who, layer, 1, w, outWidth, left);
    return [n, outHeight, outWidth, c];
  },
  view: false,

  saved: (layer, x): Record<string, { shape: Shape; dtype: "u32" }> =>
    layer.mode === "max" ? { argmax: { shape: pool.shape(layer, x), dtype: "u32" } } : {},

  forward(device, { layer, x: [x], y, saved }) {
    const options = {
      label: layer.name,
      constants: constantsOf(layer),
      params: { ...paramsOf(layer, x.shape, y.shape), size: sizeOf(y.shape) },
      bindings: { x, y },
      workgroups: gridOf(Math.ceil(sizeOf(y.shape) / 256)),
    };
    return layer.mode === "max"
      ? createArgmaxDispatch(device, maxShader, saved, options)
      : createDispatch(device, averageShader, options);
  },

  backward(device, { layer, x: [x], y, dy, dx, accumulate, saved, fused }) {
    const max = layer.mode === "max";
    const params = paramsOf(layer, x.shape, y.shape);
    const chunk = params.channels % 4 === 0 ? 4 : 1;
    const [channels, size] = [params.channels / chunk, sizeOf(x.shape) / chunk];
    const { constants: gradient, ...fusedParams } = fusedGradientCode(fused);
    return createDispatch(device, max ? maxGradientShader : averageGradientShader, {
      label: layer.name,
      constants: { ...constantsOf(layer), ...gradient },
      redeclare: {
        Value: chunk === 4 ? "vec4<f32>" : "f32",
        ...(max ? { Index: chunk === 4 ? "vec4<u32>" : "u32" } : {}),
      },
      params: { ...params, channels, size, accumulate: Number(accumulate), ...fusedParams },
      bindings: { dy, a: fused?.a ?? dy, rules: fused?.rules ?? dy, dx, ...(max ? saved : {}) },
      workgroups: gridOf(Math.ceil(size / 256)),
    });
  },

  incremental: {
    kind: "rectangles",
    fits: () => true,
    create(device, { layer, x: [x], y, dirty }) {
      const [, height, width, channels] = x.shape;
      const chunk = chunkOf(channels);
      return createDispatch(device, incrementalShader, {
        label: layer.name,
        constants: {
          AVERAGE: Number(layer.mode === "average"),
          DILATED: Number(isDilated(layer)),
          COUNT_PADDING: Number(layer.countPadding === true),
        },
        redeclare: { Chunk: chunk.type },
        params: {
          inSize: sizeOfImage(x),
          outSize: sizeOfImage(y),
          ...windowOf(layer, height, width),
          after: afterOf(layer, height, width),
          ...listsOf(x, y),
          channels: channels / chunk.size,
        },
        bindings: { x: x.buffer, rects: dirty.rects, work: dirty.work, y: y.buffer },
        workgroups: itemGrid(y, channels / chunk.size),
      });
    },
  },
  mathematics(layer) {
    const counted = layer.mode === "average" && layer.countPadding === true && layer.padding !== "valid";
    return { ...poolMathematics(layer.mode), ...(counted ? { withinInputs: false } : {}) };
  },
  weights: () => undefined,
  sees: (layer, site) => seesTaps(layer.name, { ...layer, dilations: dilationsOf(layer) }, site),
  fusion: { ...ALONE, gradient: true },
  relevance: {
    propagation: (layer) =>
      layer.mode === "average" ? { by: "rule", as: layer, group: "other" } : { by: "gradient" },
    gate: false,
  },
  // Of a maximum, too, the mean: which pixel wins is not known.
  backProject(layer, { y, x, values, back }) {
    const { size, strides } = layer;
    const [height, width] = size;
    const [down, right] = dilationsOf(layer);
    const taps = height * width;
    for (let tap = 0; tap < taps; tap++) {
      const to = back(
        y * strides[0] + Math.floor(tap / width) * down,
        x * strides[1] + (tap % width) * right,
      );
      for (const [c, value] of values.entries()) to[c] = (to[c] ?? 0) + value / taps;
    }
  },
};

/** A mean is linear; a maximum is so piece by piece. */
export function poolMathematics(mode: PoolLayer["mode"]): Mathematics {
  return {
    linear: mode === "average",
    homogeneous: true,
    pointwise: false,
    nonNegative: "inputs",
    withinInputs: true,
    sums: "averaged",
  };
}

function dilationsOf({ dilations = [1, 1] }: PoolLayer): readonly [number, number] {
  return dilations;
}

function isDilated(layer: PoolLayer): boolean {
  return dilationsOf(layer).some((dilation) => dilation !== 1);
}

/** @throws InputError when a window has no tap inside of the image, so that it has neither maximum nor mean. */
function assertPixels(
  who: string,
  layer: PoolLayer,
  axis: 0 | 1,
  input: number,
  out: number,
  before: number,
): void {
  const [size, stride, dilation] = [layer.size[axis], layer.strides[axis], dilationsOf(layer)[axis]];
  for (let at = 0; at < out; at++) {
    const start = at * stride - before;
    const first = start + Math.max(0, Math.ceil(-start / dilation)) * dilation;
    if (first >= Math.min(input, start + (size - 1) * dilation + 1)) {
      throw new InputError(
        `${who}: expected windows that hold a pixel, got a window of ${size} taps ${dilation} apart from ${start} on, along ${input} pixels`,
      );
    }
  }
}

function geometryOf(layer: PoolLayer, height: number, width: number) {
  const dilations = dilationsOf(layer);
  return windowGeometry(`pool "${layer.name}"`, height, width, { ...layer, dilations });
}

/** The kernels' overrides; one alone counts padding. */
function constantsOf(layer: PoolLayer): Record<string, number> {
  const dilated = { DILATED: Number(isDilated(layer)) };
  return layer.mode === "max" ? dilated : { ...dilated, COUNT_PADDING: Number(layer.countPadding === true) };
}

/** The kernels' parameters of a window. */
function windowOf(layer: PoolLayer, height: number, width: number) {
  const { top, left } = geometryOf(layer, height, width);
  return {
    window: layer.size,
    strides: layer.strides,
    dilation: dilationsOf(layer),
    before: [top, left],
  };
}

/** Padding below and to the right. */
function afterOf(layer: PoolLayer, height: number, width: number): readonly [number, number] {
  const { bottom, right } = geometryOf(layer, height, width);
  return [bottom, right];
}

/** Parameters that the kernels of whole layers share. */
function paramsOf(layer: PoolLayer, x: Shape, y: Shape) {
  const [, height, width, channels] = asNhwc(x);
  const [, outHeight, outWidth] = asNhwc(y);
  return {
    inSize: [height, width],
    outSize: [outHeight, outWidth],
    ...windowOf(layer, height, width),
    ...(layer.mode === "average" ? { after: afterOf(layer, height, width) } : {}),
    channels,
  };
}
