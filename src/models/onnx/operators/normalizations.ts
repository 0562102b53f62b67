import { reshapedConstant } from "../../lowering/constants.ts";
import { arithmetic } from "../../lowering/elementwise.ts";
import { shapeOf } from "../../lowering/layout.ts";
import { channelsFirst, onPicture } from "../../lowering/pictures.ts";
import { groupNormalized, normalized } from "../../lowering/reduction.ts";
import { type ConstantValue, constant, type Value } from "../../lowering/value.ts";
import { missing, type Operator } from "../call.ts";

/** One number a channel, as it broadcasts against an array of that rank. */
function perChannel(c: ConstantValue, rank: number): ConstantValue {
  return reshapedConstant(c, [c.shape[0] ?? 1, ...Array<number>(Math.max(0, rank - 2)).fill(1)]);
}

const instanceNormalization: Operator = (call) => {
  const x = call.layer(0);
  const rank = x.axes.length;
  const [scale, offset] = [1, 2].map((index) => perChannel(call.constant(index), rank));
  const axes = x.axes.flatMap((_, axis) => (axis > 1 ? [axis] : []));
  const plain = (c: ConstantValue | undefined, value: number) => c?.read().every((one) => one === value);
  // An exporter's group normalisation reshapes first and scales later.
  if (plain(scale, 1) && plain(offset, 0)) {
    return normalized(call.lowering, x, axes, call.attributes.number("epsilon", 1e-5));
  }
  return normalized(call.lowering, x, axes, call.attributes.number("epsilon", 1e-5), scale, offset);
};

const groupNormalization: Operator = (call): Value => {
  const { attributes, lowering } = call;
  const x = call.layer(0);
  const groups = attributes.number("num_groups");
  const channels = shapeOf(x)[1] ?? 1;
  const spread = (index: number): ConstantValue => {
    const given = call.constant(index);
    const values = given.read();
    const each = channels / values.length;
    const data = Float32Array.from({ length: channels }, (_, c) => values[Math.floor(c / each)] ?? 0);
    return perChannel(constant("float", [channels], data), x.axes.length);
  };
  const y = groupNormalized(lowering, x, groups, attributes.number("epsilon", 1e-5));
  return arithmetic(
    lowering,
    "add",
    arithmetic(lowering, "multiply", y, spread(1), "scale"),
    spread(2),
    "offset",
  );
};

const layerNormalization: Operator = (call) => {
  const { attributes, lowering } = call;
  const x = call.layer(0);
  const first = call.axis(attributes.number("axis", -1), x.axes.length);
  const axes = x.axes.flatMap((_, axis) => (axis >= first ? [axis] : []));
  const epsilon = attributes.number("epsilon", 1e-5);
  const y = normalized(lowering, x, axes, epsilon, call.constant(1), call.constantIf(2));
  const without = missing(lowering.unsupported("its mean and deviation as outputs are not supported"));
  return [y, without, without].slice(0, call.outputs.length);
};

const meanVarianceNormalization: Operator = (call) => {
  const x = call.layer(0);
  const axes = call.axes(call.attributes.numbers("axes") ?? [0, 2, 3], x.axes.length);
  return normalized(call.lowering, x, axes, 1e-9);
};

const lrn: Operator = (call) => {
  const { attributes, lowering } = call;
  const x = call.layer(0);
  const size = attributes.number("size");
  return onPicture(lowering, x, channelsFirst(x.axes.length), () => ({
    op: "lrn",
    radius: Math.floor((size - 1) / 2),
    after: Math.ceil((size - 1) / 2),
    bias: attributes.number("bias", 1),
    alpha: attributes.number("alpha", 1e-4) / size,
    beta: attributes.number("beta", 0.75),
  }));
};

/** Normalization by what the numbers around are. */
export const NORMALIZATIONS: Readonly<Record<string, Operator>> = {
  GroupNormalization: groupNormalization,
  InstanceNormalization: instanceNormalization,
  LRN: lrn,
  LayerNormalization: layerNormalization,
  MeanVarianceNormalization: meanVarianceNormalization,
};
