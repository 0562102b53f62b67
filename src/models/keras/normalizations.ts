import { ModelError, UnsupportedError } from "../../gpu/errors.ts";
import { formatShape, type Shape } from "../../gpu/tensor.ts";
import { type Config, show } from "../json.ts";
import type { Converted, Converter, KerasCall } from "./converter.ts";

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

/** Scale and offset of a normalisation, by Keras's names; of ones and zeros where it has none. */
function scaleAndOffset({ config, weights }: KerasCall, shape: Shape) {
  return {
    ...(config.flag("scale", true) ? { scale: weights.get("gamma", shape) } : {}),
    ...(config.flag("center", true) ? { offset: weights.get("beta", shape) } : {}),
  };
}

export const layerNormalization: Converter = (call) => {
  const { config, shapes } = call;
  const [x] = shapes;
  if (config.flag("rms_scaling", false)) {
    throw new UnsupportedError(`${config.who}: expected rms_scaling false, got true`);
  }
  const given = Array.isArray(config.raw.axis) ? config.numbers("axis") : [config.number("axis", -1)];
  const axes = given.map((axis) => (axis < 0 ? x.length + axis : axis)).sort((a, b) => a - b);
  const wide = x.slice(1).map((size, i) => (axes.includes(i + 1) ? size : 1));
  // The weights have the normalised axes alone.
  const { scale, offset } = scaleAndOffset(
    call,
    axes.map((axis) => x[axis] ?? 1),
  );
  return {
    op: "normalization",
    axes,
    epsilon: config.number("epsilon", 1e-3),
    ...(scale ? { scale: { shape: wide, data: scale.data } } : {}),
    ...(offset ? { offset: { shape: wide, data: offset.data } } : {}),
  };
};

export const groupNormalization: Converter = (call) => {
  const { config, shapes } = call;
  const [x] = shapes;
  assertLastAxis(config, x);
  const channels = x.at(-1) ?? 1;
  const given = config.number("groups", 32);
  const groups = given === -1 ? channels : given;
  if (channels % groups !== 0) {
    throw new ModelError(`${config.who}: expected ${channels} channels in ${groups} groups`);
  }
  const axes = x.slice(1).map((_, i) => i + 1);
  const rest = { epsilon: config.number("epsilon", 1e-3), ...scaleAndOffset(call, [channels]) };
  return { op: "normalization", axes, groups, ...rest };
};

/** x / ‖x‖ along some axes: the norm's square `NAME/square`, what is left of it where it is all but 0, and the quotient. */
export const unitNormalization: Converter = ({ config, shapes: [x] }) => {
  const given = Array.isArray(config.raw.axis) ? config.numbers("axis") : [config.number("axis", -1)];
  const axes = given.map((axis) => (axis < 0 ? x.length + axis : axis));
  return [
    { suffix: "/square", body: { op: "reduce", mode: "sumSquare", axes, keepDims: true } },
    { suffix: "/least", body: { op: "activation", activation: { kind: "clip", alpha: 1e-12 } } },
    { suffix: "/norm", body: { op: "activation", activation: { kind: "sqrt" } } },
    { suffix: "/inverse", body: { op: "activation", activation: { kind: "reciprocal" } } },
    { suffix: "", body: { op: "multiply" }, reads: [0] },
  ];
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
