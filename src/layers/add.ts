import shader from "../../shaders/add.wgsl";
import { createSequence } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { InputError } from "../gpu/errors.ts";
import { asNhwc, formatShapes, sizeOf } from "../gpu/tensor.ts";
import { activationCode, type FusedActivation } from "./activation-kinds.ts";
import { backProjectItself } from "./back-projection.ts";
import {
  createBroadcastGradient,
  createIncrementalArithmetic,
  noneRepeated,
  shapeOfAll,
} from "./broadcast.ts";
import { createWholeCopy } from "./concat.ts";
import { ALONE, LAYER_FIELDS, type LayerBase, type Op } from "./op.ts";
import { seesItself } from "./sight.ts";

/** Inputs that one dispatch of add.wgsl takes. */
const TERMS = 4;

/** Sum of two or more inputs, then activation. Inputs without pixels are broadcast; see `shapeOfAll`. */
export interface AddLayer extends LayerBase {
  readonly op: "add";
  readonly activation?: FusedActivation;
}

export const add: Op<AddLayer> = {
  fields: { ...LAYER_FIELDS, activation: "may" },
  describe: ({ inputs }) => `sum of ${inputs.length}`,
  shape(layer, x) {
    const shape = x.length < 2 ? undefined : shapeOfAll(x);
    if (shape) return shape;
    throw new InputError(
      `add "${layer.name}": expected two or more inputs of one shape, or some of N×C or N×1×1×C, got ${formatShapes(x)}`,
    );
  },
  view: false,

  async forward(device, { layer, x, y }) {
    const size = sizeOf(y.shape);
    const [, height, width, channels] = asNhwc(y.shape);
    const starts = Array.from({ length: Math.ceil(x.length / TERMS) }, (_, index) => index * TERMS);
    const sums = starts.map((start) => {
      const [a = x[0], b = a, c = a, d = a] = x.slice(start, start + TERMS);
      const terms = Math.min(TERMS, x.length - start);
      const repeated = [a, b, c, d].map(({ shape }, term) => (sizeOf(shape) < size ? 1 << term : 0));
      const last = start + terms === x.length;
      const { code, alpha } = activationCode(last ? layer.activation : undefined);
      return createDispatch(device, shader, {
        label: layer.name,
        constants: {
          TERMS: terms,
          ACCUMULATE: Number(start > 0),
          BROADCAST: repeated.reduce((bits, bit) => bits | bit),
          ACTIVATION: code,
        },
        params: { size, pixels: height * width, channels, alpha },
        bindings: { a, b, c, d, y },
        workgroups: gridOf(Math.ceil(size / 256)),
      });
    });
    return createSequence(sums);
  },

  backward(device, { layer, dy, dx, accumulate }) {
    if (sizeOf(dx.shape) < sizeOf(dy.shape)) {
      return createBroadcastGradient(device, { dy, dx, accumulate, label: layer.name });
    }
    return createWholeCopy(device, { label: layer.name, dy, dx, accumulate });
  },

  incremental: {
    kind: "rectangles",
    // What is repeated changes all of the pixels that it meets.
    fits: (_, x, y) => noneRepeated(x, y),
    create: (device, site) => createIncrementalArithmetic(device, site, "sum"),
  },
  mathematics: () => ({
    linear: true,
    homogeneous: true,
    pointwise: true,
    nonNegative: "inputs",
    withinInputs: false,
    sums: "kept",
  }),
  weights: () => undefined,
  sees: (_, site) => seesItself(site),
  fusion: { ...ALONE, activation: true },
  relevance: { propagation: () => ({ by: "sum" }), gate: false },
  backProject: (_, site) => backProjectItself(site),
};
