import { type LayerBase, type Op, onlyImage } from "./op.ts";

/** Maximum or mean of each channel over the whole image: [N, C], or [N, 1, 1, C] with `keepDims`. */
export interface GlobalPoolLayer extends LayerBase {
  readonly op: "globalPool";
  readonly mode: "max" | "average";
  readonly keepDims?: boolean;
}

export const globalPool: Op<GlobalPoolLayer> = {
  shape(layer, x) {
    const [n, , , c] = onlyImage(layer, x);
    return layer.keepDims ? [n, 1, 1, c] : [n, c];
  },
};
