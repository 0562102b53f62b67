import shader from "../../shaders/softmax.wgsl";
import gradientShader from "../../shaders/softmax_gradient.wgsl";
import { createDispatch, gridOf } from "../gpu/kernel.ts";
import { type Shape, sizeOf } from "../gpu/tensor.ts";
import { type LayerBase, type Op, onlyInput } from "./op.ts";

/** exp(x) / Σ exp(x) over the last axis, computed from x − max(x). */
export interface SoftmaxLayer extends LayerBase {
  readonly op: "softmax";
}

export const softmax: Op<SoftmaxLayer> = {
  shape: (layer, x) => onlyInput(layer, x),

  forward(device, { layer, x: [x], y }) {
    const { rows, length } = rowsOf(y.shape);
    return createDispatch(device, shader, {
      label: layer.name,
      params: { rows, length },
      bindings: { x, y },
      workgroups: gridOf(rows),
    });
  },

  backward(device, { layer, y, dy, dx, accumulate }) {
    const { rows, length } = rowsOf(y.shape);
    return createDispatch(device, gradientShader, {
      label: layer.name,
      params: { rows, length, accumulate: Number(accumulate) },
      bindings: { y, dy, dx },
      workgroups: gridOf(rows),
    });
  },
};

function rowsOf(shape: Shape): { rows: number; length: number } {
  const length = shape.at(-1) ?? 1;
  return { rows: sizeOf(shape) / length, length };
}
