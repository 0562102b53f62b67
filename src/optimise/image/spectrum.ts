import { recordCommands } from "../../gpu/command.ts";
import { InputError } from "../../gpu/errors.ts";
import { all, build, type Owner } from "../../gpu/scope.ts";
import { sizeOf } from "../../gpu/tensor.ts";
import { createNormalImages } from "../../kernels/ascent.ts";
import { createIrfft2, createIrfft2Gradient, createRfft2, spectrumShape } from "../../kernels/fft.ts";
import {
  type ColorSigmoid,
  createColorSigmoid,
  createColorSigmoidGradient,
} from "../../kernels/parametrisation.ts";
import { beforeColorSigmoid } from "./color.ts";
import type { AscentImage, ImageSite } from "./image.ts";

/** What the spectra of an ascent begin with: numbers around zero, spectra, or those of pictures. */
export interface SpectrumStart {
  /** Standard deviation of the normal noise that is added to each real and imaginary part. */
  readonly sd: number;
  /** `[H, ⌊W/2⌋ + 1, C, 2]` for all images, or one for each. */
  readonly spectrum?: Float32Array | undefined;
  /** `[H, W, C]` for all images, or one for each, in the unit of the pixels. */
  readonly picture?: Float32Array | undefined;
}

/** Spectra as parameters. */
export interface SpectrumSite {
  readonly color: ColorSigmoid;
  /** `[H, ⌊W/2⌋ + 1]`: factor of each frequency on its way to the pixels. */
  readonly scale: Float32Array;
  /** The same for the gradient on its way back; the same as `scale` for the exact gradient. */
  readonly gradientScale: Float32Array;
  readonly start: SpectrumStart;
}

/**
 * Frequencies of a spectrum [H, ⌊W/2⌋ + 1], in cycles a pixel, in the order of `rfft2`; none less than the lowest that a
 * picture of this size has, so that a power of it is finite.
 */
export function frequenciesOf(height: number, width: number): Float64Array {
  const half = Math.floor(width / 2) + 1;
  const lowest = 1 / Math.max(height, width);
  return Float64Array.from({ length: height * half }, (_, index) => {
    const row = Math.floor(index / half);
    const fy = Math.min(row, height - row) / height;
    return Math.max(Math.hypot(fy, (index % half) / width), lowest);
  });
}

/** Images that are varied by their spectra: pixels = sigmoid of the inverse transform of parameters·scale. */
export function createSpectrumImage(
  who: string,
  { device, images, shape, numbers, seed }: ImageSite,
  { color, scale, gradientScale, start }: SpectrumSite,
): Promise<AscentImage & Owner> {
  return build(device, who, async ({ tensor, command }) => {
    const [height] = shape;
    const spectra = spectrumShape([images, ...shape]);
    const size = sizeOf(spectra) / images;
    const half = spectra[2];
    const [parameters, gradient] = [
      tensor(spectra, { label: `${who} parameters` }),
      tensor(spectra, { label: `${who} gradient` }),
    ];
    const t = tensor([images, ...shape], { label: `${who} before color` });
    const pixels = tensor(t.shape, { label: `${who} pixels` });
    const pixelGradient = tensor(t.shape, { label: `${who} pixel gradient` });
    const factorsOf = (data: Float32Array) => tensor([height, half], { data, label: `${who} factors` });
    const whole = (given: Float32Array, what: string, one: number): number => {
      if (given.length === one || given.length === one * images) return given.length / one;
      throw new InputError(
        `${who}: expected ${what} of ${one} numbers for all images of ${shape.join("×")}${images > 1 ? `, or ${images} times as many` : ""}, got ${given.length}`,
      );
    };
    const begin = () => {
      const { sd, spectrum, picture } = start;
      const noisy = (mean: typeof parameters) =>
        command(createNormalImages(device, { numbers, mean, x: parameters, sd, seed }));
      if (spectrum) {
        const given = whole(spectrum, "a start (spectrum)", size);
        return [noisy(tensor([given, ...spectra.slice(1)], { data: spectrum, label: `${who} start` }))];
      }
      if (!picture) return [noisy(tensor([1], { label: `${who} start` }))];
      const given = whole(picture, "a picture", sizeOf(shape));
      const x = tensor([given, ...shape], {
        data: beforeColorSigmoid(picture, color),
        label: `${who} start`,
      });
      const mean = tensor(spectrumShape(x.shape), { label: `${who} start spectrum` });
      const inverse = factorsOf(scale.map((factor) => 1 / factor));
      return [command(createRfft2(device, { x, y: mean, factors: inverse })), noisy(mean)];
    };
    const factors = factorsOf(scale);
    const gradientFactors = factorsOf(gradientScale);
    const dt = tensor(t.shape, { label: `${who} gradient before color` });
    const [starting, drawing, goingBack] = await all([
      all(begin()),
      all([
        command(createIrfft2(device, { x: parameters, y: t, factors })),
        command(createColorSigmoid(device, color, { t, pixels })),
      ]),
      all([
        command(createColorSigmoidGradient(device, color, { pixels, dpixels: pixelGradient, dt })),
        command(createIrfft2Gradient(device, { dy: dt, dx: gradient, factors: gradientFactors })),
      ]),
    ]);
    return {
      parameters: { ...parameters, shape: [images, size] },
      gradient: { ...gradient, shape: [images, size] },
      pixels,
      pixelGradient,
      start: (encoder) => recordCommands(encoder, starting),
      draw: (encoder) => recordCommands(encoder, drawing),
      back: (encoder) => recordCommands(encoder, goingBack),
    };
  });
}
