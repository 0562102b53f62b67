import addShader from "../../shaders/add.wgsl";
import multiplyShader from "../../shaders/multiply.wgsl";
import reduceShader from "../../shaders/multiply_reduce.wgsl";
import { InputError } from "../gpu/errors.ts";
import { type Command, createDispatch, gridOf, sequence } from "../gpu/kernel.ts";
import { asNhwc, formatShape, type Shape, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { activationCode, type FusedActivation } from "./activation.ts";
import { createCopy } from "./concat.ts";
import type { LayerBase, Op } from "./op.ts";

/** How many inputs one dispatch of add.wgsl takes. */
const TERMS = 4;

/** Sum of two or more inputs of one shape, then activation. */
export interface AddLayer extends LayerBase {
  readonly op: "add";
  readonly activation?: FusedActivation;
}

/** Product of two inputs; either may be 1 high and 1 wide, and is then broadcast over the other's pixels. */
export interface MultiplyLayer extends LayerBase {
  readonly op: "multiply";
}

export const add: Op<AddLayer> = {
  shape(layer, x) {
    const [first] = x;
    if (!first || x.length < 2 || x.some((shape) => formatShape(shape) !== formatShape(first))) {
      throw new InputError(
        `add "${layer.name}": expected two or more inputs of one shape, got ${x.map(formatShape).join(", ") || "none"}`,
      );
    }
    return first;
  },

  async forward(device, { layer, x, y }) {
    const size = sizeOf(y.shape);
    const starts = Array.from({ length: Math.ceil(x.length / TERMS) }, (_, index) => index * TERMS);
    const sums = starts.map((start) => {
      const [a = x[0], b = a, c = a, d = a] = x.slice(start, start + TERMS);
      const terms = Math.min(TERMS, x.length - start);
      const last = start + terms === x.length;
      const { code, alpha } = activationCode(last ? layer.activation : undefined);
      return createDispatch(device, addShader, {
        label: layer.name,
        constants: { TERMS: terms, ACCUMULATE: Number(start > 0), ACTIVATION: code },
        params: { size, alpha },
        bindings: { a, b, c, d, y },
        workgroups: gridOf(Math.ceil(size / 256)),
      });
    });
    return sequence(await Promise.all(sums));
  },

  backward(device, { layer, dy, dx, accumulate }) {
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
    const [a, b] = x;
    if (a && b && x.length === 2) {
      if (fits(b, a)) return a;
      if (fits(a, b)) return b;
    }
    throw new InputError(
      `multiply "${layer.name}": expected two inputs of one shape, or one of N×1×1×C, got ${x.map(formatShape).join(", ")}`,
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
    const [n, height, width, channels] = asNhwc(dy.shape);
    const tiles = Math.ceil(channels / 16);
    return createDispatch(device, reduceShader, {
      label: layer.name,
      params: {
        pixels: height * width,
        channels,
        tiles,
        groups: n * tiles,
        accumulate: Number(accumulate),
      },
      bindings: { x: other, dy, dx },
      workgroups: gridOf(n * tiles),
    });
  },
};

function fits(small: Shape, large: Shape): boolean {
  if (formatShape(small) === formatShape(large)) return true;
  const [n, , , channels] = large;
  return large.length === 4 && formatShape(small) === formatShape([n ?? 0, 1, 1, channels ?? 0]);
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
