import { InputError } from "../../gpu/errors.ts";
import { assertFields, type Fields } from "../../gpu/options.ts";
import { assertBounds, type ColorOptions, colorSigmoidOf, rangeOf } from "./color.ts";
import type { ImageKind } from "./image.ts";
import { createSpectrumImage, frequenciesOf } from "./spectrum.ts";
import { finiteNumbers } from "./start.ts";

export interface FourierOptions extends ColorOptions {
  /** How fast large structures outgrow small ones: power of the frequency that spectra are divided by. Default 1. */
  readonly decay?: number | undefined;
  /** Standard deviation of the noise that spectra begin with. Default 0.01; 0 where a start or a picture is given. */
  readonly sd?: number | undefined;
  /** Spectrum to begin with, `[H, ⌊W/2⌋ + 1, C, 2]` (real, imaginary), for all images or one for each. Default: zeros. */
  readonly start?: ArrayLike<number> | undefined;
  /** Picture to begin with, `[H, W, C]` in the unit of the pixels, for all images or one for each. */
  readonly picture?: ArrayLike<number> | undefined;
}

const FOURIER: Fields<FourierOptions> = {
  color: ["decorrelated", "rgb"],
  bounds: "may",
  decay: "may",
  sd: "may",
  start: "may",
  picture: "may",
};

/** Lucid divides the values that it gives to the sigmoid by this. */
const CALM = 4;

/**
 * Images varied by their Fourier spectrum, with decorrelated color: pixels = σ(M·irfft2(z·s)/4), z the parameters
 * `[H, ⌊W/2⌋ + 1, C, 2]`, s = √(WH) / max(frequency, 1/max(W, H))^decay, M the square root of the covariance of colors, as in
 * Lucid (Olah, Mordvintsev & Schubert, "Feature Visualization", 2017). The pixels are 0…1, before preprocessing, unless
 * `bounds` says otherwise. Odd widths are transformed as they are (Lucid makes them one wider and crops).
 * @throws InputError when an option is out of range; when it is put to an ascent, where a start has another size.
 * @example
 * fourierImage(); // as in Lucid
 * fourierImage({ decay: 1.5, sd: 0.1, color: "rgb" });
 * fourierImage({ picture: readPixels }); // begins with a picture
 */
export function fourierImage(options: FourierOptions = {}): ImageKind {
  assertFields("fourierImage", options, FOURIER);
  assertBounds("fourierImage", options);
  const { decay = 1 } = options;
  const given = options.start !== undefined || options.picture !== undefined;
  const { sd = given ? 0 : 0.01 } = options;
  if (!Number.isFinite(decay) || Math.abs(decay) > 8) {
    throw new InputError(`fourierImage: expected a decay of -8 to 8, got ${decay}`);
  }
  if (!(sd >= 0 && Number.isFinite(sd))) {
    throw new InputError(`fourierImage: expected an sd of at least 0, got ${sd}`);
  }
  if (options.start !== undefined && options.picture !== undefined) {
    throw new InputError("fourierImage: expected a start or a picture, got both");
  }
  const spectrum = finiteNumbers("fourierImage", "start", options.start);
  const picture = finiteNumbers("fourierImage", "picture", options.picture);
  return {
    name: "Fourier spectrum",
    range: rangeOf(options),
    create: (site) => {
      const [height, width, channels] = site.shape;
      const size = Math.sqrt(height * width);
      const scale = Float32Array.from(frequenciesOf(height, width), (f) => size / f ** decay / CALM);
      return createSpectrumImage("Fourier image", site, {
        color: colorSigmoidOf(options, channels),
        scale,
        gradientScale: scale,
        start: { sd, spectrum, picture },
      });
    },
  };
}
