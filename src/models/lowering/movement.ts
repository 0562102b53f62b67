import { type Shape, sizeOf } from "../../gpu/tensor.ts";
import { align } from "./alignment.ts";
import {
  broadcastShape,
  concatenatedConstants,
  elementsOf,
  expandedConstant,
  reshapedConstant,
  taken,
  transposedConstant,
} from "./constants.ts";
import { arithmetic } from "./elementwise.ts";
import { inOrder, regrouped, shapeOf, simplified, transposed } from "./layout.ts";
import type { Lowering } from "./lowering.ts";
import { type ConstantValue, constant, type LayerValue } from "./value.ts";

type Known = ConstantValue | LayerValue;

/** The shape of a value, as the file sees it. */
export function shapeOfValue(x: Known): Shape {
  return x.kind === "constant" ? x.shape : shapeOf(x);
}

/** The same elements, in the file's order, under another shape. */
export function reshaped<V extends Known>(lowering: Lowering, x: V, shape: Shape): V;
export function reshaped(lowering: Lowering, x: Known, shape: Shape): Known {
  const before = shapeOfValue(x);
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 1) || sizeOf(before) !== sizeOf(shape)) {
    throw lowering.wrong(
      `expected a shape of the ${lowering.show(before)} values, got ${lowering.show(shape)}`,
    );
  }
  if (x.kind === "constant") return reshapedConstant(x, shape);
  const layout = regrouped(x, shape);
  if (layout) return { ...x, ...layout };
  const straight = lowering.inFileOrder(x);
  const shown = regrouped(straight, shape);
  if (shown) return { ...straight, ...shown };
  throw lowering.unsupported(
    `x of ${lowering.show(before)} cannot be given the shape ${lowering.show(shape)}, which parts the batch`,
  );
}

/** The axes in another order. Runs nothing. */
export function permuted<V extends Known>(lowering: Lowering, x: V, order: readonly number[]): V;
export function permuted(lowering: Lowering, x: Known, order: readonly number[]): Known {
  const rank = shapeOfValue(x).length;
  if (
    order.length !== rank ||
    !Array.from({ length: rank }, (_, i) => i).every((axis) => order.includes(axis))
  ) {
    throw lowering.wrong(`expected each of ${rank} axes once, got [${order}]`);
  }
  return x.kind === "constant" ? transposedConstant(x, order) : { ...x, ...transposed(x, order) };
}

/** A part of an axis: `size` elements from `start`, `step` apart. */
export interface Part {
  readonly axis: number;
  readonly start: number;
  readonly size: number;
  readonly step: number;
}

/** Storage in which each of the file's axes is one factor; those that are all of it beside the batch. */
function inSingles(lowering: Lowering, x: LayerValue, axes: readonly number[]): LayerValue {
  if (axes.some((axis) => x.axes[axis]?.includes(0))) {
    throw lowering.unsupported("it works along the batch, whose elements have nothing to do with each other");
  }
  const several = axes.flatMap((axis) => {
    const own = x.axes[axis] ?? [];
    return own.length > 1 ? [own] : [];
  });
  if (several.length === 0) return x;
  // Where an axis ends in storage, all of it comes to lie; the others keep their order.
  const joined = new Set(several.flat());
  const order = x.factors.flatMap((_, factor) => {
    if (factor === 0) return [];
    return several.find((own) => Math.max(...own) === factor) ?? (joined.has(factor) ? [] : [factor]);
  });
  return lowering.ordered(x, order);
}

/** Parts of some axes. */
export function sliced(lowering: Lowering, x: Known, parts: readonly Part[]): Known {
  const shape = shapeOfValue(x);
  const some = parts.filter(
    ({ axis, start, size, step }) => start !== 0 || step !== 1 || size !== shape[axis],
  );
  for (const { axis, start, size, step } of some) {
    const last = start + (size - 1) * step;
    const length = shape[axis] ?? 1;
    if (size < 1 || start < 0 || start >= length || last < 0 || last >= length) {
      throw lowering.wrong(
        `expected a part within the ${lowering.show([length])} elements of axis ${axis}, got ${size} from ${start} on`,
      );
    }
  }
  if (some.length === 0) return x;
  if (x.kind === "constant") {
    const lists = x.shape.map((_, axis) => {
      const part = some.find((one) => one.axis === axis);
      return part && Array.from({ length: part.size }, (_, i) => part.start + i * part.step);
    });
    return taken(x, lists);
  }
  const single = inSingles(
    lowering,
    x,
    some.map(({ axis }) => axis),
  );
  const factors = some.map(({ axis }) => single.axes[axis]?.[0] ?? 0);
  const { layer, axes } = lowering.isolated(
    single,
    factors.map((factor) => [factor]),
  );
  const stored = lowering.stored(layer).slice(1);
  const starts = stored.map(() => 0);
  const sizes = [...stored];
  const steps = stored.map(() => 1);
  for (const [index, { start, size, step }] of some.entries()) {
    const at = (axes[index] ?? 1) - 1;
    starts[at] = start;
    sizes[at] = size;
    steps[at] = step;
  }
  const made = lowering.emit(
    { op: "slice", starts, sizes, ...(steps.every((step) => step === 1) ? {} : { steps }) },
    [layer],
  );
  const lengths = single.factors.map((size, factor) => {
    const index = factors.indexOf(factor);
    return index < 0 ? size : (some[index]?.size ?? 1);
  });
  return { kind: "layer", layer: made, ...simplified({ factors: lengths, axes: single.axes }) };
}

export type PadMode = "constant" | "reflect" | "edge" | "symmetric";

/** Elements added before and after each of the file's axes. */
export function padded(
  lowering: Lowering,
  x: LayerValue,
  before: readonly number[],
  after: readonly number[],
  mode: PadMode,
  value: number,
  suffix?: string,
): LayerValue {
  const shape = shapeOf(x);
  const some = shape.flatMap((_, axis) => (before[axis] || after[axis] ? [axis] : []));
  if (some.length === 0) return x;
  let single = inSingles(lowering, x, some);
  // An axis of 1 is nowhere in storage: a view gives it a place.
  const factors: number[] = [];
  for (const axis of some) {
    if ((single.axes[axis]?.length ?? 0) === 0) {
      single = {
        ...single,
        factors: [...single.factors, 1],
        axes: single.axes.map((own, index) => (index === axis ? [single.factors.length] : own)),
      };
    }
    factors.push(single.axes[axis]?.[0] ?? 0);
  }
  const { layer, axes } = lowering.isolated(
    single,
    factors.map((factor) => [factor]),
  );
  const stored = lowering.stored(layer).slice(1);
  const counts = (side: readonly number[]) => {
    const all = stored.map(() => 0);
    for (const [index, axis] of some.entries()) all[(axes[index] ?? 1) - 1] = side[axis] ?? 0;
    return all;
  };
  const body = { op: "pad", before: counts(before), after: counts(after), mode } as const;
  const made = lowering.emit(mode === "constant" && value !== 0 ? { ...body, value } : body, [layer], suffix);
  const lengths = single.factors.map((size, factor) => {
    const axis = some[factors.indexOf(factor)] ?? -1;
    return size + (before[axis] ?? 0) + (after[axis] ?? 0);
  });
  return { kind: "layer", layer: made, ...simplified({ factors: lengths, axes: single.axes }) };
}

/** Values side by side along an axis. Constants before and after what layers give become a pad and a sum. */
export function concatenated(lowering: Lowering, x: readonly Known[], axis: number): Known {
  const [first] = x;
  if (!first) throw lowering.wrong("expected inputs, got none");
  const shape = shapeOfValue(first);
  const fits = x.every((one) => {
    const own = shapeOfValue(one);
    return own.length === shape.length && own.every((size, i) => i === axis || size === shape[i]);
  });
  if (!fits || axis < 0 || axis >= shape.length) {
    const shown = x.map((one) => lowering.show(shapeOfValue(one))).join(", ");
    throw lowering.wrong(`expected inputs that agree but for axis ${axis}, got ${shown}`);
  }
  const constants = x.filter((one) => one.kind === "constant");
  if (constants.length === x.length) return concatenatedConstants(constants, axis);
  if (constants.length > 0) return amongConstants(lowering, x, axis);
  const layers = x.filter((one) => one.kind === "layer");
  if (layers.length === 1) return first;
  const singles = layers.map((one) => inSingles(lowering, one, [axis]));
  const total = layers.reduce((sum, one) => sum + (shapeOf(one)[axis] ?? 1), 0);
  const whole = shape.map((size, i) => (i === axis ? total : size));
  const aligned = align(lowering, singles, whole, [], axis);
  const factor = aligned.layout.axes[axis]?.[0] ?? 0;
  const at = aligned.groups.findIndex(
    (group) => group.length === 1 && aligned.order[factor - 1] === group[0],
  );
  const full = aligned.layers.map((layer) => lowering.atRank(layer, aligned.groups.length));
  const made = lowering.emit({ op: "concat", axis: at + 1 }, full);
  return { kind: "layer", layer: made, ...simplified(aligned.layout) };
}

function amongConstants(lowering: Lowering, x: readonly Known[], axis: number): Known {
  const begin = x.findIndex(({ kind }) => kind === "layer");
  const end = x.findLastIndex(({ kind }) => kind === "layer") + 1;
  const middle = x.slice(begin, end).filter((one) => one.kind === "layer");
  if (middle.length < end - begin) {
    throw lowering.unsupported("a constant between layers' outputs is not supported");
  }
  const inner = middle.length === 1 ? middle[0] : concatenated(lowering, middle, axis);
  if (inner?.kind !== "layer") throw lowering.wrong("expected a layer's output");
  const length = (values: readonly Known[]) =>
    values.reduce((sum, one) => sum + (shapeOfValue(one)[axis] ?? 1), 0);
  const [lead, tail] = [length(x.slice(0, begin)), length(x.slice(end))];
  const rank = shapeOf(inner).length;
  const border = (count: number) => Array.from({ length: rank }, (_, i) => (i === axis ? count : 0));
  const wide = padded(lowering, inner, border(lead), border(tail), "constant", 0, "pad");
  const zeros = shapeOf(inner).map((size) => size);
  const held = x.map((one): ConstantValue => {
    if (one.kind === "constant") {
      const plain = one.shape.map((size, i) => (i === one.repeated ? 1 : size));
      return { ...one, shape: plain, repeated: undefined };
    }
    const own = shapeOf(one).map((size, i) => (one.axes[i]?.includes(0) ? 1 : size));
    return constant("float", own, elementsOf("float", sizeOf(own)));
  });
  const common = broadcastShape(held.map(({ shape }) => shape.map((size, i) => (i === axis ? 1 : size))));
  if (!common) throw lowering.wrong(`expected shapes that fit ${lowering.show(zeros)}`);
  const level = held.map((one) =>
    expandedConstant(
      one,
      common.map((size, i) => (i === axis ? (one.shape[i] ?? 1) : size)),
      lowering.batch,
    ),
  );
  return arithmetic(lowering, "add", wide, concatenatedConstants(level, axis));
}

/** Copies of what a layer gives, at most: a constant of zeros makes them. */
export const MOST_REPEATS = 2 ** 24;

/** A value repeated to a shape by NumPy's rule. */
export function expanded(lowering: Lowering, x: Known, target: Shape): Known {
  const shape = broadcastShape([shapeOfValue(x), target]);
  if (!shape) {
    throw lowering.wrong(
      `expected a shape to which ${lowering.show(shapeOfValue(x))} can be repeated, got ${lowering.show(target)}`,
    );
  }
  if (x.kind === "constant") return expandedConstant(x, shape, lowering.batch);
  const own = shapeOf(x);
  if (String(own) === String(shape)) return x;
  const longer = shape.map((size, i) => {
    const before = own[i - (shape.length - own.length)] ?? 1;
    return before === size ? 1 : size;
  });
  if (longer.every((size) => size === 1)) return reshaped(lowering, x, shape);
  if (longer.includes(lowering.batch)) {
    throw lowering.unsupported("it repeats what a layer gives over the batch");
  }
  if (sizeOf(longer) > MOST_REPEATS) {
    throw lowering.unsupported(
      `expected values repeated at most ${MOST_REPEATS} times, got ${lowering.show(longer)}`,
    );
  }
  return arithmetic(lowering, "add", x, constant("float", longer, elementsOf("float", sizeOf(longer))));
}

/** An input's layer as a value: its storage has the file's order, or `order` of the file's axes. */
export function inputValue(
  lowering: Lowering,
  layer: string,
  shape: Shape,
  batchAxis: number | undefined,
  order: readonly number[],
): LayerValue {
  const stored = inOrder(
    lowering.batch,
    order.map((axis) => shape[axis] ?? 1),
    batchAxis === undefined ? undefined : order.indexOf(batchAxis),
  );
  return {
    kind: "layer",
    layer,
    ...transposed(
      stored,
      shape.map((_, axis) => order.indexOf(axis)),
    ),
  };
}
