import shader from "../../shaders/batch_norm.wgsl";
import gradientShader from "../../shaders/batch_norm_gradient.wgsl";
import { InputError } from "../gpu/errors.ts";
import { createDispatch, gridOf } from "../gpu/kernel.ts";
import { sizeOf } from "../gpu/tensor.ts";
import { activationCode, type FusedActivation } from "./activation.ts";
import { type LayerBase, type Op, onlyInput } from "./op.ts";

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

export const batchNorm: Op<BatchNormLayer> = {
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

  constants: ({ scale, offset }) => ({
    scale: { shape: [scale.length], data: scale },
    offset: { shape: [offset.length], data: offset },
  }),

  forward(device, { layer, x: [x], y, constants }) {
    const { code, alpha } = activationCode(layer.activation);
    const size = sizeOf(y.shape);
    return createDispatch(device, shader, {
      label: layer.name,
      constants: { ACTIVATION: code },
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
};
