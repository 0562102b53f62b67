import shader from "../../shaders/window_conv2d.wgsl";
import quadsShader from "../../shaders/window_conv2d_quads.wgsl";
import subgroupShader from "../../shaders/window_conv2d_subgroups.wgsl";
import depthwiseShader from "../../shaders/window_depthwise_conv2d.wgsl";
import { InputError } from "../gpu/errors.ts";
import { type Command, createDispatch, gridOf } from "../gpu/kernel.ts";
import { activationCode } from "./activation.ts";
import type { Conv2dLayer } from "./conv2d.ts";
import type { DepthwiseConv2dLayer } from "./depthwise-conv2d.ts";
import { windowGeometry } from "./padding.ts";
import { chooseTiling } from "./tiling.ts";
import { chunkOf, listsOf, type WindowSite } from "./window.ts";

/** Items of one thread of the depthwise kernel. */
const ITEMS = 4;

/** Convolution of windows; it reads the weights as conv2d packs them. */
export async function createWindowConv2d(
  device: GPUDevice,
  { layer, x: [x], y, constants: { w, b = w }, lists }: WindowSite<Conv2dLayer>,
): Promise<Command> {
  if (!w || !b) throw new InputError(`conv2d "${layer.name}": expected the constant "w", got none`);
  const [kh = 1, kw = 1] = layer.w.shape;
  const [, height, width, inChannels] = x.shape;
  const [, outHeight, outWidth, outChannels] = y.shape;
  const { top, left } = windowGeometry(layer.name, height, width, { ...layer, size: [kh, kw] });
  const { code, alpha } = activationCode(layer.activation);
  const { items } = y.layout;
  const tiling = chooseTiling(device, items, outChannels);
  const input = chunkOf(inChannels);
  const output = chunkOf(outChannels);
  const outChunks = outChannels / output.size;
  const tiles = Math.ceil(outChunks / (tiling.columns * tiling.channelLanes));
  const quads = !tiling.subgroups && output.size === 4 && tiling.pixels === 4 && tiling.columns <= 2;
  return createDispatch(device, tiling.subgroups ? subgroupShader : quads ? quadsShader : shader, {
    label: layer.name,
    constants: {
      LANES: tiling.lanes,
      BIAS: Number(layer.b !== undefined),
      ACTIVATION: code,
      ...(tiling.subgroups ? {} : { CHANNEL_LANES: tiling.channelLanes }),
    },
    redeclare: {
      IN: `${input.size}u`,
      In: input.type,
      BLOCK: `${w.shape[2]}u`,
      ...(quads ? {} : { OUT: `${output.size}u`, Out: output.type, PIXELS: `${tiling.pixels}u` }),
      ...(tiling.subgroups ? {} : { COLUMNS: `${tiling.columns}u` }),
    },
    params: {
      inSize: [height, width],
      outSize: [outHeight, outWidth],
      kernel: [kh, kw],
      strides: layer.strides,
      dilation: layer.dilations,
      offset: [-top, -left],
      ...listsOf(x, y),
      inChunks: inChannels / input.size,
      outChunks,
      tiles,
      alpha,
    },
    bindings: { x: x.buffer, w, b, rects: lists.rects, work: lists.work, y: y.buffer },
    workgroups: gridOf(
      tiles * Math.ceil(items / (tiling.lanes * tiling.pixels)),
      device.limits.maxComputeWorkgroupsPerDimension,
    ),
  });
}

/** Depthwise convolution of windows. */
export async function createWindowDepthwise(
  device: GPUDevice,
  { layer, x: [x], y, constants: { w, b = w }, lists }: WindowSite<DepthwiseConv2dLayer>,
): Promise<Command> {
  const [kh = 1, kw = 1, , multiplier = 1] = layer.w.shape;
  const [, height, width, inChannels] = x.shape;
  const [, outHeight, outWidth, channels] = y.shape;
  const chunk = multiplier === 1 ? chunkOf(channels) : chunkOf(1);
  const { top, left } = windowGeometry(layer.name, height, width, { ...layer, size: [kh, kw] });
  const { code, alpha } = activationCode(layer.activation);
  if (!w || !b) throw new InputError(`depthwiseConv2d "${layer.name}": expected the constant "w", got none`);
  return createDispatch(device, depthwiseShader, {
    label: layer.name,
    constants: { BIAS: Number(layer.b !== undefined), ACTIVATION: code },
    redeclare: { Chunk: chunk.type },
    params: {
      inSize: [height, width],
      outSize: [outHeight, outWidth],
      kernel: [kh, kw],
      strides: layer.strides,
      dilation: layer.dilations,
      offset: [-top, -left],
      ...listsOf(x, y),
      inChunks: inChannels / chunk.size,
      channels: channels / chunk.size,
      multiplier,
      alpha,
    },
    bindings: { x: x.buffer, w, b, rects: lists.rects, work: lists.work, y: y.buffer },
    workgroups: gridOf(Math.ceil((Math.ceil(y.layout.items / ITEMS) * (channels / chunk.size)) / 64)),
  });
}
