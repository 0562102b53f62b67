import mergeShader from "../../shaders/nearest_merge.wgsl";
import scanShader from "../../shaders/nearest_scan.wgsl";
import countShader from "../../shaders/rank_count.wgsl";
import gatherShader from "../../shaders/rank_gather.wgsl";
import distancesShader from "../../shaders/squared_distances.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { createSteps } from "../gpu/steps.ts";
import type { Tensor } from "../gpu/tensor.ts";

/** Squared distances of a block of queries and a tile of points, and which these are. */
export interface DistanceTile {
  /** [points of a tile, queries of a block] */
  readonly tile: Tensor;
  /** [5], u32: queries of the block that there are; first row of the tile's points, their number; number of that row, and of the block's first, in the whole. */
  readonly place: Tensor;
}

/** Makes the squared distances of `x` [queries, channels] and a tile of the rows of `y` [points, channels] ready to record; see squared_distances.wgsl. */
export function createSquaredDistances(
  device: GPUDevice,
  { tile, place, x, y }: DistanceTile & { readonly x: Tensor; readonly y: Tensor },
): Promise<Command> {
  const [points = 1, block = 1] = tile.shape;
  const tilesAcross = Math.ceil(block / 64);
  return createDispatch(device, distancesShader, {
    params: { channels: x.shape[1] ?? 1, block, tilesAcross },
    bindings: { x, y, place, tile },
    workgroups: gridOf(tilesAcross * Math.ceil(points / 64)),
  });
}

/** Makes taking a tile into the lists of the nearest ready to record; see nearest_scan.wgsl. */
export function createNearestScan(
  device: GPUDevice,
  site: DistanceTile & {
    /** [2, segments, k, queries of a block], u32 */
    readonly lists: Tensor;
    /** Queries are the points themselves, and none is its own neighbour. */
    readonly apart: boolean;
  },
): Promise<Command> {
  const { tile, place, lists, apart } = site;
  const [, segments = 1, k = 1, block = 1] = lists.shape;
  return createDispatch(device, scanShader, {
    params: { block, segments, k, apart: Number(apart) },
    bindings: { tile, place, lists },
    workgroups: [Math.ceil(block / 64), segments],
  });
}

/** Makes merging these lists into one a query ready to record; see nearest_merge.wgsl. */
export function createNearestMerge(
  device: GPUDevice,
  site: {
    /** [2, segments, k, queries of a block], u32 */
    readonly lists: Tensor;
    /** [queries of a block, k], u32 */
    readonly indices: Tensor;
    /** [queries of a block, k] */
    readonly squared: Tensor;
  },
): Promise<Command> {
  const { lists, indices, squared } = site;
  const [, segments = 1, k = 1, block = 1] = lists.shape;
  return createSteps(device, "nearest neighbours", (scratch) => [
    {
      shader: mergeShader,
      params: { block, segments, k },
      bindings: {
        lists,
        heads: scratch([segments, block], "heads of lists", { dtype: "u32" }),
        indices,
        squared,
      },
      workgroups: [Math.ceil(block / 64)],
    },
  ]);
}

/** Points whose ranks among the neighbours of a block of queries are sought. */
export interface RankSite extends DistanceTile {
  /** [queries of a block, k], u32: numbers of points. */
  readonly given: Tensor;
  /** [queries of a block, k] */
  readonly squared: Tensor;
}

/** Makes taking the distances of given points from a tile ready to record; see rank_gather.wgsl. */
export function createRankGather(
  device: GPUDevice,
  { tile, place, given, squared }: RankSite,
): Promise<Command> {
  const [block = 1, k = 1] = given.shape;
  return createDispatch(device, gatherShader, {
    params: { block, k },
    bindings: { tile, place, given, squared },
    workgroups: gridOf(Math.ceil((block * k) / 64)),
  });
}

/** Makes counting the points of a tile that are nearer than the given ones ready to record; see rank_count.wgsl. */
export function createRankCount(
  device: GPUDevice,
  { tile, place, given, squared, ranks }: RankSite & { readonly ranks: Tensor },
): Promise<Command> {
  const [block = 1, k = 1] = given.shape;
  return createDispatch(device, countShader, {
    params: { block, k },
    bindings: { tile, place, given, squared, ranks },
    workgroups: gridOf(Math.ceil((block * k) / 64)),
  });
}
