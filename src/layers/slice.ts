import type { Command } from "../gpu/command.ts";
import { InputError } from "../gpu/errors.ts";
import { formatShape, type Shape, type Tensor } from "../gpu/tensor.ts";
import { createIncrementalMove } from "./incremental-move.ts";
import { ALONE, LAYER_FIELDS, type LayerBase, type Op, onlyInput } from "./op.ts";
import { createStridedCopy, createStridedScatter, stridesOf } from "./strided.ts";

/**
 * A part of every axis but the batch's: element i along an axis is element start + i · step of x. Each list has a number for
 * each axis after the batch.
 */
export interface SliceLayer extends LayerBase {
  readonly op: "slice";
  /** The first element that is taken. */
  readonly starts: readonly number[];
  /** How many are taken. */
  readonly sizes: readonly number[];
  /** From one to the next; negative ones go backwards. Default 1 everywhere. */
  readonly steps?: readonly number[] | undefined;
}

export const slice: Op<SliceLayer> = {
  fields: { ...LAYER_FIELDS, starts: "must", sizes: "must", steps: "may" },
  describe: (layer) => `part of ${formatShape(layer.sizes)}`,

  shape(layer, x) {
    const who = `slice "${layer.name}"`;
    const [n = 1, ...extents] = onlyInput(layer, x);
    const { starts, sizes } = layer;
    const steps = stepsOf(layer);
    for (const [name, list] of Object.entries({ starts, sizes, steps })) {
      if (list.length !== extents.length || !list.every(Number.isInteger)) {
        throw new InputError(
          `${who}: expected ${extents.length} whole numbers as ${name}, one for each axis after the batch of x of shape ${formatShape([n, ...extents])}, got [${list}]`,
        );
      }
    }
    for (const [axis, extent] of extents.entries()) {
      const [start = 0, size = 0, step = 0] = [starts[axis], sizes[axis], steps[axis]];
      const end = start + (size - 1) * step;
      if (size < 1 || step === 0 || [start, end].some((at) => at < 0 || at >= extent)) {
        throw new InputError(
          `${who}: expected elements of 0 to ${extent - 1} along axis ${axis + 1}, got ${size} from ${start} on in steps of ${step}`,
        );
      }
    }
    return [n, ...sizes];
  },
  view: false,

  forward: (device, { layer, x: [x], y }) => createTaking(device, layer, x, y),

  backward(device, { layer, x: [x], dy, dx, accumulate }) {
    if (accumulate) {
      const { start, strides } = placesIn(layer, x.shape);
      return createStridedCopy(device, {
        label: layer.name,
        sizes: dy.shape,
        x: { tensor: dy, strides: stridesOf(dy.shape) },
        y: { tensor: dx, start, strides },
        accumulate,
      });
    }
    return createStridedScatter(device, {
      label: layer.name,
      x: dy,
      y: dx,
      starts: [0, ...layer.starts],
      steps: [1, ...stepsOf(layer)],
      value: 0,
    });
  },

  incremental: {
    kind: "rectangles",
    fits: (layer, [x = []]) => x.length === 4 && stepsOf(layer).every((step) => step === 1),
    create(device, { layer, x: [x], y, dirty }) {
      const [top = 0, left = 0, from = 0] = layer.starts;
      return createIncrementalMove(device, { label: layer.name, x, y, dirty }, { offset: [top, left], from });
    },
  },
  // An axis that is taken as a whole still is.
  resized(layer, [before = []], [after = []]) {
    const [starts, sizes] = [[...layer.starts], [...layer.sizes]];
    for (const [axis, step] of stepsOf(layer).entries()) {
      const [extent = 1, now = 1] = [before[axis + 1], after[axis + 1]];
      if (extent === now) continue;
      if (sizes[axis] !== extent || Math.abs(step) !== 1) return undefined;
      sizes[axis] = now;
      if (step < 0) starts[axis] = now - 1;
    }
    return { ...layer, starts, sizes };
  },
  mathematics: () => ({
    linear: true,
    homogeneous: true,
    pointwise: false,
    nonNegative: "inputs",
    withinInputs: true,
    sums: "kept",
  }),
  weights: () => undefined,
  sees(layer, { axis, y }) {
    if (y.length < 4) return (at) => [at];
    const [start = 0, step = 1] = [layer.starts[axis], stepsOf(layer)[axis]];
    return (at) => [start + at * step];
  },
  fusion: ALONE,
  relevance: { propagation: () => ({ by: "gradient" }), gate: false },
  backProject(layer, { y, x, values, back }) {
    const [down = 1, right = 1, step = 1] = stepsOf(layer);
    const [, , start = 0] = layer.starts;
    const to = back(y * down, x * right);
    for (const [k, value] of values.entries()) {
      const channel = start + k * step;
      to[channel] = (to[channel] ?? 0) + value;
    }
  },
};

function stepsOf({ starts, steps }: SliceLayer): readonly number[] {
  return steps ?? starts.map(() => 1);
}

/** The elements of x that a slice takes. */
function placesIn(layer: SliceLayer, x: Shape): { readonly start: number; readonly strides: number[] } {
  const [batch = 1, ...distances] = stridesOf(x);
  const steps = stepsOf(layer);
  return {
    start: distances.reduce((sum, distance, axis) => sum + (layer.starts[axis] ?? 0) * distance, 0),
    strides: [batch, ...distances.map((distance, axis) => distance * (steps[axis] ?? 1))],
  };
}

function createTaking(device: GPUDevice, layer: SliceLayer, x: Tensor, y: Tensor): Promise<Command> {
  return createStridedCopy(device, {
    label: layer.name,
    sizes: y.shape,
    x: { tensor: x, ...placesIn(layer, x.shape) },
    y: { tensor: y, strides: stridesOf(y.shape) },
  });
}
