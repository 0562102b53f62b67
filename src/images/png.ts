import { encode } from "fast-png";
import { assertPixels, type Pixels } from "./pixels.ts";

/**
 * Pixels as the bytes of a PNG file, the same bytes in Node and in every browser. A page offers them for download as
 * `new Blob([bytes], { type: "image/png" })`.
 * @throws InputError when the pixels do not fit their size.
 */
export async function encodePng(pixels: Pixels): Promise<Uint8Array<ArrayBuffer>> {
  return pngBytes(pixels);
}

/** The same at once; not `deflated`, the file is as large as its pixels and soon made. */
export function pngBytes(pixels: Pixels, { deflated = true } = {}): Uint8Array<ArrayBuffer> {
  assertPixels(pixels);
  const { width, height, data } = pixels;
  const zlib = deflated ? {} : { level: 0 as const };
  return Uint8Array.from(encode({ width, height, data, channels: 3 }, { zlib }));
}
