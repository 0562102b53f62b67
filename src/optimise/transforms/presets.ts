import { InputError } from "../../gpu/errors.ts";
import { assertFields, type Fields } from "../../gpu/options.ts";
import { cropAndResize } from "./crop-and-resize.ts";
import { jitter } from "./jitter.ts";
import { noise } from "./noise.ts";
import { pad } from "./pad.ts";
import { rotate } from "./rotate.ts";
import { scale } from "./scale.ts";
import type { Transform } from "./transform.ts";

const SCALES = Array.from({ length: 11 }, (_, k) => (90 + 2 * k) / 100);
const ANGLES = [...Array.from({ length: 21 }, (_, k) => k - 10), 0, 0, 0, 0, 0];

/**
 * Lucid's transforms: pad 12 in grey, jitter 8, one of the scales 0.90, 0.92 … 1.10, one of the angles −10…10 degrees (0 six
 * times as likely as another), jitter 4. What `scale` does otherwise than Lucid's is said there.
 * @example
 * createAscent(network, { …, transforms: lucidTransforms() });
 */
export function lucidTransforms(): Transform[] {
  return [pad(12), jitter(8), scale(SCALES), rotate(ANGLES), jitter(4)];
}

export interface MacoTransformOptions {
  /** Steps of the ascent, over which the crops' mean side falls from 0.5 to 0.05. Default 256. */
  readonly steps?: number | undefined;
  /** Standard deviation of the noise, with uniform noise of half as much beside. Default 0.04, for pixels of 0…1. */
  readonly noise?: number | undefined;
}

const MACO: Fields<MacoTransformOptions> = { steps: "may", noise: "may" };

/**
 * MACO's transforms, after Xplique: a crop of side N(mean, 0.05) within [0.05, 1] and centre 0.5 + N(0, 0.15), brought to the
 * network's size, and noise. Xplique's noise of 0.08 is meant for pixels of −1…1. Use it with 32 views.
 * @throws InputError when an option is out of range.
 * @example
 * createAscent(network, { …, views: 32, transforms: macoTransforms({ steps: 256 }) });
 */
export function macoTransforms(options: MacoTransformOptions = {}): Transform[] {
  assertFields("macoTransforms", options, MACO);
  const { steps = 256, noise: sd = 0.04 } = options;
  if (!(Number.isInteger(steps) && steps >= 1)) {
    throw new InputError(`macoTransforms: expected at least 1 step, got ${steps}`);
  }
  return [
    cropAndResize({ box: { side: [0.5, 0.05], steps, sd: 0.05, least: 0.05, centreSd: 0.15 } }),
    noise({ sd, uniform: sd / 2 }),
  ];
}
