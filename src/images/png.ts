import { UnsupportedError } from "../gpu/errors.ts";
import { assertPixels, type Pixels } from "./pixels.ts";

/**
 * Pixels as the bytes of a PNG file, drawn by the browser; in Node `vitrine/node` has a function of the same name. A
 * page offers them for download as `new Blob([bytes], { type: "image/png" })`.
 * @throws InputError when the pixels do not fit their size; UnsupportedError where there is no OffscreenCanvas.
 */
export async function encodePng(pixels: Pixels): Promise<Uint8Array<ArrayBuffer>> {
  assertPixels(pixels);
  if (!("OffscreenCanvas" in globalThis)) {
    throw new UnsupportedError(
      'PNG: expected a browser with OffscreenCanvas, got none; in Node import encodePng from "vitrine/node"',
    );
  }
  const { width, height, data } = pixels;
  const rgba = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let i = 0; i < width * height; i++) rgba.set(data.subarray(3 * i, 3 * i + 3), 4 * i);
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d")?.putImageData(new ImageData(rgba, width, height), 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/png" });
  return new Uint8Array(await blob.arrayBuffer());
}
