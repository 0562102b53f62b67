import shader from "../../shaders/upsample.wgsl";
import gradientShader from "../../shaders/upsample_gradient.wgsl";
import incrementalShader from "../../shaders/upsample_incremental.wgsl";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { InputError } from "../gpu/errors.ts";
import { asNhwc, type Shape, sizeOf } from "../gpu/tensor.ts";
import { pairOf } from "./describe.ts";
import { chunkOf, itemGrid, listsOf, sizeOfImage } from "./incremental.ts";
import { ALONE, LAYER_FIELDS, type LayerBase, type Op, onlyImage } from "./op.ts";
import { extentOf } from "./sight.ts";

/** Enlarges an image by whole factors [vertical, horizontal]. */
export interface UpsampleLayer extends LayerBase {
  readonly op: "upsample";
  readonly factor: readonly [number, number];
  readonly mode: "nearest" | "bilinear";
  /**
   * The place that bilinear takes pixel i of the output from, clamped at the border: (i + ½) / factor − ½ ("half-pixel", the default;
   * TensorFlow 2, and PyTorch with align_corners=False), or i / factor ("asymmetric"; TensorFlow 1, and UpSampling2D of tfjs).
   */
  readonly coordinates?: "half-pixel" | "asymmetric";
}

/** Offset of a pixel's centre: added before dividing by the factor, and subtracted after. */
const centreOf = ({ coordinates }: UpsampleLayer) => (coordinates === "asymmetric" ? 0 : 0.5);

/** The place in x, in pixels along an axis and not yet clamped, that bilinear enlargement takes a pixel of y from. */
function bilinearSource(layer: UpsampleLayer, axis: 0 | 1, index: number): number {
  const centre = centreOf(layer);
  return (index + centre) / layer.factor[axis] - centre;
}

/** Constants of the kernels. */
function constantsOf(layer: UpsampleLayer): Record<string, number> {
  return { BILINEAR: Number(layer.mode === "bilinear"), CENTRE: centreOf(layer) };
}

export const upsample: Op<UpsampleLayer, UpsampleLayer> = {
  fields: {
    ...LAYER_FIELDS,
    ...{ factor: "must", mode: { must: ["nearest", "bilinear"] } },
    coordinates: ["half-pixel", "asymmetric"],
  },
  describe: ({ factor }) => `enlarged ${pairOf(factor)}`,

  shape(layer, x) {
    const [n, h, w, c] = onlyImage(layer, x);
    const [fy, fx] = layer.factor;
    if (![fy, fx].every((f) => Number.isInteger(f) && f >= 1)) {
      throw new InputError(
        `upsample "${layer.name}": expected whole factors of at least 1, got [${fy}, ${fx}]`,
      );
    }
    return [n, h * fy, w * fx, c];
  },
  view: false,

  forward(device, { layer, x: [x], y }) {
    return createDispatch(device, shader, {
      ...optionsOf(layer, x.shape, y.shape),
      bindings: { x, y },
    });
  },

  backward(device, { layer, x: [x], dy, dx, accumulate }) {
    const { params, ...options } = optionsOf(layer, x.shape, x.shape);
    return createDispatch(device, gradientShader, {
      ...options,
      params: { ...params, accumulate: Number(accumulate) },
      bindings: { dy, dx },
    });
  },

  incremental: {
    kind: "rectangles",
    fits: () => true,
    create(device, { layer, x: [x], y, dirty }) {
      const channels = y.shape[3];
      const chunk = chunkOf(channels);
      return createDispatch(device, incrementalShader, {
        label: layer.name,
        constants: constantsOf(layer),
        redeclare: { Chunk: chunk.type },
        params: {
          inSize: sizeOfImage(x),
          factor: layer.factor,
          ...listsOf(x, y),
          channels: channels / chunk.size,
        },
        bindings: { x: x.buffer, rects: dirty.rects, work: dirty.work, y: y.buffer },
        workgroups: itemGrid(y, channels / chunk.size),
      });
    },
  },
  mathematics: () => ({
    linear: true,
    homogeneous: true,
    pointwise: false,
    nonNegative: "inputs",
    withinInputs: true,
    sums: "kept",
  }),
  weights: () => undefined,
  sees(layer, { axis, x: [x] }) {
    const factor = layer.factor[axis];
    if (layer.mode === "nearest") return (at) => [Math.floor(at / factor)];
    const last = extentOf(x, axis) - 1;
    return (at) => {
      const source = Math.min(Math.max(bilinearSource(layer, axis, at), 0), last);
      return [Math.floor(source), Math.ceil(source)];
    };
  },
  fusion: ALONE,
  relevance: {
    propagation: (layer) =>
      layer.mode === "bilinear" ? { by: "rule", as: layer, group: "other" } : { by: "gradient" },
    gate: false,
  },
  backProject: null,
};

/** Options of both kernels; `over` is the shape that they write. */
function optionsOf(layer: UpsampleLayer, x: Shape, over: Shape) {
  const [, height, width, channels] = asNhwc(x);
  const size = sizeOf(over);
  return {
    label: layer.name,
    constants: constantsOf(layer),
    params: { image: [height, width], factor: layer.factor, channels, size },
    workgroups: gridOf(Math.ceil(size / 256)),
  };
}
