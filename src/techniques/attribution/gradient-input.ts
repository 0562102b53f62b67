import type { Network } from "../../network/network.ts";
import { EXPLAIN, type Explanation, type ObjectiveOptions, type Picture } from "../question.ts";
import { type BackwardPass, explainByPass, passToImage } from "./backward-pass.ts";
import { ON } from "./options.ts";
import { attributionTechnique, byBackward } from "./technique.ts";

const BACKWARD: BackwardPass = {
  ...passToImage("gradient"),
  combine: ([gradient = new Float32Array()], _, input) => gradient.map((slope, i) => slope * (input[i] ?? 0)),
};

/**
 * Gradient × input: x ⊙ ∂S/∂x, signed, [H, W, C] (Shrikumar et al. 2016, arXiv:1605.01713, section 2). Its sum is how much
 * of the score the image explains where the network is linear around it; see {@link localLinear}.
 */
export function gradientTimesInput(
  network: Network,
  image: Picture,
  options: ObjectiveOptions = {},
): Promise<Explanation> {
  return explainByPass(network, image, options, BACKWARD, { who: "gradient × input", fields: EXPLAIN });
}

export const GRADIENT_INPUT = attributionTechnique({
  name: "gradient-input",
  title: "Gradient × input",
  paper: { authors: "Shrikumar et al.", year: 2016, arxiv: "1605.01713" },
  summary: "Each pixel's share of the score: its value times the gradient",
  shape: "[H,W,C]",
  kind: "attribution",
  unit: "sum over colour of x·∂S/∂x",
  options: { on: ON },
  ...byBackward(gradientTimesInput, BACKWARD, "gradient × input"),
});
