import { InputError } from "../gpu/errors.ts";
import { type LayerBase, type Op, onlyImage } from "./op.ts";
import type { Border } from "./padding.ts";

/** Zeros around an image. */
export interface ZeroPadLayer extends LayerBase {
  readonly op: "zeroPad";
  readonly border: Border;
}

export const zeroPad: Op<ZeroPadLayer> = {
  shape(layer, x) {
    const [n, h, w, c] = onlyImage(layer, x);
    const { top, bottom, left, right } = layer.border;
    if (![top, bottom, left, right].every((v) => Number.isInteger(v) && v >= 0)) {
      throw new InputError(`zeroPad "${layer.name}": expected a border of whole numbers, got [${[top, bottom, left, right]}]`);
    }
    return [n, h + top + bottom, w + left + right, c];
  },
};
