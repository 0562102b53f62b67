import { InputError } from "../gpu/errors.ts";
import {
  constantOf,
  createArithmetic,
  createArithmeticGradient,
  createIncrementalArithmetic,
  isNonNegative,
  keepsSize,
  keepsToPixels,
  operandsOf,
  placeOfInput,
  shapeOfOperands,
} from "./arithmetic.ts";
import { ALONE, type Constant, LAYER_FIELDS, type LayerBase, type Mathematics, type Op } from "./op.ts";
import { seesItself } from "./sight.ts";

/** The words for what an operator makes of two operands. */
const TITLES = {
  subtract: "difference",
  divide: "quotient",
  power: "power",
  minimum: "minimum",
  maximum: "maximum",
} as const;

export type BinaryOperator = keyof typeof TITLES;

/**
 * a − b, a / b, a^b, the smaller or the larger of two operands: two inputs, or an input and a constant. Each is repeated to
 * the shape of both, see `broadcastShape`.
 *
 * Gradients are PyTorch's: where a minimum or a maximum has two equal operands, each takes half; 0^b has the slope 0 in b.
 * A negative number has powers of whole exponents alone, others are NaN.
 */
export interface BinaryLayer extends LayerBase {
  readonly op: "binary";
  readonly operator: BinaryOperator;
  /** An operand known in advance, its shape without the batch: the second, unless `constantFirst`. */
  readonly constant?: Constant;
  /** True if the constant is the first operand. Default false. */
  readonly constantFirst?: boolean;
}

export const binary: Op<BinaryLayer> = {
  fields: { ...LAYER_FIELDS, operator: "must", constant: "may", constantFirst: "may" },
  describe: ({ operator, constant }) => `${TITLES[operator]}${constant ? " with a constant" : ""}`,
  shape(layer, x) {
    if (!Object.hasOwn(TITLES, layer.operator)) {
      throw new InputError(
        `binary "${layer.name}": expected an operator of ${Object.keys(TITLES).join(", ")}, got "${layer.operator}"`,
      );
    }
    if (layer.constantFirst && !layer.constant) {
      throw new InputError(`binary "${layer.name}": expected a constant with constantFirst, got none`);
    }
    return shapeOfOperands(layer, x, { most: 2 });
  },
  view: false,

  constants: constantOf,

  forward(device, { layer, x, y, constants }) {
    const { name: label, operator } = layer;
    return createArithmetic(device, { operator, operands: operandsOf(layer, x, constants), y, label });
  },

  backward(device, { layer, x, constants, input, dy, dx, accumulate }) {
    const { name: label, operator } = layer;
    const [operands, to] = [operandsOf(layer, x, constants), placeOfInput(layer, input)];
    return createArithmeticGradient(device, { operator, operands, to, dy, dx, accumulate, label });
  },

  incremental: {
    kind: "rectangles",
    // What is repeated changes all of the pixels that it meets.
    fits: (_, x, y) => keepsToPixels(x, y),
    create: (device, site) => createIncrementalArithmetic(device, site, site.layer.operator),
  },
  resized: (layer, _, after) => (keepsSize(layer, after) ? layer : undefined),
  mathematics,
  weights: () => undefined,
  sees: (_, site) => seesItself(site),
  fusion: ALONE,
  relevance: {
    // By ε, all of x / c is relevant through x.
    propagation: ({ operator, constant, constantFirst }) =>
      operator === "divide" && constant && !constantFirst
        ? { by: "unchanged" }
        : { by: "undefined", pass: operator === "divide" ? "signal" : "unchanged" },
    gate: false,
  },
  backProject: null,
};

function mathematics({ operator, constant, constantFirst }: BinaryLayer): Mathematics {
  const facts = { pointwise: true, withinInputs: false, nonNegative: "unknown" } as const;
  const positive = !constant || isNonNegative(constant);
  switch (operator) {
    case "subtract":
      return { ...facts, linear: !constant, homogeneous: !constant, sums: "kept" };
    case "divide": {
      const scales = constant !== undefined && !constantFirst;
      const nonNegative = positive ? "inputs" : "unknown";
      return { ...facts, linear: scales, homogeneous: scales, nonNegative, sums: scales ? "kept" : "lost" };
    }
    case "power": {
      const nonNegative = !constantFirst ? "inputs" : positive ? "always" : "unknown";
      return { ...facts, linear: false, homogeneous: false, nonNegative, sums: "lost" };
    }
    case "minimum":
    case "maximum": {
      const above = operator === "maximum" && constant && positive;
      return {
        ...facts,
        linear: false,
        homogeneous: !constant,
        nonNegative: above ? "always" : positive || operator === "maximum" ? "inputs" : "unknown",
        withinInputs: !constant,
        sums: "lost",
      };
    }
  }
}
