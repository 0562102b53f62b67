import { InputError } from "../gpu/errors.ts";
import type { Shape } from "../gpu/tensor.ts";
import type { FusedActivation } from "./activation-kinds.ts";
import { createIncrementalConvolution } from "./conv2d-incremental.ts";
import { createConvolution, scratchInFours, tapsBackward, tapsForward } from "./convolution.ts";
import { pairOf, strideOf } from "./describe.ts";
import {
  type Constant,
  LAYER_FIELDS,
  type LayerBase,
  type Op,
  onlyImage,
  type Scale,
  type SightSite,
} from "./op.ts";
import { backwardRun, forwardRun, pack } from "./packed-layer.ts";
import { type LayerWindow, spreadGeometry, WINDOW_FIELDS } from "./padding.ts";
import { extentOf } from "./sight.ts";
import { groupsOf, sizeOfFilter, WEIGHTED, withoutActivation } from "./weighted.ts";

/**
 * Transposed convolution ("deconvolution") of [N, H, W, Cin] by w [kh, kw, Cin, Cout / groups], then bias, then activation:
 * each input pixel adds its values times the filters to the output, `strides` apart. It is the gradient to the input of a
 * convolution, run forward. Its full output has (input − 1)·stride + (kernel − 1)·dilation + 1 rows or columns.
 */
export interface Conv2dTransposeLayer extends LayerBase, Omit<LayerWindow, "size"> {
  readonly op: "conv2dTranspose";
  readonly w: Constant;
  /** [Cout] */
  readonly b?: Constant;
  /** What is taken off the full output; "valid": nothing; "same": as much as leaves input · stride. */
  readonly padding: LayerWindow["padding"];
  /** Rows added at the bottom and columns at the right, after the padding. Default [0, 0]. */
  readonly outputPadding?: readonly [vertical: number, horizontal: number];
  /** Default 1. */
  readonly groups?: number;
  readonly activation?: FusedActivation;
}

/** Output channels of all groups. */
const channelsOf = ({ w, groups = 1 }: Conv2dTransposeLayer): number => (w.shape[3] ?? 0) * groups;

function geometryOf(layer: Conv2dTransposeLayer, x: Shape) {
  const [, h = 1, w = 1] = x;
  const window = { ...layer, size: sizeOfFilter(layer.w) };
  const spread = spreadGeometry(`conv2dTranspose "${layer.name}"`, h, w, window);
  return { ...spread, window, before: [spread.top, spread.left] as const };
}

/** Weights [kh, kw, Cout / groups, Cin] of the convolution whose gradient to the input this is. */
function turned({ w: { shape, data } }: Conv2dTransposeLayer): Constant {
  const [kh = 1, kw = 1, cin = 1, cout = 1] = shape;
  const weights = new Float32Array(data.length);
  for (let tap = 0; tap < kh * kw; tap++) {
    for (let i = 0; i < cin; i++) {
      for (let o = 0; o < cout; o++) {
        weights[(tap * cout + o) * cin + i] = data[(tap * cin + i) * cout + o] ?? 0;
      }
    }
  }
  return { shape: [kh, kw, cout, cin], data: weights };
}

/** The layer with a scale and an offset of its outputs in its weights and biases. */
function scaled(layer: Conv2dTransposeLayer, { scale, offset }: Scale): Conv2dTransposeLayer {
  const [, , inputs = 1, outputs = 1] = layer.w.shape;
  const perGroup = inputs / groupsOf(layer);
  const w = layer.w.data.map((weight, at) => {
    const group = Math.floor((Math.floor(at / outputs) % inputs) / perGroup);
    return weight * (scale[group * outputs + (at % outputs)] ?? 0);
  });
  const b = offset.map((shift, channel) => (layer.b?.data[channel] ?? 0) * (scale[channel] ?? 0) + shift);
  return { ...layer, w: { shape: layer.w.shape, data: w }, b: { shape: [scale.length], data: b } };
}

/** Taps along one axis that meet in an output, at most: those a whole number of strides apart. */
function meeting(taps: number, stride: number, dilation: number): number {
  let apart = 1;
  while ((apart * dilation) % stride !== 0) apart++;
  return Math.ceil(taps / apart);
}

export const conv2dTranspose: Op<Conv2dTransposeLayer, Conv2dTransposeLayer> = {
  fields: {
    ...{ ...LAYER_FIELDS, ...WINDOW_FIELDS, dilations: "must", outputPadding: "may" },
    ...{ w: "must", b: "may", groups: "may", activation: "may" },
  },
  describe: ({ w, strides }) => `${pairOf(sizeOfFilter(w))} transposed convolution${strideOf(strides)}`,

  shape(layer, x) {
    const who = `conv2dTranspose "${layer.name}"`;
    const [n, , , c] = onlyImage(layer, x);
    const { groups = 1 } = layer;
    if (!Number.isInteger(groups) || groups < 1 || c % groups !== 0) {
      throw new InputError(`${who}: expected groups that divide the channels of x, ${c}, got ${groups}`);
    }
    if (layer.w.shape.length !== 4 || layer.w.shape[2] !== c) {
      throw new InputError(
        `${who}: expected w.shape[2] = ${c} (channels of x), got w of shape [${layer.w.shape}]`,
      );
    }
    const channels = channelsOf(layer);
    if (layer.b && layer.b.data.length !== channels) {
      throw new InputError(`${who}: expected ${channels} biases, got ${layer.b.data.length}`);
    }
    const { outHeight, outWidth } = geometryOf(layer, x[0] ?? []);
    return [n, outHeight, outWidth, channels];
  },
  view: false,

  constants(layer, _x, gradients) {
    const w = turned(layer);
    return {
      w: pack(w, groupsOf(layer), true),
      ...(layer.b ? { b: layer.b } : {}),
      ...(gradients ? { wBackward: pack(w, groupsOf(layer), false) } : {}),
    };
  },

  scratch: (layer, x) => ({
    forward:
      layer.b || layer.activation ? [0] : scratchInFours(conv2dTranspose.shape(layer, x), layer.groups),
    backward: scratchInFours(onlyImage(layer, x), layer.groups),
  }),

  forward(device, site) {
    const { window, before } = geometryOf(site.layer, site.x[0].shape);
    return createConvolution(device, forwardRun(site, tapsBackward(window, before)));
  },

  backward(device, site) {
    const { window, before } = geometryOf(site.layer, site.x[0].shape);
    return createConvolution(device, backwardRun(site, tapsForward(window, before)));
  },

  incremental: {
    kind: "rectangles",
    fits: () => true,
    create(device, site) {
      const { window, before } = geometryOf(site.layer, site.x[0].shape);
      return createIncrementalConvolution(device, site, tapsBackward(window, before));
    },
  },
  mathematics: () => WEIGHTED,
  weights(layer) {
    const { w, b, strides, dilations } = layer;
    const [kh = 1, kw = 1, inputs = 1] = w.shape;
    const taps = meeting(kh, strides[0], dilations[0]) * meeting(kw, strides[1], dilations[1]);
    return { w, b: b?.data, products: (taps * inputs) / groupsOf(layer) };
  },
  sees: (layer, site) => seesSpreadTaps(layer, site),
  fusion: { activation: true, gradient: true, scaled, bordered: null, as: null },
  relevance: {
    propagation: (layer) => ({ by: "rule", as: withoutActivation(layer), group: "convolution" }),
    gate: false,
  },
  // What a unit sees depends on where it stands between the pixels of the input: no one picture stands for all.
  backProject: null,
};

/** The rows or columns whose taps reach one of the output's. */
function seesSpreadTaps(layer: Conv2dTransposeLayer, { axis, x: [x] }: SightSite) {
  const { window, before } = geometryOf(layer, [1, extentOf(x, 0), extentOf(x, 1)]);
  const [size, stride, dilation] = [window.size[axis], window.strides[axis], window.dilations[axis]];
  return (at: number): Iterable<number> =>
    Array.from({ length: size }, (_, tap) => (at + before[axis] - tap * dilation) / stride).filter(
      Number.isInteger,
    );
}
