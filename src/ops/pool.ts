import { type LayerBase, type Op, onlyImage } from "./op.ts";
import { type Window, windowGeometry } from "./padding.ts";

/**
 * Maximum or mean over a sliding window. Padding takes no part: the maximum ignores it and the mean divides by the number
 * of pixels inside (as Keras has it).
 */
export interface PoolLayer extends LayerBase, Omit<Window, "dilations"> {
  readonly op: "pool";
  readonly mode: "max" | "average";
}

export const pool: Op<PoolLayer> = {
  shape(layer, x) {
    const [n, h, w, c] = onlyImage(layer, x);
    const { outHeight, outWidth } = windowGeometry(`pool "${layer.name}"`, h, w, { ...layer, dilations: [1, 1] });
    return [n, outHeight, outWidth, c];
  },
};
