import { gridOf } from "../gpu/dispatch.ts";
import type { Shape, Tensor } from "../gpu/tensor.ts";

/** The place of the rectangles that patches change in a layer; layers with the same ones share a layout. */
export interface RectangleLayout {
  /** The first of its rectangles in {@link DirtyRectangles.rects}. */
  readonly rects: number;
  /** The rectangle that holds its number of items. */
  readonly count: number;
  /** The beginning of its work list. */
  readonly work: number;
  /** The most items, which are changed pixels, that a chunk has. */
  readonly items: number;
}

/** The rectangles that the patches of the chunk under way change, as the kernels read them; see incremental_worklist.wgsl. */
export interface DirtyRectangles {
  readonly layouts: number;
  readonly patches: number;
  /** [layouts, patches + 1, 4] */
  readonly rects: Tensor;
  /** [items of all layouts, 2] */
  readonly work: Tensor;
}

/** A layer of which only rectangles change: the clean layer, then the rectangles of all patches of a chunk, one by one. */
export interface PartialLayer {
  readonly buffer: GPUBuffer;
  /** Shape of the clean layer, its axes of channels as one: [1, H, W, C]. */
  readonly shape: readonly [number, number, number, number];
  /** Sizes of its axes of channels: [C], or several of which C is the product. */
  readonly channelAxes: Shape;
  readonly layout: RectangleLayout;
}

/** Channels of which all counts are multiples of four are read four at a time. */
export function chunkOf(...channels: number[]): { size: 1 | 4; type: "f32" | "vec4<f32>" } {
  return channels.every((count) => count % 4 === 0)
    ? { size: 4, type: "vec4<f32>" }
    : { size: 1, type: "f32" };
}

/** The kernels' parameters that say where the lists of x and y lie. */
export function listsOf(x: PartialLayer, y: PartialLayer) {
  return { rects: x.layout.rects, count: y.layout.count, work: y.layout.work };
}

/** Rows and columns of the clean layer. */
export function sizeOfImage({ shape: [, height, width] }: PartialLayer): readonly [number, number] {
  return [height, width];
}

/** Workgroups of 64 threads for so many chunks of channels of each changed pixel. */
export function itemGrid(y: PartialLayer, chunks: number) {
  return gridOf(Math.ceil((y.layout.items * chunks) / 64));
}
