import { sizeOf } from "../../../gpu/tensor.ts";
import { reshapedConstant } from "../../lowering/constants.ts";
import { arithmetic } from "../../lowering/elementwise.ts";
import { shapeOf } from "../../lowering/layout.ts";
import type { LayerBody, Lowering } from "../../lowering/lowering.ts";
import { reshaped } from "../../lowering/movement.ts";
import {
  channelsFirst,
  convolved,
  type FileWindow,
  kernelOf,
  onPicture,
  pairOf,
  pooled,
} from "../../lowering/pictures.ts";
import { weightsOf } from "../../lowering/products.ts";
import { groupNormalized, normalized, reduced } from "../../lowering/reduction.ts";
import { type ConstantValue, constant, type Value } from "../../lowering/value.ts";
import { type Call, missing, type Operator } from "../call.ts";

/** The window of a convolution or pool over `spatial` axes. */
function windowOf({ attributes, lowering }: Call, spatial: number): Omit<FileWindow, "size"> {
  const list = (name: string, otherwise: number, length = spatial) => {
    const values = attributes.numbers(name) ?? Array<number>(length).fill(otherwise);
    if (values.length !== length || !values.every(Number.isInteger)) {
      throw lowering.wrong(`expected ${name} of ${length} whole numbers, got [${values}]`);
    }
    return values;
  };
  const [strides, dilations] = [list("strides", 1), list("dilations", 1)];
  const auto = attributes.text("auto_pad", "NOTSET");
  const pads = list("pads", 0, 2 * spatial);
  if (auto === "VALID") return { strides, dilations, padding: "valid" };
  if (auto === "SAME_UPPER") return { strides, dilations, padding: "upper" };
  if (auto === "SAME_LOWER") return { strides, dilations, padding: "lower" };
  if (auto !== "NOTSET" && auto !== "") {
    throw lowering.wrong(`expected auto_pad of NOTSET, VALID, SAME_UPPER or SAME_LOWER, got "${auto}"`);
  }
  return { strides, dilations, padding: { before: pads.slice(0, spatial), after: pads.slice(spatial) } };
}

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
  const w = kernelOf(weightsOf(lowering, weights));
  const groups = attributes.number("group", 1);
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

/** The first axis of a window and one that does nothing beside it; undefined where more than the first does something. */
function alongFirst({ size, strides, dilations, padding }: FileWindow): FileWindow | undefined {
  const [first, ...rest] = [size, strides, dilations].map(([own = 1]) => [own, 1]);
  const idle = [size, strides].every((some) => some.slice(1).every((one) => one === 1));
  if (!idle || !first || !rest[0] || !rest[1]) return undefined;
  const [more, less] = [rest[0], rest[1]];
  if (typeof padding !== "object") return { size: first, strides: more, dilations: less, padding };
  const { before, after } = padding;
  if (![before, after].every((side) => side.slice(1).every((one) => one === 0))) return undefined;
  return {
    size: first,
    strides: more,
    dilations: less,
    padding: { before: [before[0] ?? 0, 0], after: [after[0] ?? 0, 0] },
  };
}

const pool =
  (mode: "max" | "average"): Operator =>
  (call) => {
    const { attributes, lowering } = call;
    const x = call.layer(0);
    const spatial = Math.max(1, x.axes.length - 2);
    const size = attributes.numbers("kernel_shape");
    if (!size || size.length !== spatial) {
      throw lowering.wrong(`expected kernel_shape of ${spatial} numbers, got [${size}]`);
    }
    const options = {
      ceil: attributes.flag("ceil_mode", false),
      countPadding: attributes.flag("count_include_pad", false),
    };
    const window = { ...windowOf(call, spatial), size };
    const along = spatial > 2 ? alongFirst(window) : undefined;
    const own = shapeOf(x);
    // PyTorch's local response norm pools over channels, which it has made one of three axes.
    const rows = along && reshaped(lowering, x, [...own.slice(0, 3), sizeOf(own.slice(3))]);
    const flat = pooled(
      lowering,
      rows ?? x,
      channelsFirst(rows ? 4 : x.axes.length),
      along ?? window,
      mode,
      options,
    );
    const y = along ? reshaped(lowering, flat, [...shapeOf(flat).slice(0, 3), ...own.slice(3)]) : flat;
    const places = missing(lowering.unsupported("the places of the maxima are not supported"));
    return [y, places].slice(0, call.outputs.length);
  };

const globalPool =
  (mode: "max" | "mean"): Operator =>
  (call) => {
    const x = call.layer(0);
    return reduced(
      call.lowering,
      x,
      mode,
      x.axes.flatMap((_, axis) => (axis > 1 ? [axis] : [])),
      true,
    );
  };

/** One number a channel, as it broadcasts against an array of that rank. */
function perChannel(c: ConstantValue, rank: number): ConstantValue {
  return reshapedConstant(c, [c.shape[0] ?? 1, ...Array<number>(Math.max(0, rank - 2)).fill(1)]);
}

const instanceNormalization: Operator = (call) => {
  const x = call.layer(0);
  const rank = x.axes.length;
  const [scale, offset] = [1, 2].map((index) => perChannel(call.constant(index), rank));
  const axes = x.axes.flatMap((_, axis) => (axis > 1 ? [axis] : []));
  const plain = (c: ConstantValue | undefined, value: number) => c?.read().every((one) => one === value);
  // An exporter's group normalisation reshapes first and scales later.
  if (plain(scale, 1) && plain(offset, 0)) {
    return normalized(call.lowering, x, axes, call.attributes.number("epsilon", 1e-5));
  }
  return normalized(call.lowering, x, axes, call.attributes.number("epsilon", 1e-5), scale, offset);
};

const groupNormalization: Operator = (call): Value => {
  const { attributes, lowering } = call;
  const x = call.layer(0);
  const groups = attributes.number("num_groups");
  const channels = shapeOf(x)[1] ?? 1;
  const spread = (index: number): ConstantValue => {
    const given = call.constant(index);
    const values = given.read();
    const each = channels / values.length;
    const data = Float32Array.from({ length: channels }, (_, c) => values[Math.floor(c / each)] ?? 0);
    return perChannel(constant("float", [channels], data), x.axes.length);
  };
  const y = groupNormalized(lowering, x, groups, attributes.number("epsilon", 1e-5));
  return arithmetic(
    lowering,
    "add",
    arithmetic(lowering, "multiply", y, spread(1), "scale"),
    spread(2),
    "offset",
  );
};

const layerNormalization: Operator = (call) => {
  const { attributes, lowering } = call;
  const x = call.layer(0);
  const first = call.axis(attributes.number("axis", -1), x.axes.length);
  const axes = x.axes.flatMap((_, axis) => (axis >= first ? [axis] : []));
  const epsilon = attributes.number("epsilon", 1e-5);
  const y = normalized(lowering, x, axes, epsilon, call.constant(1), call.constantIf(2));
  const without = missing(lowering.unsupported("its mean and deviation as outputs are not supported"));
  return [y, without, without].slice(0, call.outputs.length);
};

const meanVarianceNormalization: Operator = (call) => {
  const x = call.layer(0);
  const axes = call.axes(call.attributes.numbers("axes") ?? [0, 2, 3], x.axes.length);
  return normalized(call.lowering, x, axes, 1e-9);
};

const lrn: Operator = (call) => {
  const { attributes, lowering } = call;
  const x = call.layer(0);
  const size = attributes.number("size");
  return onPicture(lowering, x, channelsFirst(x.axes.length), () => ({
    op: "lrn",
    radius: Math.floor((size - 1) / 2),
    after: Math.ceil((size - 1) / 2),
    bias: attributes.number("bias", 1),
    alpha: attributes.number("alpha", 1e-4) / size,
    beta: attributes.number("beta", 0.75),
  }));
};

const depthToSpace: Operator = (call) => {
  const mode = call.attributes.text("mode", "DCR");
  if (mode !== "DCR" && mode !== "CRD")
    throw call.lowering.wrong(`expected mode of DCR or CRD, got "${mode}"`);
  return onPicture(call.lowering, call.layer(0), channelsFirst(4), () => ({
    op: "depthToSpace",
    block: call.attributes.number("blocksize"),
    order: mode === "DCR" ? "depth-first" : "column-first",
  }));
};

const spaceToDepth: Operator = (call) =>
  onPicture(call.lowering, call.layer(0), channelsFirst(4), () => ({
    op: "spaceToDepth",
    block: call.attributes.number("blocksize"),
    order: "depth-first",
  }));

const COORDINATES = {
  half_pixel: "half-pixel",
  asymmetric: "asymmetric",
  align_corners: "align-corners",
  pytorch_half_pixel: "pytorch-half-pixel",
} as const;

const ROUNDING = {
  floor: "floor",
  ceil: "ceil",
  round_prefer_floor: "round-prefer-floor",
  round_prefer_ceil: "round-prefer-ceil",
} as const;

/** The setting that a file's word names. */
function known<T>(lowering: Lowering, name: string, words: Readonly<Record<string, T>>, word: string): T {
  const found = Object.hasOwn(words, word) ? words[word] : undefined;
  if (found !== undefined) return found;
  throw lowering.unsupported(`expected ${name} of ${Object.keys(words).join(", ")}, got "${word}"`);
}

/** True if a product of sizes and scales is a whole number, but for the rounding of 32 bits. */
const isWhole = (length: number): boolean => Math.abs(length - Math.round(length)) < 1e-4;

const resize: Operator = (call) => {
  const { attributes, lowering, opset } = call;
  const old = opset < 11;
  const [scales, sizes] = [call.integers("scales", old ? 1 : 2), old ? undefined : call.constantIf(3)];
  const x = call.layer(0);
  const rank = x.axes.length;
  const axes = call.axes(attributes.numbers("axes") ?? x.axes.map((_, axis) => axis), rank);
  const shape = shapeOf(x);
  const mode = known(
    lowering,
    "mode",
    { nearest: "nearest", linear: "linear", bilinear: "linear", cubic: "cubic" } as const,
    attributes.text("mode", "nearest"),
  );
  const policy = attributes.text("keep_aspect_ratio_policy", "stretch");
  if (policy !== "stretch")
    throw lowering.unsupported(`keep_aspect_ratio_policy "${policy}" is not supported`);
  if (attributes.flag("antialias", false)) throw lowering.unsupported("antialias is not supported");
  if (mode === "cubic" && attributes.flag("exclude_outside", false))
    throw lowering.unsupported("exclude_outside is not supported");
  const target = sizes && sizes.read().length > 0 ? call.list(3) : undefined;
  if (!target && !scales?.length) throw lowering.wrong("expected scales or sizes, got neither");
  const factors = shape.map((size, axis) => {
    const at = axes.indexOf(axis);
    if (at < 0) return 1;
    // A fixed batch is written as a number.
    if (x.axes[axis]?.includes(0)) return 1;
    return target ? (target[at] ?? size) / size : (scales?.[at] ?? 1);
  });
  const spatial = rank === 3 ? [2] : [2, 3];
  const last = shape.flatMap((size, axis) =>
    factors[axis] !== 1 && size * (factors[axis] ?? 1) !== size ? [axis] : [],
  );
  const channelsLast =
    last.length > 0 && last.every((axis) => axis === 1 || axis === rank - 2) && last.includes(1);
  if (rank < 3 || rank > 4 || (!channelsLast && last.some((axis) => !spatial.includes(axis)))) {
    throw lowering.unsupported(
      `expected pictures resized in height and width, got factors ${factors.join(", ")}`,
    );
  }
  const pictureAxes = channelsLast
    ? { channels: rank - 1, spatial: [1, 2].slice(0, rank - 2) }
    : channelsFirst(rank);
  // A scale of 32 bits may stand for a whole length that it misses by its rounding.
  const own = pictureAxes.spatial.map((axis) => {
    const [length, factor] = [shape[axis] ?? 1, factors[axis] ?? 1];
    return isWhole(length * factor) ? Math.round(length * factor) / length : factor;
  });
  const whole = own.every(Number.isInteger);
  const to =
    whole || !target
      ? { factor: pairOf(own, 1) }
      : {
          size: pairOf(
            pictureAxes.spatial.map((axis) => target[axes.indexOf(axis)] ?? 1),
            1,
          ),
        };
  const coordinates = known(
    lowering,
    "coordinate_transformation_mode",
    COORDINATES,
    attributes.text("coordinate_transformation_mode", old ? "asymmetric" : "half_pixel"),
  );
  const lengths = pictureAxes.spatial.map((axis, index) => (shape[axis] ?? 1) * (own[index] ?? 1));
  if (coordinates === "align-corners" && !target && !lengths.every(isWhole)) {
    throw lowering.unsupported(
      `align_corners with scales that give ${lengths.join("×")} pixels, of which ONNX and its runtimes make different pictures, is not supported`,
    );
  }
  const rounding =
    mode === "nearest"
      ? known(
          lowering,
          "nearest_mode",
          ROUNDING,
          attributes.text("nearest_mode", old ? "floor" : "round_prefer_floor"),
        )
      : undefined;
  return onPicture(
    lowering,
    x,
    pictureAxes,
    (): LayerBody => ({
      op: "resize",
      to,
      mode,
      coordinates,
      ...(rounding ? { rounding } : {}),
      ...(mode === "cubic" ? { cubicCoefficient: attributes.number("cubic_coeff_a", -0.75) } : {}),
    }),
  );
};

export const PICTURES: Readonly<Record<string, Operator>> = {
  AveragePool: pool("average"),
  Conv: conv,
  ConvTranspose: convTranspose,
  DepthToSpace: depthToSpace,
  GlobalAveragePool: globalPool("mean"),
  GlobalMaxPool: globalPool("max"),
  GroupNormalization: groupNormalization,
  InstanceNormalization: instanceNormalization,
  LRN: lrn,
  LayerNormalization: layerNormalization,
  MaxPool: pool("max"),
  MeanVarianceNormalization: meanVarianceNormalization,
  Resize: resize,
  SpaceToDepth: spaceToDepth,
  Upsample: resize,
};
