import type { Networks } from "../../network/pool.ts";
import { redirectedFor } from "../../optimise/ascent.ts";
import { fourierImage } from "../../optimise/image/fourier.ts";
import { adam } from "../../optimise/optimisers/adam.ts";
import { lucidTransforms } from "../../optimise/transforms/presets.ts";
import { rate, type SynthesisOptions, steps, TRANSFORMS } from "./options.ts";
import type { Synthesis } from "./synthesis.ts";
import { synthesisTechnique } from "./technique.ts";
import type { Wanted } from "./wanted.ts";

/** Steps in which the gradient passes closed ReLUs. */
const REDIRECTED = 16;

/**
 * Feature visualisation as Lucid does it (Olah, Mordvintsev & Schubert 2017): the Fourier spectrum of a picture with
 * decorrelated color climbs by Adam under small moves, turns and changes of scale; for 16 steps the gradient passes closed
 * ReLUs, so that a unit that does not fire yet is reached. Channels climb by their mean.
 *
 * A picture is drawn by the number of its channel or class: it is the same to the bit, whatever else is asked beside it.
 * @throws InputError for an option out of range, or something that the network does not have; DivergedError.
 * @example
 * ```ts
 * import { createNetworks } from "vitrine/network";
 * import { featureVisualization } from "vitrine/synthesis";
 *
 * const networks = createNetworks(device, graph);
 * const { pictures } = await featureVisualization(networks, { class: "star" }, { steps: 4 });
 * console.log(pictures[0]?.probability);
 * networks.destroy();
 * ```
 */
export function featureVisualization(
  networks: Networks,
  objective: Wanted | readonly Wanted[],
  options?: SynthesisOptions,
): Promise<Synthesis> {
  return FEATURE_VISUALIZATION.run(networks, { objective }, options);
}

export const FEATURE_VISUALIZATION = synthesisTechnique({
  name: "feature-visualization",
  title: "Feature visualization",
  paper: { authors: "Olah et al.", year: 2017, doi: "10.23915/distill.00007" },
  summary: "Picture that excites a unit most, varied by its Fourier spectrum under small random moves",
  asks: ["objective"],
  startable: true,
  options: {
    steps: steps(512),
    rate: rate(0.05, "of the spectrum"),
    decay: {
      type: { kind: "number" },
      default: 1,
      help: "Power of the frequency that the spectrum is divided by: how fast large structures outgrow small ones.",
    },
    transforms: TRANSFORMS,
  },
  plan: (_, { steps = 512, rate = 0.05, decay = 1, transforms = "usual", start }) => ({
    steps,
    image: fourierImage({ decay, picture: start }),
    optimiser: adam({ rate }),
    transforms: transforms === "usual" ? lucidTransforms() : [],
    rule: redirectedFor(REDIRECTED),
  }),
});
