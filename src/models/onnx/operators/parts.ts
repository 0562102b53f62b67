import { sizeOf } from "../../../gpu/tensor.ts";
import { taken } from "../../lowering/constants.ts";
import {
  concatenated,
  expanded,
  MOST_REPEATS,
  type PadMode,
  padded,
  reshaped,
  shapeOfValue,
  sliced,
} from "../../lowering/movement.ts";
import type { Value } from "../../lowering/value.ts";
import { missing, type Operator } from "../call.ts";

const concat: Operator = (call) => {
  const values = call.inputs.map((_, index) => call.given(index));
  const axis = call.axis(call.attributes.number("axis"), shapeOfValue(call.given(0)).length);
  return concatenated(call.lowering, values, axis);
};

const slice: Operator = (call) => {
  const { lowering } = call;
  const x = call.given(0);
  const own = shapeOfValue(x);
  const starts = call.required("starts", 1);
  const ends = call.required("ends", 2);
  const axes = call.axes(call.integers("axes", 3) ?? starts.map((_, index) => index), own.length);
  const steps = call.integers("steps", 4) ?? starts.map(() => 1);
  if (starts.length !== ends.length || axes.length !== starts.length || steps.length !== starts.length) {
    throw lowering.wrong(
      `expected as many starts as ends, axes and steps, got ${starts.length} and ${ends.length}`,
    );
  }
  const parts = axes.map((axis, index) => {
    const length = own[axis] ?? 1;
    const step = steps[index] ?? 1;
    if (step === 0 || !Number.isInteger(step))
      throw lowering.wrong(`expected a step other than 0, got ${step}`);
    const inside = (at: number, least: number, most: number) =>
      Math.min(most, Math.max(least, at < 0 ? at + length : at));
    const start =
      step > 0 ? inside(starts[index] ?? 0, 0, length) : inside(starts[index] ?? 0, 0, length - 1);
    const end = step > 0 ? inside(ends[index] ?? 0, 0, length) : inside(ends[index] ?? 0, -1, length - 1);
    return { axis, start, size: Math.max(0, Math.ceil((end - start) / step)), step };
  });
  if (x.kind === "constant") {
    const lists = own.map((_, axis) => {
      const part = parts.find((one) => one.axis === axis);
      return part && Array.from({ length: part.size }, (_, i) => part.start + i * part.step);
    });
    return taken(x, lists);
  }
  return sliced(lowering, x, parts);
};

const split: Operator = (call) => {
  const { attributes, lowering } = call;
  const x = call.given(0);
  const own = shapeOfValue(x);
  const axis = call.axis(attributes.number("axis", 0), own.length);
  const length = own[axis] ?? 1;
  const count = attributes.number("num_outputs", call.outputs.length);
  const each = Math.ceil(length / count);
  const sizes =
    call.integers("split", 1) ??
    Array.from({ length: count }, (_, index) => Math.min(each, length - index * each));
  if (sizes.length !== count || sizes.reduce((sum, one) => sum + one, 0) !== length) {
    throw lowering.wrong(`expected ${count} parts of ${lowering.show([length])}, got [${sizes}]`);
  }
  let start = 0;
  return sizes.map((part, index): Value => {
    const begin = start;
    start += part;
    if (call.outputs[index] === "") return missing(lowering.wrong("an output that nobody reads"));
    return sliced(lowering, x, [{ axis, start: begin, size: part, step: 1 }]);
  });
};

const gather: Operator = (call) => {
  const { lowering } = call;
  const x = call.given(0);
  const own = shapeOfValue(x);
  const axis = call.axis(call.attributes.number("axis", 0), own.length);
  const indices = call.constant(1);
  const length = own[axis] ?? 1;
  const list = call.list(1, MOST_PLACES).map((index) => (index < 0 ? index + length : index));
  const outside = list.find((index) => !(index >= 0 && index < length));
  if (outside !== undefined) {
    throw lowering.wrong(`expected indices below ${lowering.show([length])}, got ${outside}`);
  }
  const target = [...own.slice(0, axis), ...indices.shape, ...own.slice(axis + 1)];
  const lists = own.map((_, index) => (index === axis ? list : undefined));
  if (x.kind === "constant") return reshaped(lowering, taken(x, lists), target);
  const parts: { start: number; size: number; step: number }[] = [];
  for (const index of list) {
    const part = parts.at(-1);
    const step = part ? index - (part.start + (part.size - 1) * part.step) : 1;
    if (part && part.size === 1 && step !== 0) parts[parts.length - 1] = { ...part, size: 2, step };
    else if (part && part.size > 1 && step === part.step) part.size++;
    else parts.push({ start: index, size: 1, step: 1 });
  }
  if (parts.length > MOST_PARTS)
    throw lowering.unsupported(`expected elements in at most ${MOST_PARTS} runs, got ${parts.length}`);
  const pieces = parts.map((part) => sliced(lowering, x, [{ axis, ...part }]));
  const [only = x] = pieces;
  return reshaped(lowering, pieces.length === 1 ? only : concatenated(lowering, pieces, axis), target);
};

/** Elements that are taken of an axis, at most. */
const MOST_PLACES = 2 ** 20;

/** Runs of neighbouring elements that are put together from slices, at most. */
const MOST_PARTS = 32;

const tile: Operator = (call): Value => {
  const { lowering } = call;
  const x = call.given(0);
  const own = shapeOfValue(x);
  const repeats = call.list(1);
  if (repeats.length !== own.length) {
    throw lowering.wrong(`expected ${own.length} numbers of repeats, got ${repeats.length}`);
  }
  if (!repeats.every((count) => Number.isInteger(count) && count >= 1)) {
    throw lowering.wrong(`expected numbers of repeats of at least 1, got [${repeats}]`);
  }
  if (x.kind === "constant" && !repeats.some((count) => count % lowering.batch === 0)) {
    if (sizeOf(repeats) > MOST_REPEATS) {
      throw lowering.unsupported(`expected at most ${MOST_REPEATS} repeats, got ${lowering.show(repeats)}`);
    }
    return taken(
      x,
      own.map((length, axis) => Array.from({ length: length * (repeats[axis] ?? 1) }, (_, i) => i % length)),
    );
  }
  // [a, b] repeated r and s times is [1, a, 1, b] expanded to [r, a, s, b].
  const apart = reshaped(
    lowering,
    x,
    own.flatMap((length) => [1, length]),
  );
  const wide = expanded(
    lowering,
    apart,
    own.flatMap((length, axis) => [repeats[axis] ?? 1, length]),
  );
  return reshaped(
    lowering,
    wide,
    own.map((length, axis) => length * (repeats[axis] ?? 1)),
  );
};

const MODES: readonly PadMode[] = ["constant", "reflect", "edge"];

const pad: Operator = (call) => {
  const { attributes, lowering } = call;
  const x = call.layer(0);
  const rank = x.axes.length;
  const mode = MODES.find((one) => one === attributes.text("mode", "constant"));
  if (!mode) throw lowering.unsupported(`mode "${attributes.text("mode", "constant")}" is not supported`);
  const pads = call.required(call.opset < 2 ? "paddings" : "pads", 1);
  const value = call.numberIf(2) ?? attributes.number("value", 0);
  const axes = call.axes(call.inputs[3] ? call.list(3) : x.axes.map((_, axis) => axis), rank);
  if (pads.length !== 2 * axes.length)
    throw lowering.wrong(`expected pads of ${2 * axes.length} numbers, got ${pads.length}`);
  const [before, after] = [0, 1].map((side) =>
    x.axes.map((_, axis) => {
      const at = axes.indexOf(axis);
      return at < 0 ? 0 : (pads[side * axes.length + at] ?? 0);
    }),
  );
  const [more, less] = [before, after].map((side) => side?.map((count) => Math.max(0, count)) ?? []);
  const own = shapeOfValue(x);
  // Negative ones cut off.
  const cut = own.map((length, axis) => ({
    axis,
    start: Math.max(0, -(before?.[axis] ?? 0)),
    size: length + Math.min(0, before?.[axis] ?? 0) + Math.min(0, after?.[axis] ?? 0),
    step: 1,
  }));
  const inner = sliced(lowering, x, cut);
  if (inner.kind !== "layer") return inner;
  return padded(lowering, inner, more ?? [], less ?? [], mode, value);
};

/** Arrays cut into parts, and put together of them. */
export const PARTS: Readonly<Record<string, Operator>> = {
  Concat: concat,
  Gather: gather,
  Pad: pad,
  Slice: slice,
  Split: split,
  Tile: tile,
};
