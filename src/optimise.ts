/**
 * Ascents: images that are varied step by step so that an objective grows, with their transforms, optimisers and regularisers.
 * @module vitrine/optimise
 */
import "./gpu/platform.ts";

export { type Ascended, type AscendOptions, ascend } from "./optimise/ascend.ts";
export { type Ascent, type AscentOptions, createAscent, redirectedFor } from "./optimise/ascent.ts";
export { type Climbed, type ClimbOptions, climb, type LivePictures } from "./optimise/climb.ts";
export { type AccentuationOptions, accentuationImage } from "./optimise/image/accentuation.ts";
export type { ColorOptions, ColorSpace } from "./optimise/image/color.ts";
export { type CppnOptions, cppnImage } from "./optimise/image/cppn.ts";
export { type FourierOptions, fourierImage } from "./optimise/image/fourier.ts";
export type { AscentImage, ImageKind, ImageSite } from "./optimise/image/image.ts";
export { type MacoImage, type MacoOptions, macoImage } from "./optimise/image/maco.ts";
export {
  type Magnitude,
  naturalMagnitude,
  type SpectrumOptions,
  spectrumOf,
} from "./optimise/image/magnitude.ts";
export { type PixelOptions, pixelImage } from "./optimise/image/pixels.ts";
export { type AdamOptions, adam } from "./optimise/optimisers/adam.ts";
export { type GradientAscentOptions, gradientAscent } from "./optimise/optimisers/gradient-ascent.ts";
export type { Optimiser, OptimiserSite } from "./optimise/optimisers/optimiser.ts";
export type { Regulariser, RegulariserSite } from "./optimise/regularisers/regulariser.ts";
export type { Size, Transform, TransformSite } from "./optimise/transforms/transform.ts";
