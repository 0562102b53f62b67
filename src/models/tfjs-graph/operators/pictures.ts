import type { Border } from "../../../layers/padding.ts";
import { affine, arithmetic } from "../../lowering/elementwise.ts";
import { shapeOf } from "../../lowering/layout.ts";
import { showShape } from "../../lowering/lowering.ts";
import {
  channelsLast,
  convolved,
  type FileWindow,
  onPicture,
  pairOf,
  pooled,
} from "../../lowering/pictures.ts";
import type { LayerValue, Value } from "../../lowering/value.ts";
import type { Call, Operator } from "../call.ts";
import { fusedActivation } from "./activations.ts";

/** Numbers of a setting that has one for each axis, of the spatial axes alone. */
function spatial(call: Call, name: string, x: LayerValue): readonly number[] {
  const { attributes, lowering } = call;
  const rank = x.axes.length;
  const values = attributes.numbers(name) ?? (name === "dilations" ? Array<number>(rank).fill(1) : []);
  const axes = call.pictureAxes(rank);
  const others = values.filter((_, axis) => !axes.spatial.includes(axis));
  if (values.length !== rank || !values.every((value) => Number.isInteger(value) && value >= 1)) {
    throw lowering.wrong(`expected ${name} of ${rank} whole numbers of 1 or more, got [${values}]`);
  }
  if (others.some((value) => value !== 1)) {
    throw lowering.unsupported(`expected ${name} of 1 along batch and channels, got [${values}]`);
  }
  return axes.spatial.map((axis) => values[axis] ?? 1);
}

function paddingOf(call: Call, x: LayerValue): FileWindow["padding"] {
  const { attributes, lowering } = call;
  const padding = attributes.text("padding");
  const pairs = attributes.numbers("explicit_paddings") ?? [];
  if (padding === "SAME") return "upper";
  if (padding === "VALID") return "valid";
  if (padding !== "EXPLICIT" || pairs.length !== 2 * x.axes.length) {
    throw lowering.wrong(`expected padding SAME, VALID or EXPLICIT with two numbers an axis, got ${padding}`);
  }
  const axes = call.pictureAxes(x.axes.length).spatial;
  return {
    before: axes.map((axis) => pairs[2 * axis] ?? 0),
    after: axes.map((axis) => pairs[2 * axis + 1] ?? 0),
  };
}

/** A convolution with what is fused to it: a bias, and an activation. */
function convolution(depthwise: boolean): Operator {
  return (call) => {
    const { lowering, attributes } = call;
    const x = call.layer(0);
    if (x.axes.length !== 4) throw lowering.wrong(`expected x of 4 axes, got ${showShape(x)}`);
    const axes = call.pictureAxes(4);
    const channels = shapeOf(x)[axes.channels] ?? 1;
    const w = call.weights(1, 4);
    const [rows = 1, columns = 1, inputs = 1, outputs = 1] = w.shape;
    const kernel = depthwise ? { shape: [rows, columns, 1, inputs * outputs], data: w.data } : w;
    const groups = depthwise ? inputs : channels / inputs;
    if (!Number.isInteger(groups)) {
      throw lowering.wrong(`expected weights for ${channels} channels, got for ${inputs}`);
    }
    const fused = attributes.texts("fused_ops");
    const [bias, activation, ...rest] = fused[0] === "BiasAdd" ? fused : [undefined, ...fused];
    if (rest.length > 0)
      throw lowering.unsupported(`the fused operators ${fused.join(", ")} are not supported`);
    const b = bias ? call.vector(2, kernel.shape[3] ?? 1) : undefined;
    const window = {
      strides: spatial(call, "strides", x),
      dilations: spatial(call, "dilations", x),
      padding: paddingOf(call, x),
    };
    if (activation) call.begin(depthwise ? "DepthwiseConv2d" : "Conv2D");
    const y = convolved(lowering, x, axes, window, groups, kernel, b);
    call.begin();
    return activation ? fusedActivation(call, activation, y, bias ? 3 : 2) : y;
  };
}

/** The gradient of a convolution to its input: a transposed convolution, whose weights have outputs before inputs. */
const convolutionGradient: Operator = (call) => {
  const { lowering } = call;
  const [size, x] = [call.integers(0), call.layer(2)];
  const axes = call.pictureAxes(4);
  const { shape, data } = call.weights(1, 4);
  const [rows = 1, columns = 1, outputs = 1, inputs = 1] = shape;
  if (x.axes.length !== 4 || size.length !== 4 || shapeOf(x)[axes.channels] !== inputs) {
    throw lowering.wrong(`expected weights for x of ${showShape(x)}, got ${lowering.show(shape)}`);
  }
  const strides = spatial(call, "strides", x);
  const dilations = spatial(call, "dilations", x);
  const padding = paddingOf(call, x);
  const kernel = [rows, columns];
  const sides = axes.spatial.map((axis, index) => {
    const [stride = 1, dilation = 1, taps = 1] = [strides[index], dilations[index], kernel[index]];
    const [length = 1, target = 1] = [shapeOf(x)[axis], size[axis]];
    const full = (length - 1) * stride + (taps - 1) * dilation + 1;
    const given = typeof padding === "object" ? (padding.before[index] ?? 0) : 0;
    const cut = padding === "upper" ? Math.max(0, full - target) : 0;
    const before = typeof padding === "object" ? given : Math.floor(cut / 2);
    const after = typeof padding === "object" ? (padding.after[index] ?? 0) : cut - before;
    const added = target - (full - before - after);
    if (added < 0 || added >= Math.max(stride, dilation, 2)) {
      throw lowering.wrong(
        `expected an output that x of ${showShape(x)} can have been made of, got [${size}]`,
      );
    }
    return { before, after, added };
  });
  const [vertical, horizontal] = sides;
  const border: Border = {
    top: vertical?.before ?? 0,
    bottom: vertical?.after ?? 0,
    left: horizontal?.before ?? 0,
    right: horizontal?.after ?? 0,
  };
  const turned = new Float32Array(data.length);
  for (let tap = 0; tap < rows * columns; tap++) {
    for (let o = 0; o < outputs; o++) {
      for (let i = 0; i < inputs; i++) {
        turned[(tap * inputs + i) * outputs + o] = data[(tap * outputs + o) * inputs + i] ?? 0;
      }
    }
  }
  const added = [vertical?.added ?? 0, horizontal?.added ?? 0] as const;
  return onPicture(lowering, x, axes, () => ({
    op: "conv2dTranspose",
    w: { shape: [rows, columns, inputs, outputs], data: turned },
    strides: pairOf(strides, 1),
    dilations: pairOf(dilations, 1),
    padding: Object.values(border).every((side) => side === 0) ? "valid" : border,
    ...(added.some((count) => count > 0) ? { outputPadding: added } : {}),
  }));
};

function pool(mode: "max" | "average"): Operator {
  return (call) => {
    const { lowering } = call;
    const x = call.layer(0);
    const axes = call.pictureAxes(x.axes.length);
    const window = {
      size: spatial(call, "ksize", x),
      strides: spatial(call, "strides", x),
      dilations: spatial(call, "dilations", x),
      padding: paddingOf(call, x),
    };
    return pooled(lowering, x, axes, window, mode, { ceil: false, countPadding: false });
  };
}

/** Normalisation by a mean and a variance that are known: a scale and an offset for each channel. */
const batchNorm: Operator = (call) => {
  const { attributes, lowering } = call;
  const x = call.layer(0);
  if (attributes.flag("is_training", false)) {
    throw lowering.unsupported("is_training is not supported: freeze the graph for inference");
  }
  const { channels } = call.pictureAxes(x.axes.length);
  const size = shapeOf(x)[channels] ?? 1;
  const [scale, offset, mean, variance] = [1, 2, 3, 4].map((index) => call.vector(index, size).data);
  const epsilon = attributes.number("epsilon", 0.001);
  const scales = Float32Array.from(
    { length: size },
    (_, c) => (scale?.[c] ?? 1) / Math.sqrt((variance?.[c] ?? 1) + epsilon),
  );
  const offsets = scales.map((one, c) => (offset?.[c] ?? 0) - (mean?.[c] ?? 0) * one);
  return affine(lowering, x, channels, scales, offsets);
};

const biasAdd: Operator = (call): Value => {
  const { lowering } = call;
  const x = call.given(0);
  const { channelsFirst } = call;
  if (x.kind === "constant" || !channelsFirst) return arithmetic(lowering, "add", x, call.given(1));
  const size = shapeOf(x)[1] ?? 1;
  return affine(lowering, x, 1, new Float32Array(size).fill(1), call.vector(1, size).data.slice());
};

/** Sizes as TensorFlow asks for them, and the places in the picture that it takes them from. */
function resize(mode: "linear" | "nearest"): Operator {
  return (call) => {
    const { attributes, lowering } = call;
    const x = call.layer(0);
    const [height = 0, width = 0] = call.integers(1);
    const corners = attributes.flag("align_corners", false);
    const centers = attributes.flag("half_pixel_centers", false);
    if (corners && centers) throw lowering.wrong("expected align_corners or half_pixel_centers, got both");
    const coordinates = corners ? "align-corners" : centers ? "half-pixel" : "asymmetric";
    // The nearest is that of the corner, rounded up from the middle on, or the pixel that the place lies in.
    const rounding = corners || centers ? "round-prefer-ceil" : "floor";
    return onPicture(lowering, x, channelsLast(x.axes.length), () => ({
      op: "resize",
      to: { size: [height, width] },
      mode,
      coordinates,
      ...(mode === "nearest" ? { rounding } : {}),
    }));
  };
}

const lrn: Operator = (call) => {
  const { attributes, lowering } = call;
  const x = call.layer(0);
  return onPicture(lowering, x, channelsLast(x.axes.length), () => ({
    op: "lrn",
    radius: attributes.number("depth_radius", 5),
    bias: attributes.number("bias", 1),
    alpha: attributes.number("alpha", 1),
    beta: attributes.number("beta", 0.5),
  }));
};

const depthToSpace: Operator = (call) => {
  const { attributes, lowering } = call;
  const x = call.layer(0);
  const block = attributes.number("block_size");
  return onPicture(lowering, x, call.pictureAxes(x.axes.length), () => ({
    op: "depthToSpace",
    block,
    order: "depth-first",
  }));
};

export const PICTURES: Readonly<Record<string, Operator>> = {
  Conv2D: convolution(false),
  _FusedConv2D: convolution(false),
  DepthwiseConv2d: convolution(true),
  DepthwiseConv2dNative: convolution(true),
  FusedDepthwiseConv2dNative: convolution(true),
  Conv2DBackpropInput: convolutionGradient,
  MaxPool: pool("max"),
  AvgPool: pool("average"),
  FusedBatchNorm: batchNorm,
  FusedBatchNormV2: batchNorm,
  FusedBatchNormV3: batchNorm,
  BiasAdd: biasAdd,
  ResizeBilinear: resize("linear"),
  ResizeNearestNeighbor: resize("nearest"),
  LRN: lrn,
  DepthToSpace: depthToSpace,
};
