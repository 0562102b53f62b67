import type { Network } from "../../network/network.ts";
import { EXPLAIN, type Explanation, type ObjectiveOptions, type Picture } from "../question.ts";
import { explainByPass, passToImage } from "./backward-pass.ts";
import { ON } from "./options.ts";
import { attributionTechnique, byBackward } from "./technique.ts";

const BACKWARD = passToImage("deconvnet");

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
  return explainByPass(network, image, options, BACKWARD, { who: "deconvnet", fields: EXPLAIN });
}

export const DECONVNET = attributionTechnique({
  name: "deconvnet",
  title: "Deconvnet",
  paper: { authors: "Zeiler & Fergus", year: 2013, arxiv: "1311.2901" },
  summary:
    "The gradient, passed back through a ReLU only where it is positive, whether the ReLU was active or not",
  shape: "[H,W,C]",
  kind: "signal",
  options: { on: ON },
  ...byBackward(deconvnet, BACKWARD, "deconvnet"),
});
