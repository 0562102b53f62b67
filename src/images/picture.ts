import { InputError } from "../gpu/errors.ts";
import { assertPixels, type Pixels, pixelsFromImageData } from "./pixels.ts";
import { inputFrom, type PreprocessedGraph } from "./preprocess.ts";

/** A picture as a page has it: an element, a canvas, a bitmap, a video's frame, or an image file. */
export type PictureSource =
  | ImageData
  | HTMLImageElement
  | HTMLCanvasElement
  | OffscreenCanvas
  | ImageBitmap
  | HTMLVideoElement
  | VideoFrame
  | Blob;

/**
 * A photograph, to be preprocessed as the graph says; or values [H, W, C] as a Float32Array, taken as the network's
 * input as they stand.
 */
export type Picture = Pixels | PictureSource | Float32Array;

/**
 * The most pixels that a picture may have: 64 Mpx. A larger one is refused before it is decoded or drawn; in a browser a
 * Blob tells its size only when it is decoded.
 */
export const MOST_PIXELS = 64 * 2 ** 20;

/** The most pixels along a side, as JPEG has them: decoders keep hundreds of rows at once. */
const MOST_SIDE = 65_535;

/**
 * A picture as the network's input [H, W, C]; see {@link readPicture} for what a page has.
 * @throws InputError when there is no such picture, its size is wrong, or a value is NaN or infinite.
 * @example
 * ```ts
 * import { readInput } from "vitrine";
 *
 * const input = await readInput(graph, picture); // pixels; in a page an image, a canvas, a file
 * console.log(input.length); // 27648
 * ```
 */
export async function readInput(graph: PreprocessedGraph, picture: Picture): Promise<Float32Array> {
  // Before anything is waited for: the caller may use the array again.
  if (picture instanceof Float32Array || isPixels(picture)) return inputFrom(graph, picture);
  return inputFrom(graph, await readPicture(picture));
}

/**
 * The pixels of a picture as a page has it, as it is shown: turned upright, in sRGB, what is transparent over white.
 * Elements are read as they are at the moment of the call.
 * @throws InputError for what is no picture: not loaded yet, of no size, from another origin, damaged, or too large.
 */
export async function readPicture(picture: Pixels | PictureSource): Promise<Pixels> {
  const kind = kindOf(picture);
  const source = picture as PictureSource;
  if (isBlob(source, kind)) return readBlob(source);
  if (kind === "ImageData") return readImageData(source as ImageData);
  const size = SIZES[kind];
  if (size) return readDrawable(source as CanvasImageSource, size(source as never), kind);
  const pixels: unknown = picture;
  if (typeof pixels !== "object" || pixels === null || !("data" in pixels)) {
    const got = typeof pixels === "string" ? `text ("${pixels.slice(0, 60)}")` : kind;
    throw new InputError(
      `image: expected pixels { width, height, data }, a Float32Array, or a page's image, canvas, bitmap, video or Blob, got ${got}${typeof pixels === "string" ? "; an address is read with await (await fetch(address)).blob()" : ""}`,
    );
  }
  assertPixels(picture as Pixels);
  return picture as Pixels;
}

/** The class of a platform object, of whichever window or worker it comes. */
function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

function isPixels(picture: Pixels | PictureSource): picture is Pixels {
  return kindOf(picture) === "Object" && "data" in picture;
}

function isBlob(_: PictureSource, kind: string): _ is Blob {
  return kind === "Blob" || kind === "File";
}

interface Size {
  readonly width: number;
  readonly height: number;
  /** The reason for a picture without a size, or the remedy. */
  readonly remedy: string;
}

const CLOSED = "it is closed or empty";

/** The size at which each kind of source is drawn. */
const SIZES: Readonly<Record<string, (source: never) => Size>> = {
  HTMLImageElement: ({ complete, naturalWidth, naturalHeight }: HTMLImageElement) => ({
    width: complete ? naturalWidth : 0,
    height: complete ? naturalHeight : 0,
    remedy: "it has not loaded, or failed to; await image.decode() first",
  }),
  HTMLVideoElement: ({ readyState, videoWidth, videoHeight }: HTMLVideoElement) => ({
    // Below 2 (HAVE_CURRENT_DATA) there is no frame yet.
    width: readyState >= 2 ? videoWidth : 0,
    height: readyState >= 2 ? videoHeight : 0,
    remedy: 'it has no frame yet; wait for "loadeddata"',
  }),
  HTMLCanvasElement: ({ width, height }: HTMLCanvasElement) => ({ width, height, remedy: "it is empty" }),
  OffscreenCanvas: ({ width, height }: OffscreenCanvas) => ({ width, height, remedy: "it is empty" }),
  ImageBitmap: ({ width, height }: ImageBitmap) => ({ width, height, remedy: CLOSED }),
  VideoFrame: ({ format, displayWidth, displayHeight }: VideoFrame) => ({
    width: format === null && displayWidth === 0 ? 0 : displayWidth,
    height: displayHeight,
    remedy: CLOSED,
  }),
};

async function readBlob(blob: Blob): Promise<Pixels> {
  const name = "name" in blob ? `file "${String(blob.name)}"` : `Blob of type "${blob.type}"`;
  if (blob.size === 0) throw new InputError(`image: expected an image, got an empty ${name}`);
  if (typeof createImageBitmap !== "function") {
    throw new InputError(
      `image: expected a place that decodes images (a page or a worker), got a ${name}; in Node, readImage reads files`,
    );
  }
  const bitmap = await createImageBitmap(blob).catch((error: Error) => {
    throw new InputError(
      `image: expected an image that this browser can decode, got a ${name}: ${error.message}`,
    );
  });
  try {
    return readDrawable(bitmap, { width: bitmap.width, height: bitmap.height, remedy: CLOSED }, name);
  } finally {
    bitmap.close();
  }
}

function readImageData(image: ImageData): Pixels {
  assertSize({ ...sizeOf(image), remedy: "it is empty" }, "ImageData");
  const values: unknown = image.data;
  if (!(values instanceof Uint8ClampedArray)) {
    throw new InputError(`image: expected ImageData of 8 bits, got ${kindOf(values)}`);
  }
  if (image.colorSpace === undefined || image.colorSpace === "srgb") return pixelsFromImageData(image);
  const canvas = new OffscreenCanvas(image.width, image.height);
  canvas.getContext("2d", { colorSpace: "srgb" })?.putImageData(image, 0, 0);
  return readDrawable(canvas, { ...sizeOf(image), remedy: "it is empty" }, "ImageData");
}

const sizeOf = ({ width, height }: ImageData) => ({ width, height });

function readDrawable(source: CanvasImageSource, size: Size, kind: string): Pixels {
  assertSize(size, kind);
  const { width, height } = size;
  const context = new OffscreenCanvas(width, height).getContext("2d", {
    willReadFrequently: true,
    colorSpace: "srgb",
  });
  if (!context) throw new InputError(`image: expected a 2D canvas to read a ${kind} from, got none`);
  try {
    context.drawImage(source, 0, 0, width, height);
    return pixelsFromImageData(context.getImageData(0, 0, width, height));
  } catch (error) {
    throw undrawable(error as Error, kind);
  }
}

function undrawable(error: Error, kind: string): InputError {
  if (error instanceof InputError) return error;
  return new InputError(
    error.name === "SecurityError"
      ? `image: expected a ${kind} of this page's own origin, got one of another; load it with crossOrigin = "anonymous" from a server that allows it`
      : `image: expected a ${kind} that can be drawn, got ${error.message}`,
  );
}

/** A source that changes from frame to frame, and is drawn without being decoded first. */
export type FrameSource = HTMLVideoElement | VideoFrame | HTMLCanvasElement | OffscreenCanvas | ImageBitmap;

/**
 * Hands a frame to whoever draws it.
 * @throws InputError when it has no picture, another size than is expected, or comes from another origin.
 */
export function drawFrame(
  source: FrameSource,
  expected: { readonly width: number; readonly height: number },
  draw: (source: FrameSource) => void,
): void {
  const kind = kindOf(source);
  const size = kind === "HTMLImageElement" ? undefined : SIZES[kind]?.(source as never);
  if (!size) throw new InputError(`image: expected a video, its frame, a canvas or a bitmap, got ${kind}`);
  assertSize(size, kind);
  if (size.width !== expected.width || size.height !== expected.height) {
    throw new InputError(
      `image: expected a ${kind} of ${expected.width}×${expected.height}, got ${size.width}×${size.height}`,
    );
  }
  try {
    draw(source);
  } catch (error) {
    throw undrawable(error as Error, kind);
  }
}

function assertSize({ width, height, remedy }: Size, kind: string): void {
  if (!(width >= 1 && height >= 1)) {
    throw new InputError(`image: expected a ${kind} with a picture in it, got ${width}×${height}: ${remedy}`);
  }
  assertWithin(width, height, `image: a ${kind}`);
}

/** @throws InputError when a picture has more pixels than it may have. */
export function assertWithin(width: number, height: number, who: string, most = MOST_PIXELS): void {
  if (Math.max(width, height) > MOST_SIDE) {
    throw new InputError(
      `${who}: expected at most ${MOST_SIDE} pixels a side, got ${width}×${height}; make it smaller first`,
    );
  }
  if (width * height <= most) return;
  throw new InputError(
    `${who}: expected at most ${most / 2 ** 20} megapixels, got ${width}×${height}; make it smaller first`,
  );
}
