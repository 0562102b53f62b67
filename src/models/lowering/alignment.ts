import { formatShape, type Shape } from "../../gpu/tensor.ts";
import type { Constant } from "../../layers/op.ts";
import { reshapedConstant, transposedConstant } from "./constants.ts";
import { commonCuts, regrouped, shapeOf } from "./layout.ts";
import { groupsWithin, type Lowering } from "./lowering.ts";
import type { ConstantValue, LayerValue, Layout } from "./value.ts";

/** A part of an axis of the file that is one axis of storage. */
interface Piece {
  readonly axis: number;
  readonly size: number;
}

/** A value whose factors are pieces, one each. */
interface Part {
  readonly value: LayerValue;
  /** The factor that each piece is, by the piece's number; none where the value has one element along it. */
  readonly factors: ReadonlyMap<number, number>;
}

/** Layers' outputs cut alike, so that they can be stored alike. */
export interface Alignment {
  readonly layers: readonly string[];
  /** Stored axes after the batch, each of the pieces that it is made of. */
  readonly groups: readonly (readonly number[])[];
  /** Pieces as they are stored. */
  readonly order: readonly number[];
  /** How what is computed of them shows the file's axes. */
  readonly layout: Layout;
  /** A constant as it lies beside them, the batch and leading axes of 1 apart. */
  constant(x: ConstantValue): Constant;
}

/**
 * Brings values to one order of storage, by NumPy's rule of broadcasting to `shape`.
 * @param whole the axis along which they lie side by side, and which stays one.
 */
export function align(
  lowering: Lowering,
  values: readonly LayerValue[],
  shape: Shape,
  constants: readonly ConstantValue[] = [],
  whole?: number,
): Alignment {
  const cuts = cutsOf(values, shape, whole);
  if (!cuts) {
    return align(
      lowering,
      values.map((value) => lowering.inFileOrder(value)),
      shape,
      constants,
      whole,
    );
  }
  const pieces = cuts.flatMap((sizes, axis) => sizes.map((size): Piece => ({ axis, size })));
  const batchPiece = pieces.findIndex(({ size }) => size === lowering.batch);
  const parts = values.map((value) => partOf(lowering, value, cuts, shape.length, whole));
  const orders = parts.map(({ factors }) =>
    [...factors]
      .filter(([, factor]) => factor !== 0)
      .sort(([, a], [, b]) => a - b)
      .map(([piece]) => piece),
  );
  const lead = orders.reduce(
    (most, order, index) => (order.length > (orders[most]?.length ?? 0) ? index : most),
    0,
  );
  // A picture of one channel gets its channels where it has that one.
  const stored = lowering.stored(parts[lead]?.value.layer ?? "");
  const order = orderOf(orders, lead, pieces, batchPiece, stored.length === 4 && stored[3] === 1);
  const present = [
    ...orders.map((own) => new Set(own)),
    ...constants.map((one) => new Set(piecesOf(lowering, one, pieces, shape.length))),
  ];
  const groups = groupsOf(lowering, parts[lead]?.value, orders[lead] ?? [], order, present, pieces, whole);
  const layers = parts.map(({ value, factors }) => {
    const wanted = groups.map((group) =>
      group.flatMap((piece) => {
        const factor = factors.get(piece);
        return factor === undefined ? [] : [factor];
      }),
    );
    const first = wanted.findIndex((group) => group.length > 0);
    const trimmed = first < 0 ? [] : wanted.slice(first);
    const sizes = trimmed.map((group) =>
      group.reduce((size, factor) => size * (value.factors[factor] ?? 1), 1),
    );
    const stored = lowering.stored(value.layer).slice(1);
    const same = trimmed.length > 0 && formatShape(stored) === formatShape(sizes);
    return lowering.arranged(value, same ? trimmed : wanted);
  });
  const at = new Map(order.map((piece, index) => [piece, index + 1]));
  const axes = cuts.map((_, axis) =>
    pieces.flatMap((piece, index) => (piece.axis === axis ? [at.get(index) ?? 0] : [])),
  );
  const factors = [lowering.batch, ...order.map((piece) => pieces[piece]?.size ?? 1)];
  return {
    layers,
    groups,
    order,
    layout: { factors, axes },
    constant: (x) => storedConstant(lowering, x, pieces, groups, shape.length),
  };
}

/** Sizes of the pieces of each axis; undefined where the values' storage has none in common. */
export function cutsOf(values: readonly Layout[], shape: Shape, whole?: number): number[][] | undefined {
  const cuts: number[][] = [];
  for (const [axis, size] of shape.entries()) {
    const ways = values.flatMap(({ factors, axes }) => {
      const own = axes[axis - (shape.length - axes.length)] ?? [];
      return own.length > 0 && axis !== whole ? [own.map((factor) => factors[factor] ?? 1)] : [];
    });
    const common = commonCuts(ways);
    if (!common) return undefined;
    cuts.push(axis === whole ? [size] : ways.length === 0 ? (size === 1 ? [] : [size]) : [...common]);
  }
  return cuts;
}

function partOf(
  lowering: Lowering,
  value: LayerValue,
  cuts: readonly (readonly number[])[],
  rank: number,
  whole: number | undefined,
): Part {
  const missing = rank - value.axes.length;
  const own = shapeOf(value);
  const target = own.flatMap((size, index) =>
    size === 1 ? [] : index + missing === whole ? [size] : (cuts[index + missing] ?? []),
  );
  const cut = regrouped(value, target, true);
  // Where storage does not show an axis as one, it is brought to the file's order.
  if (!cut || cut.axes.some((axis) => axis.length !== 1)) {
    return partOf(lowering, lowering.inFileOrder(value), cuts, rank, whole);
  }
  const factors = new Map<number, number>();
  let [piece, next] = [0, 0];
  for (const [axis, sizes] of cuts.entries()) {
    for (const _ of sizes) {
      if ((own[axis - missing] ?? 1) !== 1) factors.set(piece, cut.axes[next++]?.[0] ?? 0);
      piece++;
    }
  }
  return { value: { ...value, ...cut }, factors };
}

/**
 * The order in which pieces are stored: the lead's, with what others have beside it where they have it; what none has
 * where the file has it, or `last`.
 */
function orderOf(
  orders: readonly (readonly number[])[],
  lead: number,
  pieces: readonly Piece[],
  batchPiece: number,
  last: boolean,
): number[] {
  const order = [...(orders[lead] ?? [])];
  for (const other of orders) {
    for (const [index, piece] of other.entries()) {
      if (!order.includes(piece)) order.splice(order.indexOf(other[index - 1] ?? -1) + 1, 0, piece);
    }
  }
  for (const [piece, { axis }] of pieces.entries()) {
    if (piece === batchPiece || order.includes(piece)) continue;
    const after = last ? -1 : order.findIndex((one) => (pieces[one]?.axis ?? 0) > axis);
    order.splice(after < 0 ? order.length : after, 0, piece);
  }
  return order;
}

/** Pieces as axes of storage: as the lead's layer has them, where every value has all of an axis or nothing of it. */
function groupsOf(
  lowering: Lowering,
  lead: LayerValue | undefined,
  own: readonly number[],
  order: readonly number[],
  present: readonly ReadonlySet<number>[],
  pieces: readonly Piece[],
  whole: number | undefined,
): readonly (readonly number[])[] {
  const single = order.map((piece) => [piece]);
  if (!lead || String(own) !== String(order)) return single;
  const groups = groupsWithin(lowering.stored(lead.layer), lead.factors)?.map((group) =>
    group.map((factor) => order[factor - 1] ?? 0),
  );
  const fits = groups?.every(
    (group) =>
      (group.length === 1 || group.every((piece) => pieces[piece]?.axis !== whole)) &&
      present.every(
        (some) => group.every((piece) => some.has(piece)) || !group.some((piece) => some.has(piece)),
      ),
  );
  return groups && fits ? groups : single;
}

/** The pieces along which a constant has several elements. @throws UnsupportedError where it differs along the batch. */
function piecesOf(lowering: Lowering, x: ConstantValue, pieces: readonly Piece[], rank: number): number[] {
  const missing = rank - x.shape.length;
  return pieces.flatMap(({ axis, size }, piece) => {
    const own = axis - missing;
    if (own < 0 || x.repeated === own || x.shape[own] === 1) return [];
    if (size === lowering.batch) {
      throw lowering.unsupported(
        "a constant that differs from one element of the batch to the next is not supported",
      );
    }
    return [piece];
  });
}

function storedConstant(
  lowering: Lowering,
  x: ConstantValue,
  pieces: readonly Piece[],
  groups: readonly (readonly number[])[],
  rank: number,
): Constant {
  if (x.ofBatch) {
    throw lowering.unsupported(
      "a number that depends on the size of the batch is computed with what layers give",
    );
  }
  const own = piecesOf(lowering, x, pieces, rank);
  const plain: ConstantValue = {
    ...x,
    repeated: undefined,
    shape: x.shape.map((size, axis) => (axis === x.repeated ? 1 : size)),
  };
  const cut = reshapedConstant(
    plain,
    own.map((piece) => pieces[piece]?.size ?? 1),
  );
  const stored = groups.map((group) => group.filter((piece) => own.includes(piece)));
  const turned = transposedConstant(
    cut,
    stored.flat().map((piece) => own.indexOf(piece)),
  );
  const sizes = stored.map((group) => group.reduce((size, piece) => size * (pieces[piece]?.size ?? 1), 1));
  const first = sizes.findIndex((size) => size !== 1);
  return { shape: first < 0 ? [1] : sizes.slice(first), data: Float32Array.from(turned.read()) };
}
