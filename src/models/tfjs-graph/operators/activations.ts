import type { Activation } from "../../../layers/activation-kinds.ts";
import { align } from "../../lowering/alignment.ts";
import { combinedConstants } from "../../lowering/constants.ts";
import { type Arithmetic, activated, arithmetic, clipped, joined } from "../../lowering/elementwise.ts";
import { shapeOf } from "../../lowering/layout.ts";
import { type ConstantValue, constant, type LayerValue, type Value } from "../../lowering/value.ts";
import type { Call, Operator } from "../call.ts";

/** Computed of one number that is known in advance. */
type Fold = (value: number) => number;

/** The operator that is an activation. */
function unary(activation: Activation | ((call: Call) => Activation), fold?: Fold): Operator {
  return (call) => {
    const x = call.given(0);
    if (x.kind === "constant" && fold) {
      return combinedConstants(x.elements, [x], ([value = 0]) => fold(value));
    }
    const kind = typeof activation === "function" ? activation(call) : activation;
    return activated(call.lowering, call.layer(0), kind);
  };
}

const leakyRelu = ({ attributes }: Call): Activation => ({
  kind: "leakyRelu",
  alpha: attributes.number("alpha", 0.2),
});

/** Numbers that stand for themselves. */
const scalar = (value: number): ConstantValue => constant("float", [], Float32Array.of(value));

/** The operator that is arithmetic of two operands. */
function binary(operator: Arithmetic): Operator {
  return (call) => arithmetic(call.lowering, operator, call.given(0), call.given(1));
}

/** An operator that is only computed of what is known in advance: of shapes. */
function folded(combine: (a: number, b: number) => number): Operator {
  return (call) => {
    const [a, b] = [call.constant(0), call.constant(1)];
    return combinedConstants(a.elements, [a, b], ([x = 0, y = 0]) => combine(x, y));
  };
}

/** Steps one after the other, all but the last under a name below the node's. */
function chain(...steps: readonly ((call: Call, x: LayerValue) => LayerValue)[]): Operator {
  return (call) => {
    let x = call.layer(0);
    for (const [index, step] of steps.entries()) {
      call.begin(index === steps.length - 1 ? "" : `step${index + 1}`);
      x = step(call, x);
    }
    return x;
  };
}

const step =
  (kind: Activation["kind"]) =>
  ({ lowering }: Call, x: LayerValue): LayerValue =>
    activated(lowering, x, { kind });

const plus =
  (value: number) =>
  ({ lowering }: Call, x: LayerValue): LayerValue => {
    const y = arithmetic(lowering, "add", x, scalar(value));
    return y.kind === "layer" ? y : x;
  };

const rsqrt: Operator = (call) => {
  const x = call.given(0);
  if (x.kind === "constant") return combinedConstants("float", [x], ([value = 0]) => 1 / Math.sqrt(value));
  return chain(step("sqrt"), step("reciprocal"))(call);
};

const squaredDifference: Operator = (call) => {
  const [a, b] = [call.given(0), call.given(1)];
  if (a.kind === "constant" && b.kind === "constant") return folded((x, y) => (x - y) ** 2)(call);
  call.begin("difference");
  const difference = arithmetic(call.lowering, "subtract", a, b);
  call.begin();
  return difference.kind === "layer" ? activated(call.lowering, difference, { kind: "square" }) : difference;
};

const sum: Operator = (call) => {
  const layers = call.inputs.filter((one) => one.kind === "layer");
  const constants = call.inputs.filter((one) => one.kind === "constant");
  let total: LayerValue | ConstantValue | undefined;
  if (layers.length > 1) {
    if (constants.length > 0) call.begin("sum");
    total = joined(call.lowering, { op: "add" }, layers);
    call.begin();
  } else [total] = layers;
  for (const one of constants) total = total ? arithmetic(call.lowering, "add", total, one) : one;
  return total ?? call.given(0);
};

const clip: Operator = (call) => {
  const [x, low, high] = [call.given(0), call.number(1), call.number(2)];
  if (x.kind === "layer") return clipped(call.lowering, x, low, high);
  return combinedConstants(x.elements, [x], ([value = 0]) => Math.min(high, Math.max(low, value)));
};

/** Slopes of negative values, which are broadcast against x. */
export function parametricRelu(call: Call, x: LayerValue, slope: ConstantValue): Value {
  const { lowering } = call;
  const { layers, layout, constant: held } = align(lowering, [x], shapeOf(x), [slope]);
  return { kind: "layer", layer: lowering.emit({ op: "prelu", slope: held(slope) }, layers), ...layout };
}

const prelu: Operator = (call) => parametricRelu(call, call.layer(0), call.constant(1));

/** Activations of a fused operator, by TensorFlow's names. */
export function fusedActivation(call: Call, op: string, x: LayerValue, slopes: number): Value {
  if (op === "Prelu") return parametricRelu(call, x, call.constant(slopes));
  const kind = FUSED.get(op);
  if (!kind) throw call.lowering.unsupported(`the fused operator ${op} is not supported`);
  if (op !== "LeakyRelu") return activated(call.lowering, x, kind);
  const alpha = call.attributes.number("leakyrelu_alpha", 0.2);
  return activated(call.lowering, x, { kind: "leakyRelu", alpha });
}

const FUSED: ReadonlyMap<string, Activation> = new Map<string, Activation>([
  ["Relu", { kind: "relu" }],
  ["Relu6", { kind: "relu6" }],
  ["Elu", { kind: "elu", alpha: 1 }],
  ["LeakyRelu", { kind: "leakyRelu" }],
  ["Sigmoid", { kind: "sigmoid" }],
  ["Tanh", { kind: "tanh" }],
]);

const relu: Fold = (value) => Math.max(0, value);

export const ACTIVATIONS: Readonly<Record<string, Operator>> = {
  Relu: unary({ kind: "relu" }, relu),
  Relu6: unary({ kind: "relu6" }, (value) => Math.min(6, relu(value))),
  Elu: unary({ kind: "elu", alpha: 1 }),
  Selu: unary({ kind: "selu" }),
  LeakyRelu: unary(leakyRelu),
  Sigmoid: unary({ kind: "sigmoid" }, (value) => 1 / (1 + Math.exp(-value))),
  Tanh: unary({ kind: "tanh" }, Math.tanh),
  Softplus: unary({ kind: "softplus" }),
  Softsign: unary({ kind: "softsign" }),
  Exp: unary({ kind: "exp" }, Math.exp),
  Log: unary({ kind: "log" }, Math.log),
  Sqrt: unary({ kind: "sqrt" }, Math.sqrt),
  Square: unary({ kind: "square" }, (value) => value * value),
  Abs: unary({ kind: "abs" }, Math.abs),
  Neg: unary({ kind: "negative" }, (value) => -value),
  Reciprocal: unary({ kind: "reciprocal" }, (value) => 1 / value),
  Inv: unary({ kind: "reciprocal" }, (value) => 1 / value),
  Erf: unary({ kind: "erf" }),
  Sin: unary({ kind: "sin" }, Math.sin),
  Cos: unary({ kind: "cos" }, Math.cos),
  Floor: unary({ kind: "floor" }, Math.floor),
  Ceil: unary({ kind: "ceil" }, Math.ceil),
  Round: unary({ kind: "round" }),
  Sign: unary({ kind: "sign" }, Math.sign),
  Rsqrt: rsqrt,
  Expm1: chain(step("exp"), plus(-1)),
  Log1p: chain(plus(1), step("log")),
  ClipByValue: clip,
  Prelu: prelu,
  Add: binary("add"),
  AddV2: binary("add"),
  AddN: sum,
  Sub: binary("subtract"),
  Mul: binary("multiply"),
  Div: binary("divide"),
  RealDiv: binary("divide"),
  Pow: binary("power"),
  Maximum: binary("maximum"),
  Minimum: binary("minimum"),
  SquaredDifference: squaredDifference,
  FloorDiv: folded((a, b) => Math.floor(a / b)),
  FloorMod: folded((a, b) => a - b * Math.floor(a / b)),
  Mod: folded((a, b) => a % b),
  Greater: folded((a, b) => Number(a > b)),
  GreaterEqual: folded((a, b) => Number(a >= b)),
  Less: folded((a, b) => Number(a < b)),
  LessEqual: folded((a, b) => Number(a <= b)),
  Equal: folded((a, b) => Number(a === b)),
  NotEqual: folded((a, b) => Number(a !== b)),
};
