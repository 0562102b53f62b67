import { InputError } from "../gpu/errors.ts";
import { type LayerBase, type Op, onlyImage } from "./op.ts";

/**
 * Enlarges an image by whole factors [vertical, horizontal]. Bilinear takes pixel centres at (i + ½) / factor − ½,
 * clamped at the border (half-pixel centres, as TensorFlow 2 and PyTorch's align_corners=False).
 */
export interface UpsampleLayer extends LayerBase {
  readonly op: "upsample";
  readonly factor: readonly [number, number];
  readonly mode: "nearest" | "bilinear";
}

export const upsample: Op<UpsampleLayer> = {
  shape(layer, x) {
    const [n, h, w, c] = onlyImage(layer, x);
    const [fy, fx] = layer.factor;
    if (![fy, fx].every((f) => Number.isInteger(f) && f >= 1)) {
      throw new InputError(`upsample "${layer.name}": expected whole factors of at least 1, got [${fy}, ${fx}]`);
    }
    return [n, h * fy, w * fx, c];
  },
};
