import { combinedConstants, elementsOf, lazily, reducedConstant } from "../../lowering/constants.ts";
import { arithmetic } from "../../lowering/elementwise.ts";
import type { Lowering } from "../../lowering/lowering.ts";
import { reshaped, shapeOfValue } from "../../lowering/movement.ts";
import { dense, product, swapped, weightsOf } from "../../lowering/products.ts";
import { type Reduction, reduced, softmaxed } from "../../lowering/reduction.ts";
import { type ConstantValue, constant, type LayerValue, type Value } from "../../lowering/value.ts";
import type { Operator } from "../call.ts";
import { einsum } from "./einsum.ts";

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

const matmul: Operator = (call) => {
  const [a, b] = [call.given(0), call.given(1)];
  const known = a.kind === "constant" && b.kind === "constant";
  return known ? productOfConstants(call.lowering, a, b) : product(call.lowering, a, b);
};

/** A product of matrices or vectors that are known in advance, as spectral normalisation of weights has it. */
function productOfConstants(lowering: Lowering, a: ConstantValue, b: ConstantValue): ConstantValue {
  const [inner = 1, columns] = b.shape;
  const rows = a.shape.length === 2 ? a.shape[0] : undefined;
  const small = [a, b].every(({ shape }) => shape.length === 1 || shape.length === 2);
  if (!small || a.ofBatch || b.ofBatch)
    throw lowering.unsupported("such a product of constants is not supported");
  if (a.shape.at(-1) !== inner) {
    throw lowering.wrong(
      `expected matrices that fit, got ${lowering.show(a.shape)} and ${lowering.show(b.shape)}`,
    );
  }
  const [m, p] = [rows ?? 1, columns ?? 1];
  const shape = [rows, columns].filter((size) => size !== undefined);
  return lazily(a.elements, shape, () => {
    const [left, right, y] = [a.read(), b.read(), elementsOf(a.elements, m * p)];
    for (let i = 0; i < y.length; i++) {
      let sum = 0;
      for (let k = 0; k < inner; k++) {
        sum += (left[Math.floor(i / p) * inner + k] ?? 0) * (right[k * p + (i % p)] ?? 0);
      }
      y[i] = sum;
    }
    return y;
  });
}

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

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const sumSquare = (values: readonly number[]) => sum(values.map((value) => value * value));

const FOLDS: Readonly<Record<Reduction, (values: readonly number[]) => number>> = {
  sum,
  mean: (values) => sum(values) / values.length,
  l1: (values) => sum(values.map(Math.abs)),
  l2: (values) => Math.sqrt(sumSquare(values)),
  sumSquare,
  logSum: (values) => Math.log(sum(values)),
  logSumExp: (values) => Math.log(sum(values.map(Math.exp))),
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
    const y = reducedConstant(x, axes, FOLDS[mode]);
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
  Einsum: einsum,
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
