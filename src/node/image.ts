import { readFile, writeFile } from "node:fs/promises";
import { InputError, UnsupportedError } from "../gpu/errors.ts";
import { assertPixels, type Pixels } from "../images/pixels.ts";

type Sharp = typeof import("sharp")["default"];

let loaded: Promise<Sharp> | undefined;

/** @throws UnsupportedError when the package is not installed. */
function sharp(): Promise<Sharp> {
  loaded ??= import("sharp").then(
    (module) => module.default,
    (error: Error) => {
      loaded = undefined;
      throw new UnsupportedError(
        `images: expected the package "sharp", got ${error.message}; run npm install sharp`,
      );
    },
  );
  return loaded;
}

/**
 * An image file (PNG, JPEG, WebP, TIFF, GIF) as 8-bit sRGB pixels: turned upright as EXIF says, transparency over
 * white, 16 bits reduced to 8, grey, palettes and CMYK converted.
 * @throws InputError when the file is missing, truncated or no image.
 */
export async function readImage(path: string): Promise<Pixels> {
  const open = await sharp();
  const bytes = await readFile(path).catch((error: Error) => {
    throw new InputError(`image "${path}": expected to read it, got ${error.message}`);
  });
  if (bytes.length === 0) throw new InputError(`image "${path}": expected an image, got an empty file`);
  try {
    const { data, info } = await open(bytes, { failOn: "truncated" })
      .rotate()
      .toColourspace("srgb")
      .flatten({ background: "white" })
      .removeAlpha()
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    const pixels = {
      width: info.width,
      height: info.height,
      data:
        info.channels === 1
          ? Uint8Array.from({ length: data.length * 3 }, (_, i) => data[Math.floor(i / 3)] ?? 0)
          : new Uint8Array(data),
    };
    assertPixels(pixels);
    return pixels;
  } catch (error) {
    throw new InputError(
      `image "${path}": expected a PNG, JPEG or WebP image, got ${(error as Error).message}`,
    );
  }
}

/** Pixels as the bytes of a PNG file. @throws UnsupportedError without the library "sharp". */
export async function encodePng(pixels: Pixels): Promise<Uint8Array> {
  assertPixels(pixels);
  const { width, height, data } = pixels;
  const open = await sharp();
  return open(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

/** Writes pixels to a PNG file. @throws InputError when it cannot be written. */
export async function writePng(path: string, pixels: Pixels): Promise<void> {
  const bytes = await encodePng(pixels);
  await writeFile(path, bytes).catch((error: Error) => {
    throw new InputError(`image "${path}": expected to write it, got ${error.message}`);
  });
}
