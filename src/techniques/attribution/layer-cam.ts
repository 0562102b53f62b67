import { createLayerCamMap } from "../../kernels/activation-maps.ts";
import type { Network } from "../../network/network.ts";
import type { Explanation, Picture } from "../explain.ts";
import { gradientMap, type LayerOptions, type MapMaker } from "./layer-maps.ts";

/**
 * Layer-CAM: ReLU(Σ_k ReLU(g_k) ⊙ A_k), [h, w] at the layer's resolution (Jiang et al. 2021, "LayerCAM", IEEE TIP 30,
 * eq. 6 and 7). Each place has weights of its own, so that early layers give fine maps.
 * @throws InputError when the layer has no pixels or does not exist.
 */
export function layerCam(network: Network, image: Picture, options: LayerOptions = {}): Promise<Explanation> {
  return gradientMap(network, image, options, "Layer-CAM", layerCamMap);
}

/** @internal */
export const layerCamMap: MapMaker = async (device, { a, g, y }, scope) => [
  await scope.command(createLayerCamMap(device, { a, g, y })),
];
