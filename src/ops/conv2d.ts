import { InputError } from "../gpu/errors.ts";
import type { FusedActivation } from "./activation.ts";
import { type Constant, type LayerBase, type Op, onlyImage } from "./op.ts";
import { type Window, windowGeometry } from "./padding.ts";

/** Convolution (cross-correlation) of [N, H, W, Cin] by w [kh, kw, Cin, Cout], then bias, then activation. */
export interface Conv2dLayer extends LayerBase, Omit<Window, "size"> {
  readonly op: "conv2d";
  readonly w: Constant;
  /** [Cout] */
  readonly b?: Constant;
  readonly activation?: FusedActivation;
}

export const conv2d: Op<Conv2dLayer> = {
  shape(layer, x) {
    const who = `conv2d "${layer.name}"`;
    const [n, h, w, c] = onlyImage(layer, x);
    const [kh = 0, kw = 0, cin, cout = 0] = layer.w.shape;
    if (layer.w.shape.length !== 4 || cin !== c) {
      throw new InputError(`${who}: expected w.shape[2] = ${c} (channels of x), got w of shape [${layer.w.shape}]`);
    }
    if (layer.b && layer.b.data.length !== cout) {
      throw new InputError(`${who}: expected ${cout} biases, got ${layer.b.data.length}`);
    }
    const { outHeight, outWidth } = windowGeometry(who, h, w, { ...layer, size: [kh, kw] });
    return [n, outHeight, outWidth, cout];
  },
};
