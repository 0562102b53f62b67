import shader from "../../shaders/depthwise_conv2d.wgsl";
import { InputError } from "../gpu/errors.ts";
import { type Command, createDispatch, gridOf } from "../gpu/kernel.ts";
import { sizeOf, type Tensor } from "../gpu/tensor.ts";
import { activationCode, type FusedActivation, gateCode } from "./activation.ts";
import { type Constant, type Gate, type LayerBase, type Op, onlyImage, type Tensors } from "./op.ts";
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

/** Neighbouring pixels of one thread of the kernel. */
const PIXELS = 4;

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
    readonly gate?: Gate | undefined;
  },
): Promise<Command> {
  const { image, x, y, backward, accumulate, gate } = run;
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
  const { code, alpha } = activationCode(layer.activation);
  const { GRADIENT_OF, ...gateParams } = gateCode(gate);
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
      ACTIVATION: backward ? 0 : code,
      GRADIENT_OF,
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
      ...gateParams,
      ...(backward ? {} : { alpha }),
    },
    bindings: { x, w, b, a: gate?.a ?? w, rules: gate?.rules ?? w, y },
    workgroups: gridOf(Math.ceil(size / 64)),
  });
}

export const depthwiseConv2d: Op<DepthwiseConv2dLayer> = {
  gates: true,

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

  constants: (layer) => ({ w: layer.w, ...(layer.b ? { b: layer.b } : {}) }),

  forward: (device, { layer, constants, x: [x], y }) =>
    createRun(device, layer, constants, { image: x, x, y, backward: false, accumulate: false }),

  backward: (device, { layer, constants, x: [x], dy, dx, accumulate, gate }) =>
    createRun(device, layer, constants, { image: x, x: dy, y: dx, backward: true, accumulate, gate }),
};
