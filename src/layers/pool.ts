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
 * of pixels inside (as Keras has it).
 */
export interface PoolLayer extends LayerBase, Omit<LayerWindow, "dilations"> {
  readonly op: "pool";
  readonly mode: "max" | "average";
}

export const pool: Op<PoolLayer, PoolLayer> = {
  fields: { ...LAYER_FIELDS, ...WINDOW_FIELDS, size: "must", mode: { must: ["max", "average"] } },
  describe: ({ mode, size, strides }) =>
    `${mode === "max" ? "maximum" : "mean"} of ${pairOf(size)}${strideOf(strides)}`,

  shape(layer, x) {
    const [n, h, w, c] = onlyImage(layer, x);
    const { padding, size } = layer;
    if (typeof padding === "object") {
      const { top, bottom, left, right } = padding;
      if (Math.max(top, bottom) >= size[0] || Math.max(left, right) >= size[1]) {
        throw new InputError(
          `pool "${layer.name}": expected padding smaller than the window of ${size[0]}×${size[1]}, got [${[top, bottom, left, right]}]; some windows would hold no pixel`,
        );
      }
    }
    const { outHeight, outWidth } = geometryOf(layer, h, w);
    return [n, outHeight, outWidth, c];
  },
  view: false,

  saved: (layer, x): Record<string, { shape: Shape; dtype: "u32" }> =>
    layer.mode === "max" ? { argmax: { shape: pool.shape(layer, x), dtype: "u32" } } : {},

  forward(device, { layer, x: [x], y, saved }) {
    const options = {
      label: layer.name,
      params: paramsOf(layer, x.shape, y.shape, y.shape),
      bindings: { x, y },
      workgroups: gridOf(Math.ceil(sizeOf(y.shape) / 256)),
    };
    return layer.mode === "max"
      ? createArgmaxDispatch(device, maxShader, saved, options)
      : createDispatch(device, averageShader, options);
  },

  backward(device, { layer, x: [x], y, dy, dx, accumulate, saved, fused }) {
    const max = layer.mode === "max";
    const params = paramsOf(layer, x.shape, y.shape, x.shape);
    const chunk = params.channels % 4 === 0 ? 4 : 1;
    const [channels, size] = [params.channels / chunk, params.size / chunk];
    const { GRADIENT_OF, ...fusedParams } = fusedGradientCode(fused);
    return createDispatch(device, max ? maxGradientShader : averageGradientShader, {
      label: layer.name,
      constants: { GRADIENT_OF },
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
      const { top, left } = geometryOf(layer, height, width);
      return createDispatch(device, incrementalShader, {
        label: layer.name,
        constants: { AVERAGE: Number(layer.mode === "average") },
        redeclare: { Chunk: chunk.type },
        params: {
          inSize: sizeOfImage(x),
          outSize: sizeOfImage(y),
          kernel: layer.size,
          strides: layer.strides,
          offset: [-top, -left],
          ...listsOf(x, y),
          channels: channels / chunk.size,
        },
        bindings: { x: x.buffer, rects: dirty.rects, work: dirty.work, y: y.buffer },
        workgroups: itemGrid(y, channels / chunk.size),
      });
    },
  },
  mathematics: ({ mode }) => poolMathematics(mode),
  weights: () => undefined,
  sees: (layer, site) => seesTaps(layer.name, { ...layer, dilations: [1, 1] }, site),
  fusion: { ...ALONE, gradient: true },
  relevance: {
    propagation: (layer) =>
      layer.mode === "average" ? { by: "rule", as: layer, group: "other" } : { by: "gradient" },
    gate: false,
  },
  // Of a maximum, too, the mean: which pixel wins is not known.
  backProject({ size: [height, width], strides }, { y, x, values, back }) {
    const taps = height * width;
    for (let tap = 0; tap < taps; tap++) {
      const to = back(y * strides[0] + Math.floor(tap / width), x * strides[1] + (tap % width));
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

function geometryOf(layer: PoolLayer, height: number, width: number) {
  return windowGeometry(`pool "${layer.name}"`, height, width, { ...layer, dilations: [1, 1] });
}

/** The kernels' common parameters; `over` is the shape that they write. */
function paramsOf(layer: PoolLayer, x: Shape, y: Shape, over: Shape) {
  const [, height, width, channels] = asNhwc(x);
  const [, outHeight, outWidth] = asNhwc(y);
  const { top, left } = geometryOf(layer, height, width);
  return {
    image: [height, width],
    output: [outHeight, outWidth],
    window: layer.size,
    strides: layer.strides,
    before: [top, left],
    channels,
    size: sizeOf(over),
  };
}
