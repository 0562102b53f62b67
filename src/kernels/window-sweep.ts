import fillShader from "../../shaders/window_fill.wgsl";
import poolShader from "../../shaders/window_global_pool.wgsl";
import spreadShader from "../../shaders/window_spread.wgsl";
import worklistShader from "../../shaders/window_worklist.wgsl";
import { type Command, createDispatch, gridOf } from "../gpu/kernel.ts";
import { sizeOf, type Tensor } from "../gpu/tensor.ts";
import { chunkOf, type Windowed, type WindowLists } from "../layers/window.ts";

/**
 * Lays out the sweep's next chunk: fills `lists` with its rectangles and its work list.
 * `tables` holds the rectangles of all chunks, `position` one u32, the number of the next covered image from 1; see
 * window_worklist.wgsl.
 */
export function createWorklist(
  device: GPUDevice,
  lists: WindowLists,
  { tables, position, items }: { readonly tables: Tensor; readonly position: Tensor; readonly items: number },
): Promise<Command> {
  const { layouts, patches, rects, work } = lists;
  return createDispatch(device, worklistShader, {
    params: { layouts, patches },
    bindings: { tables, sweep: position, rects, work },
    workgroups: [...gridOf(Math.ceil(Math.max(items, patches + 1) / 256)), layouts],
  });
}

/** Fills the windows of the image with the colour `fill` [C] that covers it. */
export function createWindowFill(device: GPUDevice, fill: Tensor, y: Windowed): Promise<Command> {
  const [, height, width, channels] = y.shape;
  const size = y.layout.items * channels;
  return createDispatch(device, fillShader, {
    params: { start: height * width * channels, size, channels },
    bindings: { fill, y: y.buffer },
    workgroups: gridOf(Math.ceil(size / 256)),
  });
}

/** Whole layers `y` [patches, H, W, C] from the windows of x. */
export function createSpread(
  device: GPUDevice,
  lists: WindowLists,
  { label, x, y }: { readonly label: string; readonly x: Windowed; readonly y: Tensor },
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

/** Global pooling `y` [patches, …, C] of a layer of which only windows changed; `clean` is the clean layer's result. */
export function createWindowGlobalPool(
  device: GPUDevice,
  lists: WindowLists,
  run: {
    readonly label: string;
    readonly mode: "max" | "average";
    readonly x: Windowed;
    readonly clean: Tensor;
    readonly y: Tensor;
  },
): Promise<Command> {
  const { label, mode, x, clean, y } = run;
  const [, height, width, channels] = x.shape;
  const chunk = chunkOf(channels);
  const chunks = channels / chunk.size;
  const tiles = Math.ceil(chunks / 8);
  const groups = lists.patches * tiles;
  return createDispatch(device, poolShader, {
    label,
    constants: { AVERAGE: Number(mode === "average") },
    redeclare: { Chunk: chunk.type },
    params: { inSize: [height, width], rects: x.layout.rects, channels: chunks, tiles, groups },
    bindings: { x: x.buffer, clean, rects: lists.rects, y },
    workgroups: gridOf(groups),
  });
}
