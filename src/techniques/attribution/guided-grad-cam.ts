import { enlargeMap } from "../../images/enlarge.ts";
import type { Network } from "../../network/network.ts";
import type { Explanation, Picture } from "../question.ts";
import { type BackwardPass, explainByPass, signalAtImage } from "./backward-pass.ts";
import { gradCamMap } from "./grad-cam.ts";
import { LAYER, type LayerOptions, mapAtLayer } from "./layer-maps.ts";
import { LAYER_OF_MAPS, ON } from "./options.ts";
import { attributionTechnique, byBackward } from "./technique.ts";

const BACKWARD: BackwardPass = {
  signals: async (network, options, scope) => [
    signalAtImage(network, "guided"),
    await mapAtLayer(network, options, "Grad-CAM", gradCamMap, scope),
  ],
  combine([signal = new Float32Array(), map = new Float32Array()], [image, cam]) {
    const [height = 1, width = 1, channels = 1] = image?.shape ?? [];
    const [h = 1, w = 1] = cam?.shape ?? [];
    const large = enlargeMap(map, [h, w], { width, height, squares: false });
    return signal.map((value, i) => value * (large[Math.floor(i / channels)] ?? 0));
  },
};

/**
 * Guided Grad-CAM: guided backprop ⊙ Grad-CAM, the map enlarged to the image (bilinear between the centres of its cells),
 * signed, [H, W, C] (Selvaraju et al. 2017, arXiv:1610.02391, section 3.2). Two backward passes after one forward.
 * @throws UnsupportedError when the network has activations other than ReLU and ReLU6 on the way.
 */
export function guidedGradCam(
  network: Network,
  image: Picture,
  options: LayerOptions = {},
): Promise<Explanation> {
  return explainByPass(network, image, options, BACKWARD, { who: "Guided Grad-CAM", fields: LAYER });
}

export const GUIDED_GRAD_CAM = attributionTechnique({
  name: "guided-grad-cam",
  title: "Guided Grad-CAM",
  paper: { authors: "Selvaraju et al.", year: 2017, arxiv: "1610.02391" },
  summary: "Guided backprop, shown only where Grad-CAM's map is: fine detail of the class's region",
  shape: "[H,W,C]",
  kind: "signal",
  options: { layer: LAYER_OF_MAPS, on: ON },
  weighsMaps: true,
  ...byBackward(guidedGradCam, BACKWARD, "Guided Grad-CAM"),
});
