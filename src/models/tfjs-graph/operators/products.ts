import { reducedConstant, reshapedConstant } from "../../lowering/constants.ts";
import { shapeOf } from "../../lowering/layout.ts";
import { shapeOfValue } from "../../lowering/movement.ts";
import { dense, product, swapped, weightsOf } from "../../lowering/products.ts";
import { type Reduction, reduced, softmaxed } from "../../lowering/reduction.ts";
import type { Value } from "../../lowering/value.ts";
import type { Call, Given, Operator } from "../call.ts";
import { fusedActivation } from "./activations.ts";

/** Both sides of a product, their last axes exchanged where a setting says so. */
function sides(call: Call, first: string, second: string): readonly [Given, Given] {
  const side = (index: number, name: string): Given => {
    const x = call.given(index);
    return call.attributes.flag(name, false) ? swapped(call.lowering, x) : x;
  };
  return [side(0, first), side(1, second)];
}

/** The product of two matrices, with what is fused to it: a bias, and an activation. */
const matMul: Operator = (call) => {
  const { attributes, lowering } = call;
  const [a, b] = sides(call, "transpose_a", "transpose_b");
  const fused = attributes.texts("fused_ops");
  const [bias, activation, ...rest] = fused[0] === "BiasAdd" ? fused : [undefined, ...fused];
  if (rest.length > 0)
    throw lowering.unsupported(`the fused operators ${fused.join(", ")} are not supported`);
  if (!bias && !activation) return product(lowering, a, b);
  if (a.kind === "constant" || b.kind === "layer") {
    throw lowering.unsupported("a fused product of anything but weights is not supported");
  }
  if (b.shape.length !== 2) throw lowering.wrong(`expected weights of 2 axes, got ${lowering.show(b.shape)}`);
  const units = b.shape[1] ?? 1;
  const held = bias ? weightsOf(lowering, reshapedConstant(call.constant(2), [units])) : undefined;
  if (activation) call.begin("MatMul");
  const y = dense(lowering, a, b, held);
  call.begin();
  return activation ? fusedActivation(call, activation, y, bias ? 3 : 2) : y;
};

const batchMatMul: Operator = (call) => product(call.lowering, ...sides(call, "adj_x", "adj_y"));

/** @param fold computes it of numbers that are known in advance. */
function reduction(mode: Reduction, fold?: (values: readonly number[]) => number): Operator {
  return (call): Value => {
    const { attributes, lowering } = call;
    const keep = attributes.flag("keep_dims", attributes.flag("keepDims", false));
    const x = fold ? call.given(0) : call.layer(0);
    const shape = shapeOfValue(x);
    const axes = call.integers(1).map((axis) => call.axis(axis, shape.length));
    if (x.kind === "layer") return reduced(lowering, x, mode, axes, keep);
    const kept = reducedConstant(x, axes, fold ?? (([value = 0]) => value));
    return keep
      ? kept
      : reshapedConstant(
          kept,
          shape.filter((_, axis) => !axes.includes(axis)),
        );
  };
}

const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

function softmax(log: boolean): Operator {
  return (call) => {
    const x = call.layer(0);
    return softmaxed(call.lowering, x, [shapeOf(x).length - 1], log);
  };
}

export const PRODUCTS: Readonly<Record<string, Operator>> = {
  MatMul: matMul,
  _FusedMatMul: matMul,
  BatchMatMul: batchMatMul,
  BatchMatMulV2: batchMatMul,
  Mean: reduction("mean", (values) => total(values) / values.length),
  Sum: reduction("sum", total),
  Max: reduction("max", (values) => Math.max(...values)),
  Min: reduction("min", (values) => Math.min(...values)),
  Prod: reduction("product", (values) => values.reduce((product, value) => product * value, 1)),
  EuclideanNorm: reduction("l2"),
  Softmax: softmax(false),
  LogSoftmax: softmax(true),
};
