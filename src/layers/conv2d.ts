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

/** Convolution (cross-correlation) of [N, H, W, Cin] by w [kh, kw, Cin, Cout], then bias, then activation. */
export interface Conv2dLayer extends LayerBase, Omit<LayerWindow, "size"> {
  readonly op: "conv2d";
  readonly w: Constant;
  /** [Cout] */
  readonly b?: Constant;
  readonly activation?: FusedActivation;
}

/**
 * Weights as the kernel reads them: [blocks of output channels, taps · input channels, BLOCK], padded with zeros.
 * `backward` exchanges the roles of input and output channels.
 */
function pack({ shape, data }: Constant, backward: boolean): Constant {
  const [kh = 1, kw = 1, cin = 1, cout = 1] = shape;
  const taps = kh * kw;
  const [depth, width] = backward ? [cout, cin] : [cin, cout];
  const size = blockOf(width);
  const blocks = Math.ceil(width / size);
  const packed = new Float32Array(blocks * taps * depth * size);
  for (let tap = 0; tap < taps; tap++) {
    for (let d = 0; d < depth; d++) {
      for (let c = 0; c < width; c++) {
        const from = backward ? (tap * cin + c) * cout + d : (tap * cin + d) * cout + c;
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
    activation: layer.activation,
  };
}

export const conv2d: Op<Conv2dLayer, Conv2dLayer> = {
  fields: { ...LAYER_FIELDS, ...WINDOW_FIELDS, dilations: "must", w: "must", b: "may", activation: "may" },
  describe: ({ w, strides, dilations }) =>
    `${pairOf(sizeOfFilter(w))} convolution${strideOf(strides)}${dilations.some((dilation) => dilation > 1) ? ", dilated" : ""}`,

  shape(layer, x) {
    const who = `conv2d "${layer.name}"`;
    const [n, h, w, c] = onlyImage(layer, x);
    const [kh = 0, kw = 0, cin, cout = 0] = layer.w.shape;
    if (layer.w.shape.length !== 4 || cin !== c) {
      throw new InputError(
        `${who}: expected w.shape[2] = ${c} (channels of x), got w of shape [${layer.w.shape}]`,
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
      w: pack(layer.w, false),
      ...(layer.b ? { b: layer.b } : {}),
      ...(gradients ? { wBackward: pack(layer.w, true) } : {}),
    };
  },

  scratch(layer, x) {
    const inFoursOf = ([n = 1, h = 1, w = 1, c = 1]: Shape): Shape =>
      c % 4 === 0 ? [0] : [n, h, w, inFours(c)];
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
  backProject: (layer, site) => backProjectTaps(layer, site, () => 0),
};
