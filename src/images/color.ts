import { InputError } from "../gpu/errors.ts";
import { type Graph, pictureOf } from "../graph/graph.ts";

/**
 * A colour in the units of a network's input: one value, or one a channel; "black", "grey" or "white"; or "mean", the data
 * set's mean pixel, which is what the preprocessing subtracts (where it subtracts nothing, the image's own mean).
 */
export type InputColor = "mean" | "black" | "grey" | "white" | number | readonly number[];

/**
 * A colour as [C] values of a network's input.
 * @param input the preprocessed image, [H, W, C].
 * @throws InputError when it has another number of channels, or a value is not finite.
 */
export function inputColorOf(
  graph: Graph,
  input: Float32Array,
  color: InputColor,
  who: string,
): Float32Array<ArrayBuffer> {
  const [height, width, channels] = pictureOf(graph, who).shape;
  const { range, mean, std } = graph.preprocessing;
  if (color === "black" || color === "grey" || color === "white") {
    const level = { black: 0, grey: 127.5, white: 255 }[color] / range;
    return Float32Array.from({ length: channels }, (_, c) => (level - (mean[c] ?? 0)) / (std[c] ?? 1));
  }
  if (color === "mean") {
    const found = new Float64Array(channels);
    if (mean.every((value) => value === 0)) {
      for (const [index, value] of input.entries()) {
        found[index % channels] = (found[index % channels] ?? 0) + value / (height * width);
      }
    }
    return Float32Array.from(found);
  }
  const values = typeof color === "number" ? Array<number>(channels).fill(color) : color;
  if (!Array.isArray(values) || values.length !== channels || !values.every(isF32)) {
    throw new InputError(
      `${who}: expected a colour of "mean", "black", "grey", "white", a number, or ${channels} numbers, got ${String(color)}`,
    );
  }
  return Float32Array.from(values);
}

/** True for a value that a GPU can hold: 1e39 is infinite in f32. */
const isF32 = (value: unknown): boolean => typeof value === "number" && Number.isFinite(Math.fround(value));
