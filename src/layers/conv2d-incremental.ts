import shader from "../../shaders/conv2d_incremental.wgsl";
import quadsShader from "../../shaders/conv2d_incremental_quads.wgsl";
import subgroupShader from "../../shaders/conv2d_incremental_subgroups.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { activationCode } from "./activation-kinds.ts";
import type { Taps } from "./convolution.ts";
import { chunkOf, listsOf } from "./incremental.ts";
import type { IncrementalSite } from "./op.ts";
import { type PackedLayer, uploaded } from "./packed-layer.ts";
import { chooseTiling } from "./tiling.ts";
import { groupsOf } from "./weighted.ts";

/** Runs a convolution, or a transposed one, incrementally. */
export async function createIncrementalConvolution(
  device: GPUDevice,
  { layer, x: [x], y, constants, dirty }: IncrementalSite<PackedLayer>,
  { kernel, scale, dilation, offset, phases }: Taps,
): Promise<Command> {
  const w = uploaded(layer, constants, "w");
  const [, height, width, inChannels] = x.shape;
  const [, outHeight, outWidth, outChannels] = y.shape;
  const { constants: applied, alpha } = activationCode(layer.activation);
  const { items } = y.layout;
  const groups = groupsOf(layer);
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
      PHASED: Number(phases[0] * phases[1] > 1),
      BIAS: Number(layer.b !== undefined),
      ...applied,
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
      kernel,
      scale,
      dilation,
      offset,
      phases,
      ...listsOf(x, y),
      inChunks: inStride / groups,
      inStride,
      outChunks,
      groupChunks: outChunks / groups,
      tiles,
      alpha,
    },
    bindings: { x: x.buffer, w, b: constants.b ?? w, rects: dirty.rects, work: dirty.work, y: y.buffer },
    workgroups: gridOf(
      tiles * Math.ceil(items / (tiling.lanes * tiling.pixels)),
      device.limits.maxComputeWorkgroupsPerDimension,
    ),
  });
}
