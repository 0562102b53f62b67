import shader from "../../shaders/conv2d_incremental.wgsl";
import quadsShader from "../../shaders/conv2d_incremental_quads.wgsl";
import subgroupShader from "../../shaders/conv2d_incremental_subgroups.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { InputError } from "../gpu/errors.ts";
import { activationCode } from "./activation-kinds.ts";
import { chunkOf, listsOf } from "./incremental.ts";
import type { IncrementalSite } from "./op.ts";
import { windowGeometry } from "./padding.ts";
import { chooseTiling } from "./tiling.ts";
import { type ConvolutionLayer, sizeOfFilter } from "./weighted.ts";

/** Runs a convolution incrementally; it reads the weights as conv2d packs them. */
export async function createIncrementalConv2d(
  device: GPUDevice,
  {
    layer,
    x: [x],
    y,
    constants: { w, b = w },
    dirty,
  }: IncrementalSite<ConvolutionLayer & { readonly groups?: number }>,
): Promise<Command> {
  if (!w || !b) throw new InputError(`conv2d "${layer.name}": expected the constant "w", got none`);
  const size = sizeOfFilter(layer.w);
  const [, height, width, inChannels] = x.shape;
  const [, outHeight, outWidth, outChannels] = y.shape;
  const { top, left } = windowGeometry(layer.name, height, width, { ...layer, size });
  const { code, alpha } = activationCode(layer.activation);
  const { items } = y.layout;
  const { groups = 1 } = layer;
  const tiling = chooseTiling(device, items, outChannels, groups);
  const input = chunkOf(inChannels / groups);
  const output = chunkOf(outChannels / groups);
  const inStride = inChannels / input.size;
  const outChunks = outChannels / output.size;
  const tiles = Math.ceil(outChunks / (tiling.columns * tiling.channelLanes));
  const quads = !tiling.subgroups && output.size === 4 && tiling.pixels === 4 && tiling.columns <= 2;
  return createDispatch(device, tiling.subgroups ? subgroupShader : quads ? quadsShader : shader, {
    label: layer.name,
    constants: {
      LANES: tiling.lanes,
      BIAS: Number(layer.b !== undefined),
      ACTIVATION: code,
      ...(tiling.subgroups ? {} : { CHANNEL_LANES: tiling.channelLanes, GROUPED: Number(groups > 1) }),
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
      kernel: size,
      strides: layer.strides,
      dilation: layer.dilations,
      offset: [-top, -left],
      ...listsOf(x, y),
      inChunks: inStride / groups,
      inStride,
      outChunks,
      groupChunks: outChunks / groups,
      tiles,
      alpha,
    },
    bindings: { x: x.buffer, w, b, rects: dirty.rects, work: dirty.work, y: y.buffer },
    workgroups: gridOf(
      tiles * Math.ceil(items / (tiling.lanes * tiling.pixels)),
      device.limits.maxComputeWorkgroupsPerDimension,
    ),
  });
}
