import { syntheticPictures } from "../dataset/synthetic.ts";
import type { Pixels } from "../images/pixels.ts";
import { resizePixels } from "../images/resample.ts";
import { decodeImage } from "../node/image.ts";
import { readSource } from "./image-files.ts";
import { isSynthetic, syntheticNumber } from "./image-names.ts";
import { UsageError } from "./io.ts";

/** The picture of a name, a file or synthetic:N, as it is, not as a network takes it. @throws UsageError where it is an array. */
export async function plainPicture(
  command: string,
  name: string,
  device: GPUDevice,
  seed = 1,
): Promise<Pixels> {
  if (isSynthetic(name)) {
    const number = syntheticNumber(name);
    if (!/^\d+$/.test(number)) {
      throw new UsageError(`${command} expects synthetic: and a whole number, got "${name}"`);
    }
    for await (const picture of syntheticPictures(device, { first: Number(number), seed })) return picture;
  }
  const source = await readSource(name);
  if ("arrays" in source) throw new UsageError(`${command} expects a picture, got an array in "${name}"`);
  return decodeImage(source.bytes, name);
}

/** A picture whose longer side has at most so many pixels. */
export function atMost(pixels: Pixels, longest: number): Pixels {
  const { width, height } = pixels;
  const scale = longest / Math.max(width, height);
  if (scale >= 1) return pixels;
  const side = (length: number): number => Math.max(1, Math.round(length * scale));
  return resizePixels(pixels, side(width), side(height));
}
