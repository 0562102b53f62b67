import { InputError } from "../gpu/errors.ts";
import { formatShape, type Shape } from "../gpu/tensor.ts";
import type { FusedActivation } from "./activation.ts";
import type { LayerBase, Op } from "./op.ts";

/** Sum of two or more inputs of one shape, then activation. */
export interface AddLayer extends LayerBase {
  readonly op: "add";
  readonly activation?: FusedActivation;
}

/** Product of two inputs; either may be 1 high and 1 wide, and is then broadcast over the other's pixels. */
export interface MultiplyLayer extends LayerBase {
  readonly op: "multiply";
}

export const add: Op<AddLayer> = {
  shape(layer, x) {
    const [first] = x;
    if (!first || x.length < 2 || x.some((shape) => formatShape(shape) !== formatShape(first))) {
      throw new InputError(
        `add "${layer.name}": expected two or more inputs of one shape, got ${x.map(formatShape).join(", ") || "none"}`,
      );
    }
    return first;
  },
};

export const multiply: Op<MultiplyLayer> = {
  shape(layer, x) {
    const [a, b] = x;
    const fits = (small: Shape, large: Shape) =>
      small.length === large.length && small.every((axis, i) => axis === large[i] || (axis === 1 && (i === 1 || i === 2)));
    if (a && b && x.length === 2) {
      if (fits(b, a)) return a;
      if (fits(a, b)) return b;
    }
    throw new InputError(
      `multiply "${layer.name}": expected two inputs of one shape, or one of N×1×1×C, got ${x.map(formatShape).join(", ")}`,
    );
  },
};
