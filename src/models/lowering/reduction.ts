import { align } from "./alignment.ts";
import { shapeOf, simplified } from "./layout.ts";
import { isRun, type Lowering } from "./lowering.ts";
import { reshaped } from "./movement.ts";
import type { ConstantValue, LayerValue } from "./value.ts";

export type Reduction =
  | "mean"
  | "sum"
  | "max"
  | "min"
  | "product"
  | "l1"
  | "l2"
  | "sumSquare"
  | "logSum"
  | "logSumExp";

/** The factors of some axes, as they lie in storage. @throws UnsupportedError where the batch is among them. */
function factorsOf(lowering: Lowering, x: LayerValue, axes: readonly number[]): number[] {
  const factors = axes.flatMap((axis) => x.axes[axis] ?? []);
  if (factors.includes(0)) {
    throw lowering.unsupported("it works along the batch, whose elements have nothing to do with each other");
  }
  return factors.sort((a, b) => a - b);
}

/** One number of all along some axes, which stay as axes of 1 or go. */
export function reduced(
  lowering: Lowering,
  x: LayerValue,
  mode: Reduction,
  axes: readonly number[],
  keepDims: boolean,
  suffix?: string,
): LayerValue {
  const factors = factorsOf(lowering, x, axes);
  const layout = simplified({
    factors: x.factors.map((size, factor) => (factors.includes(factor) ? 1 : size)),
    axes: x.axes.flatMap((axis, index) => (axes.includes(index) ? (keepDims ? [[]] : []) : [axis])),
  });
  if (factors.length === 0) {
    // One number each: storage has no axis for what has a size of 1.
    const [, ...whole] = lowering.stored(x.layer);
    const layer = lowering.view(x.layer, [...whole, 1]);
    const body = { op: "reduce", mode, axes: [whole.length + 1], keepDims: false } as const;
    return { kind: "layer", layer: lowering.emit(body, [layer], suffix), ...layout };
  }
  const { layer, axes: stored } = lowering.isolated(
    x,
    factors.map((factor) => [factor]),
  );
  const shape = lowering.stored(layer);
  if (shape.length === 4 && String(stored) === "1,2" && (mode === "mean" || mode === "max")) {
    const pooled = { op: "globalPool", mode: mode === "mean" ? "average" : "max", keepDims } as const;
    return { kind: "layer", layer: lowering.emit(pooled, [layer], suffix), ...layout };
  }
  const along = lowering.emit({ op: "reduce", mode, axes: stored, keepDims }, [layer], suffix);
  return { kind: "layer", layer: along, ...layout };
}

/** Softmax over some axes taken together. */
export function softmaxed(
  lowering: Lowering,
  x: LayerValue,
  axes: readonly number[],
  log: boolean,
): LayerValue {
  const factors = factorsOf(lowering, x, axes);
  const options = log ? { log } : {};
  const rest = x.factors.flatMap((_, factor) => (factor > 0 && !factors.includes(factor) ? [factor] : []));
  const own = isRun(factors) ? x : lowering.ordered(x, [...rest, ...factors]);
  const run = own === x ? factors : factorsOf(lowering, own, axes);
  if (run.length === 0) {
    const layer = lowering.view(x.layer, [...lowering.stored(x.layer).slice(1), 1]);
    return { ...x, layer: lowering.emit({ op: "softmax", ...options }, [layer]) };
  }
  const isolated = lowering.isolated(own, [run]);
  const [axis = 1] = isolated.axes;
  const last = lowering.stored(isolated.layer).length - 1;
  const body = { op: "softmax", ...(axis === last ? {} : { axis }), ...options } as const;
  return { ...own, layer: lowering.emit(body, [isolated.layer]) };
}

/** (x − mean) / √(variance + epsilon) over some axes, then scale and offset, which the file broadcasts against x. */
export function normalized(
  lowering: Lowering,
  x: LayerValue,
  axes: readonly number[],
  epsilon: number,
  scale?: ConstantValue | undefined,
  offset?: ConstantValue | undefined,
): LayerValue {
  const factors = factorsOf(lowering, x, axes);
  const constants = [scale, offset].filter((one) => one !== undefined);
  const aligned = align(lowering, [x], shapeOf(x), constants);
  const [layer = x.layer] = aligned.layers;
  const grouped = aligned.groups.map((group) => group.map((piece) => aligned.order.indexOf(piece) + 1));
  const inside = grouped.flatMap((group, index) =>
    group.some((factor) => factors.includes(factor)) ? [index + 1] : [],
  );
  const apart = grouped.some((group) => {
    const some = group.filter((factor) => factors.includes(factor));
    return some.length > 0 && some.length < group.length;
  });
  const held = {
    ...(scale ? { scale: aligned.constant(scale) } : {}),
    ...(offset ? { offset: aligned.constant(offset) } : {}),
  };
  if (!apart) {
    const made = lowering.emit({ op: "normalization", axes: inside, epsilon, ...held }, [layer]);
    return { ...x, layer: made };
  }
  return inGroups(lowering, x, factors, epsilon, scale, offset);
}

/** All but the outer part of the last stored axis: groups of channels. */
function inGroups(
  lowering: Lowering,
  x: LayerValue,
  factors: readonly number[],
  epsilon: number,
  scale: ConstantValue | undefined,
  offset: ConstantValue | undefined,
): LayerValue {
  const last = x.factors.length - 1;
  const groups = x.factors[last - 1] ?? 1;
  const all = x.factors.flatMap((_, factor) => (factor > 0 && factor !== last - 1 ? [factor] : []));
  if (scale || offset || String(all) !== String(factors)) {
    const single = lowering.view(x.layer, x.factors.slice(1));
    return normalized(lowering, { ...x, layer: single }, [], epsilon, scale, offset);
  }
  const stored = lowering.stored(x.layer);
  const axes = stored.slice(1).map((_, index) => index + 1);
  return { ...x, layer: lowering.emit({ op: "normalization", axes, groups, epsilon }, [x.layer]) };
}

/** Group normalisation of an array whose axis 1 has the channels; scale and offset one a channel. */
export function groupNormalized(
  lowering: Lowering,
  x: LayerValue,
  groups: number,
  epsilon: number,
): LayerValue {
  const shape = shapeOf(x);
  const [batch = 1, channels = 1, ...rest] = shape;
  if (channels % groups !== 0) {
    throw lowering.wrong(`expected channels in ${groups} groups, got ${channels}`);
  }
  const cut = reshaped(lowering, x, [batch, groups, channels / groups, ...rest]);
  const axes = cut.axes.flatMap((_, axis) => (axis > 1 ? [axis] : []));
  return reshaped(lowering, normalized(lowering, cut, axes, epsilon), shape);
}
