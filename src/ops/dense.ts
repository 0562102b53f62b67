import { InputError } from "../gpu/errors.ts";
import type { FusedActivation } from "./activation.ts";
import { type Constant, type LayerBase, type Op, onlyInput } from "./op.ts";

/** y = x·w + b over the last axis, then activation; w is [features in, features out]. */
export interface DenseLayer extends LayerBase {
  readonly op: "dense";
  readonly w: Constant;
  /** [features out] */
  readonly b?: Constant;
  readonly activation?: FusedActivation;
}

export const dense: Op<DenseLayer> = {
  shape(layer, x) {
    const shape = onlyInput(layer, x);
    const [features, units = 0] = layer.w.shape;
    if (layer.w.shape.length !== 2 || features !== shape.at(-1)) {
      throw new InputError(
        `dense "${layer.name}": expected w.shape[0] = ${shape.at(-1)} (features of x), got w of shape [${layer.w.shape}]`,
      );
    }
    if (layer.b && layer.b.data.length !== units) {
      throw new InputError(`dense "${layer.name}": expected ${units} biases, got ${layer.b.data.length}`);
    }
    return [...shape.slice(0, -1), units];
  },
};
