import shader from "../../shaders/zero_pad.wgsl";
import { InputError } from "../gpu/errors.ts";
import { type Command, createDispatch, gridOf } from "../gpu/kernel.ts";
import { asNhwc, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { type LayerBase, type Op, onlyImage } from "./op.ts";
import type { Border } from "./padding.ts";

/** Zeros around an image. */
export interface ZeroPadLayer extends LayerBase {
  readonly op: "zeroPad";
  readonly border: Border;
}

export const zeroPad: Op<ZeroPadLayer> = {
  shape(layer, x) {
    const [n, h, w, c] = onlyImage(layer, x);
    const { top, bottom, left, right } = layer.border;
    if (![top, bottom, left, right].every((v) => Number.isInteger(v) && v >= 0)) {
      throw new InputError(
        `zeroPad "${layer.name}": expected a border of whole numbers, got [${[top, bottom, left, right]}]`,
      );
    }
    return [n, h + top + bottom, w + left + right, c];
  },

  forward: (device, { layer, x: [x], y }) =>
    createFrame(device, layer.name, x, y, [layer.border.top, layer.border.left], false),

  backward: (device, { layer, dy, dx, accumulate }) =>
    createFrame(device, layer.name, dy, dx, [-layer.border.top, -layer.border.left], accumulate),
};

/** Lays x into y, `before` rows down and columns right; negative ones crop. */
function createFrame(
  device: GPUDevice,
  label: string,
  x: Tensor,
  y: Tensor,
  before: readonly [number, number],
  accumulate: boolean,
): Promise<Command> {
  const [, height, width, channels] = asNhwc(x.shape);
  const [, outHeight, outWidth] = asNhwc(y.shape);
  const size = sizeOf(y.shape);
  return createDispatch(device, shader, {
    label,
    params: {
      image: [height, width],
      output: [outHeight, outWidth],
      before,
      channels,
      size,
      accumulate: Number(accumulate),
    },
    bindings: { x, y },
    workgroups: gridOf(Math.ceil(size / 256)),
  });
}
