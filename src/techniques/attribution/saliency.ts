import type { Network } from "../../network/network.ts";
import { EXPLAIN, type Explanation, type ObjectiveOptions, type Picture } from "../question.ts";
import { explainByPass, passToImage } from "./backward-pass.ts";
import { ON } from "./options.ts";
import { attributionTechnique, byBackward } from "./technique.ts";

const BACKWARD = passToImage("gradient");

/**
 * Saliency: the gradient of a class's logit, or of any neurons, to the image as the network takes it, signed, [H, W, C]
 * (Simonyan et al. 2013, section 3). The published map is the largest magnitude over colour: see `maxOverColor`.
 * @example
 * ```ts
 * import { saliency } from "vitrine";
 *
 * const { data, shape } = await saliency(network, image, { target: "star" });
 * console.log(shape.join("×"), data.length); // 96×96×3 27648
 * ```
 */
export function saliency(
  network: Network,
  image: Picture,
  options: ObjectiveOptions = {},
): Promise<Explanation> {
  return explainByPass(network, image, options, BACKWARD, { who: "saliency", fields: EXPLAIN });
}

export const SALIENCY = attributionTechnique({
  name: "saliency",
  title: "Saliency",
  paper: { authors: "Simonyan et al.", year: 2013, arxiv: "1312.6034" },
  summary: "How strongly the score reacts to a small change of each pixel: the gradient of the score",
  shape: "[H,W,C]",
  kind: "gradient",
  options: { on: ON },
  ...byBackward(saliency, BACKWARD, "saliency"),
});
