import shader from "../../shaders/pin_images.wgsl";
import type { Command } from "../gpu/command.ts";
import { createDispatch, gridOf } from "../gpu/dispatch.ts";
import { sizeOf, type Tensor } from "../gpu/tensor.ts";

/** Writes images `y` as `x`, or where `mask` says as `picture`, times `share`; see pin_images.wgsl. */
export function createPinImages(
  device: GPUDevice,
  {
    share,
    ...bindings
  }: {
    readonly x: Tensor;
    readonly mask: Tensor;
    readonly picture: Tensor;
    readonly y: Tensor;
    readonly share: 0 | 1;
  },
): Promise<Command> {
  const total = sizeOf(bindings.y.shape);
  const size = sizeOf(bindings.picture.shape);
  return createDispatch(device, shader, {
    params: { size, total, channels: size / sizeOf(bindings.mask.shape), share },
    bindings,
    workgroups: gridOf(Math.ceil(total / 256)),
  });
}
