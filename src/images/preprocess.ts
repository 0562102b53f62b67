import { InputError, UnsupportedError } from "../gpu/errors.ts";
import { describe } from "../gpu/options.ts";
import { formatShape, type Shape, sizeOf } from "../gpu/tensor.ts";
import { firstNotFinite } from "../graph/finite.ts";
import { type Graph, inputOf, pictureOf } from "../graph/graph.ts";
import type { Preprocessing } from "../graph/preprocessing.ts";
import { assertPixels, type Pixels } from "./pixels.ts";
import { type Crop, resample } from "./resample.ts";

/** The part of a graph that preprocessing needs. */
export type PreprocessedGraph = Pick<Graph, "name" | "layers" | "output" | "preprocessing">;

/** ITU-R BT.601 luma. */
const LUMA = [0.299, 0.587, 0.114] as const;

/** [H, W, C] and a check that images can be made into it. */
export function inputShape(graph: PreprocessedGraph): readonly [number, number, number] {
  const { shape } = pictureOf(graph, "image");
  if (shape[2] !== 1 && shape[2] !== 3) {
    throw new UnsupportedError(
      `network "${graph.name}": expected an input of 1 or 3 channels to show an image to, got ${formatShape(shape)}`,
    );
  }
  return shape;
}

/**
 * The place of an image of a size under the network's input, as the preprocessing's `fit` has it:
 * - "cover": resized so that its shorter side is `resize` (or as small as covers the input), then the centre;
 * - "stretch": resized to the input's size;
 * - "contain": resized so that it lies within the input, in the middle; the region goes beyond the image.
 *
 * An image that already has the input's size is taken as it stands.
 */
export function cropOf(
  size: { readonly width: number; readonly height: number },
  graph: PreprocessedGraph,
): Crop {
  const [h, w] = pictureOf(graph, "image").shape;
  const { resize, fit = "cover" } = graph.preprocessing;
  const exact = size.width === w && size.height === h;
  if (exact || fit === "stretch") {
    return { width: w, height: h, region: { left: 0, top: 0, width: w, height: h } };
  }
  // A ratio as numerator and denominator, so that sizes come out exact.
  const sides = [
    [h, size.height],
    [w, size.width],
  ] as const;
  if (fit === "contain") {
    const [scaled, from] = h * size.width < w * size.height ? sides[0] : sides[1];
    return centred(
      Math.max(1, (size.width * scaled) / from),
      Math.max(1, (size.height * scaled) / from),
      w,
      h,
    );
  }
  let [scaled, from]: readonly [number, number] = [resize ?? 0, Math.min(size.width, size.height)];
  for (const [needed, side] of sides) if (scaled * side < needed * from) [scaled, from] = [needed, side];
  return centred(Math.max(w, (size.width * scaled) / from), Math.max(h, (size.height * scaled) / from), w, h);
}

/** The w×h in the middle of an image of width × height. */
function centred(width: number, height: number, w: number, h: number): Crop {
  const [across, down] = [Math.floor(width), Math.floor(height)];
  const [left, top] = [Math.floor((across - w) / 2), Math.floor((down - h) / 2)];
  return { width: across, height: down, region: { left, top, width: w, height: h } };
}

/** Values of pixels, 0…255, as the network takes them: (v / range − mean) / std, channel by channel. */
export function scaleValues(
  values: ArrayLike<number>,
  { range, mean, std }: Preprocessing,
  channels: number,
): Float32Array {
  const scaled = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const c = i % channels;
    scaled[i] = ((values[i] ?? 0) / range - (mean[c] ?? 0)) / (std[c] ?? 1);
  }
  return scaled;
}

/** The brightness of each pixel of red, green and blue, in their unit. */
export function lumaOf(rgb: ArrayLike<number>): Float64Array {
  return Float64Array.from(
    { length: rgb.length / 3 },
    (_, i) => LUMA[0] * (rgb[3 * i] ?? 0) + LUMA[1] * (rgb[3 * i + 1] ?? 0) + LUMA[2] * (rgb[3 * i + 2] ?? 0),
  );
}

/**
 * An image as the network's input [H, W, C]: brought to its size with an antialiased triangle filter, as the
 * preprocessing's `fit` says (`cropOf`), then (v / range − mean) / std. A network of one channel gets the luma. An
 * image that already has the input's size is not resized.
 * @throws InputError when the image's size and values do not agree.
 * @throws UnsupportedError when the network takes neither 1 nor 3 channels.
 */
export function preprocess(pixels: Pixels, graph: PreprocessedGraph): Float32Array {
  assertPixels(pixels);
  const [h, w, channels] = inputShape(graph);
  const crop = cropOf(pixels, graph);
  const exact = pixels.width === w && pixels.height === h && crop.width === w && crop.height === h;
  const rgb = exact ? pixels.data : resample(pixels, crop);
  return scaleValues(channels === 1 ? lumaOf(rgb) : rgb, graph.preprocessing, channels);
}

/**
 * A network's input [H, W, C] as the image it shows: v·std + mean, times range, rounded and clamped to 0…255; one
 * channel as grey.
 * @throws InputError when it has another size.
 */
export function deprocess(input: Float32Array, graph: PreprocessedGraph): Pixels {
  if (
    !ArrayBuffer.isView(input) ||
    !Array.isArray((graph as Partial<PreprocessedGraph> | undefined)?.layers)
  ) {
    throw new InputError(
      `deprocess: expected the network's input and its graph, got ${describe(input)} and ${describe(graph)}`,
    );
  }
  const [height, width, channels] = inputShape(graph);
  assertSize(input, graph);
  const { range, mean, std } = graph.preprocessing;
  const data = new Uint8ClampedArray(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) {
      const from = channels === 1 ? 0 : c;
      data[3 * i + c] = ((input[channels * i + from] ?? 0) * (std[from] ?? 1) + (mean[from] ?? 0)) * range;
    }
  }
  return { width, height, data };
}

function assertSize(input: Float32Array, graph: PreprocessedGraph): void {
  const { shape } = inputOf(graph);
  const size = sizeOf(shape);
  if (input.length !== size) {
    throw new InputError(
      `network "${graph.name}": expected an input of ${size} values (${formatShape(shape)}), got ${input.length}`,
    );
  }
}

/**
 * The network's input from an image, or from values that are preprocessed already.
 * @throws InputError when the size is wrong, or a value is NaN or infinite: the message says where.
 */
export function inputFrom(graph: PreprocessedGraph, image: Pixels | Float32Array): Float32Array {
  const own = image instanceof Float32Array;
  const input = own ? image : preprocess(image, graph);
  assertSize(input, graph);
  const at = firstNotFinite(input);
  if (at >= 0) {
    throw new InputError(
      `network "${graph.name}": expected finite input values, got ${input[at]} at ${placeOf(at, inputOf(graph).shape)}${own ? "" : "; the preprocessing makes it of a color"}`,
    );
  }
  return input;
}

/** The place of a value, in words. */
function placeOf(at: number, shape: Shape): string {
  const [, w, channels] = shape;
  if (shape.length !== 3 || w === undefined || channels === undefined) return `value ${at}`;
  return `row ${Math.floor(at / (w * channels))}, column ${Math.floor(at / channels) % w}, channel ${at % channels}`;
}
