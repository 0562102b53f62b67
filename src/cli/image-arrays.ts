import { InputError } from "../gpu/errors.ts";
import { formatShape } from "../gpu/tensor.ts";
import { type Graph, pictureOf } from "../graph/graph.ts";
import { inputFrom, scaleValues } from "../images/preprocess.ts";
import type { NpyArray } from "../node/npy.ts";
import type { Values } from "./values.ts";

/** One image of an array, [height, width, channels]. */
export interface ArrayImage {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly data: Float32Array;
}

/** Values [H, W, C] of a network's input. */
export interface Taken {
  readonly values: Float32Array;
  /** They were the network's input already, and went through no preprocessing. */
  readonly asItStands?: boolean | undefined;
}

/** The orders of axes that --layout knows. */
const LAYOUTS = ["hwc", "chw", "nhwc", "nchw"] as const;

/** The images of an array, with the channels last: one, or several where it has four axes. */
export function imagesIn({ shape, data }: NpyArray, name: string, values: Values): ArrayImage[] {
  const who = `image "${name}"`;
  const layout = values.choice("layout", LAYOUTS);
  const [a = 1, b = 1, c = 1, d = 1] = shape;
  if (layout === undefined && shape.length === 2) return [{ height: a, width: b, channels: 1, data }];
  const several = layout === undefined ? shape.length === 4 : layout.startsWith("n");
  if (shape.length !== (several ? 4 : 3)) {
    const expected = layout === undefined ? "[H,W], [H,W,C] or [N,H,W,C]" : `[${[...layout.toUpperCase()]}]`;
    throw new InputError(
      `${who}: expected an array ${expected}, got ${formatShape(shape)}; --layout says what its axes are`,
    );
  }
  const [count, ...rest] = several ? ([a, b, c, d] as const) : ([1, a, b, c] as const);
  const first = layout?.endsWith("chw") ?? false;
  const [height, width, channels] = first ? [rest[1], rest[2], rest[0]] : rest;
  if (count === 0) throw new InputError(`${who}: expected an image at least, got ${formatShape(shape)}`);
  const size = height * width * channels;
  return Array.from({ length: count }, (_, i) => {
    const image = data.subarray(i * size, (i + 1) * size);
    return { height, width, channels, data: first ? channelsLast(image, height * width, channels) : image };
  });
}

function channelsLast(planes: Float32Array, places: number, channels: number): Float32Array {
  return Float32Array.from(planes, (_, i) => planes[(i % channels) * places + Math.floor(i / channels)] ?? 0);
}

/**
 * One image of an array as the network's input. Bytes are a picture, and go through the preprocessing like one. Floats are
 * the input as it stands; with --preprocess or --mean they are a picture's values too, of the input's size.
 */
export function inputFromArray(
  graph: Graph,
  image: ArrayImage,
  dtype: string | undefined,
  name: string,
  values: Values,
): Taken {
  const who = `image "${name}"`;
  const asked = values.has("preprocess") || values.has("mean") || values.has("std");
  const isPicture = dtype === "u1";
  if (!isPicture && !asked && dtype !== undefined && !dtype.startsWith("f")) {
    throw new InputError(
      `${who}: expected bytes (u1, a picture) or floats (the network's input as it stands), got ${dtype}; --preprocess says what is made of them`,
    );
  }
  const { preprocessing } = graph;
  const [height, width, channels] = pictureOf(graph, who).shape;
  if (isPicture && (channels === 1 || channels === 3) && (image.channels === 1 || image.channels === 3)) {
    const { width, height } = image;
    return { values: inputFrom(graph, { width, height, data: colored(image) }) };
  }
  assertSize(image, [height, width, channels], who);
  if (!isPicture && !asked) return { values: inputFrom(graph, image.data), asItStands: true };
  const { range, mean, std } = preprocessing;
  const asItStands = range === 1 && mean.every((v) => v === 0) && std.every((v) => v === 1);
  if (!asItStands) assertPixelValues(image.data, range, isPicture, who);
  return { values: inputFrom(graph, scaleValues(image.data, preprocessing, channels)) };
}

/** Bytes as red, green and blue. */
function colored({ channels, data }: ArrayImage): Uint8Array {
  if (channels === 3) return Uint8Array.from(data);
  return Uint8Array.from({ length: data.length * 3 }, (_, i) => data[Math.floor(i / 3)] ?? 0);
}

function assertSize(image: ArrayImage, expected: readonly [number, number, number], who: string): void {
  const { height, width, channels } = image;
  const fits = (h: number, w: number, c: number) =>
    h === expected[0] && w === expected[1] && c === expected[2];
  if (fits(height, width, channels)) return;
  // The same axes, read with the channels first.
  const remedy = fits(width, channels, height) ? "; --layout chw, or nchw, takes the channels first" : "";
  throw new InputError(
    `${who}: expected an array of ${formatShape(expected)}, the network's input, got ${formatShape([height, width, channels])}${remedy}`,
  );
}

/** @throws InputError for numbers that cannot be a picture's 0…255, which the preprocessing is asked to scale. */
function assertPixelValues(data: Float32Array, range: number, bytes: boolean, who: string): void {
  const [low, high] = data.reduce(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  const tooSmall = !bytes && range === 255 && high > 0 && high <= 1;
  if (low >= 0 && high <= 255 && !tooSmall) return;
  throw new InputError(
    `${who}: expected a picture's values of 0…255, which --preprocess scales, got ${low} to ${high}; without the option an array of floats is the network's input as it stands`,
  );
}
