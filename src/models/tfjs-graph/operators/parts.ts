import { sizeOf } from "../../../gpu/tensor.ts";
import { taken } from "../../lowering/constants.ts";
import {
  concatenated,
  expanded,
  type PadMode,
  type Part,
  padded,
  reshaped,
  shapeOfValue,
  sliced,
} from "../../lowering/movement.ts";
import type { Call, Given, Operator } from "../call.ts";
import { withAxis, withoutAxis } from "./shapes.ts";

/** Arrays that an operator is given or makes, at most: parts of a split are layers. */
const MOST_PARTS = 4096;

const slice: Operator = (call) => {
  const x = call.given(0);
  const shape = shapeOfValue(x);
  const [starts, sizes] = [call.integers(1), call.integers(2)];
  if (starts.length !== shape.length || sizes.length !== shape.length) {
    throw call.lowering.wrong(`expected a start and a size for each of ${shape.length} axes`);
  }
  const parts = shape.map((length, axis): Part => {
    const [start = 0, size = -1] = [starts[axis], sizes[axis]];
    return { axis, start, size: size < 0 ? length - start : size, step: 1 };
  });
  return sliced(call.lowering, x, parts);
};

const MASKS = ["begin_mask", "end_mask", "new_axis_mask", "shrink_axis_mask"] as const;

/** Python's x[begin:end:step, …], whose settings have a bit for each entry. */
const stridedSlice: Operator = (call) => {
  const { attributes, lowering } = call;
  let x = call.given(0);
  const [begins, ends, steps] = [call.integers(1), call.integers(2), call.integers(3)];
  const masks = Object.fromEntries(MASKS.map((name) => [name, attributes.number(name, 0)]));
  const bit = (name: (typeof MASKS)[number], index: number) => (((masks[name] ?? 0) >> index) & 1) === 1;
  if (attributes.number("ellipsis_mask", 0) !== 0 || begins.length > 30) {
    throw lowering.unsupported("an ellipsis is not supported");
  }
  const parts: Part[] = [];
  const gone: number[] = [];
  const fresh: number[] = [];
  let axis = 0;
  const shape = shapeOfValue(x);
  for (const [index, begin] of begins.entries()) {
    if (bit("new_axis_mask", index)) {
      fresh.push(axis - gone.length + fresh.length);
      continue;
    }
    const length = shape[axis];
    if (length === undefined) {
      throw lowering.wrong(`expected at most ${shape.length} entries, got ${begins.length}`);
    }
    const counted = (value: number) => (value < 0 ? value + length : value);
    if (bit("shrink_axis_mask", index)) {
      parts.push({ axis, start: counted(begin), size: 1, step: 1 });
      gone.push(axis);
    } else {
      const step = steps[index] ?? 1;
      if (step === 0) throw lowering.wrong("expected steps other than 0");
      const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
      const within = (value: number) => Math.max(low, Math.min(high, counted(value)));
      const start = bit("begin_mask", index) ? (step > 0 ? low : high) : within(begin);
      const end = bit("end_mask", index) ? (step > 0 ? high : low) : within(ends[index] ?? 0);
      parts.push({ axis, start, size: Math.max(0, Math.ceil((end - start) / step)), step });
    }
    axis++;
  }
  x = sliced(lowering, x, parts);
  if (gone.length > 0) {
    x = reshaped(
      lowering,
      x,
      shapeOfValue(x).filter((_, index) => !gone.includes(index)),
    );
  }
  for (const at of fresh) x = withAxis(call, x, at);
  return x;
};

/** Parts of an axis one behind the other, each under a name of its own. */
function parted(call: Call, x: Given, axis: number, sizes: readonly number[]): Given[] {
  const length = shapeOfValue(x)[axis] ?? 1;
  const open = sizes.indexOf(-1);
  const rest = length - sizes.reduce((sum, size) => sum + Math.max(0, size), 0);
  if ((open < 0 ? rest !== 0 : rest < 0) || sizes.length > MOST_PARTS) {
    throw call.lowering.wrong(
      `expected parts of the ${call.lowering.show([length])} elements of axis ${axis}`,
    );
  }
  let start = 0;
  return sizes.map((given, index) => {
    const size = index === open ? rest : given;
    call.begin(index === 0 ? "" : String(index));
    const part = sliced(call.lowering, x, [{ axis, start, size, step: 1 }]);
    start += size;
    return part;
  });
}

const equal = (call: Call, x: Given, axis: number, count: number): number[] => {
  const length = shapeOfValue(x)[axis] ?? 1;
  if (count < 1 || count > MOST_PARTS || length % count !== 0) {
    throw call.lowering.wrong(`expected ${call.lowering.show([length])} elements in ${count} equal parts`);
  }
  return Array<number>(count).fill(length / count);
};

const split: Operator = (call) => {
  const x = call.given(1);
  const axis = call.axis(call.number(0), call.rank(1));
  return parted(call, x, axis, equal(call, x, axis, call.attributes.number("num_split")));
};

const splitInSizes: Operator = (call) =>
  parted(call, call.given(0), call.axis(call.number(2), call.rank(0)), call.integers(1));

const unpack: Operator = (call) => {
  const x = call.given(0);
  const axis = call.axis(call.attributes.number("axis", 0), call.rank(0));
  const sizes = equal(call, x, axis, shapeOfValue(x)[axis] ?? 1);
  return parted(call, x, axis, sizes).map((part) => withoutAxis(call, part, axis));
};

const concat: Operator = (call) =>
  concatenated(call.lowering, call.inputs.slice(0, -1), call.axis(call.number(-1), call.rank(0)));

const oldConcat: Operator = (call) =>
  concatenated(call.lowering, call.inputs.slice(1), call.axis(call.number(0), call.rank(1)));

const pack: Operator = (call) => {
  const axis = call.axis(call.attributes.number("axis", 0), call.rank(0) + 1);
  return concatenated(
    call.lowering,
    call.inputs.map((one) => withAxis(call, one, axis)),
    axis,
  );
};

function pad(mode: (call: Call) => PadMode, value: (call: Call) => number): Operator {
  return (call) => {
    const x = call.layer(0);
    const pairs = call.integers(1);
    if (pairs.length !== 2 * x.axes.length || pairs.some((count) => count < 0)) {
      throw call.lowering.wrong(`expected two numbers of 0 or more for each axis, got [${pairs}]`);
    }
    const side = (offset: number) => x.axes.map((_, axis) => pairs[2 * axis + offset] ?? 0);
    return padded(call.lowering, x, side(0), side(1), mode(call), value(call));
  };
}

const mirror = (call: Call): PadMode => {
  const mode = call.attributes.text("mode");
  if (mode === "REFLECT") return "reflect";
  if (mode === "SYMMETRIC") return "symmetric";
  throw call.lowering.wrong(`expected mode REFLECT or SYMMETRIC, got ${mode}`);
};

const tile: Operator = (call) => {
  const { lowering } = call;
  const x = call.given(0);
  const shape = shapeOfValue(x);
  const times = call.integers(1);
  if (times.length !== shape.length || !times.every((count) => Number.isInteger(count) && count >= 1)) {
    throw lowering.wrong(`expected whole numbers of 1 or more for each axis, got [${times}]`);
  }
  const target = shape.map((size, axis) => size * (times[axis] ?? 1));
  if (shape.every((size, axis) => size === 1 || times[axis] === 1)) return expanded(lowering, x, target);
  if (x.kind === "constant") {
    const lists = shape.map((size, axis) =>
      times[axis] === 1 ? undefined : Array.from({ length: target[axis] ?? 1 }, (_, i) => i % size),
    );
    if (sizeOf(target) > MOST_TILED) throw lowering.unsupported(`${lowering.show(target)} is too large`);
    return taken(x, lists);
  }
  let tiled: Given = x;
  for (const [axis, count] of times.entries()) {
    if (count > MOST_PARTS) throw lowering.unsupported(`${count} copies are not supported`);
    const copies: Given[] = Array(count).fill(tiled);
    if (count > 1) tiled = concatenated(lowering, copies, axis);
  }
  return tiled;
};

/** Elements of a constant that is made by repeating another, at most. */
const MOST_TILED = 2 ** 24;

/** Elements by their places along an axis. Of a layer's output: a run of places, or one. */
const gather: Operator = (call) => {
  const { lowering } = call;
  const x = call.given(0);
  const shape = shapeOfValue(x);
  const places = call.constant(1);
  const axis = call.axis(call.inputs.length > 2 ? call.number(2) : 0, shape.length);
  const length = shape[axis] ?? 1;
  const list = [...places.read()].map((place) => (place < 0 ? place + length : place));
  if (call.attributes.number("batch_dims", 0) !== 0 || list.length === 0 || places.shape.length > 1) {
    throw lowering.unsupported("expected a list of places, without batch_dims");
  }
  if (!list.every((place) => Number.isInteger(place) && place >= 0 && place < length)) {
    throw lowering.wrong(`expected places of 0 to ${length - 1}`);
  }
  const [start = 0, second = start + 1] = list;
  const step = second - start;
  const even = step !== 0 && list.every((place, index) => place === start + index * step);
  if (x.kind === "layer" && !even)
    throw lowering.unsupported("places that are not evenly apart are not supported");
  const found =
    x.kind === "constant"
      ? taken(
          x,
          shape.map((_, index) => (index === axis ? list : undefined)),
        )
      : sliced(lowering, x, [{ axis, start, size: list.length, step }]);
  return places.shape.length === 0 ? withoutAxis(call, found, axis) : found;
};

const reverse: Operator = (call) => {
  const x = call.given(0);
  const shape = shapeOfValue(x);
  const parts = call.integers(1).map((given): Part => {
    const axis = call.axis(given, shape.length);
    const size = shape[axis] ?? 1;
    return { axis, start: size - 1, size, step: -1 };
  });
  return sliced(call.lowering, x, parts);
};

/** Arrays cut into parts, and put together of them. */
export const PARTS: Readonly<Record<string, Operator>> = {
  Slice: slice,
  StridedSlice: stridedSlice,
  Split: split,
  SplitV: splitInSizes,
  Unpack: unpack,
  Pack: pack,
  ConcatV2: concat,
  Concat: oldConcat,
  Pad: pad(
    () => "constant",
    ({ attributes }) => attributes.number("constant_value", 0),
  ),
  PadV2: pad(
    () => "constant",
    (call) => call.number(2),
  ),
  MirrorPad: pad(mirror, () => 0),
  Tile: tile,
  Gather: gather,
  GatherV2: gather,
  Reverse: reverse,
  ReverseV2: reverse,
};
