import { InputError } from "../../gpu/errors.ts";
import { assertFields, type Fields } from "../../gpu/options.ts";
import { type AffineMap, sampled } from "./sampling.ts";
import type { Transform } from "./transform.ts";

export interface JitterOptions {
  /** Rolls the picture by −n…n pixels, and keeps its size, as DeepDream does. Default false: cuts n pixels off, as Lucid does. */
  readonly wrap?: boolean | undefined;
  /** Moves [down, across] of the steps in order, and again from the first, rather than random ones. */
  readonly offsets?: readonly (readonly [down: number, across: number])[] | undefined;
}

const JITTER: Fields<JitterOptions> = { wrap: [true, false], offsets: "may" };

/**
 * Moves by whole pixels. It cuts pictures n pixels smaller out of a place that is drawn, each of (n + 1)² alike; with `wrap` it
 * rolls them by −n…n down and across (numpy.roll by the offset).
 * @throws InputError when n is not a whole number of at least 1, or an offset not within it; in an ascent, where a picture has
 * no more than n pixels a side.
 * @example
 * jitter(8);
 * jitter(32, { wrap: true });
 */
export function jitter(n: number, options: JitterOptions = {}): Transform {
  assertFields("jitter", options, JITTER);
  const { wrap = false, offsets } = options;
  if (!(Number.isInteger(n) && n >= 1))
    throw new InputError(`jitter: expected at least 1 whole pixel, got ${n}`);
  const name = `jitter ${n}`;
  const least = wrap ? -n : 0;
  const wrong = offsets?.find(
    (offset) => offset.length !== 2 || !offset.every((o) => Number.isInteger(o) && o >= least && o <= n),
  );
  if (wrong || offsets?.length === 0) {
    throw new InputError(
      `${name}: expected offsets [down, across] of ${least} to ${n} whole pixels, got [${wrong ?? ""}]`,
    );
  }
  const sign = wrap ? -1 : 1;
  return sampled({
    name,
    border: wrap ? "wrap" : 0,
    sizeOf([height, width]) {
      if (Math.min(height, width) <= n) {
        throw new InputError(
          `${name}: expected pictures of more than ${n} pixels a side, got ${height}×${width}; jitter less, or pad before`,
        );
      }
      return wrap ? [height, width] : [height - n, width - n];
    },
    draws: () =>
      offsets
        ? { maps: offsets.map(([y, x]): AffineMap => [1, 0, sign * y, 0, 1, sign * x]), ordered: true }
        : { maps: [[1, 0, least, 0, 1, least]], range: n - least + 1 },
  });
}
