import { recordCommands } from "../../gpu/command.ts";
import { InputError } from "../../gpu/errors.ts";
import { assertFields, type Fields } from "../../gpu/options.ts";
import { build } from "../../gpu/scope.ts";
import { createPinImages } from "../../kernels/pin-images.ts";
import type { AscentImage, ImageKind } from "./image.ts";

export interface PinnedOptions {
  /** `[H, W]`: how much of the picture stays at each pixel, 0…1. */
  readonly mask: ArrayLike<number>;
  /** `[H, W, C]`: what stays, in the unit of the kind's pixels. Default: the kind's own pixels, to which no gradient goes. */
  readonly picture?: ArrayLike<number> | undefined;
}

const PINNED: Fields<PinnedOptions> = { mask: "must", picture: "may" };

/**
 * Images of another kind, a region of which stays as a picture has it: pixels are (1 − mask) · kind + mask · picture, and the
 * gradient goes to the rest alone.
 * @throws InputError when the mask is not within 0…1 or a number is not finite; when it is put to an ascent, where a size does not
 * fit.
 * @example
 * pinnedImage(fourierImage(), { mask, picture });
 */
export function pinnedImage(kind: ImageKind, options: PinnedOptions): ImageKind {
  assertFields("pinnedImage", options, PINNED);
  const mask = Float32Array.from(options.mask);
  const picture = options.picture && Float32Array.from(options.picture);
  const wrong = mask.find((value) => !(value >= 0 && value <= 1));
  if (wrong !== undefined) {
    throw new InputError(`pinnedImage: expected a mask of 0 to 1, got ${wrong}`);
  }
  const odd = picture?.find((value) => !Number.isFinite(value));
  if (odd !== undefined)
    throw new InputError(`pinnedImage: expected a picture of finite numbers, got ${odd}`);
  return {
    name: `${kind.name}, a region pinned`,
    range: kind.range,
    async create(site) {
      const { device, images, shape } = site;
      const [height, width, channels] = shape;
      const size = height * width * channels;
      const { length = size } = picture ?? {};
      if (mask.length !== height * width || length !== size) {
        throw new InputError(
          `pinnedImage: expected a mask of ${height}×${width} and a picture of ${shape.join("×")}, got ${mask.length} and ${length} numbers`,
        );
      }
      return build(device, "pinned image", async ({ tensor, command }): Promise<AscentImage> => {
        const inner = await command(kind.create(site));
        const pixelGradient = tensor([images, ...shape], { label: "gradient to pinned pixels" });
        const fixed = {
          mask: tensor([height, width], { data: mask, label: "pinned mask" }),
          picture: tensor(shape, { data: picture, label: "pinned picture" }),
        };
        const pixels = picture ? tensor([images, ...shape], { label: "pinned pixels" }) : inner.pixels;
        const pin = picture
          ? await command(createPinImages(device, { ...fixed, x: inner.pixels, y: pixels, share: 1 }))
          : undefined;
        const back = await command(
          createPinImages(device, { ...fixed, x: pixelGradient, y: inner.pixelGradient, share: 0 }),
        );
        return {
          ...{ parameters: inner.parameters, gradient: inner.gradient, pixels, pixelGradient },
          start: (encoder) => inner.start(encoder),
          draw(encoder) {
            inner.draw(encoder);
            if (pin) recordCommands(encoder, [pin]);
          },
          back(encoder) {
            recordCommands(encoder, [back]);
            inner.back(encoder);
          },
        };
      });
    },
  };
}
