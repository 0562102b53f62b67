import { named } from "../named.ts";
import { ACCENTUATION } from "./accentuation.ts";
import { CARICATURE } from "./caricature.ts";
import { CLASS_IMAGE } from "./class-image.ts";
import { DEEP_DREAM, GUIDED_DREAM } from "./deep-dream.ts";
import { EFROS_LEUNG } from "./efros-leung.ts";
import { FEATURE_INVERSION } from "./feature-inversion.ts";
import { FEATURE_VISUALIZATION } from "./feature-visualization.ts";
import { GAN_PRIOR } from "./gan-prior.ts";
import { GRAM_TEXTURE } from "./gram-texture.ts";
import { MACO } from "./maco.ts";
import { MULTIFACETED } from "./multifaceted.ts";
import { NEURAL_STYLE } from "./neural-style.ts";
import type { PictureTechnique } from "./picture-technique.ts";
import { FEED_FORWARD_STYLE } from "./stylize.ts";
import type { SynthesisTechnique } from "./technique.ts";
import { UNIT_SAMPLES } from "./unit-samples.ts";
import { YOSINSKI } from "./yosinski.ts";

/** Every technique that makes pictures of what a network would like to see, in the order in which people meet them. */
export const SYNTHESES: readonly SynthesisTechnique[] = [
  CLASS_IMAGE,
  YOSINSKI,
  FEATURE_VISUALIZATION,
  MACO,
  MULTIFACETED,
  GAN_PRIOR,
  UNIT_SAMPLES,
  ACCENTUATION,
  CARICATURE,
];

/** Every technique that makes a picture of a picture. */
export const PICTURE_TECHNIQUES: readonly PictureTechnique[] = [
  DEEP_DREAM,
  GUIDED_DREAM,
  FEATURE_INVERSION,
  GRAM_TEXTURE,
  EFROS_LEUNG,
  NEURAL_STYLE,
  FEED_FORWARD_STYLE,
];

/** The technique of a name. @throws InputError that lists the names. */
export function synthesisNamed(name: string): SynthesisTechnique {
  return named("synthesis", SYNTHESES, name);
}

/** The technique of pictures of a name. @throws InputError that lists the names. */
export function pictureTechniqueNamed(name: string): PictureTechnique {
  return named("technique of pictures", PICTURE_TECHNIQUES, name);
}
