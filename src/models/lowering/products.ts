import type { Shape } from "../../gpu/tensor.ts";
import type { Constant } from "../../layers/op.ts";
import { cutsOf } from "./alignment.ts";
import { broadcastShape, reshapedConstant, transposedConstant } from "./constants.ts";
import { regrouped, shapeOf, simplified } from "./layout.ts";
import type { Lowering } from "./lowering.ts";
import { permuted, reshaped } from "./movement.ts";
import type { ConstantValue, LayerValue } from "./value.ts";

/** A constant's elements for a layer. */
export function weightsOf(lowering: Lowering, { ofBatch, repeated, ...x }: ConstantValue): Constant {
  if (ofBatch || repeated !== undefined)
    throw lowering.unsupported("its weights depend on the size of the batch");
  const data = x.read();
  return { shape: x.shape, data: data instanceof Float32Array ? data : Float32Array.from(data) };
}

/** x·w + b over the last axis of x; w is [features in, features out]. The rows of w follow the order in which x is stored. */
export function dense(
  lowering: Lowering,
  x: LayerValue,
  w: ConstantValue,
  b?: Constant | undefined,
  suffix?: string,
): LayerValue {
  const own = shapeOf(x);
  const [features = 1, units = 1] = w.shape;
  if (own.at(-1) !== features) {
    throw lowering.wrong(
      `expected weights for the ${own.at(-1)} features of x, got ${lowering.show(w.shape)}`,
    );
  }
  const factors = x.axes.at(-1) ?? [];
  if (factors.includes(0)) throw lowering.unsupported("it sums over the batch");
  const lead = x.factors.flatMap((_, factor) => (factor > 0 && !factors.includes(factor) ? [factor] : []));
  // Where all of the features lie behind the rest, whatever their order, only the rows of w move.
  const last = [...factors].sort((a, b) => a - b);
  const atEnd = last.every((factor, index) => factor === lead.length + 1 + index);
  const order = atEnd ? last : factors;
  const layer = lowering.arranged(x, [...lead.map((factor) => [factor]), order]);
  const rows = atEnd ? rowsInOrder(lowering, w, x, factors, last) : weightsOf(lowering, w);
  const made = lowering.emit({ op: "dense", w: rows, ...(b ? { b } : {}) }, [layer], suffix);
  const renamed = new Map(lead.map((factor, index) => [factor, index + 1]));
  renamed.set(0, 0);
  const axes = [
    ...x.axes.slice(0, -1).map((axis) => axis.map((factor) => renamed.get(factor) ?? 0)),
    [lead.length + 1],
  ];
  const sizes = [lowering.batch, ...lead.map((factor) => x.factors[factor] ?? 1), units];
  return { kind: "layer", layer: made, ...simplified({ factors: sizes, axes }) };
}

function rowsInOrder(
  lowering: Lowering,
  w: ConstantValue,
  x: LayerValue,
  file: readonly number[],
  stored: readonly number[],
): Constant {
  if (String(file) === String(stored)) return weightsOf(lowering, w);
  const sizes = file.map((factor) => x.factors[factor] ?? 1);
  const cut = reshapedConstant(w, [...sizes, w.shape[1] ?? 1]);
  const order = [...stored.map((factor) => file.indexOf(factor)), file.length];
  return weightsOf(lowering, reshapedConstant(transposedConstant(cut, order), w.shape));
}

/** The matrix product of two arrays, by NumPy's rule. */
export function product(
  lowering: Lowering,
  a: LayerValue | ConstantValue,
  b: LayerValue | ConstantValue,
): LayerValue {
  const [left, right] = [rankOf(a), rankOf(b)];
  if (left === 1) {
    const y = product(lowering, withAxis(lowering, a, 0), b);
    return reshaped(lowering, y, without(shapeOf(y), -2));
  }
  if (right === 1) {
    const y = product(lowering, a, withAxis(lowering, b, 1));
    return reshaped(lowering, y, without(shapeOf(y), -1));
  }
  if (a.kind === "constant") {
    if (b.kind === "constant") throw lowering.unsupported("a product of constants is not supported");
    // (b'·a')' = a·b
    return swapped(lowering, product(lowering, swapped(lowering, b), swapped(lowering, a)));
  }
  if (b.kind === "constant") {
    const lead = b.shape.slice(0, -2);
    if (lead.some((size) => size !== 1)) {
      throw lowering.unsupported(
        `several matrices of weights at once (${lowering.show(b.shape)}) are not supported`,
      );
    }
    const y = dense(lowering, a, reshapedConstant(b, b.shape.slice(-2)));
    const missing = lead.length - (shapeOf(y).length - 2);
    return missing > 0 ? reshaped(lowering, y, [...Array<number>(missing).fill(1), ...shapeOf(y)]) : y;
  }
  return ofLayers(lowering, a, b);
}

function ofLayers(lowering: Lowering, a: LayerValue, b: LayerValue): LayerValue {
  const [left, right] = [shapeOf(a), shapeOf(b)];
  const lead = broadcastShape([left.slice(0, -2), right.slice(0, -2)]);
  const [m = 1, k = 1] = left.slice(-2);
  const [inner = 1, p = 1] = right.slice(-2);
  if (!lead || k !== inner) {
    throw lowering.wrong(
      `expected matrices that fit, got ${lowering.show(left)} and ${lowering.show(right)}`,
    );
  }
  const matrix = [...a.axes.slice(-2), ...b.axes.slice(-2)].flat();
  if (matrix.includes(0)) throw lowering.unsupported("it multiplies along the batch");
  const cuts = cutsOf(
    [a, b].map(({ factors, axes }) => ({ factors, axes: axes.slice(0, -2) })),
    lead,
  );
  if (!cuts) return ofLayers(lowering, lowering.inFileOrder(a), lowering.inFileOrder(b));
  const pieces = cuts.flat();
  const operands = [a, b].map((value) => operand(lowering, value, cuts));
  const order: number[] = [];
  for (const { places } of operands) {
    for (const [index, piece] of places.entries()) {
      if (!order.includes(piece)) order.splice(order.indexOf(places[index - 1] ?? -1) + 1, 0, piece);
    }
  }
  const layers = operands.map(({ value, factors, rows, columns, transpose }) =>
    lowering.arranged(value, [
      ...order.map((piece) => factors.get(piece) ?? []),
      ...(transpose ? [columns, rows] : [rows, columns]),
    ]),
  );
  const [first, second] = operands;
  const body = {
    op: "matmul" as const,
    ...(first?.transpose ? { transposeA: true } : {}),
    ...(second?.transpose ? { transposeB: true } : {}),
  };
  const layer = lowering.emit(body, layers);
  const factors = [lowering.batch, ...order.map((piece) => pieces[piece] ?? 1), m, p];
  let next = 0;
  const axes = cuts.map((sizes) => sizes.map(() => order.indexOf(next++) + 1));
  return {
    kind: "layer",
    layer,
    ...simplified({ factors, axes: [...axes, [factors.length - 2], [factors.length - 1]] }),
  };
}

/** One side of a product, cut so that each piece of the axes before its matrices is one factor. */
interface Operand {
  readonly value: LayerValue;
  /** Pieces as they are stored, the batch apart. */
  readonly places: readonly number[];
  readonly factors: ReadonlyMap<number, readonly number[]>;
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  /** The columns are stored before the rows. */
  readonly transpose: boolean;
}

function operand(lowering: Lowering, value: LayerValue, cuts: readonly (readonly number[])[]): Operand {
  const own = shapeOf(value);
  const missing = cuts.length - (own.length - 2);
  const lead = cuts.flatMap((sizes, axis) =>
    (own[axis - missing] ?? 1) === 1 || axis < missing ? [] : sizes,
  );
  const cut = regrouped(value, [...lead, ...own.slice(-2)], true);
  if (!cut || cut.axes.slice(0, -2).some((axis) => axis.length !== 1)) {
    return operand(lowering, lowering.inFileOrder(value), cuts);
  }
  const factors = new Map<number, readonly number[]>();
  let [piece, next] = [0, 0];
  for (const [axis, sizes] of cuts.entries()) {
    for (const _ of sizes) {
      const present = axis >= missing && (own[axis - missing] ?? 1) !== 1;
      const [factor = 0] = present ? (cut.axes[next++] ?? []) : [];
      if (factor !== 0) factors.set(piece, [factor]);
      piece++;
    }
  }
  const places = [...factors].sort(([, [a = 0]], [, [b = 0]]) => a - b).map(([index]) => index);
  const [rows = [], columns = []] = cut.axes.slice(-2);
  const least = (some: readonly number[]) => Math.min(...some);
  const transpose = rows.length > 0 && columns.length > 0 && least(columns) < least(rows);
  return { value: { ...value, ...cut }, places, factors, rows, columns, transpose };
}

function rankOf(x: LayerValue | ConstantValue): number {
  return x.kind === "constant" ? x.shape.length : x.axes.length;
}

function withAxis<V extends LayerValue | ConstantValue>(lowering: Lowering, x: V, at: number): V {
  const shape = x.kind === "constant" ? x.shape : shapeOf(x);
  return reshaped(lowering, x, [...shape.slice(0, at), 1, ...shape.slice(at)]);
}

function without(shape: Shape, at: number): Shape {
  return shape.filter((_, axis) => axis !== shape.length + at);
}

/** The last two axes exchanged. */
export function swapped<V extends LayerValue | ConstantValue>(lowering: Lowering, x: V): V {
  const rank = rankOf(x);
  const order = Array.from({ length: rank }, (_, axis) => axis);
  return permuted(lowering, x, [...order.slice(0, -2), rank - 1, rank - 2]);
}
