import shader from "../../shaders/conv2d.wgsl";
import quadsShader from "../../shaders/conv2d_quads.wgsl";
import stagedShader from "../../shaders/conv2d_staged.wgsl";
import subgroupShader from "../../shaders/conv2d_subgroups.wgsl";
import copyShader from "../../shaders/copy_blocks.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { createSteps, type Step } from "../gpu/steps.ts";
import { type Shape, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { activationCode, type FusedActivation, fusedGradientCode } from "./activation-kinds.ts";
import type { FusedGradient } from "./op.ts";
import type { LayerWindow } from "./padding.ts";
import { blockOf, chooseTiling, type Tiling } from "./tiling.ts";

type Pair = readonly [vertical: number, horizontal: number];

/** One run of the convolution kernel, forward or to the input; see shaders/conv2d.wgsl for the numbers. */
export interface Convolution {
  readonly label: string;
  readonly x: Tensor;
  readonly w: Tensor;
  readonly b?: Tensor | undefined;
  readonly y: Tensor;
  readonly kernel: Pair;
  readonly scale: Pair;
  readonly dilation: Pair;
  readonly offset: Pair;
  readonly phases: Pair;
  /** Groups of channels, of x and of y, that have nothing to do with each other. Default 1. */
  readonly groups?: number | undefined;
  /** Applied to y; not together with `fused`. */
  readonly activation?: FusedActivation | undefined;
  /** Takes y back through the activation that it is the gradient of. */
  readonly fused?: FusedGradient | undefined;
  readonly accumulate?: boolean | undefined;
  /** Default: what {@link chooseTiling} says. */
  readonly tiling?: Tiling | undefined;
}

/** Makes a run of the convolution kernel ready to record. */
export function createConvolution(device: GPUDevice, run: Convolution): Promise<Command> {
  const { label, y, b, activation, fused, accumulate = false, groups = 1 } = run;
  const channels = y.shape[3] ?? 1;
  const whole = inFours(channels);
  const { tiling = chooseTiling(device, pixelsOf(run), groups === 1 ? whole : channels, groups) } = run;
  if (whole === channels || tiling.subgroups || b || activation || fused || groups > 1) {
    const { shader, ...options } = stepOf(device, run);
    return createDispatch(device, shader, options);
  }
  // The gradient to an image of three channels, say: made of four, so that they stay in registers.
  return createSteps(device, `convolution "${label}"`, (scratch) => {
    const padded = scratch([...y.shape.slice(0, 3), whole], `${label} in fours`);
    const size = sizeOf(y.shape);
    return [
      stepOf(device, { ...run, y: padded, tiling, accumulate: false }),
      {
        shader: copyShader,
        label,
        params: {
          size,
          block: channels,
          xLength: whole,
          xStart: 0,
          yLength: channels,
          yStart: 0,
          accumulate: Number(accumulate),
        },
        bindings: { x: padded, y },
        workgroups: gridOf(Math.ceil(size / 256)),
      },
    ];
  });
}

/** A number of channels, rounded up to fours. */
function inFours(channels: number): number {
  return Math.ceil(channels / 4) * 4;
}

/** Shape of the memory that a run may need to make an output of that shape in fours; [0] for none. */
export function scratchInFours([n = 1, h = 1, w = 1, c = 1]: Shape, groups = 1): Shape {
  return c % 4 === 0 || groups > 1 ? [0] : [n, h, w, inFours(c)];
}

/** What says where the taps of a run read. */
export type Taps = Pick<Convolution, "kernel" | "scale" | "dilation" | "offset" | "phases">;

type Window = Omit<LayerWindow, "padding">;

/** The taps of a window that slides over x; `before` is the padding above and to the left. */
export function tapsForward({ size, strides, dilations }: Window, [top, left]: Pair): Taps {
  return { kernel: size, scale: strides, dilation: dilations, offset: [-top, -left], phases: [1, 1] };
}

/** The taps that go back from the places of the window to what it slides over. */
export function tapsBackward({ size, strides, dilations }: Window, before: Pair): Taps {
  const [down, right] = dilations;
  return { kernel: size, scale: [1, 1], dilation: [-down, -right], offset: before, phases: strides };
}

/** Rows and columns of one phase of the output. */
function gridOfPhase({ y: { shape }, phases }: Convolution): Pair {
  return [Math.ceil((shape[1] ?? 1) / phases[0]), Math.ceil((shape[2] ?? 1) / phases[1])];
}

/** Pixels of one phase, of all images. */
function pixelsOf(run: Convolution): number {
  const [rows, columns] = gridOfPhase(run);
  return (run.x.shape[0] ?? 1) * rows * columns;
}

function stepOf(device: GPUDevice, run: Convolution): Step {
  const { label, x, w, b, y, phases, activation, fused, accumulate = false, groups = 1 } = run;
  const { tiling, redeclare, params, workgroups } = layOut(device, run, pixelsOf(run));
  const { constants: applied, alpha } = activationCode(activation);
  const { constants: gradient, ...fusedParams } = fusedGradientCode(fused);
  const kernel = kernelOf(tiling, redeclare, groups);
  return {
    shader: kernel.shader,
    label,
    constants: {
      ...kernel.constants,
      BIAS: Number(b !== undefined),
      ...applied,
      ...gradient,
      PHASED: Number(phases[0] * phases[1] > 1),
      ACCUMULATE: Number(accumulate),
    },
    redeclare: kernel.redeclare,
    params: {
      ...params,
      inStride: params.inChunks * groups,
      groupChunks: params.outChunks / groups,
      grid: gridOfPhase(run),
      phases,
      ...fusedParams,
      ...(fused ? {} : { alpha }),
    },
    bindings: { x, w, b: b ?? w, a: fused?.a ?? w, rules: fused?.rules ?? w, y },
    workgroups: [...workgroups, phases[0] * phases[1]],
  };
}

/** The kernel for a tiling, and what sizes it. */
function kernelOf(
  { subgroups, staged, pixels, lanes, columns, channelLanes }: Tiling,
  { PIXELS, OUT, Out, IN, In, BLOCK }: ReturnType<typeof layOut>["redeclare"],
  groups: number,
) {
  const COLUMNS = `${columns}u`;
  if (subgroups) {
    const redeclare = { IN, In, BLOCK, OUT, Out, PIXELS };
    return { shader: subgroupShader, constants: { LANES: lanes }, redeclare };
  }
  if (staged && IN === "4u" && OUT === "4u") {
    return { shader: stagedShader, constants: {}, redeclare: { BLOCK } };
  }
  const constants = { LANES: lanes, CHANNEL_LANES: channelLanes, GROUPED: Number(groups > 1) };
  if (OUT === "4u" && pixels === 4 && columns <= 2) {
    return { shader: quadsShader, constants, redeclare: { IN, In, BLOCK, COLUMNS } };
  }
  return { shader, constants, redeclare: { IN, In, BLOCK, OUT, Out, PIXELS, COLUMNS } };
}

/** Tiling, parameters and workgroups that all kernels of a convolution share; `pixels` are those of one phase. */
export function layOut(
  device: GPUDevice,
  { x, y, kernel, scale, dilation, offset, groups = 1, tiling: wanted }: Omit<Convolution, "phases">,
  pixels: number,
) {
  const [batch = 1, inHeight = 1, inWidth = 1, inChannels = 1] = x.shape;
  const [, outHeight = 1, outWidth = 1, outChannels = 1] = y.shape;
  const tiling = wanted ?? chooseTiling(device, pixels, outChannels, groups);
  const input = (inChannels / groups) % 4 === 0 ? 4 : 1;
  const output = (outChannels / groups) % 4 === 0 ? 4 : 1;
  const outChunks = outChannels / output;
  const tiles = Math.ceil(outChunks / (tiling.columns * tiling.channelLanes));
  const strips = Math.ceil(pixels / (tiling.lanes * tiling.pixels));
  return {
    tiling,
    redeclare: {
      IN: `${input}u`,
      In: input === 4 ? "vec4<f32>" : "f32",
      OUT: `${output}u`,
      Out: output === 4 ? "vec4<f32>" : "f32",
      BLOCK: `${blockOf(outChannels, groups)}u`,
      PIXELS: `${tiling.pixels}u`,
    },
    params: {
      inSize: [inHeight, inWidth],
      outSize: [outHeight, outWidth],
      kernel,
      scale,
      dilation,
      offset,
      batch,
      inChunks: inChannels / groups / input,
      outChunks,
      tiles,
    },
    workgroups: gridOf(tiles * strips, device.limits.maxComputeWorkgroupsPerDimension),
  };
}
