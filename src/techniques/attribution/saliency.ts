import type { Network } from "../../network/network.ts";
import type { Explanation, ObjectiveOptions, Picture } from "../explain.ts";
import { inputGradient } from "./input-gradient.ts";

/**
 * Saliency: the gradient of a class's logit, or of any neurons, to the image as the network takes it, signed, [H, W, C]
 * (Simonyan et al. 2013, section 3). The published map is the largest magnitude over colour: see {@link maxOverColor}.
 */
export function saliency(
  network: Network,
  image: Picture,
  options: ObjectiveOptions = {},
): Promise<Explanation> {
  return inputGradient(network, image, "gradient", options, "saliency");
}
