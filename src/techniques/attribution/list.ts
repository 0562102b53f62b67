import { named } from "../named.ts";
import { ABLATION_CAM } from "./ablation-cam.ts";
import { CAM } from "./cam.ts";
import { DECONVNET } from "./deconvnet.ts";
import { GRAD_CAM } from "./grad-cam.ts";
import { GRAD_CAM_PLUS_PLUS } from "./grad-cam-plus-plus.ts";
import { GRADIENT_INPUT } from "./gradient-input.ts";
import { GUIDED_BACKPROP } from "./guided-backprop.ts";
import { GUIDED_GRAD_CAM } from "./guided-grad-cam.ts";
import { INTEGRATED_GRADIENTS } from "./integrated-gradients.ts";
import { LAYER_CAM } from "./layer-cam.ts";
import { LIME } from "./lime.ts";
import { LOCAL_LINEAR } from "./local-linear.ts";
import { LRP } from "./lrp.ts";
import { NUMERICAL_SALIENCY } from "./numerical-saliency.ts";
import { OCCLUSION } from "./occlusion.ts";
import { RISE } from "./rise.ts";
import { SALIENCY } from "./saliency.ts";
import { SALIENCY_MASK } from "./saliency-mask.ts";
import { SCORE_CAM } from "./score-cam.ts";
import { SMOOTH_GRAD, SMOOTH_GRAD_SQUARED, VAR_GRAD } from "./smooth-grad.ts";
import type { AttributionTechnique } from "./technique.ts";

/** Every attribution technique: which pixels decided. In the order in which people meet them. */
export const ATTRIBUTIONS: readonly AttributionTechnique[] = [
  SALIENCY,
  NUMERICAL_SALIENCY,
  SALIENCY_MASK,
  GRADIENT_INPUT,
  LOCAL_LINEAR,
  SMOOTH_GRAD,
  SMOOTH_GRAD_SQUARED,
  VAR_GRAD,
  INTEGRATED_GRADIENTS,
  LRP,
  GUIDED_BACKPROP,
  DECONVNET,
  CAM,
  GRAD_CAM,
  GRAD_CAM_PLUS_PLUS,
  LAYER_CAM,
  GUIDED_GRAD_CAM,
  SCORE_CAM,
  ABLATION_CAM,
  OCCLUSION,
  RISE,
  LIME,
];

/** A technique by its name. @throws InputError that lists the names. */
export function attributionNamed(name: string): AttributionTechnique {
  return named("attribution", ATTRIBUTIONS, name);
}
