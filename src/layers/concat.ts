import shader from "../../shaders/copy_blocks.wgsl";
import { type Command, createSequence } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { InputError, UnsupportedError } from "../gpu/errors.ts";
import { formatShapes, type Shape, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { backProjectItself } from "./back-projection.ts";
import { createIncrementalMove } from "./incremental-move.ts";
import { ALONE, LAYER_FIELDS, type LayerBase, type Op } from "./op.ts";
import { extentOf, seesItself } from "./sight.ts";

/** Inputs side by side along `axis` (1 to rank − 1, the batch being axis 0). */
export interface ConcatLayer extends LayerBase {
  readonly op: "concat";
  readonly axis: number;
}

export const concat: Op<ConcatLayer> = {
  fields: { ...LAYER_FIELDS, axis: "must" },
  describe: ({ inputs }) => `${inputs.length} side by side`,
  shape(layer, x) {
    const [first] = x;
    const { axis } = layer;
    if (!first || !Number.isInteger(axis) || axis < 1 || axis >= first.length) {
      throw new InputError(
        `concat "${layer.name}": expected an axis of 1 to ${(first?.length ?? 2) - 1}, got ${axis}`,
      );
    }
    if (
      x.some(
        (shape) => shape.length !== first.length || shape.some((size, i) => i !== axis && size !== first[i]),
      )
    ) {
      throw new InputError(
        `concat "${layer.name}": expected inputs that agree but for axis ${axis}, got ${formatShapes(x)}`,
      );
    }
    return first.map((size, i) =>
      i === axis ? x.reduce((sum, shape) => sum + (shape[axis] ?? 0), 0) : size,
    );
  },
  view: false,

  async forward(device, { layer, x, y }) {
    const copies = x.map((part, input) => {
      const { rows, length, block, start } = blockOf(
        layer,
        y.shape,
        x.map(({ shape }) => shape),
        input,
      );
      return createCopy(device, {
        label: layer.name,
        x: part,
        y,
        rows,
        block,
        from: { length: block, start: 0 },
        to: { length, start },
      });
    });
    return createSequence(copies);
  },

  backward(device, { layer, x, input, dy, dx, accumulate }) {
    const { rows, length, block, start } = blockOf(
      layer,
      dy.shape,
      x.map(({ shape }) => shape),
      input,
    );
    return createCopy(device, {
      label: layer.name,
      x: dy,
      y: dx,
      rows,
      block,
      from: { length, start },
      to: { length: block, start: 0 },
      accumulate,
    });
  },

  incremental: {
    kind: "rectangles",
    fits: () => true,
    async create(device, { layer: { name, axis }, x, y, dirty }) {
      const parts = x.map((part, index) => {
        const before = x.slice(0, index).reduce((sum, { shape }) => sum + (shape[axis] ?? 0), 0);
        return createIncrementalMove(
          device,
          { label: name, x: part, y, dirty },
          {
            offset: [axis === 1 ? -before : 0, axis === 2 ? -before : 0],
            to: axis === 3 ? before : 0,
          },
        );
      });
      return createSequence(parts);
    },
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
  sees(layer, site) {
    const { axis, input, x, y } = site;
    if (y.length !== 4 || layer.axis !== axis + 1) return seesItself(site);
    const begin = x.slice(0, input).reduce((sum, shape) => sum + extentOf(shape, axis), 0);
    const end = begin + extentOf(x[input], axis);
    return (at) => (at >= begin && at < end ? [at - begin] : []);
  },
  fusion: ALONE,
  relevance: { propagation: () => ({ by: "gradient" }), gate: false },
  backProject({ name, axis }, site) {
    if (axis !== 3) {
      throw new UnsupportedError(
        `concat "${name}": expected channels side by side to take a filter back through`,
      );
    }
    backProjectItself(site, { first: site.begin });
  },
};

/** The block of one input in y, taken as [rows, length]: `block` elements from `start` in every row. */
function blockOf(
  { axis }: ConcatLayer,
  y: Shape,
  x: readonly Shape[],
  input: number,
): { rows: number; length: number; block: number; start: number } {
  const inner = sizeOf(y.slice(axis + 1));
  const along = (shape: Shape): number => (shape[axis] ?? 0) * inner;
  const start = x.slice(0, input).reduce((sum, shape) => sum + along(shape), 0);
  return { rows: sizeOf(y.slice(0, axis)), length: along(y), block: along(x[input] ?? []), start };
}

/** A row's length and where in it a block starts, in elements. */
interface Place {
  readonly length: number;
  readonly start: number;
}

/** Copies (or adds) a block of every row of x to a block of every row of y; what lies outside the block stays. */
export function createCopy(
  device: GPUDevice,
  copy: {
    readonly label: string;
    readonly x: Tensor;
    readonly y: Tensor;
    readonly rows: number;
    readonly block: number;
    readonly from: Place;
    readonly to: Place;
    readonly accumulate?: boolean | undefined;
  },
): Promise<Command> {
  const { label, x, y, rows, block, from, to, accumulate = false } = copy;
  const size = rows * block;
  return createDispatch(device, shader, {
    label,
    params: {
      size,
      block,
      xLength: from.length,
      xStart: from.start,
      yLength: to.length,
      yStart: to.start,
      accumulate: Number(accumulate),
    },
    bindings: { x, y },
    workgroups: gridOf(Math.ceil(size / 256)),
  });
}

/** Copies dy to dx, of as many elements, or adds it. */
export function createWholeCopy(
  device: GPUDevice,
  site: {
    readonly label: string;
    readonly dy: Tensor;
    readonly dx: Tensor;
    readonly accumulate: boolean;
  },
): Promise<Command> {
  const { label, dy, dx, accumulate } = site;
  const block = sizeOf(dy.shape);
  const whole = { length: block, start: 0 };
  return createCopy(device, { label, x: dy, y: dx, rows: 1, block, from: whole, to: whole, accumulate });
}
