import { elementsOf, expandedConstant, lazily } from "../../lowering/constants.ts";
import { type ConstantValue, constant } from "../../lowering/value.ts";
import type { Call, Operator } from "../call.ts";
import { shapeAsConstant } from "./shapes.ts";

const fill: Operator = (call) => filled(call, call.constant(0), call.constant(1), call.number(1));

/** One number everywhere, along the batch once. */
function filled(call: Call, shape: ConstantValue, { elements }: ConstantValue, value: number): ConstantValue {
  const single = constant(elements, [], elementsOf(elements, 1).fill(value));
  return expandedConstant(single, [...shape.read()], call.lowering.batch);
}

const like =
  (value: number): Operator =>
  (call) =>
    filled(call, shapeAsConstant(call, call.given(0)), constant("float", [], new Float32Array(1)), value);

const range: Operator = (call) => {
  const [start, stop, step] = [call.number(0), call.number(1), call.number(2)];
  const length = Math.max(0, Math.ceil((stop - start) / step));
  const elements = call.constant(0).elements;
  return lazily(elements, [length], () => elementsOf(elements, length).map((_, i) => start + i * step));
};

/** What is known in advance. */
export const CONSTANTS: Readonly<Record<string, Operator>> = {
  Fill: fill,
  ZerosLike: like(0),
  OnesLike: like(1),
  Range: range,
};
