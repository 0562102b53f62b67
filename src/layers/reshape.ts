import { InputError } from "../gpu/errors.ts";
import { NOTHING } from "../gpu/kernel.ts";
import { formatShape, sizeOf } from "../gpu/tensor.ts";
import { createCopy } from "./concat.ts";
import { type LayerBase, type Op, onlyInput } from "./op.ts";

/** The same values under another shape, the batch apart: flatten, reshape; or unchanged (dropout at inference). */
export interface ReshapeLayer extends LayerBase {
  readonly op: "reshape";
  /** The new shape without the batch; absent means the input's own. */
  readonly shape?: readonly number[];
}

export const reshape: Op<ReshapeLayer> = {
  view: true,
  shape(layer, x) {
    const input = onlyInput(layer, x);
    if (!layer.shape) return input;
    const [n = 1, ...rest] = input;
    if (sizeOf(layer.shape) !== sizeOf(rest)) {
      throw new InputError(
        `reshape "${layer.name}": expected ${sizeOf(rest)} values for x of shape ${formatShape(input)}, got ${formatShape(layer.shape)}`,
      );
    }
    return [n, ...layer.shape];
  },
  forward: async () => NOTHING,
  // Only where other layers read the input too has the gradient a buffer of its own.
  backward: async (device, { layer, dy, dx, accumulate }) => {
    if (dx.buffer === dy.buffer) return NOTHING;
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
