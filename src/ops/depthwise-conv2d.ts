import { InputError } from "../gpu/errors.ts";
import type { FusedActivation } from "./activation.ts";
import { type Constant, type LayerBase, type Op, onlyImage } from "./op.ts";
import { type Window, windowGeometry } from "./padding.ts";

/**
 * Each channel of [N, H, W, C] convolved by its own M filters, w [kh, kw, C, M]: output channel c·M + m; then bias,
 * then activation.
 */
export interface DepthwiseConv2dLayer extends LayerBase, Omit<Window, "size"> {
  readonly op: "depthwiseConv2d";
  readonly w: Constant;
  /** [C·M] */
  readonly b?: Constant;
  readonly activation?: FusedActivation;
}

export const depthwiseConv2d: Op<DepthwiseConv2dLayer> = {
  shape(layer, x) {
    const who = `depthwiseConv2d "${layer.name}"`;
    const [n, h, w, c] = onlyImage(layer, x);
    const [kh = 0, kw = 0, channels, multiplier = 0] = layer.w.shape;
    if (layer.w.shape.length !== 4 || channels !== c) {
      throw new InputError(`${who}: expected w.shape[2] = ${c} (channels of x), got w of shape [${layer.w.shape}]`);
    }
    if (layer.b && layer.b.data.length !== c * multiplier) {
      throw new InputError(`${who}: expected ${c * multiplier} biases, got ${layer.b.data.length}`);
    }
    const { outHeight, outWidth } = windowGeometry(who, h, w, { ...layer, size: [kh, kw] });
    return [n, outHeight, outWidth, c * multiplier];
  },
};
