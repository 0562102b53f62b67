import { ModelError, UnsupportedError } from "../../gpu/errors.ts";
import { type Shape, sizeOf } from "../../gpu/tensor.ts";
import type { ActivationKind } from "../../layers/activation-kinds.ts";
import type { BinaryOperator } from "../../layers/binary.ts";
import type { Constant } from "../../layers/op.ts";
import type { ReduceMode } from "../../layers/reduce.ts";
import { type Config, isObject, show } from "../json.ts";
import { ACTIVATION_NAMES, activationNamed, reluWith } from "./activations.ts";
import {
  activationBody,
  type Converted,
  type Converter,
  type KerasCall,
  type LayerBody,
} from "./converter.ts";
import { InputAt } from "./topology.ts";

/** An operand of an operation: one of the call's inputs, or a value that the file holds. */
type Operand = { readonly input: number } | { readonly constant: Constant };

/** An argument by its place or by one of its names; undefined where the call was given none. */
function argumentOf(
  { given: { args, kwargs } }: KerasCall,
  place: number,
  ...names: readonly string[]
): unknown {
  return (
    args[place] ?? names.map((name) => kwargs[name]).find((value) => value !== undefined && value !== null)
  );
}

/** Numbers in any nesting, with the shape of that. */
function constantOf(value: unknown, who: string): Constant {
  const shape: number[] = [];
  for (let at: unknown = value; Array.isArray(at); at = at[0]) shape.push(at.length);
  const data = Float32Array.from([value].flat(Number.POSITIVE_INFINITY), (one) =>
    typeof one === "number" ? one : Number.NaN,
  );
  if (data.length !== sizeOf(shape) || !data.every(Number.isFinite)) {
    throw new UnsupportedError(`${who}: expected an operand of numbers, got ${show(value)}`);
  }
  return { shape, data };
}

function operandOf(call: KerasCall, place: number, ...names: readonly string[]): Operand {
  const value = argumentOf(call, place, ...names);
  if (value instanceof InputAt) return { input: value.index };
  const constant = constantOf(value, call.config.who);
  call.weights.make(constant.data.length);
  return { constant };
}

/** A constant as one number for each channel, where it has no other axes; undefined where it has. */
function perChannel({ shape, data }: Constant, channels: number): Float32Array | undefined {
  if (data.length === 1) return new Float32Array(channels).fill(data[0] ?? 0);
  return data.length === channels && shape.at(-1) === channels ? data : undefined;
}

/** A constant's shape without the batch, which it may have as an axis of one. */
function withoutBatch({ shape, data }: Constant, rank: number): Constant {
  return shape.length === rank && shape[0] === 1 ? { shape: shape.slice(1), data } : { shape, data };
}

type Arithmetic = "add" | "multiply" | BinaryOperator;

/** scale · x + offset for what an operation makes of x and a constant c; undefined where it is not of that form. */
const AFFINE: Readonly<
  Partial<Record<Arithmetic, (c: number, first: boolean) => readonly [number, number] | undefined>>
> = {
  add: (c) => [1, c],
  subtract: (c, first) => (first ? [-1, c] : [1, -c]),
  multiply: (c) => [c, 0],
  divide: (c, first) => (first || c === 0 ? undefined : [1 / c, 0]),
};

/** Two operands, of which one may be a value of the file: one number, or one a channel, becomes a scaling. */
function arithmetic(kind: Arithmetic): Converter {
  return (call) => {
    const [a, b] = [operandOf(call, 0, "x", "x1", "a", "value"), operandOf(call, 1, "y", "x2", "b", "bias")];
    const first = "constant" in a;
    const constant = "constant" in a ? a.constant : "constant" in b ? b.constant : undefined;
    if (!constant)
      return kind === "add" || kind === "multiply" ? { op: kind } : { op: "binary", operator: kind };
    const [x] = call.shapes;
    const values = perChannel(constant, x.at(-1) ?? 1);
    const affine = values && Array.from(values, (c) => AFFINE[kind]?.(c, first));
    if (affine?.every((pair) => pair !== undefined)) {
      const [scale, offset] = [affine.map(([s]) => s), affine.map(([, o]) => o)];
      return { op: "batchNorm", scale: Float32Array.from(scale), offset: Float32Array.from(offset) };
    }
    const operand = withoutBatch(constant, x.length);
    if (kind === "add" || kind === "multiply") return { op: kind, constant: operand };
    return { op: "binary", operator: kind, constant: operand, ...(first ? { constantFirst: true } : {}) };
  };
}

const elementwise =
  (kind: ActivationKind): Converter =>
  () =>
    activationBody({ kind });

/** The parameters that an activation is called with, in order behind x, under each of their names. */
const PARAMETERS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  relu: [["negative_slope", "alpha"], ["max_value"], ["threshold"]],
  leaky_relu: [["negative_slope", "alpha"]],
  elu: [["alpha"]],
  celu: [["alpha"]],
  gelu: [["approximate"]],
};

/** The parameters of an activation's call. @throws UnsupportedError for one that the activation does not have. */
function parametersOf(call: KerasCall, name: string): (number | boolean | undefined)[] {
  const { config, given } = call;
  const known = PARAMETERS[name] ?? [];
  const called = new Set(["x", "features", "logits", "input", "name", ...known.flat()]);
  const stray = Object.keys(given.kwargs).find((key) => !called.has(key) && given.kwargs[key] !== null);
  // TensorFlow takes a name for the node behind its arguments.
  const more = given.args
    .slice(1 + known.length)
    .find((value) => value !== null && typeof value !== "string");
  if (stray !== undefined || more !== undefined) {
    throw new UnsupportedError(
      `${config.who}: expected ${name} with no parameter but ${known.map(([first]) => first).join(", ") || "its input"}, got ${stray ?? show(more)}`,
    );
  }
  return known.map((names, place) => {
    const value =
      argumentOf(call, place + 1, ...names) ??
      names.map((key) => config.raw[key]).find((own) => own !== undefined);
    return typeof value === "number" || typeof value === "boolean" ? value : undefined;
  });
}

/** An activation by its name in Keras, with the parameters of its call. */
const activation =
  (name: string): Converter =>
  (call) => {
    const { config, writer } = call;
    const [first, ceiling, threshold] = parametersOf(call, name);
    const number = (value: unknown, otherwise: number) => (typeof value === "number" ? value : otherwise);
    if (name === "relu") {
      const most = typeof ceiling === "number" ? ceiling : undefined;
      return activationBody(
        reluWith({ slope: number(first, 0), threshold: number(threshold, 0), ceiling: most }),
      );
    }
    if (name === "gelu") {
      if (first === undefined && writer === "keras3") {
        throw new UnsupportedError(
          `${config.who}: expected gelu that says whether it is approximate, got neither`,
        );
      }
      return activationBody({ kind: first === true ? "geluTanh" : "gelu" });
    }
    const found = activationNamed(config.who, name, writer);
    if (typeof first !== "number" || found.kind === "softmax") return activationBody(found);
    return activationBody({ ...found, alpha: first });
  };

/** √, then 1/x. */
const inverseRoot: Converter = () => [
  { suffix: "/sqrt", body: { op: "activation", activation: { kind: "sqrt" } } },
  { suffix: "", body: { op: "activation", activation: { kind: "reciprocal" } } },
];

const clip: Converter = (call) => {
  const [least, most] = [
    argumentOf(call, 1, "clip_value_min", "x_min"),
    argumentOf(call, 2, "clip_value_max", "x_max"),
  ];
  const [low, high] = [least ?? call.config.raw.x_min, most ?? call.config.raw.x_max];
  if (typeof low !== "number" || typeof high !== "number") {
    throw new UnsupportedError(
      `${call.config.who}: expected bounds that are numbers, got ${show([low, high])}`,
    );
  }
  return { op: "activation", activation: { kind: "clip", alpha: low, beta: high } };
};

/** Of real numbers, the adjoint is the transpose. */
const matmul: Converter = (call) => {
  const turned = (place: number, side: "a" | "b") =>
    argumentOf(call, place, `transpose_${side}`) === true ||
    argumentOf(call, place + 2, `adjoint_${side}`) === true;
  return {
    op: "matmul",
    ...(turned(2, "a") ? { transposeA: true } : {}),
    ...(turned(3, "b") ? { transposeB: true } : {}),
  };
};

const softmax: Converter = (call) => {
  const [x] = call.shapes;
  const given = argumentOf(call, 1, "axis") ?? call.config.raw.axis ?? -1;
  const [axis = -1, ...others] = axesOf(given, x, call.config.who);
  if (others.length > 0) {
    throw new UnsupportedError(`${call.config.who}: expected a softmax over one axis, got ${show(given)}`);
  }
  return { op: "softmax", ...(axis === x.length - 1 ? {} : { axis }) };
};

/** Another shape, whose first axis is the batch. */
const reshape: Converter = (call) => {
  const [x] = call.shapes;
  const target = argumentOf(call, 1, "shape", "newshape") ?? call.config.raw.newshape;
  const [batch, ...rest]: unknown[] = Array.isArray(target) ? target : [];
  const known = rest.filter((axis): axis is number => typeof axis === "number" && axis > 0);
  const size = sizeOf(x.slice(1));
  const shape = rest.map((axis) => (axis === -1 && batch !== -1 ? size / sizeOf(known) : axis));
  if ((batch !== -1 && batch !== null) || sizeOf(shape as number[]) !== size) {
    throw new UnsupportedError(
      `${call.config.who}: expected a shape of the batch and ${size} values, got ${show(target ?? null)}`,
    );
  }
  return { op: "reshape", shape: shape as number[] };
};

/** Types of numbers that a cast may lead to: those between which nothing is rounded. */
const cast: Converter = (call) => {
  const type = argumentOf(call, 1, "dtype") ?? call.config.raw.dtype;
  const name =
    typeof type === "string" ? type : isObject(type) && isObject(type.config) ? type.config.name : type;
  if (typeof name === "string" && /float/.test(name)) return { op: "reshape" };
  throw new UnsupportedError(`${call.config.who}: expected a cast to floats, got ${show(type)}`);
};

/** Axes as the file has them, counted from 0; all but the batch where it has none. @throws UnsupportedError for the batch. */
function axesOf(value: unknown, x: Shape, who: string): number[] {
  const all = x.map((_, axis) => axis).slice(1);
  const list: unknown[] =
    value === undefined || value === null ? [0, ...all] : Array.isArray(value) ? value : [value];
  const axes = list.map((axis) => (typeof axis === "number" && axis < 0 ? x.length + axis : axis));
  if (!axes.every((axis): axis is number => all.includes(axis as number))) {
    throw new UnsupportedError(`${who}: expected axes other than the batch's, got ${show(value ?? null)}`);
  }
  return axes;
}

function reduction(mode: ReduceMode): Converter {
  return (call) => {
    const { config, given, shapes } = call;
    const [x] = shapes;
    const option = (place: number, ...names: readonly string[]) =>
      argumentOf(call, place, ...names) ??
      names.map((name) => config.raw[name]).find((value) => value !== undefined);
    const axes = axesOf(option(1, "axis"), x, config.who);
    const keepDims = (given.kwargs.keepdims ?? given.kwargs.keep_dims ?? config.raw.keepdims) === true;
    const pixels = x.length === 4 && axes.length === 2 && axes.includes(1) && axes.includes(2);
    if (pixels && (mode === "mean" || mode === "max")) {
      return {
        op: "globalPool",
        mode: mode === "mean" ? "average" : "max",
        ...(keepDims ? { keepDims } : {}),
      };
    }
    return { op: "reduce", mode, axes, keepDims };
  };
}

/** One part of a key: a slice along an axis, or one element of it. */
interface Part {
  readonly start: number;
  readonly size: number;
  readonly step: number;
  /** True if the axis goes. */
  readonly element: boolean;
}

/** The part that Python takes of an axis of so many elements. */
function partOf(key: unknown, extent: number, who: string): Part {
  const bound = (value: unknown, fallback: number, [low, high]: readonly [number, number]) => {
    if (value === undefined || value === null) return fallback;
    if (typeof value !== "number" || !Number.isInteger(value)) {
      throw new UnsupportedError(`${who}: expected bounds that are whole numbers, got ${show(value)}`);
    }
    return Math.min(high, Math.max(low, value < 0 ? value + extent : value));
  };
  if (typeof key === "number") {
    const start = key < 0 ? key + extent : key;
    if (!Number.isInteger(start) || start < 0 || start >= extent) {
      throw new ModelError(`${who}: expected an element of ${extent}, got ${key}`);
    }
    return { start, size: 1, step: 1, element: true };
  }
  const raw = isObject(key) && isObject(key.config) ? key.config : key;
  if (!isObject(raw) || !["start", "stop", "step"].some((name) => name in raw)) {
    throw new UnsupportedError(`${who}: expected slices and whole numbers, got ${show(key)}`);
  }
  const step = typeof raw.step === "number" ? raw.step : 1;
  if (!Number.isInteger(step) || step === 0) {
    throw new UnsupportedError(`${who}: expected a step other than 0, got ${show(raw.step)}`);
  }
  const limits = step > 0 ? ([0, extent] as const) : ([-1, extent - 1] as const);
  const start = bound(raw.start, step > 0 ? 0 : extent - 1, limits);
  const stop = bound(raw.stop, step > 0 ? extent : -1, limits);
  return { start, size: Math.ceil((stop - start) / step), step, element: false };
}

const isEllipsis = (key: unknown) =>
  key === "..." || (isObject(key) && /ellipsis/i.test(String(key.class_name)));

/** x[key]: slices, single elements and "…" of any axes but the batch's. */
const getItem: Converter = (call) => {
  const { who } = call.config;
  const [x] = call.shapes;
  const key = argumentOf(call, 1, "slice_spec", "key");
  const keys: unknown[] = Array.isArray(key) ? key : [key];
  const at = keys.findIndex(isEllipsis);
  const free = x.length - keys.length + (at < 0 ? 0 : 1);
  if (free < 0) throw new ModelError(`${who}: expected at most ${x.length} axes, got ${show(key)}`);
  const whole = Array.from({ length: free }, () => ({ start: null }));
  const each = at < 0 ? [...keys, ...whole] : [...keys.slice(0, at), ...whole, ...keys.slice(at + 1)];
  const parts = x.map((extent, axis) => partOf(each[axis], extent, who));
  const [batch, ...rest] = parts;
  const given = isObject(each[0]) && isObject(each[0].config) ? each[0].config : each[0];
  const bounds = isObject(given) ? [given.start, given.stop] : [given];
  const untouched = bounds.every((bound) => bound === null || bound === undefined || bound === 0);
  if (!untouched || batch?.element || batch?.step !== 1) {
    throw new UnsupportedError(`${who}: expected the batch as it is, got ${show(each[0])}`);
  }
  const taken: LayerBody = {
    op: "slice",
    starts: rest.map(({ start }) => start),
    sizes: rest.map(({ size }) => size),
    steps: rest.map(({ step }) => step),
  };
  if (!rest.some(({ element }) => element)) return taken;
  const shape = rest.filter(({ element }) => !element).map(({ size }) => size);
  return [
    { suffix: "/slice", body: taken },
    { suffix: "", body: { op: "reshape", shape } },
  ];
};

/** Axes in another order, or turned around where the call names none; the batch stays first. */
const transpose: Converter = (call) => {
  const [x] = call.shapes;
  const given = argumentOf(call, 1, "perm", "axes") ?? call.config.raw.axes;
  const axes: unknown[] = Array.isArray(given) ? given : x.map((_, axis) => x.length - 1 - axis);
  const all = axes.map((axis) => (typeof axis === "number" && axis < 0 ? axis + x.length : axis));
  if (all[0] !== 0 || !all.every((axis) => typeof axis === "number")) {
    throw new UnsupportedError(
      `${call.config.who}: expected the batch first, got axes ${show(given ?? null)}`,
    );
  }
  return { op: "permute", axes: all as number[] };
};

const concatenate: Converter = (call) => {
  const [x] = call.shapes;
  const given = argumentOf(call, 1, "axis") ?? call.config.raw.axis ?? -1;
  const [axis = -1] = axesOf(given, x, call.config.who);
  return call.shapes.length === 1 ? { op: "reshape" } : { op: "concat", axis };
};

/** The name of an operation without its module: "math.truediv" and "TrueDivide" lead to "truediv" and "truedivide". */
const plainName = (name: string) => (name.split(".").at(-1) ?? "").replaceAll("_", "").toLowerCase();

/** Operations of TensorFlow and of Keras 3 that take their operands element by element. */
const ELEMENTWISE: ReadonlyMap<string, Converter> = new Map<string, Converter>([
  ...(["add", "addv2", "biasadd"] as const).map((name) => [name, arithmetic("add")] as const),
  ...(["subtract", "sub"] as const).map((name) => [name, arithmetic("subtract")] as const),
  ...(["multiply", "mul"] as const).map((name) => [name, arithmetic("multiply")] as const),
  ...(["divide", "truediv", "truedivide", "realdiv", "div"] as const).map(
    (name) => [name, arithmetic("divide")] as const,
  ),
  ["maximum", arithmetic("maximum")],
  ["minimum", arithmetic("minimum")],
  ["pow", arithmetic("power")],
  ["power", arithmetic("power")],
  ["cast", cast],
  ["identity", () => ({ op: "reshape" })],
  ["stopgradient", () => ({ op: "reshape" })],
  ...ACTIVATION_NAMES.filter((name) => !name.endsWith("softmax")).map(
    (name) => [plainName(name), activation(name)] as const,
  ),
  ...(["exp", "log", "sqrt", "square", "abs", "negative", "reciprocal", "erf", "sin", "cos"] as const).map(
    (kind) => [kind, elementwise(kind)] as const,
  ),
  ["absolute", elementwise("abs")],
  ["neg", elementwise("negative")],
  ["rsqrt", inverseRoot],
  ["clip", clip],
  ["clipbyvalue", clip],
]);

/**
 * Operations of TensorFlow and of Keras 3 that stand among layers, by their names without the module, in small letters without
 * "_": `tf.math.truediv` and `TrueDivide` among them.
 */
const OPERATIONS: ReadonlyMap<string, Converter> = new Map<string, Converter>([
  ...ELEMENTWISE,
  ["getitem", getItem],
  ["transpose", transpose],
  ["concat", concatenate],
  ...(["reducemean", "mean"] as const).map((name) => [name, reduction("mean")] as const),
  ...(["reducesum", "sum"] as const).map((name) => [name, reduction("sum")] as const),
  ...(["reducemax", "max", "amax"] as const).map((name) => [name, reduction("max")] as const),
  ...(["reducemin", "min", "amin"] as const).map((name) => [name, reduction("min")] as const),
  ["matmul", matmul],
  ["reshape", reshape],
  ["logsoftmax", activation("log_softmax")],
  ["softmax", softmax],
]);

/** The name of the operation that a layer of Keras 2 wraps. */
const wrappedName = (config: Config) =>
  config.text("function", config.text("name", "")).replace(/(_\d+)$/, "");

/** True if a layer is an operation that takes its operands element by element. */
export function isElementwise(className: string, config: Config): boolean {
  return ELEMENTWISE.has(plainName(className === "TFOpLambda" ? wrappedName(config) : className));
}

/** An operation of TensorFlow that Keras 2 wrapped as a layer. */
export const operationLayer: Converter = (call): Converted => {
  const { config } = call;
  const name = wrappedName(config);
  const convert = OPERATIONS.get(plainName(name));
  if (!convert) {
    throw new UnsupportedError(
      `${config.who}: expected one of the operations ${[...OPERATIONS.keys()].join(", ")}, got ${name}`,
    );
  }
  return convert(call);
};

const holdsInput = (value: unknown): boolean =>
  value instanceof InputAt || (Array.isArray(value) && value.some(holdsInput));

/** True if one of a call's operands is a value of the file. A layer has none; an operation of Keras 3 may. */
function holdsConstant({ args, kwargs }: KerasCall["given"]): boolean {
  const operands = [
    ...args,
    ...["x", "x1", "x2", "y"].flatMap((name) => (name in kwargs ? [kwargs[name]] : [])),
  ];
  return operands.some((operand) => !holdsInput(operand));
}

/**
 * The converter of an operation of Keras 3 by its class. Where a layer has the same name, as `Add`, it is meant unless an
 * operand is a value.
 */
export function operationNamed(call: KerasCall, className: string, isLayer: boolean): Converter | undefined {
  return isLayer && !holdsConstant(call.given) ? undefined : OPERATIONS.get(plainName(className));
}
