import { assertFields, type Fields } from "../../gpu/options.ts";
import { aroundCentre, assertBorder, assertList } from "./affine.ts";
import { type PictureBorder, sampled } from "./sampling.ts";
import type { Transform } from "./transform.ts";

export interface ListOptions {
  /** The entry of each step in order, and again from the first, rather than one drawn at random. Default false. */
  readonly ordered?: boolean | undefined;
  /** What stands beyond the border. Default 0.5 for scale, 0 for rotate. */
  readonly border?: PictureBorder | undefined;
}

export const LIST: Fields<ListOptions> = { ordered: [true, false], border: "may" };

/**
 * Enlarges about the centre by one of the factors, bilinear. The size stays: a larger picture is cut at its border, a smaller one
 * is surrounded by `border`. (Lucid resizes the whole picture, so that its size changes with the draw.)
 * @throws InputError when a factor is not above 0.
 * @example
 * scale([0.9, 1, 1.1]);
 */
export function scale(factors: readonly number[], options: ListOptions = {}): Transform {
  assertFields("scale", options, LIST);
  const { ordered = false, border = 0.5 } = options;
  assertBorder("scale", border);
  assertList("scale", factors, "factors of 0.01 to 100", (factor) => factor >= 0.01 && factor <= 100);
  return sampled({
    name: "scale",
    border,
    sizeOf: (size) => size,
    draws: (size, view) => ({
      maps: factors.map((factor) => aroundCentre([1 / factor, 0, 0, 1 / factor], size, view)),
      ordered,
    }),
  });
}
