import shader from "../../shaders/multiply.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { asNhwc, sizeOf, type Tensor } from "../gpu/tensor.ts";
import {
  constantOf,
  createArithmetic,
  createArithmeticGradient,
  createIncrementalArithmetic,
  isNonNegative,
  keepsSize,
  keepsToPixels,
  operandsOf,
  shapeOfOperands,
} from "./arithmetic.ts";
import { createPixelSum, isRepeatedOverPixels } from "./broadcast.ts";
import { ALONE, type Constant, LAYER_FIELDS, type LayerBase, type Op } from "./op.ts";
import { seesItself } from "./sight.ts";

/** Product of two or more operands. Each is repeated to the shape of all, see `broadcastShape`. */
export interface MultiplyLayer extends LayerBase {
  readonly op: "multiply";
  /** A factor known in advance, its shape without the batch. */
  readonly constant?: Constant;
}

export const multiply: Op<MultiplyLayer> = {
  fields: { ...LAYER_FIELDS, constant: "may" },
  describe: ({ constant }) => (constant ? "product with a constant" : "product"),
  shape: (layer, x) => shapeOfOperands(layer, x),
  view: false,

  constants: constantOf,
  // The product of the other factors.
  scratch: (layer, x) => ({
    forward: [0],
    backward: x.length + Number(layer.constant !== undefined) > 2 ? multiply.shape(layer, x) : [0],
  }),

  forward(device, { layer, x, y, constants }) {
    const operands = operandsOf(layer, x, constants);
    const { name } = layer;
    const [a, b] = inOrder(operands, y);
    if (a && b) return createProduct(device, name, a, b, y, false);
    return createArithmetic(device, { operator: "multiply", operands, y, label: name });
  },

  backward(device, { layer, x, constants, input, dy, dx, accumulate }) {
    const operands = operandsOf(layer, x, constants);
    const label = layer.name;
    const [whole] = inOrder(operands, dy);
    const other = operands[1 - input];
    if (whole && other && sizeOf(dx.shape) === sizeOf(dy.shape)) {
      return createProduct(device, label, dy, other, dx, accumulate);
    }
    if (whole && other) return createPixelSum(device, { x: other, dy, dx, accumulate, label });
    const site = { operator: "multiply", operands, to: input, dy, dx, accumulate, label } as const;
    return createArithmeticGradient(device, site);
  },

  incremental: {
    kind: "rectangles",
    // What is repeated changes all of the pixels that it meets.
    fits: (_, x, y) => keepsToPixels(x, y),
    create: (device, site) => createIncrementalArithmetic(device, site, "multiply"),
  },
  resized: (layer, _, after) => (keepsSize(layer, after) ? layer : undefined),
  mathematics({ inputs, constant }) {
    const scales = inputs.length === 1;
    return {
      linear: scales,
      homogeneous: scales,
      pointwise: true,
      nonNegative: constant && !isNonNegative(constant) ? "unknown" : "inputs",
      withinInputs: false,
      sums: scales ? "kept" : "lost",
    };
  },
  weights: () => undefined,
  sees: (_, site) => seesItself(site),
  fusion: ALONE,
  relevance: {
    // By ε, all of x·c is relevant through x.
    propagation: ({ inputs }) =>
      inputs.length === 1 ? { by: "unchanged" } : { by: "undefined", pass: "signal" },
    gate: false,
  },
  backProject: null,
};

/** Two factors for multiply.wgsl, the larger first: of one shape, or one of them without pixels; else none. */
function inOrder([a, b, ...more]: readonly Tensor[], y: Tensor): readonly Tensor[] {
  if (!a || !b || more.length > 0) return [];
  const [large, small] = sizeOf(a.shape) === sizeOf(y.shape) ? [a, b] : [b, a];
  const same = sizeOf(small.shape) === sizeOf(y.shape);
  const fits =
    sizeOf(large.shape) === sizeOf(y.shape) && (same || isRepeatedOverPixels(small.shape, y.shape));
  return fits ? [large, small] : [];
}

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
