import { InputError } from "../gpu/errors.ts";
import { describe } from "../gpu/options.ts";

/** An image as 0…255 RGB values (sRGB), three a pixel, row by row from the top left. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray | Uint8Array;
}

/** @throws InputError when an image has no pixels, or another number of values than its size says. */
export function assertPixels(pixels: Pixels): void {
  const { width, height, data } = sizedValues(pixels);
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
    throw new InputError(`image: expected a size of at least 1×1, got ${width}×${height}`);
  }
  if (data.length !== width * height * 3) {
    throw new InputError(
      `image: expected ${width * height * 3} values for ${width}×${height} RGB, got ${data.length}; RGBA goes through pixelsFromImageData`,
    );
  }
}

/** @throws InputError when what an untyped caller gave has no values in a list. */
function sizedValues<T extends RgbaPixels>(image: T): T {
  if (typeof (image as Partial<T> | null | undefined)?.data?.length === "number") return image;
  throw new InputError(`image: expected pixels { width, height, data }, got ${describe(image)}`);
}

/** An image as 0…255 RGBA values (sRGB, alpha not multiplied in), four a pixel; an `ImageData` is one. */
export interface RgbaPixels {
  readonly width: number;
  readonly height: number;
  readonly data: ArrayLike<number>;
}

/** RGBA pixels (a canvas's `getImageData`) as RGB; what is transparent shows white. */
export function pixelsFromImageData(image: RgbaPixels): Pixels {
  const { width, height, data } = sizedValues(image);
  if (data.length !== width * height * 4) {
    throw new InputError(
      `image: expected ${width * height * 4} values for ${width}×${height} RGBA, got ${data.length}`,
    );
  }
  const rgb = new Uint8ClampedArray(width * height * 3);
  for (let i = 0, j = 0; i < data.length; i += 4) {
    const alpha = (data[i + 3] ?? 255) / 255;
    for (let c = 0; c < 3; c++) rgb[j++] = (data[i + c] ?? 0) * alpha + 255 * (1 - alpha);
  }
  const pixels = { width, height, data: rgb };
  assertPixels(pixels);
  return pixels;
}
