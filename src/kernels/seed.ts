import shader from "../../shaders/seed.wgsl";
import { type Command, createDispatch, gridOf } from "../gpu/kernel.ts";
import { asNhwc, sizeOf, type Tensor } from "../gpu/tensor.ts";

/**
 * Writes the gradient with which a backward pass starts: the whole of `dy`, 1 at the elements that `target` asks for and
 * 0 elsewhere. The objective is then the sum of those elements.
 *
 * `dy` has any shape of rank 1 to 4 and is taken as [N, H, W, C]. `target` is a uniform buffer of four u32, (n, y, x, c);
 * 0xFFFFFFFF in a place means every index there.
 */
export function createSeed(
  device: GPUDevice,
  { dy, target, label }: { readonly dy: Tensor; readonly target: GPUBuffer; readonly label?: string },
): Promise<Command> {
  const [, height, width, channels] = asNhwc(dy.shape);
  const size = sizeOf(dy.shape);
  return createDispatch(device, shader, {
    ...(label ? { label } : {}),
    params: { size, height, width, channels },
    bindings: { position: target, dy },
    workgroups: gridOf(Math.ceil(size / 256)),
  });
}
