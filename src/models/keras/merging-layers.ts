import { UnsupportedError } from "../../gpu/errors.ts";
import { formatShape } from "../../gpu/tensor.ts";
import type { BinaryOperator } from "../../layers/binary.ts";
import type { Converter, KerasCall } from "./converter.ts";

/** @throws UnsupportedError unless the layer has exactly two inputs. */
function assertTwo({ config, shapes }: KerasCall): void {
  if (shapes.length === 2) return;
  throw new UnsupportedError(`${config.who}: expected two inputs, got ${shapes.length}`);
}

export const add: Converter = ({ shapes }) => (shapes.length === 1 ? { op: "reshape" } : { op: "add" });

export const multiply: Converter = ({ shapes }) =>
  shapes.length === 1 ? { op: "reshape" } : { op: "multiply" };

export const subtract: Converter = (call) => {
  assertTwo(call);
  return { op: "binary", operator: "subtract" };
};

/** The sum `NAME/sum`, and `NAME`, a share of it. */
export const average: Converter = ({ shapes, weights }) => {
  const [x] = shapes;
  if (shapes.length === 1) return { op: "reshape" };
  const channels = shapes.reduce((most, shape) => Math.max(most, shape.at(-1) ?? 1), x.at(-1) ?? 1);
  weights.make(2 * channels);
  const scale = new Float32Array(channels).fill(1 / shapes.length);
  return [
    { suffix: "/sum", body: { op: "add" } },
    { suffix: "", body: { op: "batchNorm", scale, offset: new Float32Array(channels) } },
  ];
};

/** The largest or the smallest of several inputs, two by two: `NAME/1`, `NAME/2`, …, and `NAME`. */
export function extreme(operator: Extract<BinaryOperator, "maximum" | "minimum">): Converter {
  return ({ shapes }) => {
    if (shapes.length === 1) return { op: "reshape" };
    return shapes.slice(1).map((_, i) => ({
      suffix: i + 2 < shapes.length ? `/${i + 1}` : "",
      body: { op: "binary", operator },
      reads: i === 0 ? [0, 1] : [i + 1],
    }));
  };
}

export const concatenate: Converter = ({ config, shapes: [first, ...rest] }) => {
  const axis = config.number("axis", -1);
  return rest.length === 0
    ? { op: "reshape" }
    : { op: "concat", axis: axis < 0 ? first.length + axis : axis };
};

/** The scalar product of two vectors: their product `NAME/product`, and its sum. */
export const dot: Converter = (call) => {
  assertTwo(call);
  const { config, shapes } = call;
  const axes = Array.isArray(config.raw.axes) ? config.numbers("axes") : [config.number("axes", -1)];
  const [x, y = []] = shapes;
  const vectors = x.length === 2 && y.length === 2 && axes.every((axis) => axis === 1 || axis === -1);
  if (!vectors || config.flag("normalize", false)) {
    throw new UnsupportedError(
      `${config.who}: expected the product of two vectors, not normalized, got ${formatShape(x)} and ${formatShape(y)} along [${axes}]`,
    );
  }
  return [
    { suffix: "/product", body: { op: "multiply" } },
    { suffix: "", body: { op: "reduce", mode: "sum", axes: [1], keepDims: true } },
  ];
};
