import incrementalShader from "../../shaders/arithmetic_incremental.wgsl";
import gradientShader from "../../shaders/broadcast_gradient.wgsl";
import { type Command, createSequence } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { asNhwc, formatShape, type Shape, type Tensor } from "../gpu/tensor.ts";
import { type Activation, activationCode } from "./activation-kinds.ts";
import { chunkOf, itemGrid, sizeOfImage } from "./incremental.ts";
import type { IncrementalSite, LayerBase } from "./op.ts";

/**
 * The shape of inputs taken together element by element: that of all of them, where inputs of N×1×1×C, or of N×C, are
 * repeated over the pixels of their image. Keras reads N×C so too: it widens the shorter shape after the batch, and not
 * before it as NumPy does.
 */
export function shapeOfAll(x: readonly Shape[]): Shape | undefined {
  return x.find((whole) =>
    x.every((one) => formatShape(one) === formatShape(whole) || isRepeated(one, whole)),
  );
}

/** Tells whether an input has one value a channel for each image of `whole`, N×H×W×C. */
function isRepeated(one: Shape, whole: Shape): boolean {
  const [n = 0, , , channels = 0] = whole;
  const single = one.length === 2 ? [n, channels] : [n, 1, 1, channels];
  return whole.length === 4 && formatShape(one) === formatShape(single);
}

/** Tells whether all inputs have the output's shape, so that what changes in them keeps to its place. */
export function noneRepeated(x: readonly Shape[], y: Shape): boolean {
  return x.every((one) => formatShape(one) === formatShape(y));
}

/** dx = Σ over the pixels of dy, times x where it is given. */
export function createBroadcastGradient(
  device: GPUDevice,
  site: {
    readonly x?: Tensor | undefined;
    readonly dy: Tensor;
    readonly dx: Tensor;
    readonly accumulate: boolean;
    readonly label: string;
  },
): Promise<Command> {
  const { x, dy, dx, accumulate, label } = site;
  const [n, height, width, channels] = asNhwc(dy.shape);
  const tiles = Math.ceil(channels / 16);
  return createDispatch(device, gradientShader, {
    label,
    constants: { FACTOR: Number(x !== undefined) },
    params: { pixels: height * width, channels, tiles, groups: n * tiles, accumulate: Number(accumulate) },
    bindings: { x: x ?? dy, dy, dx },
    workgroups: gridOf(n * tiles),
  });
}

/** Sums or multiplies layers of one shape incrementally. */
export async function createIncrementalArithmetic(
  device: GPUDevice,
  {
    layer,
    x: [first, ...others],
    y,
    dirty,
  }: Omit<IncrementalSite<LayerBase & { readonly activation?: Activation | undefined }>, "constants">,
  operation: "sum" | "product",
): Promise<Command> {
  const channels = y.shape[3];
  const chunk = chunkOf(channels);
  const steps = others.map((b, index) => {
    const last = index === others.length - 1;
    const { code, alpha } = activationCode(last ? layer.activation : undefined);
    return createDispatch(device, incrementalShader, {
      label: layer.name,
      constants: {
        PRODUCT: Number(operation === "product"),
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
      bindings: { a: first.buffer, b: b.buffer, rects: dirty.rects, work: dirty.work, y: y.buffer },
      workgroups: itemGrid(y, channels / chunk.size),
    });
  });
  return createSequence(steps);
}
