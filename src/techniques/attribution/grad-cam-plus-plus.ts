import { createGradCamPlusPlusWeights, createWeightedMaps } from "../../kernels/activation-maps.ts";
import type { Network } from "../../network/network.ts";
import type { Explanation, Picture } from "../explain.ts";
import { gradientMap, type LayerOptions, type MapMaker } from "./layer-maps.ts";

/**
 * Grad-CAM++: ReLU(Σ_k w_k·A_k), [h, w] at the layer's resolution, with w_k = Σ α·ReLU(g) and
 * α = g² / (2g² + (Σ A)·g³), where the sum is over all of a map's places (Chattopadhay et al. 2018, arXiv:1710.11063,
 * eq. 19). Weighs every instance of the class alike, where Grad-CAM's mean favours the largest.
 * @throws InputError when the layer has no pixels or does not exist.
 */
export function gradCamPlusPlus(
  network: Network,
  image: Picture,
  options: LayerOptions = {},
): Promise<Explanation> {
  return gradientMap(network, image, options, "Grad-CAM++", plusPlusMap);
}

/** @internal */
export const plusPlusMap: MapMaker = async (device, { a, g, y, channels }, scope) => {
  const w = scope.tensor([channels], { label: "Grad-CAM++ weights" });
  return [
    await scope.command(createGradCamPlusPlusWeights(device, { a, g, w })),
    await scope.command(createWeightedMaps(device, { a, w, y, rectify: true })),
  ];
};
