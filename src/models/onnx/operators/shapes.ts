import { sizeOf } from "../../../gpu/tensor.ts";
import { combinedConstants, elementsOf, lazily, taken } from "../../lowering/constants.ts";
import { activated } from "../../lowering/elementwise.ts";
import { regrouped } from "../../lowering/layout.ts";
import type { Lowering } from "../../lowering/lowering.ts";
import {
  concatenated,
  expanded,
  MOST_REPEATS,
  type PadMode,
  padded,
  permuted,
  reshaped,
  shapeOfValue,
  sliced,
} from "../../lowering/movement.ts";
import { type ConstantValue, constant, type LayerValue, type Value } from "../../lowering/value.ts";
import { type Call, missing, type Operator } from "../call.ts";
import { dtypeOf } from "../tensor.ts";
import { constantOf, kindOf } from "../tensors.ts";

/** A shape as a list of integers; of these, multiples of the batch depend on it. */
const shape: Operator = (call) => {
  const sizes = shapeOfValue(call.given(0));
  const clamp = (at: number) => Math.min(sizes.length, Math.max(0, at < 0 ? at + sizes.length : at));
  const [start, end] = [call.attributes.number("start", 0), call.attributes.number("end", sizes.length)].map(
    clamp,
  );
  const part = sizes.slice(start, end);
  const ofBatch = new Set(part.flatMap((size, index) => (size % call.lowering.batch === 0 ? [index] : [])));
  return constant("int", [part.length], Float64Array.from(part), ofBatch);
};

const size: Operator = (call) => {
  const count = sizeOf(shapeOfValue(call.given(0)));
  const ofBatch = new Set(count % call.lowering.batch === 0 ? [0] : []);
  return constant("int", [], Float64Array.of(count), ofBatch);
};

/** Old operators have the shape as an attribute. */
const reshape: Operator = (call) => {
  const { attributes, lowering } = call;
  const x = call.given(0);
  const own = shapeOfValue(x);
  const given = call.constantIf(1);
  const wanted = given ? call.list(1) : [...(attributes.numbers("shape") ?? [])];
  const copies = !attributes.flag("allowzero", false);
  const target = wanted.map((length, axis) => (length === 0 && copies ? (own[axis] ?? 0) : length));
  const resolve = (some: readonly number[]): number[] => {
    const known = sizeOf(some.filter((length) => length !== -1));
    if (some.filter((length) => length === -1).length > 1) {
      throw lowering.wrong(`expected one −1 in a shape at most, got [${some}]`);
    }
    return some.map((length) => (length === -1 ? sizeOf(own) / known : length));
  };
  if (call.fixedBatch === undefined || x.kind === "constant" || given?.ofBatch) {
    return reshaped(lowering, x, resolve(target));
  }
  return reshaped(lowering, x, withBatch(call, x, target, resolve));
};

/** A shape in which a fixed batch is written as a number, with the batch in its place. */
function withBatch(
  { fixedBatch = 1, lowering: { batch } }: Call,
  x: LayerValue,
  target: readonly number[],
  resolve: (target: readonly number[]) => number[],
): number[] {
  const own = shapeOfValue(x);
  const instead = (at: number) =>
    target.map((length, axis) =>
      axis === at && length % fixedBatch === 0 ? (length / fixedBatch) * batch : length,
    );
  const at = x.axes.findIndex((axis) => String(axis) === "0");
  if (at >= 0 && target[at] === fixedBatch) return resolve(instead(at));
  const plain = resolve(target);
  if (sizeOf(plain) === sizeOf(own)) return plain;
  const candidates = target.map((_, axis) => resolve(instead(axis)));
  return candidates.find((one) => sizeOf(one) === sizeOf(own) && regrouped(x, one)) ?? plain;
}

const flatten: Operator = (call) => {
  const x = call.given(0);
  const own = shapeOfValue(x);
  // One past the last axis is allowed: everything is in the rows.
  const axis = call.attributes.number("axis", 1);
  const at = axis === own.length ? axis : call.axis(axis, own.length);
  return reshaped(call.lowering, x, [sizeOf(own.slice(0, at)), sizeOf(own.slice(at))]);
};

const squeeze: Operator = (call) => {
  const x = call.given(0);
  const own = shapeOfValue(x);
  const wanted = call.integers("axes", 1);
  const axes = wanted
    ? call.axes(wanted, own.length)
    : own.flatMap((length, axis) => (length === 1 ? [axis] : []));
  for (const axis of axes) {
    if (own[axis] === 1) continue;
    if (call.fixedBatch === 1 && own[axis] === call.lowering.batch) {
      throw call.lowering.unsupported("it takes away the axis of the batch");
    }
    throw call.lowering.wrong(`expected axis ${axis} of 1, got ${call.lowering.show(own)}`);
  }
  return reshaped(
    call.lowering,
    x,
    own.filter((_, axis) => !axes.includes(axis)),
  );
};

const unsqueeze: Operator = (call) => {
  const x = call.given(0);
  const own = shapeOfValue(x);
  const wanted = call.required("axes", 1);
  const rank = own.length + wanted.length;
  const axes = call.axes(wanted, rank);
  let next = 0;
  const target = Array.from({ length: rank }, (_, axis) => (axes.includes(axis) ? 1 : (own[next++] ?? 1)));
  return reshaped(call.lowering, x, target);
};

const transpose: Operator = (call) => {
  const x = call.given(0);
  const rank = shapeOfValue(x).length;
  const order = call.attributes.numbers("perm") ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  return permuted(call.lowering, x, order);
};

const concat: Operator = (call) => {
  const values = call.inputs.map((_, index) => call.given(index));
  const axis = call.axis(call.attributes.number("axis"), shapeOfValue(call.given(0)).length);
  return concatenated(call.lowering, values, axis);
};

const slice: Operator = (call) => {
  const { lowering } = call;
  const x = call.given(0);
  const own = shapeOfValue(x);
  const starts = call.required("starts", 1);
  const ends = call.required("ends", 2);
  const axes = call.axes(call.integers("axes", 3) ?? starts.map((_, index) => index), own.length);
  const steps = call.integers("steps", 4) ?? starts.map(() => 1);
  if (starts.length !== ends.length || axes.length !== starts.length || steps.length !== starts.length) {
    throw lowering.wrong(
      `expected as many starts as ends, axes and steps, got ${starts.length} and ${ends.length}`,
    );
  }
  const parts = axes.map((axis, index) => {
    const length = own[axis] ?? 1;
    const step = steps[index] ?? 1;
    if (step === 0 || !Number.isInteger(step))
      throw lowering.wrong(`expected a step other than 0, got ${step}`);
    const inside = (at: number, least: number, most: number) =>
      Math.min(most, Math.max(least, at < 0 ? at + length : at));
    const start =
      step > 0 ? inside(starts[index] ?? 0, 0, length) : inside(starts[index] ?? 0, 0, length - 1);
    const end = step > 0 ? inside(ends[index] ?? 0, 0, length) : inside(ends[index] ?? 0, -1, length - 1);
    return { axis, start, size: Math.max(0, Math.ceil((end - start) / step)), step };
  });
  if (x.kind === "constant") {
    const lists = own.map((_, axis) => {
      const part = parts.find((one) => one.axis === axis);
      return part && Array.from({ length: part.size }, (_, i) => part.start + i * part.step);
    });
    return taken(x, lists);
  }
  return sliced(lowering, x, parts);
};

const split: Operator = (call) => {
  const { attributes, lowering } = call;
  const x = call.given(0);
  const own = shapeOfValue(x);
  const axis = call.axis(attributes.number("axis", 0), own.length);
  const length = own[axis] ?? 1;
  const count = attributes.number("num_outputs", call.outputs.length);
  const each = Math.ceil(length / count);
  const sizes =
    call.integers("split", 1) ??
    Array.from({ length: count }, (_, index) => Math.min(each, length - index * each));
  if (sizes.length !== count || sizes.reduce((sum, one) => sum + one, 0) !== length) {
    throw lowering.wrong(`expected ${count} parts of ${lowering.show([length])}, got [${sizes}]`);
  }
  let start = 0;
  return sizes.map((part, index): Value => {
    const begin = start;
    start += part;
    if (call.outputs[index] === "") return missing(lowering.wrong("an output that nobody reads"));
    return sliced(lowering, x, [{ axis, start: begin, size: part, step: 1 }]);
  });
};

const gather: Operator = (call) => {
  const { lowering } = call;
  const x = call.given(0);
  const own = shapeOfValue(x);
  const axis = call.axis(call.attributes.number("axis", 0), own.length);
  const indices = call.constant(1);
  const length = own[axis] ?? 1;
  const list = call.list(1, MOST_PLACES).map((index) => (index < 0 ? index + length : index));
  const outside = list.find((index) => !(index >= 0 && index < length));
  if (outside !== undefined) {
    throw lowering.wrong(`expected indices below ${lowering.show([length])}, got ${outside}`);
  }
  const target = [...own.slice(0, axis), ...indices.shape, ...own.slice(axis + 1)];
  const lists = own.map((_, index) => (index === axis ? list : undefined));
  if (x.kind === "constant") return reshaped(lowering, taken(x, lists), target);
  const parts: { start: number; size: number; step: number }[] = [];
  for (const index of list) {
    const part = parts.at(-1);
    const step = part ? index - (part.start + (part.size - 1) * part.step) : 1;
    if (part && part.size === 1 && step !== 0) parts[parts.length - 1] = { ...part, size: 2, step };
    else if (part && part.size > 1 && step === part.step) part.size++;
    else parts.push({ start: index, size: 1, step: 1 });
  }
  if (parts.length > MOST_PARTS)
    throw lowering.unsupported(`expected elements in at most ${MOST_PARTS} runs, got ${parts.length}`);
  const pieces = parts.map((part) => sliced(lowering, x, [{ axis, ...part }]));
  const [only = x] = pieces;
  return reshaped(lowering, pieces.length === 1 ? only : concatenated(lowering, pieces, axis), target);
};

/** Elements that are taken of an axis, at most. */
const MOST_PLACES = 2 ** 20;

/** Runs of neighbouring elements that are put together from slices, at most. */
const MOST_PARTS = 32;

const expand: Operator = (call) => expanded(call.lowering, call.given(0), call.list(1));

const tile: Operator = (call): Value => {
  const { lowering } = call;
  const x = call.given(0);
  const own = shapeOfValue(x);
  const repeats = call.list(1);
  if (repeats.length !== own.length) {
    throw lowering.wrong(`expected ${own.length} numbers of repeats, got ${repeats.length}`);
  }
  if (!repeats.every((count) => Number.isInteger(count) && count >= 1)) {
    throw lowering.wrong(`expected numbers of repeats of at least 1, got [${repeats}]`);
  }
  if (x.kind === "constant" && !repeats.some((count) => count % lowering.batch === 0)) {
    if (sizeOf(repeats) > MOST_REPEATS) {
      throw lowering.unsupported(`expected at most ${MOST_REPEATS} repeats, got ${lowering.show(repeats)}`);
    }
    return taken(
      x,
      own.map((length, axis) => Array.from({ length: length * (repeats[axis] ?? 1) }, (_, i) => i % length)),
    );
  }
  // [a, b] repeated r and s times is [1, a, 1, b] expanded to [r, a, s, b].
  const apart = reshaped(
    lowering,
    x,
    own.flatMap((length) => [1, length]),
  );
  const wide = expanded(
    lowering,
    apart,
    own.flatMap((length, axis) => [repeats[axis] ?? 1, length]),
  );
  return reshaped(
    lowering,
    wide,
    own.map((length, axis) => length * (repeats[axis] ?? 1)),
  );
};

const MODES: readonly PadMode[] = ["constant", "reflect", "edge"];

const pad: Operator = (call) => {
  const { attributes, lowering } = call;
  const x = call.layer(0);
  const rank = x.axes.length;
  const mode = MODES.find((one) => one === attributes.text("mode", "constant"));
  if (!mode) throw lowering.unsupported(`mode "${attributes.text("mode", "constant")}" is not supported`);
  const pads = call.required(call.opset < 2 ? "paddings" : "pads", 1);
  const value = call.numberIf(2) ?? attributes.number("value", 0);
  const axes = call.axes(call.inputs[3] ? call.list(3) : x.axes.map((_, axis) => axis), rank);
  if (pads.length !== 2 * axes.length)
    throw lowering.wrong(`expected pads of ${2 * axes.length} numbers, got ${pads.length}`);
  const [before, after] = [0, 1].map((side) =>
    x.axes.map((_, axis) => {
      const at = axes.indexOf(axis);
      return at < 0 ? 0 : (pads[side * axes.length + at] ?? 0);
    }),
  );
  const [more, less] = [before, after].map((side) => side?.map((count) => Math.max(0, count)) ?? []);
  const own = shapeOfValue(x);
  // Negative ones cut off.
  const cut = own.map((length, axis) => ({
    axis,
    start: Math.max(0, -(before?.[axis] ?? 0)),
    size: length + Math.min(0, before?.[axis] ?? 0) + Math.min(0, after?.[axis] ?? 0),
    step: 1,
  }));
  const inner = sliced(lowering, x, cut);
  if (inner.kind !== "layer") return inner;
  return padded(lowering, inner, more ?? [], less ?? [], mode, value);
};

const cast: Operator = (call): Value => {
  const { attributes, lowering } = call;
  const x = call.given(0);
  const dtype = dtypeOf(attributes.number("to"));
  if (dtype === "string" || dtype === "other") {
    throw lowering.unsupported("numbers made text, complex or floats of 8 bits are not supported");
  }
  return castTo(
    lowering,
    x,
    kindOf(dtype),
    lowering.unsupported(`layers' numbers made ${dtype} are not supported`),
  );
};

function castTo(
  lowering: Lowering,
  x: LayerValue | ConstantValue,
  kind: ConstantValue["elements"],
  error: Error,
): Value {
  if (x.kind === "layer") {
    if (kind !== "bool") return kind === "float" ? x : missing(error, x);
    return activated(lowering, activated(lowering, x, { kind: "abs" }, "size"), { kind: "sign" });
  }
  if (kind === x.elements) return x;
  return combinedConstants(kind, [x], ([value = 0]) =>
    kind === "int" ? Math.trunc(value) : kind === "bool" ? Number(value !== 0) : value,
  );
}

const castLike: Operator = (call): Value => {
  const like = call.given(1);
  const kind = like.kind === "constant" ? like.elements : "float";
  return castTo(
    call.lowering,
    call.given(0),
    kind,
    call.lowering.unsupported("layers' numbers made whole are not supported"),
  );
};

const constantNode: Operator = ({ attributes, lowering }): Value => {
  const tensor = attributes.tensor("value");
  if (tensor) return constantOf(tensor);
  for (const [name, kind] of [
    ["value_float", "float"],
    ["value_int", "int"],
  ] as const) {
    if (attributes.has(name)) {
      const data = elementsOf(kind, 1).fill(attributes.number(name));
      return constant(kind, [], data);
    }
  }
  for (const [name, kind] of [
    ["value_floats", "float"],
    ["value_ints", "int"],
  ] as const) {
    const values = attributes.numbers(name);
    if (!values) continue;
    const data = elementsOf(kind, values.length);
    data.set(values);
    return constant(kind, [values.length], data);
  }
  throw lowering.unsupported("constants of text or sparse ones are not supported");
};

const constantOfShape: Operator = (call) => {
  const { attributes, lowering } = call;
  const lengths = call.list(0);
  const tensor = attributes.tensor("value");
  const value = tensor ? constantOf(tensor) : constant("float", [1], Float32Array.of(0));
  const at = lengths.indexOf(lowering.batch);
  const count = sizeOf(lengths.filter((_, axis) => axis !== at));
  return lazily(value.elements, lengths, () => elementsOf(value.elements, count).fill(value.read()[0] ?? 0), {
    ...(at < 0 ? {} : { repeated: at }),
  });
};

/** Whole numbers of weights as the numbers that they stand for: (x − zero point)·scale. */
const dequantize: Operator = (call) => {
  const x = call.constant(0);
  const scale = call.constant(1);
  const zero = call.constantIf(2) ?? constant("int", [], Float64Array.of(0));
  if (call.attributes.number("block_size", 0) !== 0)
    throw call.lowering.unsupported("block_size is not supported");
  const given = call.attributes.number("axis", 1);
  const axis = scale.shape.length === 0 ? 0 : call.axis(given, x.shape.length);
  const along = (one: ConstantValue) =>
    sizeOf(one.shape) === 1
      ? reshaped(call.lowering, one, [])
      : reshaped(call.lowering, one, [one.shape[0] ?? 1, ...x.shape.slice(axis + 1).map(() => 1)]);
  return combinedConstants(
    "float",
    [x, along(scale), along(zero)],
    ([value = 0, factor = 1, origin = 0]) => (value - origin) * factor,
  );
};

const identity: Operator = (call) => call.given(0);

/** Dropout at inference; its mask is wanted by nobody. */
const dropout: Operator = (call) => {
  const training = call.constantIf(2)?.read()[0] ?? 0;
  // PyTorch's attention drops a share of 0 while it trains.
  const share = call.constantIf(1)?.read()[0] ?? 0.5;
  if (training !== 0 && share !== 0) throw call.lowering.unsupported("training_mode is not supported");
  return [call.given(0), missing(call.lowering.unsupported("the mask of a dropout is not supported"))];
};

/** Classes instead of scores: at the end of a network the scores themselves are kept. */
const places =
  (of: "largest" | "smallest"): Operator =>
  (call) => {
    const source = call.layer(0);
    const error = call.lowering.unsupported(
      `the places of the ${of} values have no gradient, so the values themselves are kept`,
    );
    const ranked = of === "largest" ? true : undefined;
    return call.outputs.map(() => ({ kind: "missing", error, source, ranked }));
  };

export const SHAPES: Readonly<Record<string, Operator>> = {
  ArgMax: places("largest"),
  ArgMin: places("smallest"),
  Cast: cast,
  CastLike: castLike,
  Concat: concat,
  Constant: constantNode,
  ConstantOfShape: constantOfShape,
  DequantizeLinear: dequantize,
  Dropout: dropout,
  Expand: expand,
  Flatten: flatten,
  Gather: gather,
  Identity: identity,
  Pad: pad,
  Reshape: reshape,
  Shape: shape,
  Size: size,
  Slice: slice,
  Split: split,
  Squeeze: squeeze,
  Tile: tile,
  Transpose: transpose,
  Unsqueeze: unsqueeze,
};
