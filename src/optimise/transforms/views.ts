import { type Command, sequence } from "../../gpu/command.ts";
import { UnsupportedError } from "../../gpu/errors.ts";
import { build, type Owner } from "../../gpu/scope.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { hash32 } from "../../kernels/masking.ts";
import {
  createFitViews,
  createFitViewsGradient,
  createViewNumbers,
  type Scaling,
} from "../../kernels/views.ts";
import { linksOf } from "./sampling.ts";
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
 * than the network's, then scale and offset per channel; and its exact adjoint, which adds the views in order. The first transform
 * makes all views of an image; what lies between two transforms is held once, picture and gradient in the same memory.
 * @throws InputError when a picture is too small for a transform; UnsupportedError when more than four channels are preprocessed.
 */
export async function createViews(
  device: GPUDevice,
  site: ViewsSite,
): Promise<
  { readonly forward: Command; readonly backward: Command; readonly sizes: readonly Size[] } & Owner
> {
  const { pixels, pixelGradient, transforms, views, numbers, step, seed, input, inputGradient } = site;
  const { scale, offset } = site;
  if ((pixels.shape.at(-1) ?? 1) > 4 && (scale || offset)) {
    throw new UnsupportedError(
      `views: expected at most 4 channels where they are preprocessed, got ${pixels.shape.at(-1)}; use an image of range "input"`,
    );
  }
  return build(device, "views", async ({ tensor, command }) => {
    const [images = 1, h = 1, w = 1, channels = 1] = pixels.shape;
    const [, height = 1, width = 1] = input.shape;
    const pictures = images * views;
    const forward: Command[] = [];
    const backward: Command[] = [];
    let size: Size = [h, w];
    const placed = transforms.map((transform, n) => {
      const from = size;
      size = transform.sizeOf(from, [height, width]);
      return { transform, seed: hash32(seed ^ hash32(n + 1)), from, to: size };
    });
    const sizes = placed.map(({ to }) => to);
    let [x, dx] = [pixels, pixelGradient];
    if (transforms.length > 0) {
      const viewNumbers = tensor([pictures], { dtype: "u32", label: "numbers of views" });
      forward.push(await command(createViewNumbers(device, { numbers, y: viewNumbers })));
      for (const { name, to, create } of linksOf(placed)) {
        const y = tensor([pictures, ...to, channels], { label: name });
        const made = await command(
          create({
            device,
            x,
            dx,
            y,
            dy: y,
            numbers: viewNumbers,
            step,
            views: pictures / (x.shape[0] ?? 1),
          }),
        );
        forward.push(made.forward);
        backward.unshift(made.backward);
        [x, dx] = [y, y];
      }
    }
    forward.push(await command(createFitViews(device, { x, y: input, scale, offset })));
    backward.unshift(await command(createFitViewsGradient(device, { dx, dy: inputGradient, scale })));
    return { forward: sequence(forward), backward: sequence(backward), sizes };
  });
}
