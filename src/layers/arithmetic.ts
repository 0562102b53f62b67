import addShader from "../../shaders/add.wgsl";
import gradientShader from "../../shaders/broadcast_gradient.wgsl";
import multiplyShader from "../../shaders/multiply.wgsl";
import { InputError } from "../gpu/errors.ts";
import { type Command, createDispatch, createSequence, gridOf } from "../gpu/kernel.ts";
import { asNhwc, formatShape, formatShapes, type Shape, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { activationCode, type FusedActivation } from "./activation.ts";
import { createCopy } from "./concat.ts";
import type { LayerBase, Op } from "./op.ts";

/** How many inputs one dispatch of add.wgsl takes. */
const TERMS = 4;

/** Sum of two or more inputs, then activation. Inputs without pixels are broadcast; see `shapeOfAll`. */
export interface AddLayer extends LayerBase {
  readonly op: "add";
  readonly activation?: FusedActivation;
}

/** Product of two inputs. One without pixels is broadcast over the other's; see `shapeOfAll`. */
export interface MultiplyLayer extends LayerBase {
  readonly op: "multiply";
}

/**
 * The shape of inputs taken together element by element: that of all of them, where inputs of N×1×1×C, or of N×C, are
 * repeated over the pixels of their image. Keras reads N×C so too: it widens the shorter shape after the batch, and not
 * before it as NumPy does.
 */
function shapeOfAll(x: readonly Shape[]): Shape | undefined {
  return x.find((whole) =>
    x.every((one) => formatShape(one) === formatShape(whole) || isRepeated(one, whole)),
  );
}

/** Whether an input of a shape has one value a channel of each image of `whole`, N×H×W×C. */
function isRepeated(one: Shape, whole: Shape): boolean {
  const [n = 0, , , channels = 0] = whole;
  const single = one.length === 2 ? [n, channels] : [n, 1, 1, channels];
  return whole.length === 4 && formatShape(one) === formatShape(single);
}

export const add: Op<AddLayer> = {
  shape(layer, x) {
    const shape = x.length < 2 ? undefined : shapeOfAll(x);
    if (shape) return shape;
    throw new InputError(
      `add "${layer.name}": expected two or more inputs of one shape, or some of N×C or N×1×1×C, got ${formatShapes(x)}`,
    );
  },

  async forward(device, { layer, x, y }) {
    const size = sizeOf(y.shape);
    const [, height, width, channels] = asNhwc(y.shape);
    const starts = Array.from({ length: Math.ceil(x.length / TERMS) }, (_, index) => index * TERMS);
    const sums = starts.map((start) => {
      const [a = x[0], b = a, c = a, d = a] = x.slice(start, start + TERMS);
      const terms = Math.min(TERMS, x.length - start);
      const repeated = [a, b, c, d].map(({ shape }, term) => (sizeOf(shape) < size ? 1 << term : 0));
      const last = start + terms === x.length;
      const { code, alpha } = activationCode(last ? layer.activation : undefined);
      return createDispatch(device, addShader, {
        label: layer.name,
        constants: {
          TERMS: terms,
          ACCUMULATE: Number(start > 0),
          BROADCAST: repeated.reduce((bits, bit) => bits | bit),
          ACTIVATION: code,
        },
        params: { size, pixels: height * width, channels, alpha },
        bindings: { a, b, c, d, y },
        workgroups: gridOf(Math.ceil(size / 256)),
      });
    });
    return createSequence(sums);
  },

  backward(device, { layer, dy, dx, accumulate }) {
    if (sizeOf(dx.shape) < sizeOf(dy.shape)) {
      return createBroadcastGradient(device, { dy, dx, accumulate, label: layer.name });
    }
    const block = sizeOf(dy.shape);
    const whole = { length: block, start: 0 };
    return createCopy(device, {
      label: layer.name,
      x: dy,
      y: dx,
      rows: 1,
      block,
      from: whole,
      to: whole,
      accumulate,
    });
  },
};

export const multiply: Op<MultiplyLayer> = {
  shape(layer, x) {
    const shape = x.length === 2 ? shapeOfAll(x) : undefined;
    if (shape) return shape;
    throw new InputError(
      `multiply "${layer.name}": expected two inputs of one shape, or one of N×C or N×1×1×C, got ${formatShapes(x)}`,
    );
  },

  forward(device, { layer, x: [a, b = a], y }) {
    return sizeOf(a.shape) === sizeOf(y.shape)
      ? createProduct(device, layer.name, a, b, y, false)
      : createProduct(device, layer.name, b, a, y, false);
  },

  backward(device, { layer, x, input, dy, dx, accumulate }) {
    const other = x[1 - input] ?? x[0];
    if (sizeOf(dx.shape) === sizeOf(dy.shape)) {
      return createProduct(device, layer.name, dy, other, dx, accumulate);
    }
    return createBroadcastGradient(device, { x: other, dy, dx, accumulate, label: layer.name });
  },
};

/** dx = Σ over the pixels of dy, times x where it is given. */
export function createBroadcastGradient(
  device: GPUDevice,
  site: {
    readonly x?: Tensor;
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

/** y = a·b, where b has a's shape or one value a channel of each image. */
function createProduct(
  device: GPUDevice,
  label: string,
  a: Tensor,
  b: Tensor,
  y: Tensor,
  accumulate: boolean,
): Promise<Command> {
  const [, height, width, channels] = asNhwc(a.shape);
  const size = sizeOf(a.shape);
  return createDispatch(device, multiplyShader, {
    label,
    constants: { BROADCAST: Number(sizeOf(b.shape) < size) },
    params: { size, pixels: height * width, channels, accumulate: Number(accumulate) },
    bindings: { a, b, y },
    workgroups: gridOf(Math.ceil(size / 256)),
  });
}
