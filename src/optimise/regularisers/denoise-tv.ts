import { InputError } from "../../gpu/errors.ts";
import { assertFields, type Fields } from "../../gpu/options.ts";
import { build } from "../../gpu/scope.ts";
import { createDenoiseTv } from "../../kernels/regularisers.ts";
import { type Rate, rateInWords, ratesOf } from "../optimisers/rate.ts";
import { assertPixels } from "./pixels.ts";
import type { Regulariser } from "./regulariser.ts";

export interface DenoiseTvOptions {
  /**
   * Weight of the picture as it was against its total variation: the smaller, the smoother. It may differ from step to step, as
   * a rate does. A weight w for pixels of 0…255 is 255·w for pixels of 0…1.
   */
  readonly weight: Rate;
  /** Sweeps over all pixels, to 1000. Default 100. */
  readonly sweeps?: number | undefined;
}

const DENOISE: Fields<DenoiseTvOptions> = { weight: "must", sweeps: "may" };
const MOST_SWEEPS = 1000;

/**
 * Denoises the pixels by total variation, each channel by itself: min Σ |∇u| + weight/2·Σ (u − x)², by split Bregman (Goldstein &
 * Osher 2009), isotropic, sweep for sweep as `skimage.restoration.denoise_tv_bregman`. That stops where a sweep changes the
 * pixels by less than `eps`, of which nothing can be known without a readback; here the number of sweeps is fixed. A hundred are
 * skimage's most, by which photographs of 0…255 reach its eps of 1e-3.
 * @throws InputError for options out of range; when it is put to an ascent, for pictures of fewer than 2 pixels a side;
 * UnsupportedError where the parameters are no pixels.
 * @example
 * denoiseTv({ weight: 100 });
 * denoiseTv({ weight: { from: 2, to: 500, steps: 150 }, sweeps: 50 });
 */
export function denoiseTv(options: DenoiseTvOptions): Regulariser {
  assertFields("denoiseTv", options, DENOISE);
  const { weight, sweeps = 100 } = options;
  const table = ratesOf("denoiseTv, weight", weight);
  if (!(Number.isInteger(sweeps) && sweeps >= 1 && sweeps <= MOST_SWEEPS)) {
    throw new InputError(`denoiseTv: expected 1 to ${MOST_SWEEPS} sweeps, got ${sweeps}`);
  }
  return {
    name: `TV denoising, weight ${rateInWords(weight)}`,
    at: "after",
    create: (site) =>
      build(site.device, "denoiseTv", async ({ tensor, command }) => {
        const { device, step, shape } = site;
        const x = assertPixels("denoiseTv", site);
        if (Math.min(shape[0], shape[1]) < 2) {
          throw new InputError(
            `denoiseTv: expected pictures of at least 2 pixels a side, got ${shape[0]}×${shape[1]}`,
          );
        }
        const weights = tensor([table.length], { data: table, label: "denoising weights" });
        return command(createDenoiseTv(device, { x, weights, step, sweeps }));
      }),
  };
}
