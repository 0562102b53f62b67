import { type Command, sequence } from "../../gpu/command.ts";
import { build, type Owner } from "../../gpu/scope.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { createFitViews, createFitViewsGradient, type Scaling } from "../../kernels/views.ts";
import type { Size, Transform } from "./transform.ts";

/** Images on their way to a network. */
export interface ViewsSite extends Scaling {
  /** `[images, h, w, C]` */
  readonly pixels: Tensor;
  /** `[images, h, w, C]`: gradient to the pixels, which `backward` writes. */
  readonly pixelGradient: Tensor;
  readonly transforms: readonly Transform[];
  /** Views of each image. */
  readonly views: number;
  /** `[images]` */
  readonly numbers: Tensor<"u32">;
  /** `[1]` */
  readonly step: Tensor<"u32">;
  readonly seed: number;
  /** `[images·views, H, W, C]`: the network's input, which `forward` writes. */
  readonly input: Tensor;
  /** `[images·views, H, W, C]` */
  readonly inputGradient: Tensor;
}

/**
 * Makes the way from images to a network ready to record: the transforms in order, then a bilinear resize where the size is another
 * than the network's, then scale and offset per channel; and its exact adjoint.
 */
export function createViews(
  device: GPUDevice,
  { pixels, pixelGradient, input, inputGradient, scale, offset }: ViewsSite,
): Promise<
  { readonly forward: Command; readonly backward: Command; readonly sizes: readonly Size[] } & Owner
> {
  return build(device, "views", async ({ command }) => ({
    forward: sequence([await command(createFitViews(device, { x: pixels, y: input, scale, offset }))]),
    backward: await command(createFitViewsGradient(device, { dx: pixelGradient, dy: inputGradient, scale })),
    sizes: [],
  }));
}
