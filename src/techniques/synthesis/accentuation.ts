import type { Picture } from "../../images/picture.ts";
import type { Networks } from "../../network/pool.ts";
import { imageDistance } from "../../objectives/objective.ts";
import { accentuationImage } from "../../optimise/image/accentuation.ts";
import { adam } from "../../optimise/optimisers/adam.ts";
import { lucidTransforms } from "../../optimise/transforms/presets.ts";
import { rate, type SynthesisOptions, steps, TRANSFORMS } from "./options.ts";
import type { Synthesis } from "./synthesis.ts";
import { synthesisTechnique } from "./technique.ts";
import type { Wanted } from "./wanted.ts";

/**
 * Feature accentuation (Hamblin et al. 2024): begins with a photograph and shows what of it a unit wants more of. Its spectrum climbs,
 * the gradient divided by frequency^1.5, and the mean square of what changed counts against it (`penalty`).
 * @throws InputError for an option out of range, or something that the network does not have; DivergedError.
 * @example
 * ```ts
 * import { createNetworks } from "vitrine/network";
 * import { accentuation } from "vitrine/synthesis";
 *
 * const networks = createNetworks(device, graph);
 * const { pictures } = await accentuation(networks, { class: "star" }, picture, { steps: 2 });
 * console.log(pictures[0]?.value);
 * networks.destroy();
 * ```
 */
export function accentuation(
  networks: Networks,
  objective: Wanted | readonly Wanted[],
  picture: Picture,
  options?: SynthesisOptions,
): Promise<Synthesis> {
  return ACCENTUATION.run(networks, { objective, picture }, options);
}

export const ACCENTUATION = synthesisTechnique({
  name: "accentuation",
  title: "Feature accentuation",
  paper: { authors: "Hamblin et al.", year: 2024, arxiv: "2402.10039" },
  summary: "What a unit wants more of in a photograph, which changes as little as that takes",
  asks: ["objective", "picture"],
  options: {
    steps: steps(128),
    rate: rate(0.05, "of the spectrum"),
    penalty: {
      type: { kind: "number" },
      default: 1,
      help: "The weight of the mean square of what changed in the photograph.",
    },
    transforms: TRANSFORMS,
  },
  plan: ({ picture }, { steps = 128, rate = 0.05, penalty = 1, transforms = "usual" }) => ({
    steps,
    image: accentuationImage({ picture }),
    optimiser: adam({ rate }),
    transforms: transforms === "usual" ? lucidTransforms() : [],
    beside: imageDistance(picture, { over: "elements" }).times(-penalty),
  }),
});
