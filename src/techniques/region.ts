import { InputError } from "../gpu/errors.ts";
import { describe } from "../gpu/options.ts";
import { formatShape } from "../gpu/tensor.ts";
import type { Head } from "../graph/heads.ts";
import { enlargeMap } from "../images/enlarge.ts";

/** One place: row y and column x of the network's input, in pixels. */
export interface PlaceRegion {
  readonly y: number;
  readonly x: number;
}

/** A mask over the network's input: weights of 0 to 1, row by row, in any size; it is stretched over the input. */
export interface MaskRegion {
  readonly mask: ArrayLike<number>;
  readonly shape: readonly [height: number, width: number];
}

/** The places that a question is about, where a network scores every place. */
export type Region = PlaceRegion | MaskRegion;

type Size = readonly [height: number, width: number];

/**
 * The weight of each place that a head scores, row by row: 1 at the place whose share of the picture holds the pixel, or
 * the part of each place's share that the mask covers.
 * @param input size of the network's input; @param places that of the head's output.
 * @throws InputError for a pixel outside the input, a mask that is none, or one that covers nothing.
 */
export function regionWeights(region: Region, input: Size, places: Size): Float32Array {
  const [h, w] = places;
  if ("mask" in region) {
    const { mask, shape } = region;
    const size = Array.isArray(shape) && shape.length === 2 ? Number(shape[0]) * Number(shape[1]) : -1;
    if (size < 1 || mask?.length !== size) {
      throw new InputError(
        `region: expected a mask of as many weights as its shape [height, width] has places, got ${mask?.length ?? describe(mask)} for ${describe(shape)}`,
      );
    }
    const wrong = Array.from(mask).find((weight) => !(weight >= 0 && weight <= 1));
    if (wrong !== undefined) throw new InputError(`region: expected weights of 0 to 1, got ${wrong}`);
    const weights = enlargeMap(Float32Array.from(mask), shape, { width: w, height: h, squares: true });
    if (weights.every((weight) => weight === 0)) {
      throw new InputError(
        "region: expected a mask that covers some of the picture, got one that covers none",
      );
    }
    return weights;
  }
  const { y, x } = region;
  const [height, width] = input;
  if (![y, x].every(Number.isInteger) || y < 0 || x < 0 || y >= height || x >= width) {
    throw new InputError(
      `region: expected a row y of 0 to ${height - 1} and a column x of 0 to ${width - 1}, pixels of the network's input, got ${describe(y)}, ${describe(x)}`,
    );
  }
  const weights = new Float32Array(h * w);
  weights[Math.floor((y * h) / height) * w + Math.floor((x * w) / width)] = 1;
  return weights;
}

/** @throws InputError where a region is given and the question is not about a class of scores at every place. */
export function assertRegion(region: Region | undefined, target: unknown, head: Head): void {
  if (region === undefined) return;
  if (typeof region !== "object" || region === null) {
    throw new InputError(`region: expected { y, x } or { mask, shape }, got ${describe(region)}`);
  }
  if (typeof target === "object") {
    throw new InputError(
      "region: expected a class as the target beside it, got elements of a layer, or an objective, which say their places themselves",
    );
  }
  if (head.kind !== "places") {
    throw new InputError(
      `region: expected an output with scores at every place, got the ${head.kind} of "${head.name}"`,
    );
  }
}

/** The scores of those places alone that a region holds, place by place. */
export function scoresWithin(head: Head, scores: Float32Array, weights: Float32Array): Float32Array {
  const { channels } = head;
  if (scores.length !== weights.length * channels) {
    throw new InputError(
      `region: expected scores of ${formatShape([weights.length, channels])}, got ${scores.length}`,
    );
  }
  const within = Array.from(weights.keys()).filter((place) => (weights[place] ?? 0) > 0);
  return Float32Array.from(
    within.flatMap((place) => [...scores.subarray(place * channels, (place + 1) * channels)]),
  );
}
