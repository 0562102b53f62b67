import { InputError } from "../../gpu/errors.ts";
import { assertFields, type Fields } from "../../gpu/options.ts";
import { assertBorder } from "./affine.ts";
import { type PictureBorder, sampled } from "./sampling.ts";
import type { Transform } from "./transform.ts";

export interface PadOptions {
  /** What is added: a number in the unit of the pixels, or the picture's own pixels. Default 0.5. */
  readonly border?: PictureBorder | undefined;
}

const PAD: Fields<PadOptions> = { border: "may" };

/**
 * Adds `n` pixels on every side, so that what follows has room to move.
 * @throws InputError when n is not a whole number of at least 1.
 * @example
 * pad(12); // grey, as Lucid's
 * pad(16, { border: "reflect" });
 */
export function pad(n: number, options: PadOptions = {}): Transform {
  assertFields("pad", options, PAD);
  const { border = 0.5 } = options;
  assertBorder("pad", border);
  if (!(Number.isInteger(n) && n >= 1))
    throw new InputError(`pad: expected at least 1 whole pixel, got ${n}`);
  return sampled({
    name: `pad ${n}`,
    border,
    sizeOf: ([height, width]) => [height + 2 * n, width + 2 * n],
    draws: () => ({ maps: [[1, 0, -n, 0, 1, -n]] }),
  });
}
