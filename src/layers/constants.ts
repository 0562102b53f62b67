import { InputError } from "../gpu/errors.ts";
import { formatShape, type Shape, sizeOf } from "../gpu/tensor.ts";
import type { Constant, LayerBase, Op, Tensors } from "./op.ts";

/**
 * A layer's constants as they go to a device: those larger than it binds at once in parts along their first axis, "w",
 * "w 1", "w 2" and so on, where the op takes them so.
 * @throws InputError naming the layer when a constant is larger than the device binds and cannot be cut.
 */
export function constantsFor<L extends LayerBase & { readonly op: string }>(
  device: GPUDevice,
  op: Op<L, LayerBase>,
  layer: L,
  x: readonly Shape[],
  gradients: boolean,
): Record<string, Constant> {
  const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
  const most = Math.min(maxBufferSize, maxStorageBufferBindingSize) / 4;
  const wanted = Object.entries(op.constants?.(layer, x, gradients) ?? {});
  return Object.fromEntries(
    wanted.flatMap(([name, constant]) => {
      if (sizeOf(constant.shape) <= most) return [[name, constant]];
      const [rows = 1, ...rest] = constant.shape;
      const row = sizeOf(rest);
      const step = Math.floor(most / row);
      if (!op.parts?.includes(name) || step < 1) {
        throw new InputError(
          `${layer.op} "${layer.name}": expected weights of at most ${4 * most} bytes (what this device binds at once), got ${4 * rows * row} for ${formatShape(constant.shape)}; use a device with a larger maxStorageBufferBindingSize, which requestDevice() asks for where the adapter has it`,
        );
      }
      return Array.from({ length: Math.ceil(rows / step) }, (_, part): [string, Constant] => {
        const count = Math.min(step, rows - part * step);
        const data = constant.data.subarray(part * step * row, (part * step + count) * row);
        return [part === 0 ? name : `${name} ${part}`, { shape: [count, ...rest], data }];
      });
    }),
  );
}

/** The parts of a constant, in order; none where it is missing. */
export function partsOf(constants: Tensors, name: string): Tensors[string][] {
  const parts = [constants[name]];
  while (parts.at(-1)) parts.push(constants[`${name} ${parts.length}`]);
  return parts.filter((part) => part !== undefined);
}
