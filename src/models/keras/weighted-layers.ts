import { ModelError, UnsupportedError } from "../../gpu/errors.ts";
import { formatShape } from "../../gpu/tensor.ts";
import { canBeCarried } from "../../graph/layer-facts.ts";
import type { FusedActivation } from "../../layers/activation-kinds.ts";
import type { Constant } from "../../layers/op.ts";
import type { Config } from "../json.ts";
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
  { config, writer }: KerasCall,
  make: (activation: { readonly activation?: FusedActivation }) => LayerBody,
): Converted {
  const activation = activationOf(config, writer);
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
  return activated(call, (activation) => ({
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
  return activated(call, (activation) => ({ op: "conv2dTranspose", w, ...b, ...rest, ...activation }));
};

export const depthwiseConv2d: Converter = (call) => {
  const { config, weights } = call;
  const channels = channelsOf(call);
  const multiplier = countOf(config, "depth_multiplier", 1);
  const w = weights.get(["depthwise_kernel", "kernel"], [...kernelSize(config), channels, multiplier]);
  const b = biasOf(call, channels * multiplier);
  return activated(call, (activation) => ({
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
  const channels = channelsOf(call);
  const multiplier = countOf(config, "depth_multiplier", 1);
  const filters = countOf(config, "filters");
  const depthwise = weights.get("depthwise_kernel", [...kernelSize(config), channels, multiplier]);
  const w = weights.get("pointwise_kernel", [1, 1, channels * multiplier, filters]);
  const b = biasOf(call, filters);
  const point = { strides: [1, 1], dilations: [1, 1], padding: "valid" } as const;
  const rest = activated(call, (activation) => ({ op: "conv2d", w, ...b, ...point, ...activation }));
  return [
    { suffix: "/depthwise", body: { op: "depthwiseConv2d", w: depthwise, ...windowOf(config) } },
    ...("op" in rest ? [{ suffix: "", body: rest }] : rest),
  ];
};

/** x above zero, a learnt slope times x below; along axes that are shared there is one slope. */
export const prelu: Converter = ({ config, weights, shapes: [x] }) => {
  const shared = config.has("shared_axes") ? config.numbers("shared_axes") : [];
  const shape = x.slice(1).map((size, i) => (shared.includes(i + 1) ? 1 : size));
  return { op: "prelu", slope: weights.get("alpha", shape) };
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
  return activated(call, (activation) => ({ op: "dense", w, ...b, ...activation }));
};
