import { InputError } from "../../gpu/errors.ts";
import { describe } from "../../gpu/options.ts";
import type { Graph } from "../../graph/graph.ts";
import { type Picture, readInput } from "../../images/picture.ts";
import { deprocess, inputShape } from "../../images/preprocess.ts";
import { resizePixels } from "../../images/resample.ts";
import type { ImageKind } from "../../optimise/image/image.ts";
import { unitOf } from "../robustness/attack-pictures.ts";

type Size = readonly [height: number, width: number];
type Shape = readonly [height: number, width: number, channels: number];

/** The largest side of a picture, and the most pixels. */
const MOST_SIDE = 65_535;
const MOST_PIXELS = 2 ** 24;

/** The shape of pictures of a size, by default the network's. @throws InputError */
export function sizeFor(who: string, graph: Graph, size: Size | undefined): Shape {
  const [height, width, channels] = inputShape(graph);
  if (size === undefined) return [height, width, channels];
  const fits = (side: unknown) => Number.isInteger(side) && Number(side) >= 1 && Number(side) <= MOST_SIDE;
  if (!Array.isArray(size) || size.length !== 2 || !size.every(fits)) {
    throw new InputError(
      `${who}: expected a size [height, width] of 1 to ${MOST_SIDE} pixels, got ${Array.isArray(size) ? `[${size.join(", ")}]` : describe(size)}`,
    );
  }
  if (size[0] * size[1] > MOST_PIXELS) {
    throw new InputError(
      `${who}: expected a size [height, width] of at most ${MOST_PIXELS} pixels, got [${size.join(", ")}]`,
    );
  }
  return [size[0], size[1], channels];
}

/** A picture as the network sees it, [H, W, C] of 0…1, brought to a size. */
export async function pictureAtSize(
  graph: Graph,
  picture: Picture,
  [height, width]: Size,
): Promise<Float32Array> {
  const seen = deprocess(await readInput(graph, picture), graph);
  const sized = seen.height === height && seen.width === width ? seen : resizePixels(seen, width, height);
  return unitOf(sized, inputShape(graph)[2]);
}

/** Pixels of several images in the unit of a kind, as 0…1, each by itself. */
export function asUnit(
  pixels: Float32Array,
  graph: Graph,
  range: ImageKind["range"],
  images: number,
): Float32Array[] {
  const each = pixels.length / images;
  const { range: most, mean, std } = graph.preprocessing;
  const channels = mean.length;
  return Array.from({ length: images }, (_, n) => {
    const own = pixels.slice(n * each, (n + 1) * each);
    if (range === "unit") return own;
    return own.map((value, i) => {
      const c = i % channels;
      return ((value * (std[c] ?? 1) + (mean[c] ?? 0)) * most) / 255;
    });
  });
}

/** An image of one or three channels as [h, w, 3] within 0…1. */
export function asRgb(
  pixels: Float32Array = new Float32Array(),
  [height, width, channels]: Shape,
): Float32Array {
  return Float32Array.from({ length: height * width * 3 }, (_, i) =>
    Math.min(1, Math.max(0, pixels[channels === 1 ? Math.floor(i / 3) : i] ?? 0)),
  );
}

/** The color that the preprocessing subtracts, one number a channel of 0…1; grey where it subtracts none. */
export function meanColor({ preprocessing: { mean, range } }: Graph): number[] {
  if (mean.every((value) => value === 0)) return mean.map(() => 0.5);
  return mean.map((value) => (value * range) / 255);
}
