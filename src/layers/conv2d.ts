import { InputError } from "../gpu/errors.ts";
import type { Shape, Tensor } from "../gpu/tensor.ts";
import type { FusedActivation } from "./activation-kinds.ts";
import { createIncrementalConv2d } from "./conv2d-incremental.ts";
import { type Convolution, createConvolution, inFours } from "./convolution.ts";
import { pairOf, strideOf } from "./describe.ts";
import { type Constant, type ForwardSite, LAYER_FIELDS, type LayerBase, type Op, onlyImage } from "./op.ts";
import { type LayerWindow, WINDOW_FIELDS, windowGeometry } from "./padding.ts";
import { seesTaps } from "./sight.ts";
import { blockOf } from "./tiling.ts";
import { backProjectTaps, bordered, scaled, sizeOfFilter, WEIGHTED, withoutActivation } from "./weighted.ts";

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

/**
 * Weights as the kernel reads them: [blocks of output channels, taps · input channels of a group, BLOCK], padded with zeros.
 * `backward` exchanges the roles of input and output channels.
 */
function pack({ shape, data }: Constant, groups: number, backward: boolean): Constant {
  const [kh = 1, kw = 1, cin = 1, cout = 1] = shape;
  const taps = kh * kw;
  const [depth, width] = backward ? [cout / groups, cin * groups] : [cin, cout];
  const size = blockOf(width, groups);
  const blocks = Math.ceil(width / size);
  const packed = new Float32Array(blocks * taps * depth * size);
  for (let tap = 0; tap < taps; tap++) {
    for (let d = 0; d < depth; d++) {
      for (let c = 0; c < width; c++) {
        const from = backward
          ? (tap * cin + (c % cin)) * cout + Math.floor(c / cin) * depth + d
          : (tap * cin + d) * cout + c;
        const block = Math.floor(c / size);
        packed[((block * taps + tap) * depth + d) * size + (c % size)] = data[from] ?? 0;
      }
    }
  }
  return { shape: [blocks, taps * depth, size], data: packed };
}

function geometry(layer: Conv2dLayer, x: Tensor) {
  const [, h = 1, w = 1] = x.shape;
  const [kh = 1, kw = 1] = layer.w.shape;
  const size = [kh, kw] as const;
  return { size, ...windowGeometry(`conv2d "${layer.name}"`, h, w, { ...layer, size }) };
}

function constant(name: string, constants: Readonly<Record<string, Tensor>>, layer: string): Tensor {
  const tensor = constants[name];
  if (!tensor) {
    throw new InputError(
      `conv2d "${layer}": expected the constant "${name}", got none; upload what constants() returns`,
    );
  }
  return tensor;
}

/** The run of the kernel that computes a layer. */
export function forwardRun({
  layer,
  x: [x],
  y,
  constants,
}: ForwardSite<Conv2dLayer>): Omit<Convolution, "phases"> {
  const { size, top, left } = geometry(layer, x);
  return {
    label: layer.name,
    x,
    w: constant("w", constants, layer.name),
    b: constants.b,
    y,
    kernel: size,
    scale: layer.strides,
    dilation: layer.dilations,
    offset: [-top, -left],
    groups: layer.groups,
    activation: layer.activation,
  };
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
      w: pack(layer.w, layer.groups ?? 1, false),
      ...(layer.b ? { b: layer.b } : {}),
      ...(gradients ? { wBackward: pack(layer.w, layer.groups ?? 1, true) } : {}),
    };
  },

  scratch(layer, x) {
    const inFoursOf = ([n = 1, h = 1, w = 1, c = 1]: Shape): Shape =>
      c % 4 === 0 || (layer.groups ?? 1) > 1 ? [0] : [n, h, w, inFours(c)];
    return {
      forward: layer.b || layer.activation ? [0] : inFoursOf(conv2d.shape(layer, x)),
      backward: inFoursOf(onlyImage(layer, x)),
    };
  },

  forward: (device, site) => createConvolution(device, { ...forwardRun(site), phases: [1, 1] }),

  backward(device, { layer, x: [x], constants, dy, dx, accumulate, fused }) {
    const { size, top, left } = geometry(layer, x);
    return createConvolution(device, {
      label: `${layer.name} backward`,
      x: dy,
      w: constant("wBackward", constants, layer.name),
      y: dx,
      kernel: size,
      scale: [1, 1],
      dilation: [-layer.dilations[0], -layer.dilations[1]],
      offset: [top, left],
      phases: layer.strides,
      groups: layer.groups,
      accumulate,
      fused,
    });
  },

  incremental: { kind: "rectangles", fits: () => true, create: createIncrementalConv2d },
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
  backProject: (layer, site) => backProjectTaps(layer, site, layer.groups ?? 1),
};
