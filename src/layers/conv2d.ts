import { InputError } from "../gpu/errors.ts";
import type { Shape } from "../gpu/tensor.ts";
import type { FusedActivation } from "./activation-kinds.ts";
import { createIncrementalConvolution } from "./conv2d-incremental.ts";
import {
  type Convolution,
  createConvolution,
  scratchInFours,
  tapsBackward,
  tapsForward,
} from "./convolution.ts";
import { pairOf, strideOf } from "./describe.ts";
import { type Constant, type ForwardSite, LAYER_FIELDS, type LayerBase, type Op, onlyImage } from "./op.ts";
import { backwardRun, forwardRun, pack } from "./packed-layer.ts";
import { type LayerWindow, WINDOW_FIELDS, windowGeometry } from "./padding.ts";
import { seesTaps } from "./sight.ts";
import {
  backProjectTaps,
  bordered,
  groupsOf,
  scaled,
  sizeOfFilter,
  WEIGHTED,
  withoutActivation,
} from "./weighted.ts";

/**
 * Convolution (cross-correlation) of [N, H, W, Cin] by w [kh, kw, Cin / groups, Cout], then bias, then activation. With
 * groups, the input's channels and the output's fall into as many equal parts, and each part of the output sees its part of
 * the input alone (AlexNet, ResNeXt, ShuffleNet).
 */
export interface Conv2dLayer extends LayerBase, Omit<LayerWindow, "size"> {
  readonly op: "conv2d";
  readonly w: Constant;
  /** [Cout] */
  readonly b?: Constant;
  /** Default 1. */
  readonly groups?: number;
  readonly activation?: FusedActivation;
}

function geometryOf(layer: Conv2dLayer, [, h = 1, w = 1]: Shape) {
  const window = { ...layer, size: sizeOfFilter(layer.w) };
  const { top, left } = windowGeometry(`conv2d "${layer.name}"`, h, w, window);
  return { window, before: [top, left] as const };
}

/** The run of the kernel that computes a layer. */
export function conv2dRun(site: ForwardSite<Conv2dLayer>): Convolution {
  const { window, before } = geometryOf(site.layer, site.x[0].shape);
  return forwardRun(site, tapsForward(window, before));
}

export const conv2d: Op<Conv2dLayer, Conv2dLayer> = {
  fields: {
    ...{ ...LAYER_FIELDS, ...WINDOW_FIELDS, dilations: "must" },
    ...{ w: "must", b: "may", groups: "may", activation: "may" },
  },
  describe: ({ w, strides, dilations, groups = 1 }) =>
    `${pairOf(sizeOfFilter(w))} convolution${strideOf(strides)}${dilations.some((dilation) => dilation > 1) ? ", dilated" : ""}${groups > 1 ? `, in ${groups} groups` : ""}`,

  shape(layer, x) {
    const who = `conv2d "${layer.name}"`;
    const [n, h, w, c] = onlyImage(layer, x);
    const [kh = 0, kw = 0, cin, cout = 0] = layer.w.shape;
    const { groups = 1 } = layer;
    if (!Number.isInteger(groups) || groups < 1 || c % groups !== 0 || cout % groups !== 0) {
      throw new InputError(
        `${who}: expected groups that divide the channels of x and of w, ${c} and ${cout}, got ${groups}`,
      );
    }
    if (layer.w.shape.length !== 4 || cin !== c / groups) {
      throw new InputError(
        `${who}: expected w.shape[2] = ${c / groups} (channels of x${groups > 1 ? ` / ${groups} groups` : ""}), got w of shape [${layer.w.shape}]`,
      );
    }
    if (layer.b && layer.b.data.length !== cout) {
      throw new InputError(`${who}: expected ${cout} biases, got ${layer.b.data.length}`);
    }
    const { outHeight, outWidth } = windowGeometry(who, h, w, { ...layer, size: [kh, kw] });
    return [n, outHeight, outWidth, cout];
  },
  view: false,

  constants(layer, _x, gradients) {
    return {
      w: pack(layer.w, groupsOf(layer), false),
      ...(layer.b ? { b: layer.b } : {}),
      ...(gradients ? { wBackward: pack(layer.w, groupsOf(layer), true) } : {}),
    };
  },

  scratch: (layer, x) => ({
    forward: layer.b || layer.activation ? [0] : scratchInFours(conv2d.shape(layer, x), layer.groups),
    backward: scratchInFours(onlyImage(layer, x), layer.groups),
  }),

  forward: (device, site) => createConvolution(device, conv2dRun(site)),

  backward(device, site) {
    const { window, before } = geometryOf(site.layer, site.x[0].shape);
    return createConvolution(device, backwardRun(site, tapsBackward(window, before)));
  },

  incremental: {
    kind: "rectangles",
    fits: () => true,
    create(device, site) {
      const { window, before } = geometryOf(site.layer, site.x[0].shape);
      return createIncrementalConvolution(device, site, tapsForward(window, before));
    },
  },
  mathematics: () => WEIGHTED,
  weights({ w, b }) {
    const [kh = 1, kw = 1, inputs = 1] = w.shape;
    return { w, b: b?.data, products: kh * kw * inputs };
  },
  sees: (layer, site) => seesTaps(layer.name, { ...layer, size: sizeOfFilter(layer.w) }, site),
  fusion: { activation: true, gradient: true, scaled, bordered, as: null },
  relevance: {
    propagation: (layer) => ({ by: "rule", as: withoutActivation(layer), group: "convolution" }),
    gate: false,
  },
  backProject: (layer, site) => backProjectTaps(layer, site, groupsOf(layer)),
};
