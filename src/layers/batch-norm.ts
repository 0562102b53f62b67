import shader from "../../shaders/batch_norm.wgsl";
import gradientShader from "../../shaders/batch_norm_gradient.wgsl";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { InputError } from "../gpu/errors.ts";
import { sizeOf } from "../gpu/tensor.ts";
import { createIncrementalScale } from "./activation.ts";
import { activationCode, type FusedActivation } from "./activation-kinds.ts";
import { backProjectItself } from "./back-projection.ts";
import type { DepthwiseConv2dLayer } from "./depthwise-conv2d.ts";
import { LAYER_FIELDS, type LayerBase, type Op, onlyInput } from "./op.ts";
import { seesItself } from "./sight.ts";

/**
 * Batch normalisation with fixed statistics, y = scale·x + offset per channel, then activation:
 * scale = γ / √(variance + ε), offset = β − mean·scale.
 */
export interface BatchNormLayer extends LayerBase {
  readonly op: "batchNorm";
  readonly scale: Float32Array;
  readonly offset: Float32Array;
  readonly activation?: FusedActivation;
}

export const batchNorm: Op<BatchNormLayer, DepthwiseConv2dLayer> = {
  fields: { ...LAYER_FIELDS, scale: "must", offset: "must", activation: "may" },
  describe: () => "batch normalisation",
  shape(layer, x) {
    const shape = onlyInput(layer, x);
    const channels = shape.at(-1);
    if (layer.scale.length !== channels || layer.offset.length !== channels) {
      throw new InputError(
        `batchNorm "${layer.name}": expected ${channels} scales and offsets (channels of x), got ${layer.scale.length} and ${layer.offset.length}`,
      );
    }
    return shape;
  },
  view: false,

  constants: ({ scale, offset }) => ({
    scale: { shape: [scale.length], data: scale },
    offset: { shape: [offset.length], data: offset },
  }),

  forward(device, { layer, x: [x], y, constants }) {
    const { constants: applied, alpha } = activationCode(layer.activation);
    const size = sizeOf(y.shape);
    return createDispatch(device, shader, {
      label: layer.name,
      constants: { ...applied },
      params: { size, channels: layer.scale.length, alpha },
      bindings: { ...constants, x, y },
      workgroups: gridOf(Math.ceil(size / 256)),
    });
  },

  backward(device, { layer, dy, dx, constants: { scale }, accumulate }) {
    const size = sizeOf(dy.shape);
    return createDispatch(device, gradientShader, {
      label: layer.name,
      params: { size, channels: layer.scale.length, accumulate: Number(accumulate) },
      bindings: { ...(scale ? { scale } : {}), dy, dx },
      workgroups: gridOf(Math.ceil(size / 256)),
    });
  },

  incremental: { kind: "rectangles", fits: () => true, create: createIncrementalScale },
  mathematics: () => ({
    linear: true,
    homogeneous: true,
    pointwise: true,
    nonNegative: "unknown",
    withinInputs: false,
    sums: "kept",
  }),
  weights: ({ scale, offset }) => ({ w: { shape: [scale.length], data: scale }, b: offset, products: 0 }),
  sees: (_, site) => seesItself(site),
  fusion: {
    activation: true,
    gradient: false,
    scaled: null,
    bordered: null,
    as: ({ scale, offset }) => ({ kind: "scale", scale, offset }),
  },
  relevance: {
    propagation: (layer) => ({ by: "rule", as: asDepthwise(layer), group: "other" }),
    gate: false,
  },
  backProject: ({ scale }, site) => backProjectItself(site, { scale }),
};

/** The convolution of each channel by itself, of one pixel, that a batch norm is. */
function asDepthwise({ name, inputs, scale, offset }: BatchNormLayer): DepthwiseConv2dLayer {
  const channels = scale.length;
  return {
    op: "depthwiseConv2d",
    name,
    inputs,
    w: { shape: [1, 1, channels, 1], data: scale },
    b: { shape: [channels], data: offset },
    strides: [1, 1],
    dilations: [1, 1],
    padding: "valid",
  };
}
