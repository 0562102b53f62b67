import { type Command, recordCommands } from "../../gpu/command.ts";
import { InputError, UnsupportedError } from "../../gpu/errors.ts";
import { assertFields, type Fields } from "../../gpu/options.ts";
import { all, build, type Owner } from "../../gpu/scope.ts";
import { sizeOf, type Tensor } from "../../gpu/tensor.ts";
import { createNormalImages } from "../../kernels/ascent.ts";
import { createIrfft2, createIrfft2Gradient, spectrumShape } from "../../kernels/fft.ts";
import {
  createAddMagnitudes,
  createColorSigmoid,
  createColorSigmoidGradient,
  createPhaseSpectrum,
  createPhaseSpectrumGradient,
} from "../../kernels/parametrisation.ts";
import { createStandardise, createStandardiseGradient } from "../../kernels/standardise.ts";
import { assertBounds, type ColorOptions, colorSigmoidOf, rangeOf } from "./color.ts";
import type { AscentImage, ImageKind, ImageSite } from "./image.ts";
import { assertMagnitude, type Magnitude, naturalMagnitude, resizeMagnitude } from "./magnitude.ts";
import { finiteNumbers } from "./start.ts";

export interface MacoOptions extends ColorOptions {
  /** Magnitudes that are kept, as `spectrumOf` measures them; of another size they are resized. Default: a law of photographs. */
  readonly magnitude?: Magnitude | undefined;
  /** Standard deviation of the noise that phases begin with. Default 1; 0 where a start is given. */
  readonly sd?: number | undefined;
  /** Phases to begin with, `[H, ⌊W/2⌋ + 1, C]`, for all images or one for each. Default: zeros. */
  readonly start?: ArrayLike<number> | undefined;
}

const MACO: Fields<MacoOptions> = {
  color: ["decorrelated", "rgb"],
  bounds: "may",
  magnitude: "may",
  sd: "may",
  start: "may",
};

/** Images of MACO, and what the objective looked at in them. */
export interface MacoImage extends AscentImage {
  /**
   * `[images, H, W]`: sum over all steps since the start of the magnitude of the gradient to the pixels, averaged over the
   * channels. Where it is small, nothing was asked of the image.
   */
  readonly transparency: Tensor;
}

/** Added to a deviation before it divides. */
const EPSILON = 1e-5;

/**
 * Images of which only the phase is varied, under the magnitudes of photographs (Fel et al., "Unlocking Feature Visualization for
 * Deeper Networks with MAgnitude Constrained Optimization", 2023): pixels = σ(M·std(irfft2(m·exp(i·std(φ))))), std(x) =
 * (x − mean)/(sd + 1e-5) over an image, φ the parameters `[H, ⌊W/2⌋ + 1, C]`, whose gradient is exact. They begin with N(0, 1). The
 * pixels are 0…1, before preprocessing, unless `bounds` says otherwise.
 * @throws InputError when an option is out of range; when it is put to an ascent, where a start or the magnitude does not fit;
 * UnsupportedError there for other than three channels without a magnitude.
 * @example
 * macoImage(); // magnitudes by a law of photographs
 * macoImage({ magnitude: await spectrumOf(device, pictures) });
 */
export function macoImage(options: MacoOptions = {}): ImageKind<MacoImage> {
  assertFields("macoImage", options, MACO);
  assertBounds("macoImage", options);
  const { magnitude, sd = options.start === undefined ? 1 : 0 } = options;
  if (!(sd >= 0 && Number.isFinite(sd))) {
    throw new InputError(`macoImage: expected an sd of at least 0, got ${sd}`);
  }
  if (magnitude !== undefined) assertMagnitude("macoImage", magnitude);
  const start = finiteNumbers("macoImage", "start", options.start);
  return {
    name: "MACO",
    range: rangeOf(options),
    create: (site) => createMacoImage(site, options, start ?? new Float32Array(1), sd),
  };
}

function magnitudeFor(
  [height, width, channels]: ImageSite["shape"],
  given: Magnitude | undefined,
): Float32Array {
  if (given === undefined) {
    if (channels === 3) return naturalMagnitude(height, width);
    throw new UnsupportedError(
      `macoImage: expected three channels, whose magnitudes are known, got ${channels}; give a magnitude`,
    );
  }
  if (given.shape[2] === channels) return resizeMagnitude(given, height, width);
  throw new InputError(`macoImage: expected a magnitude of ${channels} channels, got ${given.shape[2]}`);
}

function createMacoImage(
  { device, images, shape, numbers, seed }: ImageSite,
  options: MacoOptions,
  start: Float32Array,
  sd: number,
): Promise<MacoImage & Owner> {
  return build(device, "MACO image", async ({ tensor, command }) => {
    const spectra = spectrumShape([images, ...shape]);
    const phases = spectra.slice(0, 4);
    const size = sizeOf(phases) / images;
    if (![1, size, size * images].includes(start.length)) {
      throw new InputError(
        `macoImage: expected a start of ${size} phases for all images of ${shape.join("×")}, or ${size * images}, got ${start.length}`,
      );
    }
    const color = colorSigmoidOf(options, shape[2]);
    const magnitude = tensor([size], {
      data: magnitudeFor(shape, options.magnitude),
      label: "MACO magnitude",
    });
    const mean = tensor([start.length], { data: start, label: "MACO start" });
    const phase = (label: string) => tensor(phases, { label: `MACO ${label}` });
    const picture = (label: string) => tensor([images, ...shape], { label: `MACO ${label}` });
    const [parameters, gradient] = [phase("phase"), phase("phase gradient")];
    const [standardPhase, phaseGradient] = [phase("standard phase"), phase("standard phase gradient")];
    const spectrum = tensor(spectra, { label: "MACO spectrum" });
    const [t, standard, pixels] = [picture("values"), picture("standard values"), picture("pixels")];
    const [pixelGradient, dt] = [picture("pixel gradient"), picture("values gradient")];
    const transparency = tensor([images, shape[0], shape[1]], { label: "MACO transparency" });
    const [phaseSd, sdOfValues] = [tensor([images]), tensor([images])];
    const epsilon = EPSILON;
    const one = (made: Promise<Command>) => command(made);
    const [begin, drawing, goingBack] = await all([
      one(createNormalImages(device, { numbers, mean, x: parameters, sd, seed })),
      all([
        one(createStandardise(device, { x: parameters, y: standardPhase, sd: phaseSd, epsilon })),
        one(createPhaseSpectrum(device, { phase: standardPhase, magnitude, y: spectrum })),
        one(createIrfft2(device, { x: spectrum, y: t })),
        one(createStandardise(device, { x: t, y: standard, sd: sdOfValues, epsilon })),
        one(createColorSigmoid(device, color, { t: standard, pixels })),
      ]),
      all([
        one(
          createAddMagnitudes(device, {
            x: pixelGradient,
            sum: transparency,
            parts: 1,
            weight: 1 / shape[2],
          }),
        ),
        one(createColorSigmoidGradient(device, color, { pixels, dpixels: pixelGradient, dt })),
        one(createStandardiseGradient(device, { y: standard, dy: dt, sd: sdOfValues, dx: t, epsilon })),
        one(createIrfft2Gradient(device, { dy: t, dx: spectrum })),
        one(
          createPhaseSpectrumGradient(device, {
            ...{ phase: standardPhase, magnitude },
            ...{ dy: spectrum, dphase: phaseGradient },
          }),
        ),
        one(
          createStandardiseGradient(device, {
            ...{ y: standardPhase, dy: phaseGradient },
            ...{ sd: phaseSd, dx: gradient, epsilon },
          }),
        ),
      ]),
    ]);
    return {
      parameters: { ...parameters, shape: [images, size] },
      gradient: { ...gradient, shape: [images, size] },
      pixels,
      pixelGradient,
      transparency,
      start: (encoder) => {
        encoder.clearBuffer(transparency.buffer);
        recordCommands(encoder, [begin]);
      },
      draw: (encoder) => recordCommands(encoder, drawing),
      back: (encoder) => recordCommands(encoder, goingBack),
    };
  });
}
