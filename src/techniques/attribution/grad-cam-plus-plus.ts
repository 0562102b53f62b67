import { createGradCamPlusPlusWeights, createWeightedMaps } from "../../kernels/activation-maps.ts";
import type { Network } from "../../network/network.ts";
import type { Explanation, Picture } from "../question.ts";
import { explainByPass } from "./backward-pass.ts";
import { LAYER, type LayerOptions, type MapMaker, passToLayer } from "./layer-maps.ts";
import { LAYER_OF_MAPS, ON } from "./options.ts";
import { attributionTechnique, byBackward } from "./technique.ts";

const plusPlusMap: MapMaker = async (device, { a, g, y, channels }, scope) => {
  const w = scope.tensor([channels], { label: "Grad-CAM++ weights" });
  return [
    await scope.command(createGradCamPlusPlusWeights(device, { a, g, w })),
    await scope.command(createWeightedMaps(device, { a, w, y, rectify: true })),
  ];
};

const BACKWARD = passToLayer("Grad-CAM++", plusPlusMap);

/**
 * Grad-CAM++: ReLU(Σ_k w_k·A_k), [h, w] at the layer's resolution, with w_k = Σ α·ReLU(g) and
 * α = g² / (2g² + (Σ A)·g³), where the sum is over all of a map's places (Chattopadhay et al. 2018, arXiv:1710.11063,
 * eq. 19). Several objects of the class get similar weight, where Grad-CAM's mean favours the largest.
 * @throws InputError when the layer has no pixels or does not exist.
 */
export function gradCamPlusPlus(
  network: Network,
  image: Picture,
  options: LayerOptions = {},
): Promise<Explanation> {
  return explainByPass(network, image, options, BACKWARD, { who: "Grad-CAM++", fields: LAYER });
}

export const GRAD_CAM_PLUS_PLUS = attributionTechnique({
  name: "grad-cam-plus-plus",
  title: "Grad-CAM++",
  paper: { authors: "Chattopadhay et al.", year: 2018, arxiv: "1710.11063" },
  summary: "Grad-CAM with weights that count each of several objects of the class, not only the largest",
  shape: "[h,w]",
  kind: "cam",
  options: { layer: LAYER_OF_MAPS, on: ON },
  weighsMaps: true,
  ...byBackward(gradCamPlusPlus, BACKWARD, "Grad-CAM++"),
});
