import { InputError } from "../gpu/errors.ts";
import { unpacked } from "./packed.ts";
import { assertPixels, type Pixels, pixelsFromImageData } from "./pixels.ts";

type Codec = Pick<typeof import("./jpeg-codec.ts"), "encode" | "decode">;

let codec: Promise<Codec> | undefined;

/** Loads the codec, a module of its own, once. */
function loaded(): Promise<Codec> {
  codec ??= load();
  codec.catch(() => {
    codec = undefined;
  });
  return codec;
}

async function load(): Promise<Codec> {
  const { encode, decode, initEncoder, initDecoder, ENCODER, DECODER } = await import("./jpeg-codec.ts");
  await initEncoder(await WebAssembly.compile(unpacked(ENCODER)));
  await initDecoder(await WebAssembly.compile(unpacked(DECODER)));
  return { encode, decode };
}

/**
 * An image as it comes back from a JPEG file of a quality: the same bits everywhere, as the codec is WebAssembly (MozJPEG).
 * The quantisation tables are those of the standard, scaled as libjpeg does; colour is stored at half the resolution.
 * @param quality 1 to 100.
 * @throws InputError for a quality out of range.
 */
export async function throughJpeg(pixels: Pixels, quality: number): Promise<Pixels> {
  assertPixels(pixels);
  assertQuality(quality);
  const { encode, decode } = await loaded();
  const { width, height, data: rgb } = pixels;
  const data = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let i = 0; i < width * height; i++) data.set(rgb.subarray(3 * i, 3 * i + 3), 4 * i);
  const options = { quality, quant_table: 0, auto_subsample: false, chroma_subsample: 2 };
  return pixelsFromImageData(await decode(await encode({ width, height, data }, options)));
}

/** @throws InputError when it is no quality of JPEG. */
export function assertQuality(quality: number): void {
  if (Number.isInteger(quality) && quality >= 1 && quality <= 100) return;
  throw new InputError(`jpeg: expected a quality of 1 to 100, got ${quality}`);
}
