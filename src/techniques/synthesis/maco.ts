import type { Networks } from "../../network/pool.ts";
import { type MacoImage, macoImage } from "../../optimise/image/maco.ts";
import { assertMagnitude, type Magnitude } from "../../optimise/image/magnitude.ts";
import { nadam } from "../../optimise/optimisers/adam.ts";
import { macoTransforms } from "../../optimise/transforms/presets.ts";
import { rate, type SynthesisOptions, steps, TRANSFORMS } from "./options.ts";
import type { Synthesis } from "./synthesis.ts";
import { synthesisTechnique } from "./technique.ts";
import type { Wanted } from "./wanted.ts";

/** Crops of a picture in each step, as Xplique takes them. */
const CROPS = 32;

/**
 * MACO (Fel et al. 2023): only the phases of a picture's spectrum climb, by NAdam; their magnitudes are those of photographs and stay.
 * In each step the network sees crops of the picture, with noise. `alpha` of a picture says how much was looked at each pixel: the sum
 * of |gradient| over all steps, 1 from the 80th percentile on.
 * `magnitude` gives the spectrum of other pictures; a network of grey pictures takes the first of its three decorrelated channels,
 * which is brightness.
 * @throws InputError for an option out of range, or something that the network does not have; DivergedError; UnsupportedError for a
 * network that takes other than three channels, without a magnitude.
 * @example
 * ```ts
 * import { createNetworks } from "vitrine/network";
 * import { maco } from "vitrine/synthesis";
 *
 * const networks = createNetworks(device, graph);
 * const { pictures } = await maco(networks, { class: "star" }, { steps: 2, crops: 4 });
 * console.log(pictures[0]?.alpha?.length); // 9216
 * networks.destroy();
 * ```
 */
export function maco(
  networks: Networks,
  objective: Wanted | readonly Wanted[],
  options?: SynthesisOptions,
): Promise<Synthesis> {
  return MACO.run(networks, { objective }, options);
}

export const MACO = synthesisTechnique<MacoImage>({
  name: "maco",
  title: "MACO",
  paper: { authors: "Fel et al.", year: 2023, arxiv: "2306.06805" },
  summary: "Picture that excites a unit most among those with the spectrum of photographs",
  asks: ["objective"],
  options: {
    steps: steps(256),
    rate: rate(1, "of the phase"),
    crops: {
      type: { kind: "whole", from: 1, to: 256 },
      default: CROPS,
      help: "Crops of each picture that the network sees in a step.",
      counts: "crops",
    },
    transforms: TRANSFORMS,
  },
  spectral: true,
  plan: ({ shape }, { steps = 256, rate = 1, crops = CROPS, transforms = "usual", magnitude }) => ({
    steps,
    image: macoImage({ magnitude: magnitude && (shape[2] === 1 ? brightnessOf(magnitude) : magnitude) }),
    optimiser: nadam({ rate }),
    ...(transforms === "usual" ? { transforms: macoTransforms({ steps }), views: crops } : {}),
    attention: ({ transparency }) => transparency,
  }),
});

/** The first channel of magnitudes whose colors are decorrelated. */
function brightnessOf(magnitude: Magnitude): Magnitude {
  assertMagnitude("maco", magnitude);
  const [height = 1, half = 1, channels = 1] = magnitude.shape;
  return {
    ...magnitude,
    shape: [height, half, 1],
    data: magnitude.data.filter((_, i) => i % channels === 0),
  };
}
