import type { Network } from "../../network/network.ts";
import { EXPLAIN, type Explanation, type ObjectiveOptions, type Picture } from "../question.ts";
import { explainByPass, passToImage } from "./backward-pass.ts";
import { ON } from "./options.ts";
import { attributionTechnique, byBackward } from "./technique.ts";

const BACKWARD = passToImage("guided");

/**
 * Guided backpropagation: at every ReLU the signal passes only where both it and the activation are positive, signed,
 * [H, W, C] (Springenberg et al. 2014). Sharp, but it hardly depends on the class: it shows edges that the network sees
 * more than the reasons for its answer (Adebayo et al. 2018).
 * @throws UnsupportedError when the network has activations other than ReLU and ReLU6 on the way.
 */
export function guidedBackprop(
  network: Network,
  image: Picture,
  options: ObjectiveOptions = {},
): Promise<Explanation> {
  return explainByPass(network, image, options, BACKWARD, { who: "guided backprop", fields: EXPLAIN });
}

export const GUIDED_BACKPROP = attributionTechnique({
  name: "guided-backprop",
  title: "Guided backprop",
  paper: { authors: "Springenberg et al.", year: 2014, arxiv: "1412.6806" },
  summary: "The gradient, passed back through a ReLU only where it is positive and the ReLU was active",
  shape: "[H,W,C]",
  kind: "signal",
  options: { on: ON },
  ...byBackward(guidedBackprop, BACKWARD, "guided backprop"),
});
