import shader from "../../shaders/lrn.wgsl";
import gradientShader from "../../shaders/lrn_gradient.wgsl";
import { InputError } from "../gpu/errors.ts";
import { createDispatch, gridOf } from "../gpu/kernel.ts";
import { type Shape, sizeOf } from "../gpu/tensor.ts";
import { type LayerBase, type Op, onlyInput } from "./op.ts";

/**
 * Local response normalisation across channels (Krizhevsky 2012): y_c = x_c / (bias + alpha·Σ x_k²)^beta, the sum over
 * channels c − radius … c + radius. `alpha` is not divided by the window's size (as TensorFlow has it; Caffe's is).
 */
export interface LrnLayer extends LayerBase {
  readonly op: "lrn";
  readonly radius: number;
  readonly bias: number;
  readonly alpha: number;
  readonly beta: number;
}

/** Channels of a radius, at most. */
const MOST = 2 ** 15;

export const lrn: Op<LrnLayer> = {
  shape(layer, x) {
    if (!Number.isInteger(layer.radius) || layer.radius < 0 || layer.radius > MOST) {
      throw new InputError(
        `lrn "${layer.name}": expected a radius of 0 to ${MOST} channels, got ${layer.radius}`,
      );
    }
    return onlyInput(layer, x);
  },

  forward(device, { layer, x: [x], y }) {
    return createDispatch(device, shader, { ...optionsOf(layer, y.shape), bindings: { x, y } });
  },

  backward(device, { layer, x: [x], y, dy, dx, accumulate }) {
    const { params, ...options } = optionsOf(layer, y.shape);
    return createDispatch(device, gradientShader, {
      ...options,
      params: { ...params, accumulate: Number(accumulate) },
      bindings: { x, y, dy, dx },
    });
  },
};

function optionsOf({ name, radius, bias, alpha, beta }: LrnLayer, shape: Shape) {
  const size = sizeOf(shape);
  return {
    label: name,
    params: { size, channels: shape.at(-1) ?? 1, radius, bias, alpha, beta },
    workgroups: gridOf(Math.ceil(size / 256)),
  };
}
