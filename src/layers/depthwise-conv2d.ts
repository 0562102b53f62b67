import shader from "../../shaders/depthwise_conv2d.wgsl";
import incrementalShader from "../../shaders/depthwise_conv2d_incremental.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { InputError } from "../gpu/errors.ts";
import { sizeOf, type Tensor } from "../gpu/tensor.ts";
import { activationCode, type FusedActivation, fusedGradientCode } from "./activation-kinds.ts";
import { pairOf, strideOf } from "./describe.ts";
import { chunkOf, listsOf } from "./incremental.ts";
import {
  type Constant,
  type FusedGradient,
  type IncrementalSite,
  LAYER_FIELDS,
  type LayerBase,
  type Op,
  onlyImage,
  type Tensors,
} from "./op.ts";
import { type LayerWindow, WINDOW_FIELDS, windowGeometry } from "./padding.ts";
import { seesTaps } from "./sight.ts";
import { backProjectTaps, bordered, scaled, sizeOfFilter, WEIGHTED, withoutActivation } from "./weighted.ts";

/**
 * Each channel of [N, H, W, C] convolved by its own M filters, w [kh, kw, C, M]: output channel c·M + m; then bias,
 * then activation.
 */
export interface DepthwiseConv2dLayer extends LayerBase, Omit<LayerWindow, "size"> {
  readonly op: "depthwiseConv2d";
  readonly w: Constant;
  /** [C·M] */
  readonly b?: Constant;
  readonly activation?: FusedActivation;
}

/** Neighbouring pixels of one thread of the kernel. */
const PIXELS = 4;

/** Changed pixels of one thread of the incremental kernel. */
const ITEMS = 4;

/** The kernel's run over y, or (backward) over dx with dy as its x. */
function createRun(
  device: GPUDevice,
  layer: DepthwiseConv2dLayer,
  constants: Tensors,
  run: {
    readonly image: Tensor;
    readonly x: Tensor;
    readonly y: Tensor;
    readonly backward: boolean;
    readonly accumulate: boolean;
    readonly fused?: FusedGradient | undefined;
  },
): Promise<Command> {
  const { image, x, y, backward, accumulate, fused } = run;
  const { strides, dilations } = layer;
  const [kh = 1, kw = 1, , multiplier = 1] = layer.w.shape;
  const [, height = 1, width = 1] = image.shape;
  const window = { ...layer, size: [kh, kw] as const };
  const { top, left } = windowGeometry(`depthwiseConv2d "${layer.name}"`, height, width, window);
  const [, inHeight = 1, inWidth = 1, inChannels = 1] = x.shape;
  const [, outHeight = 1, outWidth = 1, outChannels = 1] = y.shape;
  const chunk = multiplier === 1 && outChannels % 4 === 0 ? 4 : 1;
  const runs = Math.ceil(outWidth / PIXELS);
  const size = (sizeOf(y.shape) / outWidth / chunk) * runs;
  const { constants: applied, alpha } = activationCode(layer.activation);
  const { constants: gradient, ...fusedParams } = fusedGradientCode(fused);
  const { w, b = w } = constants;
  if (!w || !b) {
    throw new InputError(
      `depthwiseConv2d "${layer.name}": expected the constant "w", got none; upload what constants() returns`,
    );
  }
  return createDispatch(device, shader, {
    label: layer.name,
    constants: {
      BACKWARD: Number(backward),
      PHASED: Number(backward && strides[0] * strides[1] > 1),
      SLIDING: Number((backward ? 1 : strides[1]) === dilations[1]),
      BIAS: Number(!backward && layer.b !== undefined),
      ACCUMULATE: Number(accumulate),
      ...(backward ? gradient : applied),
    },
    redeclare: { Chunk: chunk === 4 ? "vec4<f32>" : "f32" },
    params: {
      inSize: [inHeight, inWidth],
      outSize: [outHeight, outWidth],
      kernel: [kh, kw],
      scale: backward ? [1, 1] : strides,
      dilation: backward ? [-dilations[0], -dilations[1]] : dilations,
      offset: backward ? [top, left] : [-top, -left],
      phases: backward ? strides : [1, 1],
      size,
      runs,
      inChunks: inChannels / chunk,
      outChunks: outChannels / chunk,
      multiplier,
      ...fusedParams,
      ...(backward ? {} : { alpha }),
    },
    bindings: { x, w, b, a: fused?.a ?? w, rules: fused?.rules ?? w, y },
    workgroups: gridOf(Math.ceil(size / 64)),
  });
}

/** Runs a depthwise convolution incrementally. */
export async function createIncrementalDepthwise(
  device: GPUDevice,
  { layer, x: [x], y, constants: { w, b = w }, dirty }: IncrementalSite<DepthwiseConv2dLayer>,
): Promise<Command> {
  const [kh = 1, kw = 1, , multiplier = 1] = layer.w.shape;
  const [, height, width, inChannels] = x.shape;
  const [, outHeight, outWidth, channels] = y.shape;
  const chunk = multiplier === 1 ? chunkOf(channels) : chunkOf(1);
  const { top, left } = windowGeometry(layer.name, height, width, { ...layer, size: [kh, kw] });
  const { constants: applied, alpha } = activationCode(layer.activation);
  if (!w || !b) throw new InputError(`depthwiseConv2d "${layer.name}": expected the constant "w", got none`);
  return createDispatch(device, incrementalShader, {
    label: layer.name,
    constants: { BIAS: Number(layer.b !== undefined), ...applied },
    redeclare: { Chunk: chunk.type },
    params: {
      inSize: [height, width],
      outSize: [outHeight, outWidth],
      kernel: [kh, kw],
      strides: layer.strides,
      dilation: layer.dilations,
      offset: [-top, -left],
      ...listsOf(x, y),
      inChunks: inChannels / chunk.size,
      channels: channels / chunk.size,
      multiplier,
      alpha,
    },
    bindings: { x: x.buffer, w, b, rects: dirty.rects, work: dirty.work, y: y.buffer },
    workgroups: gridOf(Math.ceil((Math.ceil(y.layout.items / ITEMS) * (channels / chunk.size)) / 64)),
  });
}

export const depthwiseConv2d: Op<DepthwiseConv2dLayer, DepthwiseConv2dLayer> = {
  fields: { ...LAYER_FIELDS, ...WINDOW_FIELDS, dilations: "must", w: "must", b: "may", activation: "may" },
  describe: ({ w, strides }) => `${pairOf(sizeOfFilter(w))} depthwise convolution${strideOf(strides)}`,

  shape(layer, x) {
    const who = `depthwiseConv2d "${layer.name}"`;
    const [n, h, w, c] = onlyImage(layer, x);
    const [kh = 0, kw = 0, channels, multiplier = 0] = layer.w.shape;
    if (layer.w.shape.length !== 4 || channels !== c) {
      throw new InputError(
        `${who}: expected w.shape[2] = ${c} (channels of x), got w of shape [${layer.w.shape}]`,
      );
    }
    if (layer.b && layer.b.data.length !== c * multiplier) {
      throw new InputError(`${who}: expected ${c * multiplier} biases, got ${layer.b.data.length}`);
    }
    const { outHeight, outWidth } = windowGeometry(who, h, w, { ...layer, size: [kh, kw] });
    return [n, outHeight, outWidth, c * multiplier];
  },
  view: false,

  constants: (layer) => ({ w: layer.w, ...(layer.b ? { b: layer.b } : {}) }),

  forward: (device, { layer, constants, x: [x], y }) =>
    createRun(device, layer, constants, { image: x, x, y, backward: false, accumulate: false }),

  backward: (device, { layer, constants, x: [x], dy, dx, accumulate, fused }) =>
    createRun(device, layer, constants, { image: x, x: dy, y: dx, backward: true, accumulate, fused }),

  incremental: { kind: "rectangles", fits: () => true, create: createIncrementalDepthwise },
  mathematics: () => WEIGHTED,
  weights({ w, b }) {
    const [kh, kw] = sizeOfFilter(w);
    return { w, b: b?.data, products: kh * kw };
  },
  sees: (layer, site) => seesTaps(layer.name, { ...layer, size: sizeOfFilter(layer.w) }, site),
  fusion: { activation: true, gradient: true, scaled, bordered, as: null },
  relevance: {
    propagation: (layer) => ({ by: "rule", as: withoutActivation(layer), group: "convolution" }),
    gate: false,
  },
  // A channel has outputs of its own.
  backProject: (layer, site) => backProjectTaps(layer, site, layer.w.shape[2] ?? 1),
};
