import type { Activation } from "../../layers/activation-kinds.ts";
import { align } from "./alignment.ts";
import { broadcastShape, combinedConstants } from "./constants.ts";
import { shapeOf, simplified } from "./layout.ts";
import { type LayerBody, type Lowering, showShape } from "./lowering.ts";
import type { ConstantValue, LayerValue } from "./value.ts";

export type Arithmetic = "add" | "subtract" | "multiply" | "divide" | "power" | "minimum" | "maximum";

/** What is computed of one element of each operand. */
export const ARITHMETIC: Readonly<Record<Arithmetic, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  power: (a, b) => a ** b,
  minimum: Math.min,
  maximum: Math.max,
};

/** The largest number that 32-bit floats have: a bound that bounds nothing. */
export const LARGEST = 3.4028234663852886e38;

/** A bound of 32-bit floats for one that may be infinite. */
export const bound = (value: number): number => Math.max(-LARGEST, Math.min(LARGEST, value));

/** An activation of every element. */
export function activated(
  lowering: Lowering,
  x: LayerValue,
  activation: Activation,
  suffix?: string,
): LayerValue {
  return { ...x, layer: lowering.emit({ op: "activation", activation }, [x.layer], suffix) };
}

/** Elements between two bounds. */
export function clipped(lowering: Lowering, x: LayerValue, low: number, high: number): LayerValue {
  if (low === 0 && high === 6) return activated(lowering, x, { kind: "relu6" });
  if (low === 0 && high >= LARGEST) return activated(lowering, x, { kind: "relu" });
  return activated(lowering, x, { kind: "clip", alpha: bound(low), beta: bound(high) });
}

/** Arithmetic of two operands, of which one may be a constant, by NumPy's rule of broadcasting. */
export function arithmetic(
  lowering: Lowering,
  operator: Arithmetic,
  a: LayerValue | ConstantValue,
  b: LayerValue | ConstantValue,
  suffix?: string,
): LayerValue | ConstantValue {
  if (a.kind === "constant" && b.kind === "constant") {
    const elements = a.elements === "int" && b.elements === "int" ? "int" : "float";
    return combinedConstants(elements, [a, b], ([x = 0, y = 0]) => ARITHMETIC[operator](x, y));
  }
  if (a.kind === "constant")
    return b.kind === "layer" ? withConstant(lowering, operator, b, a, true, suffix) : b;
  if (b.kind === "constant") return withConstant(lowering, operator, a, b, false, suffix);
  if (operator === "multiply" && a.layer === b.layer && String(a.axes) === String(b.axes)) {
    return activated(lowering, a, { kind: "square" }, suffix);
  }
  return joined(
    lowering,
    operator === "add" || operator === "multiply" ? { op: operator } : { op: "binary", operator },
    [a, b],
    suffix,
  );
}

/** A layer of several inputs that are taken together element by element. */
export function joined(
  lowering: Lowering,
  body: LayerBody,
  values: readonly LayerValue[],
  suffix?: string,
): LayerValue {
  const shape = broadcast(lowering, values.map(shapeOf));
  const { layers, layout } = align(lowering, values, shape);
  return { kind: "layer", layer: lowering.emit(body, layers, suffix), ...simplified(layout) };
}

function broadcast(lowering: Lowering, shapes: readonly (readonly number[])[]): number[] {
  const shape = broadcastShape(shapes);
  if (shape) return shape;
  const shown = shapes.map((one) => lowering.show(one)).join(" and ");
  throw lowering.wrong(`expected shapes that fit one another, got ${shown}`);
}

/** @param first the constant is the first operand. */
function withConstant(
  lowering: Lowering,
  operator: Arithmetic,
  x: LayerValue,
  c: ConstantValue,
  first: boolean,
  suffix?: string,
): LayerValue {
  if (c.ofBatch) {
    throw lowering.unsupported(
      "a number that depends on the size of the batch is computed with what layers give",
    );
  }
  const shape = broadcast(lowering, [shapeOf(x), c.shape]);
  const single = c.read().length === 1 ? (c.read()[0] ?? 0) : undefined;
  if (single !== undefined && String(shape) === String(shapeOf(x))) {
    if (operator === "minimum")
      return activated(lowering, x, { kind: "clip", alpha: -LARGEST, beta: bound(single) }, suffix);
    if (operator === "maximum") {
      const kind: Activation =
        single === 0 ? { kind: "relu" } : { kind: "clip", alpha: bound(single), beta: LARGEST };
      return activated(lowering, x, kind, suffix);
    }
    if (operator === "power" && !first) {
      if (single === 1) return x;
      if (single === 2) return activated(lowering, x, { kind: "square" }, suffix);
      if (single === 0.5) return activated(lowering, x, { kind: "sqrt" }, suffix);
      if (single === -1) return activated(lowering, x, { kind: "reciprocal" }, suffix);
    }
    if (operator === "divide" && first && single === 1)
      return activated(lowering, x, { kind: "reciprocal" }, suffix);
  }
  const scale = String(shape) === String(shapeOf(x)) ? scaleOf(lowering, operator, x, c, first) : undefined;
  if (scale) {
    const layer = lowering.emit(
      { op: "batchNorm", scale: scale.scale, offset: scale.offset },
      [scale.layer],
      suffix,
    );
    return { ...x, layer };
  }
  const { layers, layout, constant } = align(lowering, [x], shape, [c]);
  const held = constant(c);
  const body: LayerBody =
    operator === "add" || operator === "multiply"
      ? { op: operator, constant: held }
      : { op: "binary", operator, constant: held, ...(first ? { constantFirst: true } : {}) };
  return { kind: "layer", layer: lowering.emit(body, layers, suffix), ...simplified(layout) };
}

/** A constant of one element, or one for each of the last stored axis, as a scale and an offset. */
function scaleOf(
  lowering: Lowering,
  operator: Arithmetic,
  x: LayerValue,
  c: ConstantValue,
  first: boolean,
): { readonly scale: Float32Array; readonly offset: Float32Array; readonly layer: string } | undefined {
  const layer = lowering.stored(x.layer).length > 1 ? x.layer : lowering.view(x.layer, [1]);
  const channels = lowering.stored(layer).at(-1) ?? 1;
  const values = c.read();
  if (values.length !== 1) {
    const missing = x.axes.length - c.shape.length;
    const along = c.shape.flatMap((size, index) =>
      size === 1 || index === c.repeated ? [] : [index + missing],
    );
    const factors = x.axes[along[0] ?? 0] ?? [];
    const isLast = factors.length === 1 && factors[0] === x.factors.length - 1;
    if (along.length !== 1 || !isLast || values.length !== channels) return undefined;
  }
  const at = (channel: number) => values[values.length === 1 ? 0 : channel] ?? 0;
  const filled = (value: (channel: number) => number) =>
    Float32Array.from({ length: channels }, (_, c) => value(c));
  const scaled = (scale: (channel: number) => number, offset: (channel: number) => number) => ({
    scale: filled(scale),
    offset: filled(offset),
    layer,
  });
  const [zero, one] = [() => 0, () => 1];
  if (operator === "add") return scaled(one, at);
  if (operator === "subtract") return first ? scaled(() => -1, at) : scaled(one, (channel) => -at(channel));
  if (operator === "multiply") return scaled(at, zero);
  if (operator === "divide" && !first) return scaled((channel) => 1 / at(channel), zero);
  return undefined;
}

/** y = scale·x + offset by the places of one of the file's axes. */
export function affine(
  lowering: Lowering,
  x: LayerValue,
  axis: number,
  scale: Float32Array,
  offset: Float32Array,
): LayerValue {
  const own = shapeOf(x);
  if (own[axis] !== scale.length) {
    throw lowering.wrong(
      `expected ${own[axis]} scales and offsets, got ${scale.length} for x of ${showShape(x)}`,
    );
  }
  const factors = x.axes[axis] ?? [];
  const channels = lowering.stored(x.layer).at(-1) ?? 1;
  if (channels === scale.length && lowering.stored(x.layer).length > 1) {
    const isLast = factors.length === 1 && factors[0] === x.factors.length - 1;
    if (isLast || channels === 1) {
      return { ...x, layer: lowering.emit({ op: "batchNorm", scale, offset }, [x.layer]) };
    }
  }
  // Brought to where the axis is stored last.
  const last = x.factors.flatMap((_, factor) => (factor > 0 && !factors.includes(factor) ? [factor] : []));
  const layer = lowering.arranged(x, [...last.map((factor) => [factor]), [...factors]]);
  const order = [...last, ...factors];
  const turned = lowering.ordered({ ...x }, order);
  return { ...turned, layer: lowering.emit({ op: "batchNorm", scale, offset }, [layer]) };
}
