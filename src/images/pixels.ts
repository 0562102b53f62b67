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

/** An image continued on its sides by its mirror image, whose edge is the image's outermost pixels, shown once. */
export function mirrored(
  pixels: Pixels,
  rims: { readonly top: number; readonly bottom: number; readonly left: number; readonly right: number },
): Pixels {
  const { top, bottom, left, right } = rims;
  if (top + bottom + left + right === 0) return pixels;
  const [height, width] = [pixels.height + top + bottom, pixels.width + left + right];
  const data = new Uint8ClampedArray(height * width * 3);
  for (let row = 0; row < height; row++) {
    const from = pixels.width * reflected(row - top, pixels.height);
    for (let column = 0; column < width; column++) {
      const at = 3 * (from + reflected(column - left, pixels.width));
      data.set(pixels.data.subarray(at, at + 3), 3 * (row * width + column));
    }
  }
  return { width, height, data };
}

/** Place within 0…size−1 of a place on a line that mirrors back and forth. */
function reflected(place: number, size: number): number {
  const period = Math.max(1, 2 * size - 2);
  const within = ((place % period) + period) % period;
  return Math.min(within, period - within);
}
