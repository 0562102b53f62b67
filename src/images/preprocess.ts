import { InputError, UnsupportedError } from "../gpu/errors.ts";
import { formatShape } from "../gpu/tensor.ts";
import { type Graph, inputOf } from "../network/graph.ts";
import type { Preprocessing } from "../network/preprocessing.ts";
import { assertPixels, type Pixels } from "./pixels.ts";
import { type Crop, resample } from "./resample.ts";

/** What the functions here need of a graph. */
export type Fed = Pick<Graph, "name" | "layers" | "output" | "preprocessing">;

/** ITU-R BT.601 luma. */
const LUMA = [0.299, 0.587, 0.114] as const;

/** [H, W, C] and a check that images can be made into it. */
function inputShape(graph: Fed): readonly [number, number, number] {
  const { shape } = inputOf(graph);
  if (shape[2] !== 1 && shape[2] !== 3) {
    throw new UnsupportedError(
      `network "${graph.name}": expected an input of 1 or 3 channels to show an image to, got ${formatShape(shape)}`,
    );
  }
  return shape;
}

/**
 * Where an image of a size lies under the network's input: resized so that its shorter side is `resize` (or as small
 * as covers the input), then the centre. An image that already has the input's size is taken as it stands.
 */
export function cropOf(size: { readonly width: number; readonly height: number }, graph: Fed): Crop {
  const [h, w] = inputOf(graph).shape;
  const { resize } = graph.preprocessing;
  const exact = size.width === w && size.height === h;
  const shorter = Math.min(size.width, size.height);
  // A ratio as numerator and denominator, so that sizes come out exact.
  let [scaled, from] = exact ? [1, 1] : [resize ?? 0, shorter];
  if (!exact) {
    for (const [needed, side] of [
      [h, size.height],
      [w, size.width],
    ] as const) {
      if (scaled * side < needed * from) [scaled, from] = [needed, side];
    }
  }
  const height = Math.max(h, Math.floor((size.height * scaled) / from));
  const width = Math.max(w, Math.floor((size.width * scaled) / from));
  return {
    width,
    height,
    region: { left: Math.floor((width - w) / 2), top: Math.floor((height - h) / 2), width: w, height: h },
  };
}

/** 0…255 RGB values as the network's input. */
function normalize(
  rgb: ArrayLike<number>,
  { range, mean, std }: Preprocessing,
  channels: number,
): Float32Array {
  const size = rgb.length / 3;
  const input = new Float32Array(size * channels);
  for (let i = 0; i < size; i++) {
    if (channels === 1) {
      const luma =
        LUMA[0] * (rgb[3 * i] ?? 0) + LUMA[1] * (rgb[3 * i + 1] ?? 0) + LUMA[2] * (rgb[3 * i + 2] ?? 0);
      input[i] = (luma / range - (mean[0] ?? 0)) / (std[0] ?? 1);
    } else {
      for (let c = 0; c < 3; c++) {
        input[3 * i + c] = ((rgb[3 * i + c] ?? 0) / range - (mean[c] ?? 0)) / (std[c] ?? 1);
      }
    }
  }
  return input;
}

/**
 * An image as the network's input [H, W, C]: its shorter side resized to `resize` (default: as small as covers the
 * input) with an antialiased triangle filter, the centre cropped, then (v / range − mean) / std. A network of one
 * channel gets the luma. An image that already has the input's size is not resized.
 * @throws InputError when the image's size and values do not agree.
 * @throws UnsupportedError when the network takes neither 1 nor 3 channels.
 */
export function preprocess(pixels: Pixels, graph: Fed): Float32Array {
  assertPixels(pixels);
  const [h, w, channels] = inputShape(graph);
  const crop = cropOf(pixels, graph);
  const same = crop.width === pixels.width && crop.height === pixels.height;
  const exact = same && crop.width === w && crop.height === h;
  return normalize(exact ? pixels.data : resample(pixels, crop), graph.preprocessing, channels);
}

/**
 * A network's input [H, W, C] as the image it shows: v·std + mean, times range, rounded and clamped to 0…255; one
 * channel as grey.
 * @throws InputError when it has another size.
 */
export function deprocess(input: Float32Array, graph: Fed): Pixels {
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

function assertSize(input: Float32Array, graph: Fed): void {
  const { shape } = inputOf(graph);
  const size = shape[0] * shape[1] * shape[2];
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
export function inputFrom(graph: Fed, image: Pixels | Float32Array): Float32Array {
  if (!(image instanceof Float32Array)) return preprocess(image, graph);
  assertSize(image, graph);
  const at = image.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) {
    const [, w, channels] = inputOf(graph).shape;
    const [y, x, c] = [Math.floor(at / (w * channels)), Math.floor(at / channels) % w, at % channels];
    throw new InputError(
      `network "${graph.name}": expected finite input values, got ${image[at]} at row ${y}, column ${x}, channel ${c}`,
    );
  }
  return image;
}
