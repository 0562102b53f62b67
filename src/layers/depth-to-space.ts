import incrementalShader from "../../shaders/depth_to_space_incremental.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch } from "../gpu/dispatch.ts";
import { InputError } from "../gpu/errors.ts";
import { formatShape, type Shape, type Tensor } from "../gpu/tensor.ts";
import { itemGrid, listsOf, sizeOfImage } from "./incremental.ts";
import {
  ALONE,
  type IncrementalSite,
  LAYER_FIELDS,
  type LayerBase,
  type Mathematics,
  type Op,
  onlyImage,
} from "./op.ts";
import { createStridedCopy, stridesOf } from "./strided.ts";

/** How channels are counted that are pixels of a block elsewhere. */
export interface PixelBlocks {
  /** Rows, and columns, of a block. */
  readonly block: number;
  /**
   * "depth-first": channel (row · block + column) · depth + k is pixel (row, column) of channel k (TensorFlow; ONNX's DCR);
   * "column-first": channel k · block² + row · block + column is (PyTorch's pixel shuffle; ONNX's CRD).
   */
  readonly order: "depth-first" | "column-first";
}

/** Lays channels out as blocks of pixels: [N, H, W, block² · C] becomes [N, H · block, W · block, C] (pixel shuffle). */
export interface DepthToSpaceLayer extends LayerBase, PixelBlocks {
  readonly op: "depthToSpace";
}

/** Stacks blocks of pixels as channels: [N, H · block, W · block, C] becomes [N, H, W, block² · C]. */
export interface SpaceToDepthLayer extends LayerBase, PixelBlocks {
  readonly op: "spaceToDepth";
}

const FIELDS = {
  ...LAYER_FIELDS,
  block: "must",
  order: { must: ["depth-first", "column-first"] },
} as const;

const MOVE: Mathematics = {
  linear: true,
  homogeneous: true,
  pointwise: false,
  nonNegative: "inputs",
  withinInputs: true,
  sums: "kept",
};

/** What both directions say alike. */
const COMMON = {
  view: false,
  mathematics: () => MOVE,
  weights: () => undefined,
  fusion: ALONE,
  relevance: { propagation: () => ({ by: "gradient" }) as const, gate: false },
  backProject: null,
} as const;

export const depthToSpace: Op<DepthToSpaceLayer> = {
  ...COMMON,
  fields: FIELDS,
  describe: ({ block }) => `channels to blocks of ${block} × ${block} pixels`,
  shape(layer, x) {
    const [n, h, w, c] = onlyImage(layer, x);
    const { block } = checked(layer);
    if (c % (block * block) !== 0) {
      throw new InputError(
        `depthToSpace "${layer.name}": expected a multiple of ${block * block} channels for blocks of ${block} × ${block}, got ${c}`,
      );
    }
    return [n, h * block, w * block, c / (block * block)];
  },
  forward: (device, { layer, x: [x], y }) => createBlockMove(device, layer, { deep: x, wide: y, to: "wide" }),
  backward: (device, { layer, dy, dx, accumulate }) =>
    createBlockMove(device, layer, { deep: dx, wide: dy, to: "deep", accumulate }),
  incremental: {
    kind: "rectangles",
    fits: () => true,
    create: (device, site) => createIncremental(device, site, false),
  },
  sees:
    ({ block }) =>
    (at) => [Math.floor(at / block)],
};

export const spaceToDepth: Op<SpaceToDepthLayer> = {
  ...COMMON,
  fields: FIELDS,
  describe: ({ block }) => `blocks of ${block} × ${block} pixels to channels`,
  shape(layer, x) {
    const [n, h, w, c] = onlyImage(layer, x);
    const { block } = checked(layer);
    if (h % block !== 0 || w % block !== 0) {
      throw new InputError(
        `spaceToDepth "${layer.name}": expected sides that blocks of ${block} × ${block} divide, got x of shape ${formatShape([n, h, w, c])}`,
      );
    }
    return [n, h / block, w / block, c * block * block];
  },
  forward: (device, { layer, x: [x], y }) => createBlockMove(device, layer, { deep: y, wide: x, to: "deep" }),
  backward: (device, { layer, dy, dx, accumulate }) =>
    createBlockMove(device, layer, { deep: dy, wide: dx, to: "wide", accumulate }),
  incremental: {
    kind: "rectangles",
    fits: () => true,
    create: (device, site) => createIncremental(device, site, true),
  },
  sees:
    ({ block }) =>
    (at) =>
      Array.from({ length: block }, (_, k) => at * block + k),
};

/** A layer whose block is a number of pixels. */
function checked<L extends DepthToSpaceLayer | SpaceToDepthLayer>(layer: L): L {
  const { op, name, block } = layer;
  if (Number.isInteger(block) && block >= 1) return layer;
  throw new InputError(`${op} "${name}": expected a block of at least 1 pixel, got ${block}`);
}

/** Moves values between an image with deep channels and one with wide blocks of pixels. */
function createBlockMove(
  device: GPUDevice,
  { name: label, block, order }: LayerBase & PixelBlocks,
  site: {
    readonly deep: Tensor;
    readonly wide: Tensor;
    readonly to: "deep" | "wide";
    readonly accumulate?: boolean;
  },
): Promise<Command> {
  const [n = 1, h = 1, w = 1] = site.deep.shape;
  const depth = site.wide.shape[3] ?? 1;
  // The pixels of the wide image, row by row: image, row, row in the block, column, column in the block, channel.
  const sizes: Shape = [n, h, block, w, block, depth];
  const [image = 0, row = 0, column = 0] = stridesOf(site.deep.shape);
  const [down, right, channel] =
    order === "depth-first" ? [block * depth, depth, 1] : [block, 1, block * block];
  const deep = { tensor: site.deep, strides: [image, row, down, column, right, channel] };
  const wide = { tensor: site.wide, strides: stridesOf(sizes) };
  const [x, y] = site.to === "wide" ? [deep, wide] : [wide, deep];
  return createStridedCopy(device, { label, sizes, x, y, accumulate: site.accumulate });
}

function createIncremental(
  device: GPUDevice,
  { layer, x: [x], y, dirty }: IncrementalSite<LayerBase & PixelBlocks>,
  toDepth: boolean,
): Promise<Command> {
  const outChannels = y.shape[3];
  return createDispatch(device, incrementalShader, {
    label: layer.name,
    constants: { TO_DEPTH: Number(toDepth), DEPTH_FIRST: Number(layer.order === "depth-first") },
    params: {
      inSize: sizeOfImage(x),
      outSize: sizeOfImage(y),
      ...listsOf(x, y),
      channels: x.shape[3],
      outChannels,
      block: layer.block,
    },
    bindings: { x: x.buffer, rects: dirty.rects, work: dirty.work, y: y.buffer },
    workgroups: itemGrid(y, outChannels),
  });
}
