import shader from "../../shaders/softmax.wgsl";
import gradientShader from "../../shaders/softmax_gradient.wgsl";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { InputError } from "../gpu/errors.ts";
import { formatShape, type Shape, sizeOf } from "../gpu/tensor.ts";
import { ALONE, LAYER_FIELDS, type LayerBase, type Op, onlyInput } from "./op.ts";
import { seesAll, seesItself } from "./sight.ts";

/** exp(x) / Σ exp(x) over an axis, computed from x − max(x), or its logarithm. */
export interface SoftmaxLayer extends LayerBase {
  readonly op: "softmax";
  /** Axis of the input, the batch being axis 0. Default: the last. */
  readonly axis?: number;
  /** True for the logarithm. */
  readonly log?: boolean;
}

export const softmax: Op<SoftmaxLayer> = {
  fields: { ...LAYER_FIELDS, axis: "may", log: [true, false] },
  describe: ({ axis, log }) => `${log ? "log of a softmax" : "softmax"}${axis ? ` over axis ${axis}` : ""}`,
  shape(layer, x) {
    const shape = onlyInput(layer, x);
    const { name, axis } = layer;
    if (axis !== undefined && !(Number.isInteger(axis) && axis >= 1 && axis < shape.length)) {
      throw new InputError(
        `softmax "${name}": expected an axis of 1 to ${shape.length - 1} for x of shape ${formatShape(shape)}, got ${axis}`,
      );
    }
    return shape;
  },
  view: false,

  forward(device, { layer, x: [x], y }) {
    const params = rowsOf(layer, y.shape);
    return createDispatch(device, shader, {
      label: layer.name,
      constants: { LOG: Number(layer.log ?? false) },
      params,
      bindings: { x, y },
      workgroups: gridOf(params.rows),
    });
  },

  backward(device, { layer, y, dy, dx, accumulate }) {
    const params = rowsOf(layer, y.shape);
    return createDispatch(device, gradientShader, {
      label: layer.name,
      constants: { LOG: Number(layer.log ?? false) },
      params: { ...params, accumulate: Number(accumulate) },
      bindings: { y, dy, dx },
      workgroups: gridOf(params.rows),
    });
  },

  incremental: { kind: "full" },
  mathematics: ({ log }) => ({
    linear: false,
    homogeneous: false,
    pointwise: false,
    nonNegative: log ? "unknown" : "always",
    withinInputs: false,
    sums: "lost",
  }),
  weights: () => undefined,
  sees: (layer, site) => (layer.axis === site.axis + 1 ? seesAll(site) : seesItself(site)),
  fusion: ALONE,
  relevance: { propagation: () => ({ by: "end" }), gate: false },
  backProject: null,
};

/** Tells whether a softmax, or its logarithm, makes probabilities of the last axis, where scores of classes stand. */
export function isOfClasses({ axis }: SoftmaxLayer, shape: Shape): boolean {
  return axis === undefined || axis === shape.length - 1;
}

function rowsOf(
  { axis }: SoftmaxLayer,
  shape: Shape,
): { readonly rows: number; readonly length: number; readonly inner: number } {
  const along = axis ?? shape.length - 1;
  const length = shape[along] ?? 1;
  return { rows: sizeOf(shape) / length, length, inner: sizeOf(shape.slice(along + 1)) };
}
