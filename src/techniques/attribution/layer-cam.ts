import { createLayerCamMap } from "../../kernels/activation-maps.ts";
import type { Network } from "../../network/network.ts";
import type { Explanation, Picture } from "../question.ts";
import { explainByPass } from "./backward-pass.ts";
import { LAYER, type LayerOptions, type MapMaker, passToLayer } from "./layer-maps.ts";
import { LAYER_OF_MAPS, ON } from "./options.ts";
import { attributionTechnique, byBackward } from "./technique.ts";

const layerCamMap: MapMaker = async (device, { a, g, y }, scope) => [
  await scope.command(createLayerCamMap(device, { a, g, y })),
];

const BACKWARD = passToLayer("Layer-CAM", layerCamMap);

/**
 * Layer-CAM: ReLU(Σ_k ReLU(g_k) ⊙ A_k), [h, w] at the layer's resolution (Jiang et al. 2021, "LayerCAM", IEEE TIP 30,
 * eq. 6 and 7). Each place has weights of its own, so that early layers give fine maps.
 * @throws InputError when the layer has no pixels or does not exist.
 */
export function layerCam(network: Network, image: Picture, options: LayerOptions = {}): Promise<Explanation> {
  return explainByPass(network, image, options, BACKWARD, { who: "Layer-CAM", fields: LAYER });
}

export const LAYER_CAM = attributionTechnique({
  name: "layer-cam",
  title: "Layer-CAM",
  paper: { authors: "Jiang et al.", year: 2021, doi: "10.1109/TIP.2021.3089943" },
  summary: "Like Grad-CAM, but each place of a map is weighted by its own gradient",
  shape: "[h,w]",
  kind: "cam",
  unit: "ReLU(∑ ReLU(gradient) × activation)",
  options: { layer: LAYER_OF_MAPS, on: ON },
  weighsMaps: true,
  ...byBackward(layerCam, BACKWARD, "Layer-CAM"),
});
