import shader from "../../shaders/upsample.wgsl";
import gradientShader from "../../shaders/upsample_gradient.wgsl";
import { InputError } from "../gpu/errors.ts";
import { createDispatch, gridOf } from "../gpu/kernel.ts";
import { asNhwc, type Shape, sizeOf } from "../gpu/tensor.ts";
import { type LayerBase, type Op, onlyImage } from "./op.ts";

/**
 * Enlarges an image by whole factors [vertical, horizontal]. Bilinear takes pixel centres at (i + ½) / factor − ½,
 * clamped at the border (half-pixel centres, as TensorFlow 2 and PyTorch's align_corners=False).
 */
export interface UpsampleLayer extends LayerBase {
  readonly op: "upsample";
  readonly factor: readonly [number, number];
  readonly mode: "nearest" | "bilinear";
}

export const upsample: Op<UpsampleLayer> = {
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
};

/** What both kernels take; `over` is the shape that they write. */
function optionsOf(layer: UpsampleLayer, x: Shape, over: Shape) {
  const [, height, width, channels] = asNhwc(x);
  const size = sizeOf(over);
  return {
    label: layer.name,
    constants: { BILINEAR: Number(layer.mode === "bilinear") },
    params: { image: [height, width], factor: layer.factor, channels, size },
    workgroups: gridOf(Math.ceil(size / 256)),
  };
}
