import { UnsupportedError } from "../../gpu/errors.ts";
import { formatShape, sizeOf, type Tensor } from "../../gpu/tensor.ts";
import type { RegulariserSite } from "./regulariser.ts";

/** The parameters as pixels [images, H, W, C]. @throws UnsupportedError when they are something else, such as a spectrum. */
export function assertPixels(who: string, { parameters, shape }: RegulariserSite): Tensor {
  const [images = 1, size = 1] = parameters.shape;
  if (size === sizeOf(shape)) return { ...parameters, shape: [images, ...shape] };
  throw new UnsupportedError(
    `${who}: expected an image whose parameters are its ${formatShape(shape)} pixels, got ${size} parameters; use pixelImage()`,
  );
}
