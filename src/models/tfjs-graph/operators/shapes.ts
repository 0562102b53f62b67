import { sizeOf } from "../../../gpu/tensor.ts";
import { expanded, permuted, reshaped, shapeOfValue } from "../../lowering/movement.ts";
import { type ConstantValue, constant } from "../../lowering/value.ts";
import type { Call, Given, Operator } from "../call.ts";

/** A shape as a constant, with the places that depend on the size of the batch. */
export function shapeAsConstant(call: Call, x: Given): ConstantValue {
  const { batch } = call.lowering;
  const shape = shapeOfValue(x);
  const ofBatch = new Set(shape.flatMap((size, axis) => (size % batch === 0 ? [axis] : [])));
  return constant("int", [shape.length], Float64Array.from(shape), ofBatch);
}

const reshape: Operator = (call) => {
  const x = call.given(0);
  const target = call.integers(1);
  const open = target.indexOf(-1);
  const known = sizeOf(target.filter((size) => size !== -1));
  const shape = target.map((size, axis) => (axis === open ? sizeOf(shapeOfValue(x)) / known : size));
  return reshaped(call.lowering, x, shape);
};

const squeeze: Operator = (call) => {
  const x = call.given(0);
  const shape = shapeOfValue(x);
  const given = call.attributes.numbers("axis") ?? call.attributes.numbers("squeeze_dims") ?? [];
  const axes = given.map((axis) => call.axis(axis, shape.length));
  const wrong = axes.find((axis) => shape[axis] !== 1);
  if (wrong !== undefined) {
    throw call.lowering.wrong(`expected 1 along axis ${wrong}, got x of ${call.lowering.show(shape)}`);
  }
  const goes = (size: number, axis: number) => (axes.length > 0 ? axes.includes(axis) : size === 1);
  return reshaped(
    call.lowering,
    x,
    shape.filter((size, axis) => !goes(size, axis)),
  );
};

/** An array with an axis of one element more. */
export const withAxis = (call: Call, x: Given, axis: number): Given => {
  const shape = shapeOfValue(x);
  const at = call.axis(axis, shape.length + 1);
  return reshaped(call.lowering, x, [...shape.slice(0, at), 1, ...shape.slice(at)]);
};

/** An array without an axis of one element. */
export const withoutAxis = (call: Call, x: Given, axis: number): Given =>
  reshaped(
    call.lowering,
    x,
    shapeOfValue(x).filter((_, index) => index !== axis),
  );

/** Shapes, and the same numbers in another one. */
export const SHAPES: Readonly<Record<string, Operator>> = {
  Reshape: reshape,
  Squeeze: squeeze,
  ExpandDims: (call) => withAxis(call, call.given(0), call.number(1)),
  Transpose: (call) => permuted(call.lowering, call.given(0), call.integers(1)),
  Shape: (call) => shapeAsConstant(call, call.given(0)),
  ShapeN: (call) => call.inputs.map((x) => shapeAsConstant(call, x)),
  Rank: (call) => constant("int", [], Float64Array.of(call.rank(0))),
  Size: (call) =>
    constant(
      "int",
      [],
      Float64Array.of(sizeOf(shapeOfValue(call.given(0)))),
      shapeAsConstant(call, call.given(0)).ofBatch && new Set([0]),
    ),
  BroadcastTo: (call) => expanded(call.lowering, call.given(0), call.integers(1)),
};
