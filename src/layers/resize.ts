import shader from "../../shaders/enlarge.wgsl";
import gradientShader from "../../shaders/enlarge_gradient.wgsl";
import incrementalShader from "../../shaders/enlarge_incremental.wgsl";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { InputError, UnsupportedError } from "../gpu/errors.ts";
import { asNhwc, formatShape, type Shape, sizeOf } from "../gpu/tensor.ts";
import { pairOf } from "./describe.ts";
import { chunkOf, itemGrid, listsOf, sizeOfImage } from "./incremental.ts";
import { ALONE, LAYER_FIELDS, type LayerBase, type Op, onlyImage } from "./op.ts";
import { createIncrementalResample, createResample } from "./resample.ts";
import {
  type Resampling,
  type ResizedAxis,
  resamplingTaps,
  type Taps,
  tapTable,
  transposedTaps,
} from "./resampling-taps.ts";

/** Makes an image larger or smaller; pairs are [vertical, horizontal]. */
export interface ResizeLayer extends LayerBase, Resampling {
  readonly op: "resize";
  /** Its size times a factor each, above 0 and rounded down, or a size in pixels whatever it had before. */
  readonly to:
    | { readonly factor: readonly [vertical: number, horizontal: number] }
    | { readonly size: readonly [height: number, width: number] };
}

export const resize: Op<ResizeLayer, ResizeLayer> = {
  fields: {
    ...LAYER_FIELDS,
    ...{ to: "must", mode: { must: ["nearest", "linear", "cubic"] } },
    coordinates: {
      must: [
        ...["half-pixel", "half-pixel-symmetric", "pytorch-half-pixel", "asymmetric"],
        ...["align-corners", "tf-half-pixel-for-nn"],
      ] as ResizeLayer["coordinates"][],
    },
    rounding: ["floor", "ceil", "round-prefer-floor", "round-prefer-ceil"],
    cubicCoefficient: "may",
    excludeOutside: [true, false],
  },
  describe({ to }) {
    if ("size" in to) return `resized to ${pairOf(to.size)}`;
    return `${to.factor.every((factor) => factor >= 1) ? "enlarged" : "resized"} ${pairOf(to.factor)}`;
  },

  shape(layer, x) {
    const who = `resize "${layer.name}"`;
    const [n, h, w, c] = onlyImage(layer, x);
    const { factor, size } = layer.to as { factor?: readonly number[]; size?: readonly number[] };
    const pair = factor ?? size;
    if ((factor === undefined) === (size === undefined) || !Array.isArray(pair) || pair.length !== 2) {
      throw new InputError(
        `${who}: expected { factor: [v, h] } or { size: [h, w] } as to, got ${JSON.stringify(layer.to)}`,
      );
    }
    const { cubicCoefficient = 0 } = layer;
    if (!Number.isFinite(cubicCoefficient)) {
      throw new InputError(`${who}: expected a finite cubicCoefficient, got ${cubicCoefficient}`);
    }
    const [height = 0, width = 0] =
      size ?? [h, w].map((extent, axis) => Math.floor(Math.fround(extent * (factor?.[axis] ?? 0))));
    if (![height, width].every((extent) => Number.isInteger(extent) && extent >= 1)) {
      throw new InputError(
        `${who}: expected ${size ? "a size of whole numbers" : `factors that leave a row and a column of ${h} × ${w}`}, got [${pair}]`,
      );
    }
    return [n, height, width, c];
  },
  view: false,

  scratch(layer, x) {
    const y = resize.shape(layer, x);
    if (enlargement(layer, x[0] ?? [], y)) return { forward: [0], backward: [0] };
    const [rows, columns] = tapsOf(layer, x[0] ?? [], y);
    const [, height = 1, width = 1] = x[0] ?? [];
    return {
      forward: [tapTable(rows, columns).length],
      backward: [tapTable(transposedTaps(rows, height), transposedTaps(columns, width)).length],
    };
  },

  forward(device, { layer, x: [x], y }) {
    const whole = enlargement(layer, x.shape, y.shape);
    if (!whole) {
      const [rows, columns] = tapsOf(layer, x.shape, y.shape);
      return createResample(device, { label: layer.name, x, y, rows, columns, accumulate: false });
    }
    return createDispatch(device, shader, {
      ...optionsOf(layer, whole, x.shape, y.shape),
      bindings: { x, y },
    });
  },

  backward(device, { layer, x: [x], dy, dx, accumulate }) {
    const whole = enlargement(layer, x.shape, dy.shape);
    if (!whole) {
      const [, height, width] = asNhwc(x.shape);
      const [rows, columns] = tapsOf(layer, x.shape, dy.shape);
      return createResample(device, {
        ...{ label: layer.name, x: dy, y: dx, accumulate },
        rows: transposedTaps(rows, height),
        columns: transposedTaps(columns, width),
      });
    }
    const { params, ...options } = optionsOf(layer, whole, x.shape, x.shape);
    return createDispatch(device, gradientShader, {
      ...options,
      params: { ...params, accumulate: Number(accumulate) },
      bindings: { dy, dx },
    });
  },

  incremental: {
    kind: "rectangles",
    fits: () => true,
    create(device, { layer, x: [x], y, dirty }) {
      const whole = enlargement(layer, x.shape, y.shape);
      if (!whole) {
        const [rows, columns] = tapsOf(layer, x.shape, y.shape);
        return createIncrementalResample(device, { label: layer.name, x, y, dirty, rows, columns });
      }
      const channels = y.shape[3];
      const chunk = chunkOf(channels);
      return createDispatch(device, incrementalShader, {
        label: layer.name,
        constants: whole.constants,
        redeclare: { Chunk: chunk.type },
        params: {
          inSize: sizeOfImage(x),
          factor: whole.factor,
          ...listsOf(x, y),
          channels: channels / chunk.size,
        },
        bindings: { x: x.buffer, rects: dirty.rects, work: dirty.work, y: y.buffer },
        workgroups: itemGrid(y, channels / chunk.size),
      });
    },
  },
  resized: (layer, [before = []], [after = []]) =>
    "factor" in layer.to || formatShape(before) === formatShape(after) ? layer : undefined,
  // Cubic weights may be negative.
  mathematics: ({ mode }) => ({
    linear: true,
    homogeneous: true,
    pointwise: false,
    nonNegative: mode === "cubic" ? "unknown" : "inputs",
    withinInputs: mode !== "cubic",
    sums: "kept",
  }),
  weights: () => undefined,
  sees(layer, { axis, x: [x = []], y }) {
    const taps = tapsOf(layer, x, y)[axis].map((some) => some.map(({ at }) => at));
    return (at) => taps[at] ?? [];
  },
  fusion: ALONE,
  relevance: {
    propagation(layer) {
      if (layer.mode === "cubic") {
        throw new UnsupportedError(
          `LRP: resize "${layer.name}" is cubic, and its negative weights have no rule; ask a layer behind it, or another technique`,
        );
      }
      return layer.mode === "linear" ? { by: "rule", as: layer, group: "other" } : { by: "gradient" };
    },
    gate: false,
  },
  backProject: null,
};

/** How each of the two axes is resized. */
function axesOf({ to }: ResizeLayer, x: Shape, y: Shape): [ResizedAxis, ResizedAxis] {
  const axis = (index: 0 | 1): ResizedAxis => {
    const [size = 1, out = 1] = [x[index + 1], y[index + 1]];
    return { size, out, scale: "factor" in to ? to.factor[index] : out / size };
  };
  return [axis(0), axis(1)];
}

/** The rows and columns of x that those of y are made of. */
function tapsOf(layer: ResizeLayer, x: Shape, y: Shape): [rows: Taps, columns: Taps] {
  const [rows, columns] = axesOf(layer, x, y);
  return [resamplingTaps(layer, rows), resamplingTaps(layer, columns)];
}

/** An enlargement by whole factors, which kernels of its own compute. */
interface Enlargement {
  readonly factor: readonly [number, number];
  readonly constants: Record<string, number>;
}

/** What enlarges x by whole factors, from pixels' centres or corners; nothing where a layer does something else. */
function enlargement(layer: ResizeLayer, x: Shape, y: Shape): Enlargement | undefined {
  const axes = axesOf(layer, x, y);
  if (!axes.every(({ scale }) => Number.isInteger(scale))) return undefined;
  const factor = [axes[0].scale, axes[1].scale] as const;
  const { mode, coordinates } = layer;
  // With whole factors, these are the same.
  const centred = ["half-pixel", "half-pixel-symmetric", "pytorch-half-pixel"].includes(coordinates);
  if (mode === "linear" && (centred || coordinates === "asymmetric")) {
    return { factor, constants: { BILINEAR: 1, CENTRE: centred ? 0.5 : 0 } };
  }
  const repeats = axes.every((axis) =>
    resamplingTaps(layer, axis).every(([tap], i) => tap?.at === Math.floor(i / axis.scale)),
  );
  return mode === "nearest" && repeats ? { factor, constants: { BILINEAR: 0, CENTRE: 0.5 } } : undefined;
}

/** Options of the kernels that enlarge; `over` is the shape that they write. */
function optionsOf(layer: ResizeLayer, { factor, constants }: Enlargement, x: Shape, over: Shape) {
  const [, height, width, channels] = asNhwc(x);
  const size = sizeOf(over);
  return {
    label: layer.name,
    constants,
    params: { image: [height, width], factor, channels, size },
    workgroups: gridOf(Math.ceil(size / 256)),
  };
}
