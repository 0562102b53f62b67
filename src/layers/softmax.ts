import shader from "../../shaders/softmax.wgsl";
import gradientShader from "../../shaders/softmax_gradient.wgsl";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { type Shape, sizeOf } from "../gpu/tensor.ts";
import { ALONE, LAYER_FIELDS, type LayerBase, type Op, onlyInput } from "./op.ts";
import { seesItself } from "./sight.ts";

/** exp(x) / Σ exp(x) over the last axis, computed from x − max(x). */
export interface SoftmaxLayer extends LayerBase {
  readonly op: "softmax";
}

export const softmax: Op<SoftmaxLayer> = {
  fields: LAYER_FIELDS,
  describe: () => "softmax",
  shape: (layer, x) => onlyInput(layer, x),
  view: false,

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

  incremental: { kind: "full" },
  mathematics: () => ({
    linear: false,
    homogeneous: false,
    pointwise: false,
    nonNegative: "always",
    withinInputs: false,
    sums: "lost",
  }),
  weights: () => undefined,
  sees: (_, site) => seesItself(site),
  fusion: ALONE,
  relevance: { propagation: () => ({ by: "end" }), gate: false },
  backProject: null,
};

function rowsOf(shape: Shape): { rows: number; length: number } {
  const length = shape.at(-1) ?? 1;
  return { rows: sizeOf(shape) / length, length };
}
