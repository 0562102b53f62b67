import shader from "../../shaders/incremental_move.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch } from "../gpu/dispatch.ts";
import {
  chunkOf,
  type DirtyRectangles,
  itemGrid,
  listsOf,
  type PartialLayer,
  sizeOfImage,
} from "./incremental.ts";

/**
 * Lays the rectangles of x into those of y, where pixel (r, c) of y takes pixel (r, c) + offset of x. Channels from `from` on in
 * x are laid to those from `to` on in y, as many as both have.
 */
export function createIncrementalMove(
  device: GPUDevice,
  site: {
    readonly label: string;
    readonly x: PartialLayer;
    readonly y: PartialLayer;
    readonly dirty: DirtyRectangles;
  },
  {
    offset,
    from = 0,
    to = 0,
  }: {
    readonly offset: readonly [rows: number, columns: number];
    readonly from?: number;
    readonly to?: number;
  },
): Promise<Command> {
  const { label, x, y, dirty } = site;
  const [channels, outChannels] = [x.shape[3], y.shape[3]];
  const moved = Math.min(channels - from, outChannels - to);
  const chunk = chunkOf(channels, outChannels, moved, from, to);
  return createDispatch(device, shader, {
    label,
    redeclare: { Chunk: chunk.type },
    params: {
      inSize: sizeOfImage(x),
      outSize: sizeOfImage(y),
      offset,
      ...listsOf(x, y),
      channels: channels / chunk.size,
      outChannels: outChannels / chunk.size,
      moved: moved / chunk.size,
      source: from / chunk.size,
      place: to / chunk.size,
    },
    bindings: { x: x.buffer, rects: dirty.rects, work: dirty.work, y: y.buffer },
    workgroups: itemGrid(y, moved / chunk.size),
  });
}
