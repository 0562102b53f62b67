import shader from "../../shaders/conv2d.wgsl";
import quadsShader from "../../shaders/conv2d_quads.wgsl";
import stagedShader from "../../shaders/conv2d_staged.wgsl";
import subgroupShader from "../../shaders/conv2d_subgroups.wgsl";
import copyShader from "../../shaders/copy_blocks.wgsl";
import { InputError } from "../gpu/errors.ts";
import { type Command, createDispatch, gridOf } from "../gpu/kernel.ts";
import { createSteps, type Step } from "../gpu/steps.ts";
import { type Shape, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { activationCode, type FusedActivation, gateCode } from "./activation.ts";
import { type Constant, type ForwardSite, type Gate, type LayerBase, type Op, onlyImage } from "./op.ts";
import { type Window, windowGeometry } from "./padding.ts";
import { blockOf, chooseTiling, type Tiling } from "./tiling.ts";

/** Convolution (cross-correlation) of [N, H, W, Cin] by w [kh, kw, Cin, Cout], then bias, then activation. */
export interface Conv2dLayer extends LayerBase, Omit<Window, "size"> {
  readonly op: "conv2d";
  readonly w: Constant;
  /** [Cout] */
  readonly b?: Constant;
  readonly activation?: FusedActivation;
}

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
  /** Applied to y; not together with `gate`. */
  readonly activation?: FusedActivation | undefined;
  /** Takes y back through the activation that it is the gradient of. */
  readonly gate?: Gate | undefined;
  readonly accumulate?: boolean;
  /** Default: what {@link chooseTiling} says. */
  readonly tiling?: Tiling;
}

/** Makes a run of the convolution kernel ready to record. */
export function createConvolution(device: GPUDevice, run: Convolution): Promise<Command> {
  const { label, y, b, activation, gate, accumulate = false } = run;
  const channels = y.shape[3] ?? 1;
  const whole = inFours(channels);
  const { tiling = chooseTiling(device, pixelsOf(run), whole) } = run;
  if (whole === channels || tiling.subgroups || b || activation || gate) {
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

function inFours(channels: number): number {
  return Math.ceil(channels / 4) * 4;
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
  const { label, x, w, b, y, phases, activation, gate, accumulate = false } = run;
  const { tiling, redeclare, params, workgroups } = layOut(device, run, pixelsOf(run));
  const { code, alpha } = activationCode(activation);
  const { GRADIENT_OF, ...gateParams } = gateCode(gate);
  const kernel = kernelOf(tiling, redeclare);
  return {
    shader: kernel.shader,
    label,
    constants: {
      ...kernel.constants,
      BIAS: Number(b !== undefined),
      ACTIVATION: code,
      GRADIENT_OF,
      PHASED: Number(phases[0] * phases[1] > 1),
      ACCUMULATE: Number(accumulate),
    },
    redeclare: kernel.redeclare,
    params: { ...params, grid: gridOfPhase(run), phases, ...gateParams, ...(gate ? {} : { alpha }) },
    bindings: { x, w, b: b ?? w, a: gate?.a ?? w, rules: gate?.rules ?? w, y },
    workgroups: [...workgroups, phases[0] * phases[1]],
  };
}

/** The kernel for a tiling, and what sizes it. */
function kernelOf(
  { subgroups, staged, pixels, lanes, columns, channelLanes }: Tiling,
  { PIXELS, OUT, Out, IN, In, BLOCK }: ReturnType<typeof layOut>["redeclare"],
) {
  const COLUMNS = `${columns}u`;
  if (subgroups) {
    const redeclare = { IN, In, BLOCK, OUT, Out, PIXELS };
    return { shader: subgroupShader, constants: { LANES: lanes }, redeclare };
  }
  if (staged && IN === "4u" && OUT === "4u") {
    return { shader: stagedShader, constants: {}, redeclare: { BLOCK } };
  }
  const constants = { LANES: lanes, CHANNEL_LANES: channelLanes };
  if (OUT === "4u" && pixels === 4 && columns <= 2) {
    return { shader: quadsShader, constants, redeclare: { IN, In, BLOCK, COLUMNS } };
  }
  return { shader, constants, redeclare: { IN, In, BLOCK, OUT, Out, PIXELS, COLUMNS } };
}

/** What the kernels of a convolution share that computes so many pixels, of one phase. */
export function layOut(
  device: GPUDevice,
  { x, y, kernel, scale, dilation, offset, tiling: wanted }: Omit<Convolution, "phases">,
  pixels: number,
) {
  const [batch = 1, inHeight = 1, inWidth = 1, inChannels = 1] = x.shape;
  const [, outHeight = 1, outWidth = 1, outChannels = 1] = y.shape;
  const tiling = wanted ?? chooseTiling(device, pixels, outChannels);
  const input = inChannels % 4 === 0 ? 4 : 1;
  const output = outChannels % 4 === 0 ? 4 : 1;
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
      BLOCK: `${blockOf(outChannels)}u`,
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
      inChunks: inChannels / input,
      outChunks,
      tiles,
    },
    workgroups: gridOf(tiles * strips, device.limits.maxComputeWorkgroupsPerDimension),
  };
}

/**
 * Weights as the kernel reads them: [blocks of output channels, taps · input channels, BLOCK], padded with zeros.
 * `backward` exchanges the roles of input and output channels.
 */
function pack({ shape, data }: Constant, backward: boolean): Constant {
  const [kh = 1, kw = 1, cin = 1, cout = 1] = shape;
  const taps = kh * kw;
  const [depth, width] = backward ? [cout, cin] : [cin, cout];
  const size = blockOf(width);
  const blocks = Math.ceil(width / size);
  const packed = new Float32Array(blocks * taps * depth * size);
  for (let tap = 0; tap < taps; tap++) {
    for (let d = 0; d < depth; d++) {
      for (let c = 0; c < width; c++) {
        const from = backward ? (tap * cin + c) * cout + d : (tap * cin + d) * cout + c;
        const block = Math.floor(c / size);
        packed[((block * taps + tap) * depth + d) * size + (c % size)] = data[from] ?? 0;
      }
    }
  }
  return { shape: [blocks, taps * depth, size], data: packed };
}

function geometry(layer: Conv2dLayer, x: Tensor) {
  const [, h = 1, w = 1] = x.shape;
  const [kh = 1, kw = 1] = layer.w.shape;
  const size = [kh, kw] as const;
  return { size, ...windowGeometry(`conv2d "${layer.name}"`, h, w, { ...layer, size }) };
}

function constant(name: string, constants: Readonly<Record<string, Tensor>>, layer: string): Tensor {
  const tensor = constants[name];
  if (!tensor) {
    throw new InputError(
      `conv2d "${layer}": expected the constant "${name}", got none; upload what constants() returns`,
    );
  }
  return tensor;
}

/** The run of the kernel that computes a layer. */
export function forwardRun({
  layer,
  x: [x],
  y,
  constants,
}: ForwardSite<Conv2dLayer>): Omit<Convolution, "phases"> {
  const { size, top, left } = geometry(layer, x);
  return {
    label: layer.name,
    x,
    w: constant("w", constants, layer.name),
    b: constants.b,
    y,
    kernel: size,
    scale: layer.strides,
    dilation: layer.dilations,
    offset: [-top, -left],
    activation: layer.activation,
  };
}

export const conv2d: Op<Conv2dLayer> = {
  gates: true,

  shape(layer, x) {
    const who = `conv2d "${layer.name}"`;
    const [n, h, w, c] = onlyImage(layer, x);
    const [kh = 0, kw = 0, cin, cout = 0] = layer.w.shape;
    if (layer.w.shape.length !== 4 || cin !== c) {
      throw new InputError(
        `${who}: expected w.shape[2] = ${c} (channels of x), got w of shape [${layer.w.shape}]`,
      );
    }
    if (layer.b && layer.b.data.length !== cout) {
      throw new InputError(`${who}: expected ${cout} biases, got ${layer.b.data.length}`);
    }
    const { outHeight, outWidth } = windowGeometry(who, h, w, { ...layer, size: [kh, kw] });
    return [n, outHeight, outWidth, cout];
  },

  constants(layer, _x, gradients) {
    return {
      w: pack(layer.w, false),
      ...(layer.b ? { b: layer.b } : {}),
      ...(gradients ? { wBackward: pack(layer.w, true) } : {}),
    };
  },

  scratch(layer, x) {
    const inFoursOf = ([n = 1, h = 1, w = 1, c = 1]: Shape): Shape =>
      c % 4 === 0 ? [0] : [n, h, w, inFours(c)];
    return {
      forward: layer.b || layer.activation ? [0] : inFoursOf(conv2d.shape(layer, x)),
      backward: inFoursOf(onlyImage(layer, x)),
    };
  },

  forward: (device, site) => createConvolution(device, { ...forwardRun(site), phases: [1, 1] }),

  backward(device, { layer, x: [x], constants, dy, dx, accumulate, gate }) {
    const { size, top, left } = geometry(layer, x);
    return createConvolution(device, {
      label: `${layer.name} backward`,
      x: dy,
      w: constant("wBackward", constants, layer.name),
      y: dx,
      kernel: size,
      scale: [1, 1],
      dilation: [-layer.dilations[0], -layer.dilations[1]],
      offset: [top, left],
      phases: layer.strides,
      accumulate,
      gate,
    });
  },
};
