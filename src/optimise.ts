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
export { type LatentOptions, latentImage } from "./optimise/image/latent.ts";
export { type MacoImage, type MacoOptions, macoImage } from "./optimise/image/maco.ts";
export {
  type Magnitude,
  naturalMagnitude,
  type SpectrumOptions,
  spectrumOf,
} from "./optimise/image/magnitude.ts";
export { type PinnedOptions, pinnedImage } from "./optimise/image/pinned.ts";
export { type PixelOptions, pixelImage } from "./optimise/image/pixels.ts";
export { type AdamOptions, adam, nadam } from "./optimise/optimisers/adam.ts";
export {
  type GradientAscentOptions,
  gradientAscent,
  type NormalisedGradientOptions,
  normalisedGradient,
} from "./optimise/optimisers/gradient-ascent.ts";
export { type LangevinOptions, langevin } from "./optimise/optimisers/langevin.ts";
export { type LbfgsOptions, lbfgs } from "./optimise/optimisers/lbfgs.ts";
export { type MomentumOptions, momentum } from "./optimise/optimisers/momentum.ts";
export type { Optimiser, OptimiserSite } from "./optimise/optimisers/optimiser.ts";
export type { Rate } from "./optimise/optimisers/rate.ts";
export { type BlurOptions, blur } from "./optimise/regularisers/blur.ts";
export { type ClipOptions, clip } from "./optimise/regularisers/clip.ts";
export {
  clipSmallContribution,
  clipSmallNorm,
  clipSmallValue,
} from "./optimise/regularisers/clip-small.ts";
export { decay } from "./optimise/regularisers/decay.ts";
export { type DenoiseTvOptions, denoiseTv } from "./optimise/regularisers/denoise-tv.ts";
export { type ProjectOptions, project } from "./optimise/regularisers/project.ts";
export type { Regulariser, RegulariserSite } from "./optimise/regularisers/regulariser.ts";
export {
  type YosinskiAscent,
  type YosinskiSetting,
  yosinskiSettings,
} from "./optimise/regularisers/yosinski.ts";
export { type AffineOptions, affine } from "./optimise/transforms/affine.ts";
export { type CropDraws, type CropOptions, cropAndResize } from "./optimise/transforms/crop-and-resize.ts";
export { type FlipOptions, flip } from "./optimise/transforms/flip.ts";
export { type JitterOptions, jitter } from "./optimise/transforms/jitter.ts";
export { type NoiseOptions, noise } from "./optimise/transforms/noise.ts";
export { type PadOptions, pad } from "./optimise/transforms/pad.ts";
export { lucidTransforms, type MacoTransformOptions, macoTransforms } from "./optimise/transforms/presets.ts";
export { rotate } from "./optimise/transforms/rotate.ts";
export type { AffineMap, PictureBorder } from "./optimise/transforms/sampling.ts";
export { type ListOptions, scale } from "./optimise/transforms/scale.ts";
export type { Size, Transform, TransformSite } from "./optimise/transforms/transform.ts";
