import { InputError } from "../../gpu/errors.ts";
import { assertFields, type Fields } from "../../gpu/options.ts";
import { build } from "../../gpu/scope.ts";
import { createBlur } from "../../kernels/regularisers.ts";
import { assertPixels } from "./pixels.ts";
import type { Regulariser } from "./regulariser.ts";

export interface BlurOptions {
  /** Standard deviation in pixels, to 100. Below 0.3 nothing happens to speak of. */
  readonly sigma: number;
  /** Blur in steps 0, every, 2·every … Default 1. */
  readonly every?: number | undefined;
}

const BLUR: Fields<BlurOptions> = { sigma: "must", every: "may" };

/** Standard deviations at which a Gaussian is cut off, as SciPy has it. */
const CUT = 4;

/**
 * Blurs the pixels by a Gaussian, each channel by itself, mirrored at the borders (Yosinski et al. 2015, arXiv:1506.06579). It is
 * cut at four standard deviations, as `scipy.ndimage.gaussian_filter` does.
 * @throws InputError for options out of range; when it is put to an ascent, where the parameters are no pixels.
 */
export function blur(options: BlurOptions): Regulariser {
  assertFields("blur", options, BLUR);
  const { sigma, every = 1 } = options;
  if (!(sigma > 0 && sigma <= 100)) {
    throw new InputError(`blur: expected a sigma above 0, to 100 pixels, got ${sigma}`);
  }
  if (!(Number.isSafeInteger(every) && every >= 1)) {
    throw new InputError(`blur: expected every of at least 1, got ${every}`);
  }
  const taps = tapsOf(sigma);
  return {
    name: `blur ${sigma}${every > 1 ? ` every ${every} steps` : ""}`,
    at: "after",
    acts: (step) => step % every === 0,
    create: (site) =>
      build(site.device, "blur", ({ command }) =>
        command(createBlur(site.device, { x: assertPixels("blur", site), taps })),
      ),
  };
}

/** Weights from the centre outwards; both sides together add up to 1. */
function tapsOf(sigma: number): Float32Array {
  const radius = Math.floor(CUT * sigma + 0.5);
  const weights = Array.from({ length: radius + 1 }, (_, k) => Math.exp((-0.5 * k * k) / (sigma * sigma)));
  const sum = weights.reduce((all, weight, k) => all + (k === 0 ? weight : 2 * weight), 0);
  return Float32Array.from(weights, (weight) => weight / sum);
}
