import incrementalShader from "../../shaders/pad_incremental.wgsl";
import { createDispatch } from "../gpu/dispatch.ts";
import { InputError } from "../gpu/errors.ts";
import { formatShape } from "../gpu/tensor.ts";
import { backProjectItself } from "./back-projection.ts";
import { chunkOf, itemGrid, listsOf, sizeOfImage } from "./incremental.ts";
import { ALONE, LAYER_FIELDS, type LayerBase, type Op, onlyInput } from "./op.ts";
import {
  createRepeatedBorder,
  createRepeatedBorderGradient,
  REPEATS,
  repeatedAt,
} from "./repeated-border.ts";
import { createStridedCopy, createStridedScatter, stridesOf } from "./strided.ts";

/** A border around x. Each list has a number for each axis after the batch. */
export interface PadLayer extends LayerBase {
  readonly op: "pad";
  /** Elements before the first, along each axis. */
  readonly before: readonly number[];
  /** Elements after the last. */
  readonly after: readonly number[];
  /**
   * What the border holds: one value; the mirror image of what lies inside, without the edge ("reflect", which needs a border
   * shorter than the axis) or with it ("symmetric", no longer than the axis); or the edge again.
   */
  readonly mode: "constant" | "reflect" | "edge" | "symmetric";
  /** The value of a constant border. Default 0. */
  readonly value?: number | undefined;
}

/** Tells whether a border lies around an image only, whose channels stay as they are. */
export function keepsChannels({ before, after }: PadLayer): boolean {
  return before.length === 3 && before[2] === 0 && after[2] === 0;
}

export const pad: Op<PadLayer> = {
  fields: {
    ...LAYER_FIELDS,
    ...{ before: "must", after: "must", mode: { must: ["constant", "reflect", "edge", "symmetric"] } },
    value: "may",
  },
  describe: ({ mode, value = 0 }) =>
    ({
      constant: value === 0 ? "border of zeros" : `border of ${value}`,
      reflect: "mirrored border",
      symmetric: "mirrored border",
      edge: "border of the edge's values",
    })[mode],

  shape(layer, x) {
    const who = `pad "${layer.name}"`;
    const [n = 1, ...extents] = onlyInput(layer, x);
    const { before, after, mode, value } = layer;
    for (const [name, list] of Object.entries({ before, after })) {
      if (list.length !== extents.length || !list.every((count) => Number.isInteger(count) && count >= 0)) {
        throw new InputError(
          `${who}: expected ${extents.length} whole numbers of at least 0 as ${name}, one for each axis after the batch of x of shape ${formatShape([n, ...extents])}, got [${list}]`,
        );
      }
    }
    if (value !== undefined && (mode !== "constant" || Number.isNaN(value))) {
      throw new InputError(`${who}: expected a value, a number, only with mode "constant", got ${value}`);
    }
    const lessThan = { reflect: 0, symmetric: 1 };
    for (const [axis, extent] of extents.entries()) {
      const longest = Math.max(before[axis] ?? 0, after[axis] ?? 0);
      if ((mode === "reflect" || mode === "symmetric") && longest >= extent + lessThan[mode]) {
        throw new InputError(
          `${who}: expected a border of at most ${extent - 1 + lessThan[mode]} along axis ${axis + 1} of x of shape ${formatShape([n, ...extents])} to mirror it ("${mode}"), got ${longest}`,
        );
      }
    }
    return [n, ...extents.map((extent, axis) => extent + (before[axis] ?? 0) + (after[axis] ?? 0))];
  },
  view: false,

  forward(device, { layer: { name: label, before, mode, value = 0 }, x: [x], y }) {
    const starts = [0, ...before];
    if (mode !== "constant") return createRepeatedBorder(device, { label, mode, x, y, starts });
    return createStridedScatter(device, { label, x, y, starts, steps: starts.map(() => 1), value });
  },

  backward(device, { layer: { name: label, before, mode }, dy, dx, accumulate }) {
    const starts = [0, ...before];
    if (mode !== "constant") {
      return createRepeatedBorderGradient(device, { label, mode, dy, dx, starts, accumulate });
    }
    const strides = stridesOf(dy.shape);
    const start = strides.reduce((sum, stride, axis) => sum + stride * (starts[axis] ?? 0), 0);
    return createStridedCopy(device, {
      ...{ label, accumulate, sizes: dx.shape },
      x: { tensor: dy, start, strides },
      y: { tensor: dx, strides: stridesOf(dx.shape) },
    });
  },

  incremental: {
    kind: "rectangles",
    fits: () => true,
    create(device, { layer, x: [x], y, dirty }) {
      const [top = 0, left = 0, first = 0] = layer.before;
      const [channels, outChannels] = [x.shape[3], y.shape[3]];
      // Mirrored channels are turned around one by one.
      const each = layer.mode === "constant" || keepsChannels(layer) ? 4 : 1;
      const chunk = chunkOf(channels, outChannels, first, each);
      return createDispatch(device, incrementalShader, {
        label: layer.name,
        constants: { MODE: layer.mode === "constant" ? 0 : REPEATS[layer.mode] },
        redeclare: { Chunk: chunk.type },
        params: {
          inSize: sizeOfImage(x),
          outSize: sizeOfImage(y),
          before: [top, left],
          channelsBefore: first / chunk.size,
          ...listsOf(x, y),
          channels: channels / chunk.size,
          outChannels: outChannels / chunk.size,
          value: layer.value ?? 0,
        },
        bindings: { x: x.buffer, rects: dirty.rects, work: dirty.work, y: y.buffer },
        workgroups: itemGrid(y, outChannels / chunk.size),
      });
    },
  },
  mathematics({ mode, value = 0 }) {
    const plain = mode !== "constant" || value === 0;
    return {
      linear: plain,
      homogeneous: plain,
      pointwise: false,
      nonNegative: mode !== "constant" || value >= 0 ? "inputs" : "unknown",
      withinInputs: mode !== "constant",
      sums: "kept",
    };
  },
  weights: () => undefined,
  sees({ before, mode }, { axis, x: [x = []] }) {
    if (x.length < 4) return (at) => [at];
    const [start = 0, size = 1] = [before[axis], x[axis + 1]];
    if (mode === "constant") return (at) => [at - start];
    return (at) => [repeatedAt(mode, at - start, size)];
  },
  fusion: {
    ...ALONE,
    as(layer) {
      const { before, after, mode, value = 0 } = layer;
      if (mode !== "constant" || value !== 0 || !keepsChannels(layer)) return undefined;
      const [top = 0, left = 0] = before;
      const [bottom = 0, right = 0] = after;
      return { kind: "border", border: { top, bottom, left, right } };
    },
  },
  relevance: { propagation: () => ({ by: "gradient" }), gate: false },
  backProject: ({ before }, site) => backProjectItself(site, { first: before[2] ?? 0 }),
};
