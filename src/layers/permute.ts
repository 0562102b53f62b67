import incrementalShader from "../../shaders/permute_incremental.wgsl";
import transposeShader from "../../shaders/transpose.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { InputError } from "../gpu/errors.ts";
import { formatShape, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { axesOf, axesParams, MOST_AXES } from "./axes.ts";
import { itemGrid } from "./incremental.ts";
import { ALONE, LAYER_FIELDS, type LayerBase, type Op, onlyInput } from "./op.ts";
import { seesAll, seesItself } from "./sight.ts";
import { createStridedCopy, stridesOf } from "./strided.ts";

/** The axes in another order, as NumPy's transpose has them: axis i of the output is axis `axes[i]` of the input. */
export interface PermuteLayer extends LayerBase {
  readonly op: "permute";
  /** Each axis once; axis 0, the batch, stays first. At most 8. */
  readonly axes: readonly number[];
}

/** The number of rows and of columns from which on a transposition goes through workgroup memory. */
const TILED = 16;

export const permute: Op<PermuteLayer> = {
  fields: { ...LAYER_FIELDS, axes: "must" },
  describe: ({ axes }) => `axes in the order ${axes.join(", ")}`,
  shape(layer, x) {
    const shape = onlyInput(layer, x);
    const { name, axes } = layer;
    const once = shape.every((_, axis) => axes.includes(axis));
    if (shape.length > MOST_AXES || axes.length !== shape.length || axes[0] !== 0 || !once) {
      const wanted = shape.length > MOST_AXES ? `at most ${MOST_AXES} axes` : "each axis once, 0 first,";
      throw new InputError(
        `permute "${name}": expected ${wanted} for x of shape ${formatShape(shape)}, got [${axes}]`,
      );
    }
    return axes.map((axis) => shape[axis] ?? 1);
  },
  view: false,

  forward: (device, { layer: { name, axes }, x: [x], y }) =>
    createPermutation(device, { label: name, axes, x, y, accumulate: false }),

  backward(device, { layer: { name, axes }, dy, dx, accumulate }) {
    const back = axes.map((_, axis) => axes.indexOf(axis));
    return createPermutation(device, { label: name, axes: back, x: dy, y: dx, accumulate });
  },

  incremental: {
    kind: "rectangles",
    severalChannelAxes: true,
    fits: ({ axes }, [x = []]) => x.length >= 4 && axes[1] === 1 && axes[2] === 2,
    create(device, { layer: { name, axes }, x: [x], y, dirty }) {
      const [, height, width, count] = x.shape;
      const order = axes.slice(3).map((axis) => axis - 3);
      const moved = axesOf(order, x.channelAxes);
      return createDispatch(device, incrementalShader, {
        label: name,
        constants: { RANK: moved.sizes.length },
        params: {
          start: height * width * count,
          count: y.layout.count,
          channels: count,
          ...axesParams(moved),
        },
        bindings: { x: x.buffer, rects: dirty.rects, y: y.buffer },
        workgroups: itemGrid(y, count),
      });
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
  sees({ axes }, site) {
    const place = site.axis + 1;
    return site.y.length < 4 || axes[place] === place ? seesItself(site) : seesAll(site);
  },
  fusion: ALONE,
  relevance: { propagation: () => ({ by: "gradient" }), gate: false },
  backProject: null,
};

/** Lays x into y with its axes in another order, or adds it. */
function createPermutation(
  device: GPUDevice,
  site: {
    readonly label: string;
    readonly axes: readonly number[];
    readonly x: Tensor;
    readonly y: Tensor;
    readonly accumulate: boolean;
  },
): Promise<Command> {
  const { label, axes, x, y, accumulate } = site;
  const { sizes, strides } = axesOf(axes, x.shape);
  const [columns = 1, rows = 1] = [sizes.at(-2), sizes.at(-1)];
  const transposes = strides.at(-2) === 1 && strides.at(-1) === columns && sizes.length <= 3;
  if (transposes && rows >= TILED && columns >= TILED) {
    const tilesDown = Math.ceil(rows / 32);
    const tilesAcross = Math.ceil(columns / 32);
    const tiles = (sizeOf(sizes) / (rows * columns)) * tilesDown * tilesAcross;
    return createDispatch(device, transposeShader, {
      label,
      params: { rows, columns, tilesDown, tilesAcross, tiles, accumulate: Number(accumulate) },
      bindings: { x, y },
      workgroups: gridOf(tiles),
    });
  }
  const from = { tensor: x, strides };
  const to = { tensor: y, strides: stridesOf(sizes) };
  return createStridedCopy(device, { label, sizes, x: from, y: to, accumulate });
}
