import shader from "../../shaders/lrn.wgsl";
import gradientShader from "../../shaders/lrn_gradient.wgsl";
import incrementalShader from "../../shaders/lrn_incremental.wgsl";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { InputError } from "../gpu/errors.ts";
import { type Shape, sizeOf } from "../gpu/tensor.ts";
import { itemGrid } from "./incremental.ts";
import { ALONE, LAYER_FIELDS, type LayerBase, type Op, onlyInput } from "./op.ts";
import { seesItself } from "./sight.ts";

/**
 * Local response normalisation across channels (Krizhevsky 2012): y_c = x_c / (bias + alpha·Σ x_k²)^beta, the sum over
 * channels c − radius … c + after. `alpha` is not divided by the window's size (as TensorFlow has it): where a file's is, as
 * those of Caffe, PyTorch and ONNX are, this is the file's divided by its size. A window of an even size has a channel more
 * on one side: ONNX's after, radius = ⌊(size − 1) / 2⌋ and after = ⌈(size − 1) / 2⌉; PyTorch's before.
 */
export interface LrnLayer extends LayerBase {
  readonly op: "lrn";
  readonly radius: number;
  /** Default: radius. */
  readonly after?: number;
  readonly bias: number;
  readonly alpha: number;
  readonly beta: number;
}

/** Channels of a radius, at most. */
const MOST = 2 ** 15;

export const lrn: Op<LrnLayer> = {
  fields: { ...LAYER_FIELDS, radius: "must", after: "may", bias: "must", alpha: "must", beta: "must" },
  describe: () => "local response normalisation",
  shape(layer, x) {
    for (const radius of [layer.radius, layer.after ?? 0]) {
      if (Number.isInteger(radius) && radius >= 0 && radius <= MOST) continue;
      throw new InputError(`lrn "${layer.name}": expected a radius of 0 to ${MOST} channels, got ${radius}`);
    }
    return onlyInput(layer, x);
  },
  view: false,

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

  incremental: {
    kind: "rectangles",
    fits: () => true,
    create(device, { layer, x: [x], y, dirty }) {
      const [, height, width, channels] = y.shape;
      const start = height * width * channels;
      return createDispatch(device, incrementalShader, {
        label: layer.name,
        params: { start, count: y.layout.count, channels, ...numbersOf(layer) },
        bindings: { x: x.buffer, rects: dirty.rects, y: y.buffer },
        workgroups: itemGrid(y, channels),
      });
    },
  },
  mathematics: () => ({
    linear: false,
    homogeneous: false,
    pointwise: false,
    nonNegative: "unknown",
    withinInputs: false,
    sums: "lost",
  }),
  weights: () => undefined,
  sees: (_, site) => seesItself(site),
  fusion: ALONE,
  relevance: { propagation: () => ({ by: "undefined", pass: "unchanged" }), gate: false },
  backProject: null,
};

/** The kernels' parameters of a window. */
function numbersOf({ radius, after = radius, bias, alpha, beta }: LrnLayer) {
  return { before: radius, after, bias, alpha, beta };
}

function optionsOf(layer: LrnLayer, shape: Shape) {
  const size = sizeOf(shape);
  return {
    label: layer.name,
    params: { size, channels: shape.at(-1) ?? 1, ...numbersOf(layer) },
    workgroups: gridOf(Math.ceil(size / 256)),
  };
}
