import type { Networks } from "../../network/pool.ts";
import { alphaNorm } from "../../objectives/objective.ts";
import { pixelImage } from "../../optimise/image/pixels.ts";
import { normalisedGradient } from "../../optimise/optimisers/gradient-ascent.ts";
import { rate, type SynthesisOptions, steps } from "./options.ts";
import type { Synthesis } from "./synthesis.ts";
import { synthesisTechnique } from "./technique.ts";
import { meanColor } from "./unit-pictures.ts";
import type { Wanted } from "./wanted.ts";

/** Standard deviation of the noise at the start, in a picture of 0…1: in one color every ReLU may be closed, and nothing would climb. */
const NOISE = 1 / 255;

/**
 * Class images (Simonyan, Vedaldi & Zisserman 2013): pixels I that begin at zero, but for noise of 1/255, climb S_c(I) − λ‖I‖², and the mean color is added.
 * I is in the unit of 0…1, so that λ (`penalty`) means the same for every network; the mean color is what the preprocessing subtracts,
 * or grey where it subtracts none. The authors do not say how they climb: here a step has the length `rate`, as a mean over the pixels.
 * @throws InputError for an option out of range, or something that the network does not have; DivergedError.
 * @example
 * ```ts
 * import { createNetworks } from "vitrine/network";
 * import { classImage } from "vitrine/synthesis";
 *
 * const networks = createNetworks(device, graph);
 * const { pictures } = await classImage(networks, [{ class: 3 }, { class: 5 }], { steps: 4 });
 * console.log(pictures.length); // 2
 * networks.destroy();
 * ```
 */
export function classImage(
  networks: Networks,
  objective: Wanted | readonly Wanted[],
  options?: SynthesisOptions,
): Promise<Synthesis> {
  return CLASS_IMAGE.run(networks, { objective }, options);
}

export const CLASS_IMAGE = synthesisTechnique({
  name: "class-image",
  title: "Class image",
  paper: { authors: "Simonyan et al.", year: 2013, arxiv: "1312.6034" },
  summary: "Pixels that raise a class's score and stay small",
  asks: ["objective"],
  startable: true,
  options: {
    steps: steps(200),
    rate: rate(0.005, "of the pixels of 0…1, as a mean over them"),
    penalty: {
      type: { kind: "number" },
      default: 0.01,
      help: "The weight λ of the pixels' squares.",
    },
  },
  plan: ({ graph }, { steps = 200, rate = 0.005, penalty = 0.01, start }) => {
    const mean = meanColor(graph);
    return {
      steps,
      image: pixelImage({ start: start ?? mean, noise: start ? 0 : NOISE }),
      optimiser: normalisedGradient({ rate }),
      beside: alphaNorm({ alpha: 2, around: mean }).times(-penalty),
    };
  },
});
