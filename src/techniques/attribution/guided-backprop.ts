import type { Network } from "../../network/network.ts";
import type { Explanation, ObjectiveOptions, Picture } from "../explain.ts";
import { inputGradient } from "./input-gradient.ts";

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
  return inputGradient(network, image, "guided", options, "guided backprop");
}
