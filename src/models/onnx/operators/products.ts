import { combinedConstants, reducedConstant } from "../../lowering/constants.ts";
import { arithmetic } from "../../lowering/elementwise.ts";
import { reshaped, shapeOfValue } from "../../lowering/movement.ts";
import { dense, product, swapped, weightsOf } from "../../lowering/products.ts";
import { type Reduction, reduced, softmaxed } from "../../lowering/reduction.ts";
import { type ConstantValue, constant, type LayerValue, type Value } from "../../lowering/value.ts";
import type { Operator } from "../call.ts";

const scalar = (value: number): ConstantValue => constant("float", [], Float32Array.of(value));

const gemm: Operator = (call): Value => {
  const { attributes, lowering } = call;
  const turned = (index: number, name: string) => {
    const x = call.given(index);
    return attributes.flag(name, false) ? swapped(lowering, x) : x;
  };
  const [a, b] = [turned(0, "transA"), turned(1, "transB")];
  const [alpha, beta] = [attributes.number("alpha", 1), attributes.number("beta", 1)];
  const c = call.inputs[2];
  const times = (x: ConstantValue, factor: number) =>
    factor === 1 ? x : combinedConstants("float", [x], ([value = 0]) => value * factor);
  const scaled = (x: LayerValue | ConstantValue, factor: number, suffix: string) =>
    factor === 1 ? x : arithmetic(lowering, "multiply", x, scalar(factor), suffix);
  if (a.kind === "layer" && b.kind === "constant") {
    const units = b.shape[1] ?? 1;
    const w = times(b, alpha);
    const bias =
      c?.kind === "constant" && c.repeated === undefined && !c.ofBatch ? biasFor(c, units, beta) : undefined;
    if (!c || bias) return dense(lowering, a, w, bias ? weightsOf(lowering, bias) : undefined);
    return arithmetic(
      lowering,
      "add",
      dense(lowering, a, w, undefined, "product"),
      scaled(c, beta, "scaled"),
    );
  }
  const y = scaled(product(lowering, a, b), alpha, "scaled");
  return c ? arithmetic(lowering, "add", y, scaled(c, beta, "scaled2"), "sum") : y;
};

/** A bias [units] of what broadcasts to it; undefined where it differs from row to row. */
function biasFor(c: ConstantValue, units: number, beta: number): ConstantValue | undefined {
  const values = c.read();
  const last = c.shape.at(-1) ?? 1;
  if (values.length !== last || (last !== 1 && last !== units)) return undefined;
  const data = Float32Array.from({ length: units }, (_, i) => (values[last === 1 ? 0 : i] ?? 0) * beta);
  return constant("float", [units], data);
}

const matmul: Operator = (call) => product(call.lowering, call.given(0), call.given(1));

const softmax =
  (log: boolean): Operator =>
  (call) => {
    const x = call.layer(0);
    const rank = x.axes.length;
    const old = call.opset < 13;
    const axis = call.axis(call.attributes.number("axis", old ? 1 : -1), rank);
    // Before version 13 an array is one of rows, cut at that axis.
    const axes = old ? x.axes.flatMap((_, index) => (index >= axis ? [index] : [])) : [axis];
    return softmaxed(call.lowering, x, axes, log);
  };

const FOLDS: Readonly<Partial<Record<Reduction, (values: readonly number[]) => number>>> = {
  sum: (values) => values.reduce((a, b) => a + b, 0),
  mean: (values) => values.reduce((a, b) => a + b, 0) / values.length,
  max: (values) => values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
  min: (values) => values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
  product: (values) => values.reduce((a, b) => a * b, 1),
};

const reduce =
  (mode: Reduction): Operator =>
  (call): Value => {
    const { attributes, lowering } = call;
    const x = call.given(0);
    const shape = shapeOfValue(x);
    const wanted = call.integers("axes", 1) ?? [];
    const keepDims = attributes.flag("keepdims", true);
    const rests = attributes.flag("noop_with_empty_axes", false);
    if (wanted.length === 0 && rests) return x;
    const axes = wanted.length > 0 ? call.axes(wanted, shape.length) : shape.map((_, axis) => axis);
    if (x.kind === "layer") return reduced(lowering, x, mode, axes, keepDims);
    const fold = FOLDS[mode];
    if (!fold) return call.layer(0);
    const y = reducedConstant(x, axes, fold);
    return keepDims
      ? y
      : reshaped(
          lowering,
          y,
          shape.filter((_, axis) => !axes.includes(axis)),
        );
  };

/** x divided by its norm along an axis. */
const lpNormalization: Operator = (call) => {
  const { attributes, lowering } = call;
  const x = call.layer(0);
  const p = attributes.number("p", 2);
  if (p !== 1 && p !== 2) throw lowering.wrong(`expected p of 1 or 2, got ${p}`);
  const axis = call.axis(attributes.number("axis", -1), x.axes.length);
  const norm = reduced(lowering, x, p === 1 ? "l1" : "l2", [axis], true, "norm");
  return arithmetic(lowering, "divide", x, norm);
};

export const PRODUCTS: Readonly<Record<string, Operator>> = {
  Gemm: gemm,
  LogSoftmax: softmax(true),
  LpNormalization: lpNormalization,
  MatMul: matmul,
  ReduceL1: reduce("l1"),
  ReduceL2: reduce("l2"),
  ReduceLogSum: reduce("logSum"),
  ReduceLogSumExp: reduce("logSumExp"),
  ReduceMax: reduce("max"),
  ReduceMean: reduce("mean"),
  ReduceMin: reduce("min"),
  ReduceProd: reduce("product"),
  ReduceSum: reduce("sum"),
  ReduceSumSquare: reduce("sumSquare"),
  Softmax: softmax(false),
};
