import { InputError } from "../gpu/errors.ts";
import { formatShape } from "../gpu/tensor.ts";
import {
  createArithmetic,
  createArithmeticGradient,
  createIncrementalArithmetic,
  keepsSize,
  keepsToPixels,
  operandsOf,
  shapeOfOperands,
} from "./arithmetic.ts";
import { ALONE, type Constant, LAYER_FIELDS, type LayerBase, type Op, onlyInput } from "./op.ts";
import { seesItself } from "./sight.ts";

/** Parametric ReLU (He et al. 2015): x above zero, slope·x below. */
export interface PreluLayer extends LayerBase {
  readonly op: "prelu";
  /** Its shape without the batch, repeated to x's by `broadcastShape`: [C], [1, 1, C], [H, W, C]. */
  readonly slope: Constant;
}

/** x and the slope as the operands of an operator. */
function arithmetic({ slope, ...layer }: PreluLayer) {
  return { ...layer, constant: slope };
}

export const prelu: Op<PreluLayer> = {
  fields: { ...LAYER_FIELDS, slope: "must" },
  describe: () => "PReLU",
  shape(layer, x) {
    const whole = shapeOfOperands(arithmetic(layer), x);
    const own = onlyInput(layer, x);
    if (formatShape(whole) === formatShape(own)) return own;
    throw new InputError(
      `prelu "${layer.name}": expected a slope that is repeated to ${formatShape(own.slice(1))} (x without the batch), got ${formatShape(layer.slope.shape)}`,
    );
  },
  view: false,

  constants: ({ slope }) => ({ constant: slope }),

  forward(device, { layer, x, y, constants }) {
    const operands = operandsOf(arithmetic(layer), x, constants);
    return createArithmetic(device, { operator: "prelu", operands, y, label: layer.name });
  },

  backward(device, { layer, x, constants, dy, dx, accumulate }) {
    const operands = operandsOf(arithmetic(layer), x, constants);
    const site = { operator: "prelu", operands, to: 0, dy, dx, accumulate, label: layer.name } as const;
    return createArithmeticGradient(device, site);
  },

  incremental: {
    kind: "rectangles",
    fits: (_, x, y) => keepsToPixels(x, y),
    create: (device, site) =>
      createIncrementalArithmetic(device, { ...site, layer: arithmetic(site.layer) }, "prelu"),
  },
  resized: (layer, _, after) => (keepsSize(arithmetic(layer), after) ? layer : undefined),
  mathematics: ({ slope: { data } }) => ({
    linear: false,
    homogeneous: true,
    pointwise: true,
    nonNegative: data.every((slope) => slope <= 0) ? "always" : "inputs",
    withinInputs: false,
    sums: "lost",
  }),
  weights: () => undefined,
  sees: (_, site) => seesItself(site),
  fusion: ALONE,
  rectifier: "PReLU",
  relevance: { propagation: () => ({ by: "unchanged" }), gate: false },
  backProject: null,
};
