import type { Network } from "../../network/network.ts";
import type { Explanation, ObjectiveOptions, Picture } from "../explain.ts";
import { inputGradient } from "./input-gradient.ts";

/**
 * Deconvnet: at every ReLU the signal passes where it is itself positive, whatever the activation was; max pooling
 * routes it through its switches. Signed, [H, W, C] (Zeiler & Fergus 2013, section 2).
 * @throws UnsupportedError when the network has activations other than ReLU and ReLU6 on the way.
 */
export function deconvnet(
  network: Network,
  image: Picture,
  options: ObjectiveOptions = {},
): Promise<Explanation> {
  return inputGradient(network, image, "deconvnet", options, "deconvnet");
}
