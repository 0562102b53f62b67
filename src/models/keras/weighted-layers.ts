import { ModelError, UnsupportedError } from "../../gpu/errors.ts";
import { formatShape, type Shape } from "../../gpu/tensor.ts";
import { canBeCarried } from "../../graph/layer-facts.ts";
import type { FusedActivation } from "../../layers/activation-kinds.ts";
import type { Constant } from "../../layers/op.ts";
import { type Config, show } from "../json.ts";
import { activationOf } from "./activations.ts";
import {
  activationBody,
  type Converted,
  type Converter,
  type KerasCall,
  type LayerBody,
  paddingOf,
} from "./converter.ts";

/** The channels of an image input. @throws ModelError when it is none. */
function channelsOf({ config, shapes: [x] }: KerasCall): number {
  const channels = x.at(-1);
  if (x.length !== 4 || channels === undefined) {
    throw new ModelError(`${config.who}: expected an image (N×H×W×C), got ${formatShape(x)}`);
  }
  return channels;
}

/**
 * Gives a weighted layer its activation. Most are fused; those whose slope needs their input, as swish, and softmax become
 * a layer `NAME/swish` or `NAME/softmax`, and `NAME` keeps the values before it.
 */
function activated(
  config: Config,
  make: (activation: { readonly activation?: FusedActivation }) => LayerBody,
): Converted {
  const activation = activationOf(config);
  const { kind } = activation;
  if (kind === "linear") return make({});
  if (kind !== "softmax" && canBeCarried(activation)) return make({ activation });
  return [
    { suffix: "", body: make({}) },
    { suffix: `/${kind}`, body: activationBody(activation) },
  ];
}

/** A bias, unless the layer has none. */
function biasOf({ config, weights }: KerasCall, size: number): { readonly b?: Constant } {
  return config.flag("use_bias", true) ? { b: weights.get("bias", [size]) } : {};
}

function windowOf(config: Config) {
  const strides = config.pair("strides", [1, 1]);
  const dilations = config.pair("dilation_rate", [1, 1]);
  return { strides, dilations, padding: paddingOf(config) };
}

/** A whole number of at least 1 that the layer must have. */
function countOf(config: Config, key: string, fallback?: number): number {
  const value = config.number(key, fallback ?? Number.NaN);
  if (!Number.isInteger(value) || value < 1)
    throw new ModelError(`${config.who}: expected ${key} of at least 1, got ${value}`);
  return value;
}

function kernelSize(config: Config): readonly [number, number] {
  if (!config.has("kernel_size")) throw new ModelError(`${config.who}: expected a kernel_size, got none`);
  return config.pair("kernel_size", [1, 1]);
}

export const conv2d: Converter = (call) => {
  const { config, weights } = call;
  config.assertChannelsLast();
  const groups = countOf(config, "groups", 1);
  const filters = countOf(config, "filters");
  const channels = channelsOf(call);
  if (channels % groups !== 0 || filters % groups !== 0) {
    throw new ModelError(
      `${config.who}: expected channels and filters in ${groups} groups, got ${channels} and ${filters}`,
    );
  }
  const w = weights.get("kernel", [...kernelSize(config), channels / groups, filters]);
  const b = biasOf(call, filters);
  const grouped = groups > 1 ? { groups } : {};
  return activated(config, (activation) => ({
    op: "conv2d",
    w,
    ...b,
    ...windowOf(config),
    ...grouped,
    ...activation,
  }));
};

/** w [kh, kw, Cout, Cin], as TensorFlow has the weights of a transposed convolution, with its last axes exchanged. */
function exchanged({ shape, data }: Constant): Constant {
  const [kh = 1, kw = 1, cout = 1, cin = 1] = shape;
  const values = new Float32Array(data.length);
  for (let i = 0; i < values.length; i++) {
    const o = i % cout;
    const c = Math.floor(i / cout) % cin;
    const tap = Math.floor(i / cout / cin);
    values[i] = data[(tap * cout + o) * cin + c] ?? 0;
  }
  return { shape: [kh, kw, cin, cout], data: values };
}

/**
 * What TensorFlow takes off the full output of a transposed convolution, and adds to it, along one axis. The output has
 * `input · stride` elements ("same"), or so many as no window is cut ("valid"); or what `output_padding` asks for.
 */
function transposedAxis(same: boolean, reach: number, stride: number, added: number | undefined) {
  // Elements of the full output beyond those that are wanted; negative where it has too few.
  const usual = same ? reach - stride : Math.min(reach - stride, 0);
  const surplus = added === undefined ? usual : (same ? 2 * Math.floor(reach / 2) : 0) - added;
  const before = same ? Math.floor(Math.max(surplus, 0) / 2) : 0;
  const after = surplus - before;
  return { before, after: Math.max(after, 0), added: Math.max(-after, 0) };
}

export const conv2dTranspose: Converter = (call) => {
  const { config, weights } = call;
  config.assertChannelsLast();
  const groups = countOf(config, "groups", 1);
  if (groups > 1) throw new UnsupportedError(`${config.who}: expected groups 1, got ${groups}`);
  const filters = countOf(config, "filters");
  const channels = channelsOf(call);
  const size = kernelSize(config);
  const { strides, dilations, padding } = windowOf(config);
  const w = weights.derived("w", () => exchanged(weights.get("kernel", [...size, filters, channels])));
  const b = biasOf(call, filters);
  const given = config.has("output_padding") ? config.pair("output_padding", [0, 0]) : undefined;
  const [v, h] = ([0, 1] as const).map((axis) => {
    const reach = (size[axis] - 1) * dilations[axis] + 1;
    return transposedAxis(padding === "same", reach, strides[axis], given?.[axis]);
  });
  if (!v || !h) throw new ModelError(`${config.who}: expected two axes`);
  const border = { top: v.before, bottom: v.after, left: h.before, right: h.after };
  const whole = Object.values(border).every((side) => side === 0);
  const more = v.added + h.added > 0 ? { outputPadding: [v.added, h.added] as const } : {};
  const rest = { strides, dilations, padding: whole ? ("valid" as const) : border, ...more };
  return activated(config, (activation) => ({ op: "conv2dTranspose", w, ...b, ...rest, ...activation }));
};

export const depthwiseConv2d: Converter = (call) => {
  const { config, weights } = call;
  config.assertChannelsLast();
  const channels = channelsOf(call);
  const multiplier = countOf(config, "depth_multiplier", 1);
  const w = weights.get(["depthwise_kernel", "kernel"], [...kernelSize(config), channels, multiplier]);
  const b = biasOf(call, channels * multiplier);
  return activated(config, (activation) => ({
    op: "depthwiseConv2d",
    w,
    ...b,
    ...windowOf(config),
    ...activation,
  }));
};

/** A depthwise convolution `NAME/depthwise`, then a 1×1 convolution `NAME`. */
export const separableConv2d: Converter = (call) => {
  const { config, weights } = call;
  config.assertChannelsLast();
  const channels = channelsOf(call);
  const multiplier = countOf(config, "depth_multiplier", 1);
  const filters = countOf(config, "filters");
  const depthwise = weights.get("depthwise_kernel", [...kernelSize(config), channels, multiplier]);
  const w = weights.get("pointwise_kernel", [1, 1, channels * multiplier, filters]);
  const b = biasOf(call, filters);
  const point = { strides: [1, 1], dilations: [1, 1], padding: "valid" } as const;
  const rest = activated(config, (activation) => ({ op: "conv2d", w, ...b, ...point, ...activation }));
  return [
    { suffix: "/depthwise", body: { op: "depthwiseConv2d", w: depthwise, ...windowOf(config) } },
    ...("op" in rest ? [{ suffix: "", body: rest }] : rest),
  ];
};

export const dense: Converter = (call) => {
  const {
    config,
    weights,
    shapes: [x],
  } = call;
  const units = countOf(config, "units");
  const w = weights.get("kernel", [x.at(-1) ?? 1, units]);
  const b = biasOf(call, units);
  return activated(config, (activation) => ({ op: "dense", w, ...b, ...activation }));
};

/** @throws UnsupportedError unless the option names the last axis of x. */
function assertLastAxis(config: Config, x: Shape): void {
  if (!config.has("axis")) return;
  const axes = Array.isArray(config.raw.axis) ? config.numbers("axis") : [config.number("axis", -1)];
  const [axis] = axes;
  if (axes.length !== 1 || (axis !== -1 && axis !== x.length - 1)) {
    throw new UnsupportedError(`${config.who}: expected the last axis (channels), got axis ${axes}`);
  }
}

/**
 * scale and offset per channel, computed in double precision.
 * @throws ModelError where 32-bit floats do not hold them.
 */
function affine(
  { who }: Config,
  channels: number,
  scale: (c: number) => number,
  offset: (c: number, scale: number) => number,
) {
  const scales = Float64Array.from({ length: channels }, (_, c) => scale(c));
  const values = {
    scale: Float32Array.from(scales),
    offset: Float32Array.from(scales, (value, c) => offset(c, value)),
  };
  const at = scales.findIndex(
    (_, c) => !Number.isFinite(values.scale[c]) || !Number.isFinite(values.offset[c]),
  );
  if (at >= 0) {
    throw new ModelError(
      `${who}: expected scales and offsets that are finite, got ${values.scale[at]} and ${values.offset[at]} at channel ${at}`,
    );
  }
  return values;
}

/** The one axis that a layer scales along, counted from the batch. @throws UnsupportedError for several, and for the batch. */
function axisOf(config: Config, x: Shape): number {
  const axes = Array.isArray(config.raw.axis) ? config.numbers("axis") : [config.number("axis", -1)];
  const [given = -1] = axes;
  const axis = given < 0 ? x.length + given : given;
  if (axes.length === 1 && Number.isInteger(axis) && axis >= 1 && axis < x.length) return axis;
  throw new UnsupportedError(
    `${config.who}: expected one axis of ${formatShape(x)}, not the batch's, got [${axes}]`,
  );
}

/** x · scale + offset along an axis; along another than the last a product `NAME/scale` and a sum. */
function scaled(scale: Float32Array, offset: Float32Array, axis: number, x: Shape): Converted {
  if (axis === x.length - 1) return { op: "batchNorm", scale, offset };
  const shape = x.slice(1).map((_, i) => (i + 1 === axis ? scale.length : 1));
  return [
    { suffix: "/scale", body: { op: "multiply", constant: { shape, data: scale } } },
    { suffix: "", body: { op: "add", constant: { shape, data: offset } } },
  ];
}

export const batchNormalization: Converter = ({ config, weights, shapes: [x] }) => {
  const axis = axisOf(config, x);
  const channels = x[axis] ?? 1;
  const folded = weights.derived("affine", () => {
    const gamma = config.flag("scale", true) ? weights.get("gamma", [channels]).data : undefined;
    const beta = config.flag("center", true) ? weights.get("beta", [channels]).data : undefined;
    const mean = weights.get("moving_mean", [channels]).data;
    const variance = weights.get("moving_variance", [channels]).data;
    const epsilon = config.number("epsilon", 1e-3);
    const negative = variance.findIndex((value) => value + epsilon <= 0);
    if (negative >= 0) {
      throw new ModelError(
        `${config.who}: expected variances of at least 0, got ${variance[negative]} at channel ${negative}`,
      );
    }
    return affine(
      config,
      channels,
      (c) => (gamma?.[c] ?? 1) / Math.sqrt((variance[c] ?? 1) + epsilon),
      (c, scale) => (beta?.[c] ?? 0) - (mean[c] ?? 0) * scale,
    );
  });
  return scaled(folded.scale, folded.offset, axis, x);
};

/** One number for all channels, or one for each. */
function perChannel(config: Config, key: string, fallback: number, channels: number): number[] {
  const values = Array.isArray(config.raw[key]) ? config.numbers(key) : [config.number(key, fallback)];
  const [only = fallback] = values;
  if (values.length === 1) return Array<number>(channels).fill(only);
  if (values.length !== channels) {
    throw new UnsupportedError(
      `${config.who}: expected ${key} as one number or ${channels}, got ${values.length}`,
    );
  }
  return values;
}

export const rescaling: Converter = ({ config, weights, shapes: [x] }) => {
  const channels = x.at(-1) ?? 1;
  weights.make(2 * channels);
  const folded = weights.derived("affine", () => ({
    scale: Float32Array.from(perChannel(config, "scale", 1, channels)),
    offset: Float32Array.from(perChannel(config, "offset", 0, channels)),
  }));
  return { op: "batchNorm", ...folded };
};

/** (x − mean) / √variance per channel; the statistics are weights, or options. */
export const normalization: Converter = ({ config, weights, shapes: [x] }) => {
  assertLastAxis(config, x);
  if (config.flag("invert", false))
    throw new UnsupportedError(`${config.who}: expected invert false, got true`);
  const channels = x.at(-1) ?? 1;
  weights.make(2 * channels);
  const folded = weights.derived("affine", () => {
    const statistic = (key: string) =>
      config.has(key) ? flat(config, key, channels) : weights.get(key, [channels]).data;
    const [mean, variance] = [statistic("mean"), statistic("variance")];
    const negative = variance.findIndex((value) => value < 0);
    if (negative >= 0) {
      throw new ModelError(
        `${config.who}: expected variances of at least 0, got ${variance[negative]} at channel ${negative}`,
      );
    }
    const values = affine(
      config,
      channels,
      (c) => 1 / Math.max(Math.sqrt(variance[c] ?? 1), 1e-7),
      (c, scale) => -(mean[c] ?? 0) * scale,
    );
    weights.ignore();
    return values;
  });
  return { op: "batchNorm", ...folded };
};

/** A statistic that is written as an option, in any nesting: [[[[a, b, c]]]]. */
function flat(config: Config, key: string, channels: number): number[] {
  const value = config.raw[key];
  const values: unknown[] = Array.isArray(value)
    ? value.flat(Number.POSITIVE_INFINITY)
    : [config.number(key, 0)];
  const numbers = values.map((number) => (typeof number === "number" ? number : Number.NaN));
  const [only = 0] = numbers;
  const spread = numbers.length === 1 ? Array<number>(channels).fill(only) : numbers;
  if (spread.length !== channels || !spread.every(Number.isFinite)) {
    throw new ModelError(`${config.who}: expected ${key} of ${channels} numbers, got ${show(value)}`);
  }
  return spread;
}
