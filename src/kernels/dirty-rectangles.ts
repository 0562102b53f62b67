import fillShader from "../../shaders/incremental_fill.wgsl";
import spreadShader from "../../shaders/incremental_whole_layers.wgsl";
import worklistShader from "../../shaders/incremental_worklist.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { sizeOf, type Tensor } from "../gpu/tensor.ts";
import { chunkOf, type DirtyRectangles, type PartialLayer } from "../layers/incremental.ts";

/**
 * Lays out the sweep's next chunk: fills `lists` with its rectangles and its work list.
 * `tables` holds the rectangles of all chunks, `position` one u32, the number of the next covered image from 1; see
 * incremental_worklist.wgsl.
 */
export function createWorklist(
  device: GPUDevice,
  lists: DirtyRectangles,
  { tables, position, items }: { readonly tables: Tensor; readonly position: Tensor; readonly items: number },
): Promise<Command> {
  const { layouts, patches, rects, work } = lists;
  return createDispatch(device, worklistShader, {
    params: { layouts, patches },
    bindings: { tables, sweep: position, rects, work },
    workgroups: [...gridOf(Math.ceil(Math.max(items, patches + 1) / 256)), layouts],
  });
}

/** Fills the rectangles of the image with the colour `fill` [C] that covers it. */
export function createRectangleFill(device: GPUDevice, fill: Tensor, y: PartialLayer): Promise<Command> {
  const [, height, width, channels] = y.shape;
  const size = y.layout.items * channels;
  return createDispatch(device, fillShader, {
    params: { start: height * width * channels, size, channels },
    bindings: { fill, y: y.buffer },
    workgroups: gridOf(Math.ceil(size / 256)),
  });
}

/** Whole layers `y` [patches, H, W, C] from the clean layer and the rectangles of x. */
export function createWholeLayers(
  device: GPUDevice,
  lists: DirtyRectangles,
  { label, x, y }: { readonly label: string; readonly x: PartialLayer; readonly y: Tensor },
): Promise<Command> {
  const [, height, width, channels] = x.shape;
  const chunk = chunkOf(channels);
  const size = sizeOf(y.shape) / chunk.size;
  return createDispatch(device, spreadShader, {
    label,
    redeclare: { Chunk: chunk.type },
    params: { inSize: [height, width], rects: x.layout.rects, channels: channels / chunk.size, size },
    bindings: { x: x.buffer, rects: lists.rects, y },
    workgroups: gridOf(Math.ceil(size / 64)),
  });
}
