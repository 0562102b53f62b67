import { InputError } from "../../gpu/errors.ts";
import { assertFields, type Fields } from "../../gpu/options.ts";
import { assertBounds, type ColorOptions, colorSigmoidOf, rangeOf } from "./color.ts";
import type { ImageKind } from "./image.ts";
import { createSpectrumImage, frequenciesOf } from "./spectrum.ts";
import { finiteNumbers } from "./start.ts";

export interface AccentuationOptions extends ColorOptions {
  /** Picture to begin with, `[H, W, C]` in the unit of the pixels, for all images or one for each. */
  readonly picture: ArrayLike<number>;
  /** Power of the frequency that the gradient is divided by. Default 1.5. */
  readonly power?: number | undefined;
}

const ACCENTUATION: Fields<AccentuationOptions> = {
  picture: "must",
  color: ["decorrelated", "rgb"],
  bounds: "may",
  power: "may",
};

/**
 * Images that begin with a photograph and show more and more of what a unit sees in it (Hamblin, Fel, Saha, Konkle & Alvarez,
 * "Feature Accentuation", 2024): varied by their spectrum, pixels = σ(M·irfft2(z·√(WH))). The gradient to z, not z itself, is
 * divided by max(frequency, 1/max(W, H))^power, so that every frequency keeps its share of the photograph and large structures
 * change before small ones. z begins with the photograph's, pixels within a thousandth of black or white counting as a
 * thousandth away. What keeps the image near the photograph is a term of the objective.
 * @throws InputError when an option is out of range; when it is put to an ascent, where the picture has another size.
 * @example
 * accentuationImage({ picture }); // Float32Array of [H, W, 3], 0…1
 */
export function accentuationImage(options: AccentuationOptions): ImageKind {
  assertFields("accentuationImage", options, ACCENTUATION);
  assertBounds("accentuationImage", options);
  const { power = 1.5 } = options;
  if (!Number.isFinite(power) || Math.abs(power) > 8) {
    throw new InputError(`accentuationImage: expected a power of -8 to 8, got ${power}`);
  }
  const picture = finiteNumbers("accentuationImage", "picture", options.picture);
  return {
    name: "accentuated picture",
    range: rangeOf(options),
    create: (site) => {
      const [height, width, channels] = site.shape;
      const size = Math.sqrt(height * width);
      const frequencies = frequenciesOf(height, width);
      return createSpectrumImage("accentuation image", site, {
        color: colorSigmoidOf(options, channels),
        scale: new Float32Array(frequencies.length).fill(size),
        gradientScale: Float32Array.from(frequencies, (f) => size / f ** power),
        start: { sd: 0, picture },
      });
    },
  };
}
