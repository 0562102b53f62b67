import { sizeOf } from "../../../gpu/tensor.ts";
import { combinedConstants, elementsOf, lazily } from "../../lowering/constants.ts";
import { ARITHMETIC, type Arithmetic, activated, arithmetic } from "../../lowering/elementwise.ts";
import type { Lowering } from "../../lowering/lowering.ts";
import {
  type ConstantValue,
  constant,
  type ElementKind,
  type LayerValue,
  type Value,
} from "../../lowering/value.ts";
import type { Call, Given, Operator } from "../call.ts";

/** Integers of the file, 64 bits of them, are exact up to here. */
const MOST = Number.MAX_SAFE_INTEGER;

/** Whole numbers of a constant that are computed at once. */
const MOST_SIZES = 1024;

/** Arithmetic of constants. @throws ModelError where integers overflow. */
function folded(
  { lowering }: Call,
  x: readonly ConstantValue[],
  combine: (values: readonly number[]) => number,
  elements: ElementKind = x.every((one) => one.elements === "int") ? "int" : "float",
): ConstantValue {
  const y = combinedConstants(elements, x, (values) => {
    const result = combine(values);
    if (elements !== "int" || Math.abs(result) <= MOST) return result;
    // A number that stands for "to the end" may be passed on.
    if (values.includes(result)) return result;
    throw lowering.wrong(
      `expected whole numbers below 2⁵³, got ${values.join(" and ")}, which give ${result}`,
    );
  });
  // Sizes are few, and an overflow is this node's.
  if (elements === "int" && sizeOf(y.shape) <= MOST_SIZES) y.read();
  return y;
}

function constantsOf(values: readonly Given[]): ConstantValue[] | undefined {
  const constants = values.filter((value) => value?.kind === "constant");
  return constants.length === values.length ? constants : undefined;
}

const both =
  (operator: Arithmetic): Operator =>
  (call) => {
    const [a, b] = [call.given(0), call.given(1)];
    const constants = constantsOf([a, b]);
    if (!constants) return arithmetic(call.lowering, operator, a, b);
    const whole = constants.every(({ elements }) => elements === "int");
    return folded(call, constants, ([x = 0, y = 0]) => {
      const result = ARITHMETIC[operator](x, y);
      return whole && operator === "divide" ? Math.trunc(result) : result;
    });
  };

/** An operator of any number of inputs. Sums of layers are one layer. */
const all =
  (operator: Arithmetic, mean = false): Operator =>
  (call) => {
    const { lowering } = call;
    const values = call.inputs.map((_, index) => call.given(index));
    const [first] = values;
    if (!first) throw lowering.wrong("expected inputs, got none");
    const constants = constantsOf(values);
    const share = constant("float", [], Float32Array.of(1 / values.length));
    if (constants) {
      const sum = folded(call, constants, (numbers) => numbers.reduce((a, b) => ARITHMETIC[operator](a, b)));
      return mean ? folded(call, [sum, share], ([a = 0, b = 0]) => a * b) : sum;
    }
    let result: LayerValue | ConstantValue = first;
    for (const [index, value] of values.slice(1).entries()) {
      const last = index === values.length - 2 && !mean;
      result = arithmetic(lowering, operator, result, value, last ? "" : `${operator}${index + 1}`);
    }
    return mean ? arithmetic(lowering, "multiply", result, share) : result;
  };

/** An operator that is computed of constants only. */
const ofConstants =
  (combine: (values: readonly number[]) => number, elements?: "bool"): Operator =>
  (call) =>
    folded(
      call,
      call.inputs.map((_, index) => call.constant(index)),
      combine,
      elements,
    );

type Known = LayerValue | ConstantValue;

const ONE = constant("float", [], Float32Array.of(1));

/** 1 − x: the opposite of truths. */
const opposite = (lowering: Lowering, x: Known, suffix?: string): Known =>
  arithmetic(lowering, "subtract", ONE, x, suffix);

/** 1 where a is greater than b, else 0: a step, whose slope is 0. */
function step(lowering: Lowering, a: Known, b: Known, suffix?: string): Known {
  const difference = arithmetic(lowering, "subtract", a, b, "difference");
  if (difference.kind === "constant") return difference;
  return activated(
    lowering,
    activated(lowering, difference, { kind: "sign" }, "sign"),
    { kind: "relu" },
    suffix,
  );
}

/** A test of two operands: of constants beforehand, of layers' outputs as numbers 0 and 1. */
const compare =
  (
    test: (a: number, b: number) => boolean,
    ofLayers?: (lowering: Lowering, a: Known, b: Known) => Known,
  ): Operator =>
  (call) => {
    const [a, b] = [call.given(0), call.given(1)];
    if (!ofLayers || constantsOf([a, b])) {
      return ofConstants(([x = 0, y = 0]) => Number(test(x, y)), "bool")(call);
    }
    return ofLayers(call.lowering, a, b);
  };

const not: Operator = (call) =>
  call.given(0).kind === "layer"
    ? opposite(call.lowering, call.given(0))
    : ofConstants(([a = 0]) => Number(a === 0), "bool")(call);

/** Numbers beyond what floats hold stand for "never": 0 · ∞ would be no number. */
const finite = (x: ConstantValue): ConstantValue =>
  combinedConstants("float", [x], ([value = 0]) => Math.max(-1e30, Math.min(1e30, value)));

/** A choice by what a layer says: condition·a + (1 − condition)·b. */
function chosen(lowering: Lowering, condition: LayerValue, a: Known, b: Known): Known {
  const held = (x: Known) => (x.kind === "constant" ? finite(x) : x);
  const first = arithmetic(lowering, "multiply", condition, held(a), "then");
  const rest = opposite(lowering, condition, "opposite");
  return arithmetic(lowering, "add", first, arithmetic(lowering, "multiply", rest, held(b), "else"));
}

/** A choice by a condition; one that is known in advance is a product with a mask, and what the mask leaves. */
const where: Operator = (call): Value => {
  const { lowering } = call;
  const [asked, a, b] = [call.given(0), call.given(1), call.given(2)];
  if (asked.kind === "layer") return chosen(lowering, asked, a, b);
  const condition = asked;
  if (a.kind === "constant" && b.kind === "constant") {
    return folded(call, [condition, a, b], ([test = 0, x = 0, y = 0]) => (test === 0 ? y : x), a.elements);
  }
  const mask = (value: number) =>
    combinedConstants("float", [condition], ([test = 0]) => Number((test !== 0) === (value === 1)));
  const part = (x: Known, chosen: number, suffix: string) => {
    if (x.kind === "layer") return arithmetic(lowering, "multiply", x, mask(chosen), suffix);
    return combinedConstants("float", [mask(chosen), finite(x)], ([test = 0, value = 0]) =>
      test === 0 ? 0 : value,
    );
  };
  return arithmetic(lowering, "add", part(a, 1, "then"), part(b, 0, "else"));
};

/** Numbers of a range, at most. */
const MOST_COUNTED = 2 ** 24;

const range: Operator = (call) => {
  const [start = 0, limit = 0, delta = 0] = [0, 1, 2].map((index) => call.number(index));
  if (delta === 0) throw call.lowering.wrong("expected a step other than 0");
  const size = Math.max(0, Math.ceil((limit - start) / delta));
  if (size > MOST_COUNTED)
    throw call.lowering.unsupported(`expected at most ${MOST_COUNTED} numbers, got ${size}`);
  const { elements } = call.constant(0);
  if ([0, 1, 2].some((index) => call.constant(index).ofBatch)) {
    throw call.lowering.unsupported("a list as long as the batch is not supported");
  }
  const counted = lazily(elements, [size], () => elementsOf(elements, size));
  const data = counted.read();
  for (let i = 0; i < data.length; i++) data[i] = start + i * delta;
  return constant(elements, [size], data);
};

export const ARITHMETICS: Readonly<Record<string, Operator>> = {
  Add: both("add"),
  And: compare(
    (a, b) => a !== 0 && b !== 0,
    (lowering, a, b) => arithmetic(lowering, "multiply", a, b),
  ),
  Div: both("divide"),
  Equal: compare((a, b) => a === b),
  Greater: compare((a, b) => a > b, step),
  GreaterOrEqual: compare(
    (a, b) => a >= b,
    (lowering, a, b) => opposite(lowering, step(lowering, b, a, "less")),
  ),
  Less: compare(
    (a, b) => a < b,
    (lowering, a, b) => step(lowering, b, a),
  ),
  LessOrEqual: compare(
    (a, b) => a <= b,
    (lowering, a, b) => opposite(lowering, step(lowering, a, b, "greater")),
  ),
  Max: all("maximum"),
  Mean: all("add", true),
  Min: all("minimum"),
  Mod: (call) => {
    const truncates = call.attributes.flag("fmod", false);
    return folded(call, [call.constant(0), call.constant(1)], ([a = 0, b = 1]) =>
      truncates ? a % b : a - b * Math.floor(a / b),
    );
  },
  Mul: both("multiply"),
  Not: not,
  Or: compare(
    (a, b) => a !== 0 || b !== 0,
    (lowering, a, b) => arithmetic(lowering, "maximum", a, b),
  ),
  Pow: both("power"),
  Range: range,
  Sub: both("subtract"),
  Sum: all("add"),
  Where: where,
};
