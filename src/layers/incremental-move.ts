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

/** Lays the rectangles of x into those of y, which begins so many rows, columns and channels before or after it. */
export function createIncrementalMove(
  device: GPUDevice,
  site: {
    readonly label: string;
    readonly x: PartialLayer;
    readonly y: PartialLayer;
    readonly dirty: DirtyRectangles;
  },
  [down, right, first]: readonly [rows: number, columns: number, channels: number],
): Promise<Command> {
  const { label, x, y, dirty } = site;
  const [channels, outChannels] = [x.shape[3], y.shape[3]];
  const chunk = chunkOf(channels, outChannels, first);
  return createDispatch(device, shader, {
    label,
    redeclare: { Chunk: chunk.type },
    params: {
      inSize: sizeOfImage(x),
      outSize: sizeOfImage(y),
      offset: [down, right],
      ...listsOf(x, y),
      channels: channels / chunk.size,
      outChannels: outChannels / chunk.size,
      first: first / chunk.size,
    },
    bindings: { x: x.buffer, rects: dirty.rects, work: dirty.work, y: y.buffer },
    workgroups: itemGrid(y, channels / chunk.size),
  });
}
