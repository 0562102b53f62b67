/**
 * Pictures that are made: textures, and what a network would like to see.
 * @module vitrine/synthesis
 */
import "./gpu/platform.ts";

export type { PictureValues } from "./images/zoom.ts";
export { accentuation } from "./techniques/synthesis/accentuation.ts";
export { caricatureOf } from "./techniques/synthesis/caricature.ts";
export { classImage } from "./techniques/synthesis/class-image.ts";
export {
  type DeepDreamOptions,
  type DreamtPicture,
  deepDream,
  deepDreamZoom,
  type ZoomOptions,
} from "./techniques/synthesis/deep-dream.ts";
export { type EfrosLeungOptions, efrosLeung, type GrownTexture } from "./techniques/synthesis/efros-leung.ts";
export { type FeatureInversionOptions, featureInversion } from "./techniques/synthesis/feature-inversion.ts";
export { featureVisualization } from "./techniques/synthesis/feature-visualization.ts";
export { type GanPriorOptions, ganPrior } from "./techniques/synthesis/gan-prior.ts";
export { type GramTextureOptions, gramTexture } from "./techniques/synthesis/gram-texture.ts";
export {
  type InversionByNetworkOptions,
  inversionByNetwork,
} from "./techniques/synthesis/inversion-by-network.ts";
export type { LayerWeights } from "./techniques/synthesis/layer-weights.ts";
export {
  PICTURE_TECHNIQUES,
  pictureTechniqueNamed,
  SYNTHESES,
  synthesisNamed,
} from "./techniques/synthesis/list.ts";
export { maco } from "./techniques/synthesis/maco.ts";
export { multifaceted } from "./techniques/synthesis/multifaceted.ts";
export { type NeuralStyleOptions, neuralStyle } from "./techniques/synthesis/neural-style.ts";
export type { OnePictureOptions } from "./techniques/synthesis/one-picture.ts";
export type {
  CommonSynthesisOptions,
  SynthesisOption,
  SynthesisOptionList,
  SynthesisOptions,
} from "./techniques/synthesis/options.ts";
export type {
  AskedOfPicture,
  LivePicture,
  PictureOption,
  PictureOptionList,
  PictureOptions,
  PictureRequest,
  PictureResult,
  PictureTechnique,
} from "./techniques/synthesis/picture-technique.ts";
export type { Asked, SynthesisRequest } from "./techniques/synthesis/plan.ts";
export type { StyleLoss, StyleOptimiser } from "./techniques/synthesis/style-terms.ts";
export {
  createStylist,
  type Stylist,
  type StylistOptions,
  type StylizeOptions,
  stylize,
} from "./techniques/synthesis/stylize.ts";
export type {
  Facet,
  LiveSynthesis,
  MadePicture,
  Synthesis,
  SyntheticPicture,
} from "./techniques/synthesis/synthesis.ts";
export type { SynthesisTechnique } from "./techniques/synthesis/technique.ts";
export { unitSamples } from "./techniques/synthesis/unit-samples.ts";
export { channelsOf, type Wanted } from "./techniques/synthesis/wanted.ts";
export { yosinski } from "./techniques/synthesis/yosinski.ts";
