import { type LayerBase, type Op, onlyInput } from "./op.ts";

/**
 * Local response normalisation across channels (Krizhevsky 2012): y_c = x_c / (bias + alpha·Σ x_k²)^beta, the sum over
 * channels c − radius … c + radius. `alpha` is not divided by the window's size (as TensorFlow has it; Caffe's is).
 */
export interface LrnLayer extends LayerBase {
  readonly op: "lrn";
  readonly radius: number;
  readonly bias: number;
  readonly alpha: number;
  readonly beta: number;
}

export const lrn: Op<LrnLayer> = {
  shape: (layer, x) => onlyInput(layer, x),
};
