import { sizeOf } from "../../../gpu/tensor.ts";
import { regrouped } from "../../lowering/layout.ts";
import { expanded, permuted, reshaped, shapeOfValue } from "../../lowering/movement.ts";
import { constant, type LayerValue } from "../../lowering/value.ts";
import type { Call, Operator } from "../call.ts";

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

const expand: Operator = (call) => expanded(call.lowering, call.given(0), call.list(1));

/** Shapes, and the same numbers in another one. */
export const SHAPES: Readonly<Record<string, Operator>> = {
  Expand: expand,
  Flatten: flatten,
  Reshape: reshape,
  Shape: shape,
  Size: size,
  Squeeze: squeeze,
  Transpose: transpose,
  Unsqueeze: unsqueeze,
};
