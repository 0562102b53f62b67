import type { Preprocessing } from "../../graph/preprocessing.ts";
import { gradientAscent, normalisedGradient } from "../optimisers/gradient-ascent.ts";
import type { Optimiser } from "../optimisers/optimiser.ts";
import { blur } from "./blur.ts";
import { clip } from "./clip.ts";
import { clipSmallContribution, clipSmallNorm } from "./clip-small.ts";
import { decay } from "./decay.ts";
import type { Regulariser } from "./regulariser.ts";

/** Names of Yosinski's settings, in the order of the paper's table. */
export type YosinskiSetting = "blurAndNorm" | "decayAndNorm" | "blur" | "blurAndContribution";

/** One of Yosinski's settings, for `pixelImage({ range: "input", noise })`. */
export interface YosinskiAscent {
  readonly steps: number;
  /** Standard deviation of the noise around the mean that it begins with. */
  readonly noise: number;
  readonly optimiser: Optimiser;
  readonly regularisers: readonly Regulariser[];
}

/**
 * The four settings by which Yosinski et al. 2015 (arXiv:1506.06579) drew their pictures, for a network with this preprocessing:
 * clip, then decay, blur, and what is clipped because it is small. The authors' numbers are for pixels of 0…255 less a mean;
 * where a network's input has another unit, rates and noise are brought to it, so that pixels move as theirs do. Their last
 * iteration moves nothing, so there is a step fewer than they count.
 * @example
 * const { steps, noise, optimiser, regularisers } = yosinskiSettings(graph.preprocessing).blurAndNorm;
 */
export function yosinskiSettings(
  preprocessing: Preprocessing,
): Readonly<Record<YosinskiSetting, YosinskiAscent>> {
  const { range, mean, std } = preprocessing;
  // Steps of 0…255 in a unit of the input: the geometric mean over the channels.
  const unit = range * Math.exp(std.reduce((sum, value) => sum + Math.log(value), 0) / std.length);
  const clipped = clip({
    low: std.map((value, c) => -(mean[c] ?? 0) / value),
    high: std.map((value, c) => (255 / range - (mean[c] ?? 0)) / value),
  });
  const progress = (most: number) => normalisedGradient({ rate: 2, by: "progress", most: most / unit ** 2 });
  const constant = gradientAscent({ rate: 100 / unit ** 2 });
  const setting = (
    iterations: number,
    optimiser: Optimiser,
    ...regularisers: Regulariser[]
  ): YosinskiAscent => ({
    steps: iterations - 1,
    noise: 10 / unit,
    optimiser,
    regularisers: [clipped, ...regularisers],
  });
  return {
    blurAndNorm: setting(500, progress(100), blur({ sigma: 0.5, every: 4 }), clipSmallNorm(50)),
    decayAndNorm: setting(750, constant, decay(0.3), clipSmallNorm(20)),
    blur: setting(1000, constant, decay(0.0001), blur({ sigma: 1, every: 4 })),
    blurAndContribution: setting(
      1000,
      progress(1e8),
      blur({ sigma: 0.5, every: 4 }),
      clipSmallContribution(90),
    ),
  };
}
