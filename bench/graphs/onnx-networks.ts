import type { Work } from "../case.ts";
import { OnnxModel } from "../peers/onnx.ts";
import { noise } from "../random.ts";
import { type Shape, sizeOf } from "../shape.ts";

/** Size of a network that is written as an ONNX file. */
export interface OnnxScale {
  readonly side: number;
  /** Channels, as a share of those that were published. */
  readonly width: number;
  /** Blocks of a stage at most. Default: as many as were published. */
  readonly blocks?: number | undefined;
}

/** An ONNX file and what it costs to run. */
export interface OnnxNetwork {
  readonly work: Work;
  readonly file: Uint8Array<ArrayBuffer>;
}

type Window = { readonly size: number; readonly stride?: number; readonly pad?: number };
type ConvOptions = Omit<Window, "size"> & { readonly groups?: number; readonly end?: "relu" | "relu6" };

const CLASSES = 100;

/**
 * Writes a network node after node as PyTorch exports it: NCHW, batch norms folded into the convolutions before them, the
 * last mean as ReduceMean. The weights are noise; an outline has none, and is enough to count what a network costs.
 */
class OnnxWriter {
  readonly #model = new OnnxModel();
  readonly #shapes = new Map<string, Shape>();
  readonly #outline: boolean;
  #seed = 1;
  #flops = 0;
  #values = 0;

  constructor(outline: boolean) {
    this.#outline = outline;
  }

  image(side: number): string {
    return this.#of(this.#model.input("image", [1, 3, side, side]), [1, 3, side, side]);
  }

  conv(x: string, filters: number, size: number, options: ConvOptions = {}): string {
    const { stride = 1, pad = Math.floor(size / 2), groups = 1, end } = options;
    const [, channels = 1] = this.#shape(x);
    const fanIn = (channels / groups) * size * size;
    const w = this.#weights([filters, channels / groups, size, size], Math.sqrt(6 / fanIn));
    const b = this.#weights([filters], 0.1);
    const shape = this.#windowed(x, filters, { size, stride, pad });
    const attributes = { ...windowOf({ size, stride, pad }), group: groups };
    const y = this.#node("Conv", [x, w, b], shape, 2 * fanIn * sizeOf(shape), attributes);
    if (end === "relu") return this.relu(y);
    return end === "relu6" ? this.#node("Clip", [y, this.#number(0), this.#number(6)], shape) : y;
  }

  relu(x: string): string {
    return this.#node("Relu", [x], this.#shape(x));
  }

  /** Batch norm by itself, where no convolution before it could take it in. */
  batchNorm(x: string): string {
    const [, channels = 1] = this.#shape(x);
    const [scale, offset, mean] = [1, 0.1, 0.1].map((size) => this.#weights([channels], size));
    const variance = this.#model.constant(
      [channels],
      new Float32Array(this.#outline ? 0 : channels).fill(0.5),
    );
    return this.#node(
      "BatchNormalization",
      [x, scale ?? "", offset ?? "", mean ?? "", variance],
      this.#shape(x),
    );
  }

  pool(x: string, mode: "MaxPool" | "AveragePool", window: Window): string {
    const [, channels = 1] = this.#shape(x);
    const shape = this.#windowed(x, channels, window);
    return this.#node(mode, [x], shape, sizeOf(shape) * window.size ** 2, windowOf(window));
  }

  add(a: string, b: string): string {
    return this.#node("Add", [a, b], this.#shape(a));
  }

  concat(inputs: readonly string[]): string {
    const [n = 1, , h = 1, w = 1] = this.#shape(inputs[0] ?? "");
    const channels = inputs.reduce((sum, name) => sum + (this.#shape(name)[1] ?? 0), 0);
    return this.#node("Concat", inputs, [n, channels, h, w], 0, { axis: 1 });
  }

  /** The first or the second half of the channels. */
  half(x: string, which: 0 | 1): string {
    const [n = 1, channels = 1, h = 1, w = 1] = this.#shape(x);
    const half = channels / 2;
    const [start, end, axis] = [which * half, (which + 1) * half, 1].map((value) =>
      this.#model.constant([1], [value]),
    );
    return this.#node("Slice", [x, start ?? "", end ?? "", axis ?? ""], [n, half, h, w], 0);
  }

  /** ShuffleNet's: channels dealt out among two groups. */
  shuffle(x: string): string {
    const shape = this.#shape(x);
    const [n = 1, channels = 1, h = 1, w = 1] = shape;
    const apart = [n, 2, channels / 2, h, w];
    const split = this.#node("Reshape", [x, this.#model.constant([5], apart)], apart, 0);
    const dealt = this.#node("Transpose", [split], [n, channels / 2, 2, h, w], 0, { perm: [0, 2, 1, 3, 4] });
    return this.#node("Reshape", [dealt, this.#model.constant([4], shape)], shape, 0);
  }

  channels(x: string): number {
    return this.#shape(x)[1] ?? 1;
  }

  /** The mean of each map. */
  mean(x: string): string {
    const [n = 1, channels = 1] = this.#shape(x);
    const attributes = { axes: [2, 3], keepdims: 0 };
    return this.#node("ReduceMean", [x], [n, channels], sizeOf(this.#shape(x)), attributes);
  }

  dense(x: string, units: number): string {
    const [n = 1, features = 1] = this.#shape(x);
    const w = this.#weights([features, units], Math.sqrt(3 / features));
    const b = this.#weights([units], 0.1);
    return this.#node("Gemm", [x, w, b], [n, units], 2 * n * features * units);
  }

  done(scores: string): OnnxNetwork {
    this.#model.node("Identity", [scores], {}, "scores");
    this.#model.output("scores", this.#shape(scores));
    return {
      work: { flops: this.#flops, bytes: 4 * this.#values },
      file: this.#outline ? new Uint8Array() : this.#model.encode(),
    };
  }

  #node(
    op: string,
    inputs: readonly string[],
    shape: Shape,
    flops = sizeOf(shape),
    attributes: Parameters<OnnxModel["node"]>[2] = {},
  ): string {
    this.#flops += flops;
    this.#values += [shape, ...inputs.map((name) => this.#shapes.get(name) ?? [0])].reduce(
      (sum, one) => sum + sizeOf(one),
      0,
    );
    return this.#of(this.#model.node(op, inputs, attributes), shape);
  }

  #of(name: string, shape: Shape): string {
    this.#shapes.set(name, shape);
    return name;
  }

  #shape(name: string): Shape {
    return this.#shapes.get(name) ?? [];
  }

  #windowed(x: string, channels: number, { size, stride = 1, pad = 0 }: Window): Shape {
    const [n = 1, , ...sides] = this.#shape(x);
    return [n, channels, ...sides.map((side) => Math.floor((side + 2 * pad - size) / stride) + 1)];
  }

  #weights(shape: Shape, scale: number): string {
    const data = this.#outline ? new Float32Array() : noise(shape, ++this.#seed, scale);
    return this.#of(this.#model.constant(shape, data), shape);
  }

  #number(value: number): string {
    return this.#model.constant([], Float32Array.of(value));
  }
}

function windowOf({ size, stride = 1, pad = 0 }: Window) {
  return { kernel_shape: [size, size], strides: [stride, stride], pads: [pad, pad, pad, pad] };
}

/** Writes a network; an outline of it only says what it costs. */
export type WriteOnnx = (scale: OnnxScale, outline?: boolean) => OnnxNetwork;

/** Channels at a scale, a multiple of four. */
function scaled({ width }: OnnxScale): (channels: number) => number {
  return (channels) => Math.max(4, 4 * Math.round((channels * width) / 4));
}

function upTo({ blocks = Number.POSITIVE_INFINITY }: OnnxScale): (count: number) => number {
  return (count) => Math.min(count, blocks);
}

/** ResNet-18 (He et al. 2015). */
export const resnet18: WriteOnnx = (scale, outline = false) => {
  const [channels, blocks] = [scaled(scale), upTo(scale)];
  const net = new OnnxWriter(outline);
  let x = net.conv(net.image(scale.side), channels(64), 7, { stride: 2, end: "relu" });
  x = net.pool(x, "MaxPool", { size: 3, stride: 2, pad: 1 });
  for (const [stage, published] of [64, 128, 256, 512].entries()) {
    for (let block = 0; block < blocks(2); block++) {
      const stride = block === 0 && stage > 0 ? 2 : 1;
      const filters = channels(published);
      const shortcut = stride > 1 ? net.conv(x, filters, 1, { stride }) : x;
      const y = net.conv(net.conv(x, filters, 3, { stride, end: "relu" }), filters, 3);
      x = net.relu(net.add(y, shortcut));
    }
  }
  return net.done(net.dense(net.mean(x), CLASSES));
};

/** Expansion, channels, blocks and stride of the stages of MobileNetV2. */
const INVERTED = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

/** MobileNetV2 (Sandler et al. 2018). */
export const mobilenetV2: WriteOnnx = (scale, outline = false) => {
  const [channels, blocks] = [scaled(scale), upTo(scale)];
  const net = new OnnxWriter(outline);
  let x = net.conv(net.image(scale.side), channels(32), 3, { stride: 2, end: "relu6" });
  for (const [expansion, published, count, first] of INVERTED) {
    for (let block = 0; block < blocks(count); block++) {
      const [input, stride] = [x, block === 0 ? first : 1];
      const [inside, filters] = [net.channels(x) * expansion, channels(published)];
      if (expansion > 1) x = net.conv(x, inside, 1, { end: "relu6" });
      x = net.conv(x, inside, 3, { stride, groups: inside, end: "relu6" });
      x = net.conv(x, filters, 1);
      if (stride === 1 && net.channels(input) === filters) x = net.add(x, input);
    }
  }
  x = net.conv(x, channels(1280), 1, { end: "relu6" });
  return net.done(net.dense(net.mean(x), CLASSES));
};

/** ShuffleNetV2 ×1 (Ma et al. 2018). */
export const shufflenetV2: WriteOnnx = (scale, outline = false) => {
  const [channels, blocks] = [scaled(scale), upTo(scale)];
  const net = new OnnxWriter(outline);
  let x = net.conv(net.image(scale.side), channels(24), 3, { stride: 2, end: "relu" });
  x = net.pool(x, "MaxPool", { size: 3, stride: 2, pad: 1 });
  for (const [published, count] of [
    [116, 4],
    [232, 8],
    [464, 4],
  ] as const) {
    const half = 2 * Math.round(channels(published) / 4);
    /** Convolutions of one branch: to half of the stage's channels, by a stride. */
    const branch = (from: string, stride: number): string => {
      const inside = net.conv(from, half, 1, { end: "relu" });
      return net.conv(net.conv(inside, half, 3, { stride, groups: half }), half, 1, { end: "relu" });
    };
    const down = net.conv(x, net.channels(x), 3, { stride: 2, groups: net.channels(x) });
    x = net.shuffle(net.concat([net.conv(down, half, 1, { end: "relu" }), branch(x, 2)]));
    for (let block = 1; block < blocks(count); block++) {
      x = net.shuffle(net.concat([net.half(x, 0), branch(net.half(x, 1), 1)]));
    }
  }
  x = net.conv(x, channels(1024), 1, { end: "relu" });
  return net.done(net.dense(net.mean(x), CLASSES));
};

/** DenseNet-121 (Huang et al. 2016). */
export const densenet121: WriteOnnx = (scale, outline = false) => {
  const [channels, blocks] = [scaled(scale), upTo(scale)];
  const net = new OnnxWriter(outline);
  const growth = channels(32);
  let x = net.conv(net.image(scale.side), channels(64), 7, { stride: 2, end: "relu" });
  x = net.pool(x, "MaxPool", { size: 3, stride: 2, pad: 1 });
  for (const [stage, count] of [6, 12, 24, 16].entries()) {
    if (stage > 0) {
      x = net.conv(net.relu(net.batchNorm(x)), Math.floor(net.channels(x) / 2), 1);
      x = net.pool(x, "AveragePool", { size: 2, stride: 2 });
    }
    for (let block = 0; block < blocks(count); block++) {
      const inside = net.conv(net.relu(net.batchNorm(x)), 4 * growth, 1, { end: "relu" });
      x = net.concat([x, net.conv(inside, growth, 3)]);
    }
  }
  return net.done(net.dense(net.mean(net.relu(net.batchNorm(x))), CLASSES));
};

/** SqueezeNet 1.1 (Iandola et al. 2016). */
export const squeezenet11: WriteOnnx = (scale, outline = false) => {
  const channels = scaled(scale);
  const net = new OnnxWriter(outline);
  const pool = { size: 3, stride: 2 };
  let x = net.pool(
    net.conv(net.image(scale.side), channels(64), 3, { stride: 2, end: "relu" }),
    "MaxPool",
    pool,
  );
  for (const [fire, [squeeze, expand]] of (
    [
      [16, 64],
      [16, 64],
      [32, 128],
      [32, 128],
      [48, 192],
      [48, 192],
      [64, 256],
      [64, 256],
    ] as const
  ).entries()) {
    if (fire === 2 || fire === 4) x = net.pool(x, "MaxPool", pool);
    const inside = net.conv(x, channels(squeeze), 1, { end: "relu" });
    x = net.concat([1, 3].map((size) => net.conv(inside, channels(expand), size, { end: "relu" })));
  }
  return net.done(net.mean(net.conv(x, CLASSES, 1, { end: "relu" })));
};
