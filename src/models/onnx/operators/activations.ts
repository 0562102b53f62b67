import type { Activation } from "../../../layers/activation-kinds.ts";
import { align } from "../../lowering/alignment.ts";
import { combinedConstants } from "../../lowering/constants.ts";
import { activated, affine, arithmetic, clipped, LARGEST } from "../../lowering/elementwise.ts";
import { shapeOf, simplified } from "../../lowering/layout.ts";
import { constant, type Value } from "../../lowering/value.ts";
import type { Call, Operator } from "../call.ts";

/** An operator of one input that is an activation; `fold` computes it of constants. */
function unary(activation: (call: Call) => Activation, fold?: (value: number) => number): Operator {
  return (call) => {
    const x = call.given(0);
    if (x.kind === "layer") return activated(call.lowering, x, activation(call));
    if (!fold) return call.layer(0);
    return combinedConstants(x.elements, [x], ([value = 0]) => fold(value));
  };
}

const plain = (kind: Activation["kind"], fold?: (value: number) => number): Operator =>
  unary(() => ({ kind }), fold);

/** An activation with a number of its own as alpha. */
const withAlpha = (kind: Activation["kind"], otherwise: number): Operator =>
  unary(({ attributes }) => ({ kind, alpha: attributes.number("alpha", otherwise) }));

const clip: Operator = (call) => {
  const { attributes, lowering } = call;
  const low = call.numberIf(1) ?? attributes.number("min", -LARGEST);
  const high = call.numberIf(2) ?? attributes.number("max", LARGEST);
  const x = call.given(0);
  if (x.kind === "layer") return clipped(lowering, x, low, high);
  return combinedConstants(x.elements, [x], ([value = 0]) => Math.min(high, Math.max(low, value)));
};

/** Scaled ELU; other constants than the paper's are an ELU and a factor. */
const selu: Operator = (call) => {
  const x = call.layer(0);
  const [alpha, gamma] = [
    call.attributes.number("alpha", 1.67326319),
    call.attributes.number("gamma", 1.05070102),
  ];
  const usual = Math.abs(alpha - 1.67326319) < 1e-5 && Math.abs(gamma - 1.05070102) < 1e-5;
  if (usual) return activated(call.lowering, x, { kind: "selu" });
  const elu = activated(call.lowering, x, { kind: "elu", alpha }, "elu");
  return arithmetic(call.lowering, "multiply", elu, constant("float", [], Float32Array.of(gamma)));
};

const prelu: Operator = (call) => {
  const { lowering } = call;
  const x = call.layer(0);
  const slope = call.constant(1);
  const { layers, constant: held, layout } = align(lowering, [x], shapeOf(x), [slope]);
  const layer = lowering.emit({ op: "prelu", slope: held(slope) }, layers);
  return { kind: "layer", layer, ...simplified(layout) };
};

const gelu: Operator = unary(({ attributes, lowering }) => {
  const approximate = attributes.text("approximate", "none");
  if (approximate !== "none" && approximate !== "tanh") {
    throw lowering.wrong(`expected approximate of none or tanh, got "${approximate}"`);
  }
  return { kind: approximate === "tanh" ? "geluTanh" : "gelu" };
});

/** x·sigmoid(alpha·x) */
const swish: Operator = (call) => {
  const { lowering } = call;
  const x = call.layer(0);
  const alpha = call.attributes.number("alpha", 1);
  if (alpha === 1) return activated(lowering, x, { kind: "swish" });
  const inner = arithmetic(lowering, "multiply", x, constant("float", [], Float32Array.of(alpha)), "scaled");
  if (inner.kind !== "layer") return inner;
  const gate = activated(lowering, inner, { kind: "sigmoid" }, "gate");
  return arithmetic(lowering, "multiply", x, gate);
};

const batchNormalization: Operator = (call): Value => {
  const { attributes, lowering } = call;
  if (attributes.flag("training_mode", false)) throw lowering.unsupported("training_mode 1 is not supported");
  if (call.opset < 9 && !attributes.flag("spatial", true))
    throw lowering.unsupported("spatial 0 is not supported");
  const [scale, shift, mean, variance] = [1, 2, 3, 4].map((index) => call.constant(index).read());
  const epsilon = attributes.number("epsilon", 1e-5);
  const size = scale?.length ?? 0;
  if (![shift, mean, variance].every((one) => one?.length === size)) {
    throw lowering.wrong(`expected ${size} offsets, means and variances`);
  }
  const scales = Float64Array.from(
    { length: size },
    (_, c) => (scale?.[c] ?? 1) / Math.sqrt((variance?.[c] ?? 1) + epsilon),
  );
  const negative = variance?.findIndex((value) => value + epsilon <= 0) ?? -1;
  if (negative >= 0)
    throw lowering.wrong(`expected variances of at least 0, got ${variance?.[negative]} at ${negative}`);
  const offsets = Float32Array.from(
    { length: size },
    (_, c) => (shift?.[c] ?? 0) - (mean?.[c] ?? 0) * (scales[c] ?? 1),
  );
  return affine(lowering, call.layer(0), 1, Float32Array.from(scales), offsets);
};

export const ACTIVATIONS: Readonly<Record<string, Operator>> = {
  Abs: plain("abs", Math.abs),
  BatchNormalization: batchNormalization,
  Ceil: plain("ceil", Math.ceil),
  Celu: withAlpha("celu", 1),
  Clip: clip,
  Cos: plain("cos", Math.cos),
  Elu: withAlpha("elu", 1),
  Erf: plain("erf"),
  Exp: plain("exp", Math.exp),
  Floor: plain("floor", Math.floor),
  Gelu: gelu,
  HardSigmoid: unary(({ attributes }) => ({
    kind: "hardSigmoid",
    alpha: attributes.number("alpha", 0.2),
    beta: attributes.number("beta", 0.5),
  })),
  HardSwish: plain("hardSwish"),
  LeakyRelu: withAlpha("leakyRelu", 0.01),
  Log: plain("log", Math.log),
  Mish: plain("mish"),
  Neg: plain("negative", (value) => -value),
  PRelu: prelu,
  Reciprocal: plain("reciprocal", (value) => 1 / value),
  Relu: plain("relu", (value) => Math.max(0, value)),
  Round: plain("round"),
  Selu: selu,
  Sigmoid: plain("sigmoid", (value) => 1 / (1 + Math.exp(-value))),
  Sign: plain("sign", Math.sign),
  Sin: plain("sin", Math.sin),
  Softplus: plain("softplus"),
  Softsign: plain("softsign"),
  Sqrt: plain("sqrt", Math.sqrt),
  Swish: swish,
  Tanh: plain("tanh", Math.tanh),
  ThresholdedRelu: withAlpha("thresholdedRelu", 1),
};
