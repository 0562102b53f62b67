import { type LayerBase, type Op, onlyInput } from "./op.ts";

/** exp(x) / Σ exp(x) over the last axis, computed from x − max(x). */
export interface SoftmaxLayer extends LayerBase {
  readonly op: "softmax";
}

export const softmax: Op<SoftmaxLayer> = {
  shape: (layer, x) => onlyInput(layer, x),
};
