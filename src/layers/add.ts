import shader from "../../shaders/add.wgsl";
import { createSequence } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { asNhwc, formatShape, type Shape, sizeOf } from "../gpu/tensor.ts";
import { activationCode, type FusedActivation } from "./activation-kinds.ts";
import {
  type ArithmeticLayer,
  constantOf,
  createArithmetic,
  createIncrementalArithmetic,
  createSumOfRepeats,
  isNonNegative,
  keepsSize,
  keepsToPixels,
  operandsOf,
  shapeOfOperands,
} from "./arithmetic.ts";
import { backProjectItself } from "./back-projection.ts";
import { isRepeatedOverPixels } from "./broadcast.ts";
import { createWholeCopy } from "./concat.ts";
import { ALONE, type Constant, LAYER_FIELDS, type LayerBase, type Op } from "./op.ts";
import { seesItself } from "./sight.ts";

/** Inputs that one dispatch of add.wgsl takes. */
const TERMS = 4;

/** Sum of two or more operands, then activation. Each is repeated to the shape of all, see `broadcastShape`. */
export interface AddLayer extends LayerBase {
  readonly op: "add";
  /** A term known in advance, its shape without the batch. */
  readonly constant?: Constant;
  readonly activation?: FusedActivation;
}

/** Tells whether add.wgsl takes the terms: of one shape, or without pixels. */
function isPlain({ constant }: ArithmeticLayer, x: readonly Shape[], y: Shape): boolean {
  const plain = (one: Shape): boolean => formatShape(one) === formatShape(y) || isRepeatedOverPixels(one, y);
  return !constant && x.every(plain);
}

export const add: Op<AddLayer> = {
  fields: { ...LAYER_FIELDS, constant: "may", activation: "may" },
  describe: ({ inputs, constant }) => `sum of ${inputs.length}${constant ? " and a constant" : ""}`,
  shape: (layer, x) => shapeOfOperands(layer, x),
  view: false,

  constants: constantOf,

  async forward(device, { layer, x, y, constants }) {
    const size = sizeOf(y.shape);
    if (
      !isPlain(
        layer,
        x.map(({ shape }) => shape),
        y.shape,
      )
    ) {
      const operands = operandsOf(layer, x, constants);
      const { name, activation } = layer;
      return createArithmetic(device, { operator: "add", operands, y, activation, label: name });
    }
    const [, height, width, channels] = asNhwc(y.shape);
    const starts = Array.from({ length: Math.ceil(x.length / TERMS) }, (_, index) => index * TERMS);
    const sums = starts.map((start) => {
      const [a = x[0], b = a, c = a, d = a] = x.slice(start, start + TERMS);
      const terms = Math.min(TERMS, x.length - start);
      const repeated = [a, b, c, d].map(({ shape }, term) => (sizeOf(shape) < size ? 1 << term : 0));
      const last = start + terms === x.length;
      const { constants: applied, alpha } = activationCode(last ? layer.activation : undefined);
      return createDispatch(device, shader, {
        label: layer.name,
        constants: {
          TERMS: terms,
          ACCUMULATE: Number(start > 0),
          BROADCAST: repeated.reduce((bits, bit) => bits | bit),
          ...applied,
        },
        params: { size, pixels: height * width, channels, alpha },
        bindings: { a, b, c, d, y },
        workgroups: gridOf(Math.ceil(size / 256)),
      });
    });
    return createSequence(sums);
  },

  backward(device, { layer, dy, dx, accumulate }) {
    const site = { dy, dx, accumulate, label: layer.name };
    if (sizeOf(dx.shape) === sizeOf(dy.shape)) return createWholeCopy(device, site);
    return createSumOfRepeats(device, site);
  },

  incremental: {
    kind: "rectangles",
    // What is repeated changes all of the pixels that it meets.
    fits: (_, x, y) => keepsToPixels(x, y),
    create: (device, site) => createIncrementalArithmetic(device, site, "add"),
  },
  resized: (layer, _, after) => (keepsSize(layer, after) ? layer : undefined),
  mathematics: ({ constant }) => ({
    linear: !constant,
    homogeneous: !constant,
    pointwise: true,
    nonNegative: constant && !isNonNegative(constant) ? "unknown" : "inputs",
    withinInputs: false,
    sums: "kept",
  }),
  weights: () => undefined,
  sees: (_, site) => seesItself(site),
  fusion: { ...ALONE, activation: true },
  relevance: {
    // The account has no place for what a constant of any shape takes; of one value a channel, batch norm says it.
    propagation: ({ constant }) => (constant ? { by: "undefined", pass: "unchanged" } : { by: "sum" }),
    gate: false,
  },
  backProject: (_, site) => backProjectItself(site),
};
