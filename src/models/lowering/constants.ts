import { ModelError, UnsupportedError } from "../../gpu/errors.ts";
import { formatShape, type Shape, sizeOf } from "../../gpu/tensor.ts";
import type { ConstantValue, ElementKind, Elements } from "./value.ts";

/** Elements of a constant, at most: 2 GB of floats. */
const MOST = 2 ** 29;

/** Constants that are computed of one another, at most. */
const MOST_DEEP = 1000;

/** How many constants are being computed, each for the one before. */
let deep = 0;

/** @throws ModelError when constants are computed of one another deeper than a call stack allows. */
function computed(compute: () => Elements): Elements {
  if (deep >= MOST_DEEP) {
    throw new ModelError(
      `expected at most ${MOST_DEEP} constants that are computed of one another, got more`,
    );
  }
  deep++;
  try {
    return compute();
  } finally {
    deep--;
  }
}

/**
 * A constant whose elements are computed when they are read, again if nothing holds them any more: large weights that are
 * only a step to others do not stay.
 * @throws ModelError when there are more than can be.
 */
export function lazily(
  elements: ElementKind,
  shape: Shape,
  compute: () => Elements,
  more: Pick<ConstantValue, "ofBatch" | "repeated"> = {},
): ConstantValue {
  const { repeated } = more;
  const stored = shape.filter((_, axis) => axis !== repeated);
  if (!stored.every((size) => Number.isSafeInteger(size) && size >= 0) || sizeOf(stored) > MOST) {
    throw new ModelError(`expected a constant of at most ${MOST} elements, got ${formatShape(shape)}`);
  }
  let known: WeakRef<Elements> | undefined;
  return {
    kind: "constant",
    elements,
    shape,
    read: () => {
      const found = known?.deref() ?? computed(compute);
      known = new WeakRef(found);
      return found;
    },
    ...(more.ofBatch && more.ofBatch.size > 0 ? { ofBatch: more.ofBatch } : {}),
    ...(repeated === undefined ? {} : { repeated }),
  };
}

/** An array for so many elements of a kind. */
export function elementsOf(kind: ElementKind, size: number): Elements {
  return kind === "float" ? new Float32Array(size) : new Float64Array(size);
}

/** The shape of the elements that there are: 1 along an axis that is repeated. */
export function storedShape({ shape, repeated }: ConstantValue): number[] {
  return shape.map((size, axis) => (axis === repeated ? 1 : size));
}

/** Distances of neighbours along each axis, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = (strides[axis + 1] ?? 1) * (shape[axis + 1] ?? 1);
  }
  return strides;
}

/** Distances from the start, along each axis. */
const alongAxes = (shape: Shape, strides: readonly number[]) =>
  shape.map((size, axis) => Float64Array.from({ length: size }, (_, i) => i * (strides[axis] ?? 0)));

/** For each place of an array, row by row, the sum of what `axes` lists for its index along each. */
function sums(axes: readonly ArrayLike<number>[], start = 0): Float64Array {
  let all = Float64Array.of(start);
  for (const list of axes) {
    const next = new Float64Array(all.length * list.length);
    let at = 0;
    for (const sum of all) for (let i = 0; i < list.length; i++) next[at++] = sum + (list[i] ?? 0);
    all = next;
  }
  return all;
}

/** For each place of an array of `shape`, row by row, Σ index · stride. */
export function placesBy(shape: Shape, strides: readonly number[], start = 0): Float64Array {
  return sums(alongAxes(shape, strides), start);
}

/** Elements of the last axes, at least, that are moved in one run; their places are computed once for all runs. */
const RUN = 64;

/** A constant whose elements are those of another, at the sum of the distances along each axis. */
function moved(
  x: ConstantValue,
  shape: Shape,
  axes: () => readonly ArrayLike<number>[],
  repeated = x.repeated,
): ConstantValue {
  const compute = (): Elements => {
    const from = x.read();
    const lists = axes();
    let first = lists.length;
    for (let run = 1; first > 0 && run < RUN; ) run *= lists[--first]?.length ?? 1;
    const [outer, inner] = [sums(lists.slice(0, first)), sums(lists.slice(first))];
    const to = elementsOf(x.elements, outer.length * inner.length);
    let at = 0;
    for (const start of outer) {
      for (let i = 0; i < inner.length; i++) to[at++] = from[start + (inner[i] ?? 0)] ?? 0;
    }
    return to;
  };
  const ofBatch =
    x.ofBatch && new Set([...sums(axes())].flatMap((place, i) => (x.ofBatch?.has(place) ? [i] : [])));
  return lazily(x.elements, shape, compute, { ofBatch, repeated });
}

/** The same elements under another shape of as many. @throws UnsupportedError when that hides an axis of the batch. */
export function reshapedConstant(x: ConstantValue, shape: Shape): ConstantValue {
  let { repeated } = x;
  if (repeated !== undefined) {
    const before = sizeOf(x.shape.slice(0, repeated));
    const length = x.shape[repeated];
    repeated = shape.findIndex((size, axis) => size === length && sizeOf(shape.slice(0, axis)) === before);
    if (repeated < 0) {
      throw new UnsupportedError("a constant that is repeated over the batch is given a shape that hides it");
    }
  }
  return lazily(x.elements, shape, () => x.read(), { ofBatch: x.ofBatch, repeated });
}

/** The axes in another order. */
export function transposedConstant(x: ConstantValue, order: readonly number[]): ConstantValue {
  const stored = storedShape(x);
  const strides = stridesOf(stored);
  const at = x.repeated === undefined ? undefined : order.indexOf(x.repeated);
  return moved(
    x,
    order.map((axis) => x.shape[axis] ?? 1),
    () =>
      alongAxes(
        order.map((axis) => stored[axis] ?? 1),
        order.map((axis) => strides[axis] ?? 0),
      ),
    at,
  );
}

/** Some elements of each axis, by their indices; those of an axis without a list stay as they are. */
export function taken(x: ConstantValue, lists: readonly (readonly number[] | undefined)[]): ConstantValue {
  const stored = storedShape(x);
  const strides = stridesOf(stored);
  if (x.repeated !== undefined && lists[x.repeated]) {
    throw new UnsupportedError("a part is taken of a constant along the batch");
  }
  const axes = () =>
    alongAxes(stored, strides).map((all, axis) => lists[axis]?.map((index) => all[index] ?? 0) ?? all);
  return moved(
    x,
    x.shape.map((size, axis) => lists[axis]?.length ?? size),
    axes,
  );
}

/** The shape of arrays taken together element by element, as NumPy has it; undefined when they do not fit. */
export function broadcastShape(shapes: readonly Shape[]): number[] | undefined {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const result = Array<number>(rank).fill(1);
  for (const shape of shapes) {
    for (const [index, size] of shape.entries()) {
      const axis = rank - shape.length + index;
      if (size === 1) continue;
      if (result[axis] !== 1 && result[axis] !== size) return undefined;
      result[axis] = size;
    }
  }
  return result;
}

/** A constant repeated to a shape; along the axis of `batch` elements it stays one copy. */
export function expandedConstant(x: ConstantValue, shape: Shape, batch: number): ConstantValue {
  const missing = shape.length - x.shape.length;
  const stored = [...Array<number>(missing).fill(1), ...storedShape(x)];
  const strides = stridesOf(stored);
  const own = x.repeated === undefined ? undefined : x.repeated + missing;
  const repeated = own ?? shape.findIndex((size, axis) => size === batch && stored[axis] === 1);
  const to = shape.map((size, axis) => (axis === repeated ? 1 : size));
  return moved(
    x,
    shape,
    () =>
      alongAxes(
        to,
        strides.map((stride, axis) => (stored[axis] === 1 ? 0 : stride)),
      ),
    repeated < 0 ? undefined : repeated,
  );
}

/** A constant of each element of some, taken together by NumPy's rule. */
export function combinedConstants(
  elements: ElementKind,
  x: readonly ConstantValue[],
  combine: (values: readonly number[]) => number,
): ConstantValue {
  if (x.some(({ repeated }) => repeated !== undefined)) {
    if (x.length === 1 && x[0]) {
      const [only] = x;
      const compute = () => mappedTo(elements, only.read(), (value) => combine([value]));
      return lazily(elements, only.shape, compute, only);
    }
    throw new UnsupportedError("constants that are repeated over the batch are computed with others");
  }
  const shape = broadcastShape(x.map((one) => one.shape));
  if (!shape) {
    throw new ModelError(
      `expected shapes that fit, got ${x.map((one) => formatShape(one.shape)).join(", ")}`,
    );
  }
  const places = x.map((one) => {
    const missing = shape.length - one.shape.length;
    const strides = stridesOf(one.shape).map((stride, axis) => (one.shape[axis] === 1 ? 0 : stride));
    return () => placesBy(shape, [...Array<number>(missing).fill(0), ...strides]);
  });
  const compute = (): Elements => {
    const sources = x.map((one) => one.read());
    const at = places.map((one) => one());
    const to = elementsOf(elements, sizeOf(shape));
    for (let i = 0; i < to.length; i++) {
      to[i] = combine(sources.map((source, k) => source[at[k]?.[i] ?? 0] ?? 0));
    }
    return to;
  };
  const ofBatch = new Set<number>();
  for (const [k, one] of x.entries()) {
    if (!one.ofBatch) continue;
    for (const [i, place] of (places[k]?.() ?? []).entries()) if (one.ofBatch.has(place)) ofBatch.add(i);
  }
  return lazily(elements, shape, compute, { ofBatch });
}

function mappedTo(kind: ElementKind, from: Elements, map: (value: number) => number): Elements {
  const to = elementsOf(kind, from.length);
  for (let i = 0; i < to.length; i++) to[i] = map(from[i] ?? 0);
  return to;
}

/** Constants side by side along an axis. */
export function concatenatedConstants(x: readonly ConstantValue[], axis: number): ConstantValue {
  const [first] = x;
  if (!first || x.some(({ shape }) => shape.some((size, i) => i !== axis && size !== first.shape[i]))) {
    throw new ModelError(`expected constants that agree but for axis ${axis}`);
  }
  if (x.some(({ repeated }) => repeated !== undefined)) {
    throw new UnsupportedError("constants that are repeated over the batch are concatenated");
  }
  const lengths = x.map(({ shape }) => shape[axis] ?? 1);
  const length = lengths.reduce((sum, one) => sum + one, 0);
  const shape = first.shape.map((size, i) => (i === axis ? length : size));
  const rows = sizeOf(shape.slice(0, axis));
  const inner = sizeOf(shape.slice(axis + 1));
  const elements = first.elements;
  const compute = (): Elements => {
    const to = elementsOf(elements, sizeOf(shape));
    let start = 0;
    for (const [k, one] of x.entries()) {
      const block = (lengths[k] ?? 1) * inner;
      const from = one.read();
      for (let row = 0; row < rows; row++) {
        to.set(from.subarray(row * block, (row + 1) * block), row * length * inner + start);
      }
      start += block;
    }
    return to;
  };
  const ofBatch = new Set<number>();
  let start = 0;
  for (const [k, one] of x.entries()) {
    const block = (lengths[k] ?? 1) * inner;
    for (const place of one.ofBatch ?? []) {
      ofBatch.add(Math.floor(place / block) * length * inner + start + (place % block));
    }
    start += block;
  }
  return lazily(elements, shape, compute, { ofBatch });
}

/** A constant reduced over some axes, which stay as axes of 1. */
export function reducedConstant(
  x: ConstantValue,
  axes: readonly number[],
  reduce: (values: readonly number[]) => number,
): ConstantValue {
  if (x.repeated !== undefined) {
    throw new UnsupportedError("a constant that is repeated over the batch is reduced");
  }
  const inside = new Set(axes);
  const outer = x.shape.map((size, axis) => (inside.has(axis) ? 1 : size));
  const inner = x.shape.map((size, axis) => (inside.has(axis) ? size : 1));
  const strides = stridesOf(x.shape);
  const compute = (): Elements => {
    const from = x.read();
    const within = placesBy(inner, strides);
    return mappedTo(x.elements, placesBy(outer, strides), (start) =>
      reduce([...within].map((place) => from[start + place] ?? 0)),
    );
  };
  const ofBatch = new Set<number>();
  if (x.ofBatch) {
    const known = x.ofBatch;
    const within = [...placesBy(inner, strides)];
    for (const [i, start] of placesBy(outer, strides).entries()) {
      if (within.some((place) => known.has(start + place))) ofBatch.add(i);
    }
  }
  return lazily(x.elements, outer, compute, { ofBatch });
}
