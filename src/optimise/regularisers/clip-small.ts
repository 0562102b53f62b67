import { InputError } from "../../gpu/errors.ts";
import { build } from "../../gpu/scope.ts";
import { sizeOf } from "../../gpu/tensor.ts";
import { createDropSmall, type Magnitude } from "../../kernels/regularisers.ts";
import { assertPixels } from "./pixels.ts";
import type { Regulariser } from "./regulariser.ts";

/**
 * Sets every parameter to 0 whose magnitude is below a percentile of the image's (Yosinski et al. 2015, arXiv:1506.06579).
 * Percentiles are exact, those of NumPy's `percentile`.
 * @param percentile 0 to 100.
 * @throws InputError when the percentile is out of range.
 */
export function clipSmallValue(percentile: number): Regulariser {
  return clipSmall("clipSmallValue", "small values", "value", percentile);
}

/**
 * Sets every pixel to 0 whose norm over the channels is below a percentile of the image's (Yosinski et al. 2015, arXiv:1506.06579).
 * @param percentile 0 to 100.
 * @throws InputError when the percentile is out of range; when it is put to an ascent, where the parameters are no pixels.
 */
export function clipSmallNorm(percentile: number): Regulariser {
  return clipSmall("clipSmallNorm", "pixels of small norm", "norm", percentile);
}

/**
 * Sets every pixel to 0 that adds little to the objective: whose |Σ gradient · x| over the channels is below a percentile of the
 * image's (Yosinski et al. 2015, arXiv:1506.06579). It has the absolute value, as the paper does; the authors' option
 * `px_benefit` leaves it out, and so takes away the pixels that add the most.
 * @param percentile 0 to 100.
 * @throws InputError when the percentile is out of range; when it is put to an ascent, where the parameters are no pixels.
 */
export function clipSmallContribution(percentile: number): Regulariser {
  return clipSmall("clipSmallContribution", "pixels of small contribution", "contribution", percentile);
}

function clipSmall(who: string, what: string, by: Magnitude, percentile: number): Regulariser {
  if (!(percentile >= 0 && percentile <= 100)) {
    throw new InputError(`${who}: expected a percentile of 0 to 100, got ${percentile}`);
  }
  return {
    name: `${what}, ${percentile} %`,
    at: "after",
    create: (site) =>
      build(site.device, who, ({ command }) => {
        const { device, parameters, gradient, shape } = site;
        if (by !== "value") assertPixels(who, site);
        const [, size = 1] = parameters.shape;
        const count = by === "value" ? size : sizeOf(shape.slice(0, 2));
        // NumPy's percentile lies between two neighbours in rank. Nothing lies between them, so what is below it is below the upper one.
        const rank = Math.ceil((count - 1) * (percentile / 100));
        return command(createDropSmall(device, { x: parameters, g: gradient, channels: shape[2], by, rank }));
      }),
  };
}
