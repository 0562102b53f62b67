import { InputError } from "../gpu/errors.ts";
import { formatShape } from "../gpu/tensor.ts";
import type { LayerBase, Op } from "./op.ts";

/** Inputs side by side along `axis` (1 to rank − 1, the batch being axis 0). */
export interface ConcatLayer extends LayerBase {
  readonly op: "concat";
  readonly axis: number;
}

export const concat: Op<ConcatLayer> = {
  shape(layer, x) {
    const [first] = x;
    const { axis } = layer;
    if (!first || !Number.isInteger(axis) || axis < 1 || axis >= first.length) {
      throw new InputError(`concat "${layer.name}": expected an axis of 1 to ${(first?.length ?? 2) - 1}, got ${axis}`);
    }
    if (x.some((shape) => shape.length !== first.length || shape.some((size, i) => i !== axis && size !== first[i]))) {
      throw new InputError(
        `concat "${layer.name}": expected inputs that agree but for axis ${axis}, got ${x.map(formatShape).join(", ")}`,
      );
    }
    return first.map((size, i) => (i === axis ? x.reduce((sum, shape) => sum + (shape[axis] ?? 0), 0) : size));
  },
};
