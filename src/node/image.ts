import { InputError } from "../gpu/errors.ts";
import { describe } from "../gpu/options.ts";
import { assertWithin, MOST_PIXELS } from "../images/picture.ts";
import { assertPixels, type Pixels } from "../images/pixels.ts";
import { pngBytes } from "../images/png.ts";
import { missingPackage } from "./packages.ts";
import { readRegular } from "./read.ts";
import { writeWhole } from "./write.ts";

type Sharp = typeof import("sharp")["default"];

let loaded: Promise<Sharp> | undefined;

/** @throws UnsupportedError when the package is not installed. */
function sharp(): Promise<Sharp> {
  loaded ??= import("sharp").then(
    (module) => module.default,
    (error: Error) => {
      loaded = undefined;
      throw missingPackage("images", "sharp", error);
    },
  );
  return loaded;
}

/**
 * First bytes of picture files: PNG, JPEG, WebP, TIFF, GIF, AVIF. Nothing else is ever handed to a decoder; above all
 * not SVG, which is a program that draws and reads other files.
 */
const BEGINNINGS = /^(\x89PNG|\xff\xd8\xff|RIFF.{4}WEBP|II[*+]\0|MM\0[*+]|GIF8|.{4}ftyp(avif|avis|mif1))/s;
const KINDS = "PNG, JPEG, WebP, TIFF, GIF or AVIF";

/** Tells whether a file that begins so is a picture that can be decoded. */
export function beginsPicture(bytes: Uint8Array): boolean {
  return BEGINNINGS.test(new TextDecoder("latin1").decode(bytes.subarray(0, 256)));
}

/** Most seconds that a picture may take to decode. */
const SECONDS = 30;

/**
 * The height and width of an image file, or of its bytes, upright. Decodes no more than its header.
 * @throws InputError as {@link readImage} does.
 */
export async function imageSize(
  file: string | Uint8Array,
  name = typeof file === "string" ? file : "image",
): Promise<{ readonly width: number; readonly height: number }> {
  const bytes = typeof file === "string" ? await bytesOf(file) : file;
  const { width, height } = (await headerOf(bytes, name)).autoOrient;
  return { width, height };
}

/**
 * An image file (PNG, JPEG, WebP, TIFF, GIF, AVIF) as 8-bit sRGB pixels; see {@link decodeImage}.
 * @throws InputError when the file is missing, truncated or no image.
 */
export async function readImage(path: string): Promise<Pixels> {
  return decodeImage(await bytesOf(path), path);
}

/**
 * The bytes of an image file as 8-bit sRGB pixels: turned upright as EXIF says, transparency over white, 16 bits reduced
 * to 8, grey, palettes and CMYK converted. Floats of 0…1 or 0…255 (TIFF) are pixels' values as they stand. Of several
 * pages the first.
 * @throws InputError for what is no picture, is damaged, has more than {@link MOST_PIXELS}, takes too long to decode, or
 * holds other numbers; for SVG.
 */
export async function decodeImage(bytes: Uint8Array, name = "image"): Promise<Pixels> {
  const who = `image "${name}"`;
  if (!(bytes instanceof Uint8Array)) {
    throw new InputError(`${who}: expected its bytes, got ${describe(bytes)}; readImage(path) reads a file`);
  }
  const header = await headerOf(bytes, name);
  const open = await sharp();
  const upright = open(bytes, { failOn: "truncated", limitInputPixels: MOST_PIXELS })
    .rotate()
    .timeout({ seconds: SECONDS });
  try {
    const pixels =
      header.depth === "float"
        ? await floats(upright, header, who)
        : await bytesOfPixels(
            upright
              .toColourspace("srgb")
              .flatten({ background: "white" })
              .removeAlpha()
              .raw({ depth: "uchar" }),
          );
    assertPixels(pixels);
    if (header.format === "tiff" && pixels.data.every((value) => value <= 1)) {
      throw new InputError(
        `${who}: expected a picture, got a TIFF that is black throughout (no value above 1); was it made of values of 0…1 that were rounded?`,
      );
    }
    return pixels;
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${who}: expected a ${KINDS} image, got ${(error as Error).message}`);
  }
}

const bytesOf = (path: string): Promise<Buffer> => readRegular(path, `image "${path}"`);

type Header = Awaited<ReturnType<ReturnType<Sharp>["metadata"]>>;

/** Reads a file's header, before anything is decoded. */
async function headerOf(bytes: Uint8Array, name: string): Promise<Header> {
  const who = `image "${name}"`;
  if (bytes.length === 0) throw new InputError(`${who}: expected an image, got an empty file`);
  const beginning = new TextDecoder("latin1").decode(bytes.subarray(0, 256));
  if (!BEGINNINGS.test(beginning)) {
    const svg = /<(svg|\?xml|!doctype svg)/i.test(beginning)
      ? "SVG; draw it as a PNG first"
      : "another kind of file";
    throw new InputError(`${who}: expected a ${KINDS} image, got ${svg}`);
  }
  const open = await sharp();
  // The limit is ours to check, so that the message says what it is.
  const header = await open(bytes, { limitInputPixels: false })
    .metadata()
    .catch((error: Error) => {
      throw new InputError(`${who}: expected a ${KINDS} image, got ${error.message}`);
    });
  const { depth, width, height } = header;
  assertWithin(width, height, who, mostPixels(header));
  if (depth !== "uchar" && depth !== "ushort" && depth !== "float") {
    throw new InputError(
      `${who}: expected values of 8 or 16 bits, or floats, got ${depth}; save it as PNG, or its values as .npy`,
    );
  }
  return header;
}

/** The most pixels of a file, so that reading it takes less than half a gigabyte. */
function mostPixels({ depth, format }: Header): number {
  if (depth === "float") return MOST_PIXELS / 8;
  // Their decoders hold the whole picture, with transparency, beside what comes of it.
  return ["webp", "gif", "heif"].includes(format) ? MOST_PIXELS / 2 : MOST_PIXELS;
}

async function bytesOfPixels(image: ReturnType<Sharp>): Promise<Pixels> {
  const { data, info } = await image.toBuffer({ resolveWithObject: true });
  const values = new Uint8Array(data.buffer, data.byteOffset, data.length);
  return { width: info.width, height: info.height, data: info.channels === 1 ? threefold(values) : values };
}

/** Pixels of floats, whose values are 0…1 or 0…255: no colour space is assumed, as the tools that write them assume none. */
async function floats(image: ReturnType<Sharp>, { channels }: Header, who: string): Promise<Pixels> {
  if (channels !== 1 && channels !== 3) {
    throw new InputError(
      `${who}: expected 1 or 3 channels of floats, got ${channels}; save its values as .npy, or it as PNG`,
    );
  }
  const space = channels === 1 ? "b-w" : "scrgb";
  const { data, info } = await image
    .pipelineColourspace(space)
    .toColourspace(space)
    .raw({ depth: "float" })
    .toBuffer({ resolveWithObject: true });
  const values = new Float32Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
  const [low, high] = values.reduce(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  if (!(low >= 0 && high <= 255)) {
    throw new InputError(
      `${who}: expected floats of 0…1 or 0…255, got ${low} to ${high}; save its values as .npy to have them taken as they stand`,
    );
  }
  const scale = high <= 1 ? 255 : 1;
  const rounded = Uint8Array.from(values, (value) => Math.round(value * scale));
  return { width: info.width, height: info.height, data: info.channels === 1 ? threefold(rounded) : rounded };
}

/** Grey as red, green and blue. */
function threefold(grey: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(grey.length * 3);
  for (let i = 0; i < rgb.length; i++) rgb[i] = grey[Math.floor(i / 3)] ?? 0;
  return rgb;
}

/** Writes pixels to a PNG file, whole or not at all. @throws InputError when it cannot be written. */
export async function writePng(path: string, pixels: Pixels): Promise<void> {
  await writeWhole(path, pngBytes(pixels), "image");
}

/** Writes a picture as a lossy WebP file, small enough for pages. */
export async function writeWebp(path: string, { width, height, data }: Pixels): Promise<void> {
  const open = await sharp();
  const bytes = await open(data, { raw: { width, height, channels: 3 } })
    .webp({ quality: 82, smartSubsample: true })
    .toBuffer();
  await writeWhole(path, bytes, "image");
}
