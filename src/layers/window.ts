import arithmeticShader from "../../shaders/window_arithmetic.wgsl";
import lrnShader from "../../shaders/window_lrn.wgsl";
import moveShader from "../../shaders/window_move.wgsl";
import poolShader from "../../shaders/window_pool.wgsl";
import scaleShader from "../../shaders/window_scale.wgsl";
import upsampleShader from "../../shaders/window_upsample.wgsl";
import { type Command, createDispatch, createSequence, gridOf } from "../gpu/kernel.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { type Activation, activationCode } from "./activation.ts";
import type { AddLayer, MultiplyLayer } from "./arithmetic.ts";
import type { ConcatLayer } from "./concat.ts";
import type { LrnLayer } from "./lrn.ts";
import type { Tensors } from "./op.ts";
import { windowGeometry } from "./padding.ts";
import type { PoolLayer } from "./pool.ts";
import { type UpsampleLayer, upsampleConstants } from "./upsample.ts";

/** The rectangles that patches change in a layer; layers with the same ones share a layout. */
export interface WindowLayout {
  /** Where its rectangles begin in {@link WindowLists.rects}. */
  readonly rects: number;
  /** Which rectangle holds its number of items. */
  readonly count: number;
  /** Where its work list begins. */
  readonly work: number;
  /** The most items, which are changed pixels, that a chunk has. */
  readonly items: number;
}

/** What the kernels know of the chunk that is under way; see window_worklist.wgsl. */
export interface WindowLists {
  readonly layouts: number;
  readonly patches: number;
  /** [layouts, patches + 1, 4] */
  readonly rects: Tensor;
  /** [items of all layouts, 2] */
  readonly work: Tensor;
}

/** A layer of which only windows change: the clean layer, then the windows of all patches of a chunk, side by side. */
export interface Windowed {
  readonly buffer: GPUBuffer;
  /** Of the clean layer: [1, H, W, C]. */
  readonly shape: readonly [number, number, number, number];
  readonly layout: WindowLayout;
}

/** Where a layer runs in windows. */
export interface WindowSite<L> {
  readonly layer: L;
  readonly x: readonly [Windowed, ...Windowed[]];
  readonly y: Windowed;
  /** The op's `constants`, uploaded. */
  readonly constants: Tensors;
  readonly lists: WindowLists;
}

/** Channels of which all counts are multiples of four are read four at a time. */
export function chunkOf(...channels: number[]): { size: 1 | 4; type: "f32" | "vec4<f32>" } {
  return channels.every((count) => count % 4 === 0)
    ? { size: 4, type: "vec4<f32>" }
    : { size: 1, type: "f32" };
}

/** The kernels' parameters that say where the lists of x and y lie. */
export function listsOf(x: Windowed, y: Windowed) {
  return { rects: x.layout.rects, count: y.layout.count, work: y.layout.work };
}

function sizeOfImage({ shape: [, height, width] }: Windowed): readonly [number, number] {
  return [height, width];
}

function grid(y: Windowed, chunks: number) {
  return gridOf(Math.ceil((y.layout.items * chunks) / 64));
}

/** Pooling of windows. */
export function createWindowPool(
  device: GPUDevice,
  { layer, x: [x], y, lists }: WindowSite<PoolLayer>,
): Promise<Command> {
  const [, height, width, channels] = x.shape;
  const chunk = chunkOf(channels);
  const { top, left } = windowGeometry(layer.name, height, width, { ...layer, dilations: [1, 1] });
  return createDispatch(device, poolShader, {
    label: layer.name,
    constants: { AVERAGE: Number(layer.mode === "average") },
    redeclare: { Chunk: chunk.type },
    params: {
      inSize: sizeOfImage(x),
      outSize: sizeOfImage(y),
      kernel: layer.size,
      strides: layer.strides,
      offset: [-top, -left],
      ...listsOf(x, y),
      channels: channels / chunk.size,
    },
    bindings: { x: x.buffer, rects: lists.rects, work: lists.work, y: y.buffer },
    workgroups: grid(y, channels / chunk.size),
  });
}

/** Batch norm (with `scale` and `offset`) or an activation of windows. */
export function createWindowScale(
  device: GPUDevice,
  {
    layer,
    x: [x],
    y,
    constants: { scale, offset },
    lists,
  }: WindowSite<{ readonly name: string; readonly activation?: Activation | undefined }>,
): Promise<Command> {
  const [, height, width, channels] = y.shape;
  const chunk = chunkOf(channels);
  const { code, alpha } = activationCode(layer.activation);
  return createDispatch(device, scaleShader, {
    label: layer.name,
    constants: { SCALE: Number(scale !== undefined), ACTIVATION: code },
    redeclare: { Chunk: chunk.type },
    params: {
      start: (height * width * channels) / chunk.size,
      count: y.layout.count,
      channels: channels / chunk.size,
      alpha,
    },
    bindings: {
      x: x.buffer,
      scale: scale ?? x.buffer,
      offset: offset ?? x.buffer,
      rects: lists.rects,
      y: y.buffer,
    },
    workgroups: grid(y, channels / chunk.size),
  });
}

/** Local response normalisation of windows. */
export function createWindowLrn(
  device: GPUDevice,
  { layer, x: [x], y, lists }: WindowSite<LrnLayer>,
): Promise<Command> {
  const [, height, width, channels] = y.shape;
  const { radius, bias, alpha, beta } = layer;
  return createDispatch(device, lrnShader, {
    label: layer.name,
    params: { start: height * width * channels, count: y.layout.count, channels, radius, bias, alpha, beta },
    bindings: { x: x.buffer, rects: lists.rects, y: y.buffer },
    workgroups: grid(y, channels),
  });
}

/** Enlarged windows. */
export function createWindowUpsample(
  device: GPUDevice,
  { layer, x: [x], y, lists }: WindowSite<UpsampleLayer>,
): Promise<Command> {
  const channels = y.shape[3];
  const chunk = chunkOf(channels);
  return createDispatch(device, upsampleShader, {
    label: layer.name,
    constants: upsampleConstants(layer),
    redeclare: { Chunk: chunk.type },
    params: {
      inSize: sizeOfImage(x),
      factor: layer.factor,
      ...listsOf(x, y),
      channels: channels / chunk.size,
    },
    bindings: { x: x.buffer, rects: lists.rects, work: lists.work, y: y.buffer },
    workgroups: grid(y, channels / chunk.size),
  });
}

/** Sum, or product, of the windows of layers of one shape. */
export async function createWindowArithmetic(
  device: GPUDevice,
  { layer, x: [first, ...others], y, lists }: WindowSite<AddLayer | MultiplyLayer>,
): Promise<Command> {
  const channels = y.shape[3];
  const chunk = chunkOf(channels);
  const steps = others.map((b, index) => {
    const last = index === others.length - 1;
    const { code, alpha } = activationCode(layer.op === "add" && last ? layer.activation : undefined);
    return createDispatch(device, arithmeticShader, {
      label: layer.name,
      constants: {
        PRODUCT: Number(layer.op === "multiply"),
        ACCUMULATE: Number(index > 0),
        ACTIVATION: code,
      },
      redeclare: { Chunk: chunk.type },
      params: {
        inSize: sizeOfImage(y),
        rectsOfA: first.layout.rects,
        rectsOfB: b.layout.rects,
        count: y.layout.count,
        work: y.layout.work,
        channels: channels / chunk.size,
        alpha,
      },
      bindings: { a: first.buffer, b: b.buffer, rects: lists.rects, work: lists.work, y: y.buffer },
      workgroups: grid(y, channels / chunk.size),
    });
  });
  return createSequence(steps);
}

/** Windows side by side along rows (axis 1), columns (2) or channels (3). */
export async function createWindowConcat(
  device: GPUDevice,
  { layer, x, y, lists }: WindowSite<ConcatLayer>,
): Promise<Command> {
  const { axis } = layer;
  const parts = x.map((part, index) => {
    const before = x.slice(0, index).reduce((sum, { shape }) => sum + (shape[axis] ?? 0), 0);
    return createMove(device, { layer: layer.name, x: part, y, lists }, [
      axis === 1 ? -before : 0,
      axis === 2 ? -before : 0,
      axis === 3 ? before : 0,
    ]);
  });
  return createSequence(parts);
}

/** Windows of a layer with zeros around it, `top` rows and `left` columns of them before it: the zeros never change. */
export function createWindowPad(
  device: GPUDevice,
  {
    layer,
    x: [x],
    y,
    lists,
  }: WindowSite<{
    readonly name: string;
    readonly border: { readonly top: number; readonly left: number };
  }>,
): Promise<Command> {
  return createMove(device, { layer: layer.name, x, y, lists }, [-layer.border.top, -layer.border.left, 0]);
}

function createMove(
  device: GPUDevice,
  {
    layer,
    x,
    y,
    lists,
  }: {
    readonly layer: string;
    readonly x: Windowed;
    readonly y: Windowed;
    readonly lists: WindowLists;
  },
  [down, right, first]: readonly [rows: number, columns: number, channels: number],
): Promise<Command> {
  const [channels, outChannels] = [x.shape[3], y.shape[3]];
  const chunk = chunkOf(channels, outChannels, first);
  return createDispatch(device, moveShader, {
    label: layer,
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
    bindings: { x: x.buffer, rects: lists.rects, work: lists.work, y: y.buffer },
    workgroups: grid(y, channels / chunk.size),
  });
}
