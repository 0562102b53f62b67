import shader from "../../shaders/multiply.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { InputError } from "../gpu/errors.ts";
import { asNhwc, formatShapes, sizeOf, type Tensor } from "../gpu/tensor.ts";
import {
  createBroadcastGradient,
  createIncrementalArithmetic,
  noneRepeated,
  shapeOfAll,
} from "./broadcast.ts";
import { ALONE, LAYER_FIELDS, type LayerBase, type Op } from "./op.ts";
import { seesItself } from "./sight.ts";

/** Product of two inputs. One without pixels is broadcast over the other's; see `shapeOfAll`. */
export interface MultiplyLayer extends LayerBase {
  readonly op: "multiply";
}

export const multiply: Op<MultiplyLayer> = {
  fields: LAYER_FIELDS,
  describe: () => "product",
  shape(layer, x) {
    const shape = x.length === 2 ? shapeOfAll(x) : undefined;
    if (shape) return shape;
    throw new InputError(
      `multiply "${layer.name}": expected two inputs of one shape, or one of N×C or N×1×1×C, got ${formatShapes(x)}`,
    );
  },
  view: false,

  forward(device, { layer, x: [a, b = a], y }) {
    return sizeOf(a.shape) === sizeOf(y.shape)
      ? createProduct(device, layer.name, a, b, y, false)
      : createProduct(device, layer.name, b, a, y, false);
  },

  backward(device, { layer, x, input, dy, dx, accumulate }) {
    const other = x[1 - input] ?? x[0];
    if (sizeOf(dx.shape) === sizeOf(dy.shape)) {
      return createProduct(device, layer.name, dy, other, dx, accumulate);
    }
    return createBroadcastGradient(device, { x: other, dy, dx, accumulate, label: layer.name });
  },

  incremental: {
    kind: "rectangles",
    // What is repeated changes all of the pixels that it meets.
    fits: (_, x, y) => noneRepeated(x, y),
    create: (device, site) => createIncrementalArithmetic(device, site, "product"),
  },
  mathematics: () => ({
    linear: false,
    homogeneous: false,
    pointwise: true,
    nonNegative: "inputs",
    withinInputs: false,
    sums: "lost",
  }),
  weights: () => undefined,
  sees: (_, site) => seesItself(site),
  fusion: ALONE,
  relevance: { propagation: () => ({ by: "undefined", pass: "signal" }), gate: false },
  backProject: null,
};

/** y = a·b, where b has a's shape or one value a channel of each image. */
function createProduct(
  device: GPUDevice,
  label: string,
  a: Tensor,
  b: Tensor,
  y: Tensor,
  accumulate: boolean,
): Promise<Command> {
  const [, height, width, channels] = asNhwc(a.shape);
  const size = sizeOf(a.shape);
  return createDispatch(device, shader, {
    label,
    constants: { BROADCAST: Number(sizeOf(b.shape) < size) },
    params: { size, pixels: height * width, channels, accumulate: Number(accumulate) },
    bindings: { a, b, y },
    workgroups: gridOf(Math.ceil(size / 256)),
  });
}
