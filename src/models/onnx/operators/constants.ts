import { sizeOf } from "../../../gpu/tensor.ts";
import { combinedConstants, elementsOf, lazily } from "../../lowering/constants.ts";
import { reshaped } from "../../lowering/movement.ts";
import { type ConstantValue, constant, type Value } from "../../lowering/value.ts";
import type { Operator } from "../call.ts";
import { constantOf } from "../tensors.ts";

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

/** What is known in advance. */
export const CONSTANTS: Readonly<Record<string, Operator>> = {
  Constant: constantNode,
  ConstantOfShape: constantOfShape,
  DequantizeLinear: dequantize,
};
