import { shapeOf } from "../../lowering/layout.ts";
import type { Lowering } from "../../lowering/lowering.ts";
import {
  assertChannels,
  channelsFirst,
  convolved,
  kernelOf,
  onPicture,
  pairOf,
} from "../../lowering/pictures.ts";
import { weightsOf } from "../../lowering/products.ts";
import type { ConstantValue } from "../../lowering/value.ts";
import type { Call, Operator } from "../call.ts";
import { windowOf } from "./window.ts";

function biasOf(call: Call, index: number, size: number) {
  const given = call.constantIf(index);
  if (!given) return undefined;
  const b = weightsOf(call.lowering, given);
  if (b.data.length !== size) throw call.lowering.wrong(`expected ${size} biases, got ${b.data.length}`);
  return b;
}

/** The weights of a convolution over one or two axes. */
function kernelWeights({ attributes, lowering }: Call, weights: ConstantValue, rank: number): ConstantValue {
  if (weights.shape.length !== rank) {
    throw lowering.wrong(`expected weights of ${rank} axes, got ${lowering.show(weights.shape)}`);
  }
  const size = weights.shape.slice(2);
  if (size.length > 2) {
    throw lowering.unsupported(`convolution over ${size.length} axes is not supported, only over one or two`);
  }
  const kernel = attributes.numbers("kernel_shape");
  if (kernel && String(kernel) !== String(size)) {
    throw lowering.wrong(`expected kernel_shape [${size}] of the weights, got [${kernel}]`);
  }
  return weights;
}

const conv: Operator = (call) => {
  const { attributes, lowering } = call;
  const x = call.layer(0);
  const axes = channelsFirst(x.axes.length);
  const weights = kernelWeights(call, call.constant(1), x.axes.length);
  const groups = attributes.number("group", 1);
  // Before they are read: a small file may claim many.
  const [outputs = 1, inputs = 1] = weights.shape;
  assertChannels(lowering, x, axes, groups, [inputs, outputs]);
  const w = kernelOf(weightsOf(lowering, weights));
  const b = biasOf(call, 2, weights.shape[0] ?? 1);
  return convolved(lowering, x, axes, windowOf(call, axes.spatial.length), groups, w, b);
};

/** Weights [inputs, outputs of a group, …spatial] as layers have them: [rows, columns, inputs, outputs of a group]. */
function transposedKernel(lowering: Lowering, x: ConstantValue) {
  const { shape, data } = weightsOf(lowering, x);
  const [inputs = 1, outputs = 1, ...spatial] = shape;
  const [rows, columns] = pairOf(spatial, 1);
  const taps = rows * columns;
  const turned = new Float32Array(data.length);
  for (let pair = 0; pair < inputs * outputs; pair++) {
    for (let tap = 0; tap < taps; tap++) turned[tap * inputs * outputs + pair] = data[pair * taps + tap] ?? 0;
  }
  return { shape: [rows, columns, inputs, outputs], data: turned };
}

const convTranspose: Operator = (call) => {
  const { attributes, lowering } = call;
  const x = call.layer(0);
  const axes = channelsFirst(x.axes.length);
  const spatial = axes.spatial.length;
  const groups = attributes.number("group", 1);
  const weights = kernelWeights(call, call.constant(1), x.axes.length);
  if (!(groups >= 1)) throw lowering.wrong(`expected a group of at least 1, got ${groups}`);
  const window = windowOf(call, spatial);
  const size = weights.shape.slice(2);
  const extra = attributes.numbers("output_padding") ?? size.map(() => 0);
  const wanted = attributes.numbers("output_shape")?.slice(-spatial);
  const w = transposedKernel(lowering, weights);
  const b = biasOf(call, 2, (weights.shape[1] ?? 1) * groups);
  return onPicture(lowering, x, axes, () => {
    const sides = axes.spatial.map((axis, index) => {
      const input = shapeOf(x)[axis] ?? 1;
      const [stride = 1, dilation = 1] = [window.strides[index], window.dilations[index]];
      const added = extra[index] ?? 0;
      const full = (input - 1) * stride + added + ((size[index] ?? 1) - 1) * dilation + 1;
      const { padding } = window;
      if (typeof padding === "object" && !wanted) {
        return { before: padding.before[index] ?? 0, after: padding.after[index] ?? 0, added };
      }
      if (padding === "valid" && !wanted) return { before: 0, after: 0, added };
      const total = full - (wanted?.[index] ?? input * stride);
      if (total < 0) return { before: 0, after: 0, added: added - total };
      const half = Math.floor(total / 2);
      return padding === "upper"
        ? { before: half, after: total - half, added }
        : { before: total - half, after: half, added };
    });
    const [top, left] = pairOf(
      sides.map(({ before }) => before),
      0,
    );
    const [bottom, right] = pairOf(
      sides.map(({ after }) => after),
      0,
    );
    const outputPadding = pairOf(
      sides.map(({ added }) => added),
      0,
    );
    const border = { top, bottom, left, right };
    const none = Object.values(border).every((side) => side === 0);
    return {
      op: "conv2dTranspose",
      w,
      ...(b ? { b } : {}),
      strides: pairOf(window.strides, 1),
      dilations: pairOf(window.dilations, 1),
      padding: none ? "valid" : border,
      ...(groups > 1 ? { groups } : {}),
      ...(outputPadding.some((side) => side !== 0) ? { outputPadding } : {}),
    };
  });
};

/** Convolutions over one or two axes. */
export const CONVOLUTIONS: Readonly<Record<string, Operator>> = {
  Conv: conv,
  ConvTranspose: convTranspose,
};
