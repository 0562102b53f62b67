import { readTensor } from "../../gpu/tensor.ts";
import { upTo } from "../../graph/up-to.ts";
import { type Picture, readInput } from "../../images/picture.ts";
import type { Networks } from "../../network/pool.ts";
import { caricature } from "../../objectives/objective.ts";
import { redirectedFor } from "../../optimise/ascent.ts";
import { fourierImage } from "../../optimise/image/fourier.ts";
import { adam } from "../../optimise/optimisers/adam.ts";
import { lucidTransforms } from "../../optimise/transforms/presets.ts";
import { submitForward, writeInput } from "../submit.ts";
import { rate, type SynthesisOptions, steps, TRANSFORMS } from "./options.ts";
import type { Synthesis } from "./synthesis.ts";
import { synthesisTechnique } from "./technique.ts";

/**
 * A caricature (Lucid, 2018): a picture from noise whose activations at a layer go as far as they can in the direction of a
 * photograph's. What the layer sees in the photograph comes out exaggerated, and what it does not see is gone.
 * @param layer of the network, by name.
 * @throws InputError for an option out of range, or a layer that there is not; DivergedError.
 * @example
 * ```ts
 * import { createNetworks } from "vitrine/network";
 * import { caricatureOf } from "vitrine/synthesis";
 *
 * const networks = createNetworks(device, graph);
 * const { pictures } = await caricatureOf(networks, "conv2_2", picture, { steps: 2 });
 * console.log(pictures[0]?.value);
 * networks.destroy();
 * ```
 */
export function caricatureOf(
  networks: Networks,
  layer: string,
  picture: Picture,
  options?: SynthesisOptions,
): Promise<Synthesis> {
  return CARICATURE.run(networks, { layer, picture }, options);
}

export const CARICATURE = synthesisTechnique({
  name: "caricature",
  title: "Caricature",
  paper: { authors: "Olah et al.", year: 2018, doi: "10.23915/distill.00010" },
  summary: "Picture from noise that exaggerates what a layer sees in a photograph",
  asks: ["layer", "picture"],
  startable: true,
  options: {
    steps: steps(512),
    rate: rate(0.05, "of the spectrum"),
    power: {
      type: { kind: "number" },
      default: 1,
      help: "Power of the cosine by which the product with the photograph's activations is multiplied: how true it stays to it.",
    },
    transforms: TRANSFORMS,
  },
  async units({ networks, request: { layer = "", picture } }, { power = 1 }) {
    const reference = await activationsOf(networks, layer, picture as Picture);
    return [
      {
        ...{ name: `caricature at ${layer}`, number: 0, group: layer },
        objective: () => caricature(layer, reference, { power }),
      },
    ];
  },
  plan: (_, { steps = 512, rate = 0.05, transforms = "usual", start }) => ({
    steps,
    image: fourierImage({ picture: start }),
    optimiser: adam({ rate }),
    transforms: transforms === "usual" ? lucidTransforms() : [],
    rule: redirectedFor(16),
  }),
});

/** What a layer holds for a picture. */
async function activationsOf(networks: Networks, layer: string, picture: Picture): Promise<Float32Array> {
  const input = await readInput(networks.graph, picture);
  const network = await networks.temporary({
    ...{ graph: upTo(networks.graph, [layer]), keep: [layer], gradients: false },
  });
  try {
    writeInput(network, input);
    await submitForward(network, { to: layer });
    return (await readTensor(networks.device, network.activation(layer))) as Float32Array;
  } finally {
    network.destroy();
  }
}
