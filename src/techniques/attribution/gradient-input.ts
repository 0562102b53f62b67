import type { Network } from "../../network/network.ts";
import { assertCall, copyOf } from "../answer.ts";
import { EXPLAIN, type Explanation, type ObjectiveOptions, type Picture } from "../explain.ts";
import { saliency } from "./saliency.ts";

/**
 * Gradient × input: x ⊙ ∂S/∂x, signed, [H, W, C] (Shrikumar et al. 2016, arXiv:1605.01713, section 2). Its sum is how much
 * of the score the image explains where the network is linear around it; see {@link localLinear}.
 */
export async function gradientTimesInput(
  network: Network,
  image: Picture,
  options: ObjectiveOptions = {},
): Promise<Explanation> {
  assertCall({ who: "gradient × input", fields: EXPLAIN }, network, options);
  const input = await copyOf(network, image);
  const { data, ...rest } = await saliency(network, input, options);
  return { ...rest, data: data.map((gradient, i) => gradient * (input[i] ?? 0)) };
}
