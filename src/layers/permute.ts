import shader from "../../shaders/permute.wgsl";
import incrementalShader from "../../shaders/permute_incremental.wgsl";
import transposeShader from "../../shaders/transpose.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { InputError } from "../gpu/errors.ts";
import { formatShape, type Shape, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { itemGrid } from "./incremental.ts";
import { ALONE, LAYER_FIELDS, type LayerBase, type Op, onlyInput } from "./op.ts";
import { seesAll, seesItself } from "./sight.ts";

/** The axes in another order, as NumPy's transpose has them: axis i of the output is axis `axes[i]` of the input. */
export interface PermuteLayer extends LayerBase {
  readonly op: "permute";
  /** Each axis once; axis 0, the batch, stays first. At most 8. */
  readonly axes: readonly number[];
}

const MOST_AXES = 8;

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
      const moved = mergedAxes(x.channelAxes, order);
      return createDispatch(device, incrementalShader, {
        label: name,
        constants: { RANK: moved.sizes.length },
        params: {
          start: height * width * count,
          count: y.layout.count,
          channels: count,
          ...paramsOf(moved),
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

/** The sizes of y's axes, and the elements of x between neighbours along each. */
interface MergedAxes {
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
}

/** A permutation with axes of one element left out, and axes that stay side by side as one; at least one is left. */
function mergedAxes(shape: Shape, axes: readonly number[]): MergedAxes {
  const sizes: number[] = [];
  const strides: number[] = [];
  for (const axis of axes) {
    const size = shape[axis] ?? 1;
    if (size === 1) continue;
    const stride = sizeOf(shape.slice(axis + 1));
    const last = sizes.length - 1;
    if (strides[last] === size * stride) {
      sizes[last] = (sizes[last] ?? 1) * size;
      strides[last] = stride;
    } else {
      sizes.push(size);
      strides.push(stride);
    }
  }
  return sizes.length > 0 ? { sizes, strides } : { sizes: [1], strides: [1] };
}

function paramsOf({ sizes, strides }: MergedAxes) {
  const four = (values: readonly number[], from: number): number[] =>
    [0, 1, 2, 3].map((i) => values[from + i] ?? 1);
  return {
    sizes: four(sizes, 0),
    moreSizes: four(sizes, 4),
    strides: four(strides, 0),
    moreStrides: four(strides, 4),
  };
}

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
  const moved = mergedAxes(x.shape, axes);
  const { sizes, strides } = moved;
  const [columns = 1, rows = 1] = [sizes.at(-2), sizes.at(-1)];
  const transposes = strides.at(-2) === 1 && strides.at(-1) === columns && sizes.length <= 3;
  const common = { label, bindings: { x, y } };
  if (transposes && rows >= TILED && columns >= TILED) {
    const tilesDown = Math.ceil(rows / 32);
    const tilesAcross = Math.ceil(columns / 32);
    const tiles = (sizeOf(sizes) / (rows * columns)) * tilesDown * tilesAcross;
    return createDispatch(device, transposeShader, {
      ...common,
      params: { rows, columns, tilesDown, tilesAcross, tiles, accumulate: Number(accumulate) },
      workgroups: gridOf(tiles),
    });
  }
  const width = strides.at(-1) === 1 && rows % 4 === 0 ? 4 : 1;
  const size = sizeOf(sizes) / width;
  return createDispatch(device, shader, {
    ...common,
    constants: { RANK: sizes.length },
    redeclare: { Value: width === 4 ? "vec4<f32>" : "f32" },
    params: {
      size,
      accumulate: Number(accumulate),
      ...paramsOf(width === 4 ? inFours(moved) : moved),
    },
    workgroups: gridOf(Math.ceil(size / 256)),
  });
}

/** The same in values of four elements, where the innermost axis stays the innermost. */
function inFours({ sizes, strides }: MergedAxes): MergedAxes {
  const last = sizes.length - 1;
  return {
    sizes: sizes.map((size, axis) => (axis === last ? size / 4 : size)),
    strides: strides.map((stride, axis) => (axis === last ? 1 : stride / 4)),
  };
}
