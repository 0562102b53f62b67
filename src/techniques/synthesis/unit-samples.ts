import { InputError } from "../../gpu/errors.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Networks } from "../../network/pool.ts";
import { latentImage } from "../../optimise/image/latent.ts";
import { langevin } from "../../optimise/optimisers/langevin.ts";
import { type SynthesisOptions, steps } from "./options.ts";
import type { Synthesis } from "./synthesis.ts";
import { synthesisTechnique } from "./technique.ts";
import { type Unit, unitsOf, type Wanted } from "./wanted.ts";

const NAME = "unit-samples";
const MOST_SAMPLES = 64;

/**
 * Samples from a unit: several pictures that a generator network draws, each about as likely as it is natural to the generator and
 * exciting to the unit. Erhan et al. 2009 sample from a unit of a deep belief network, which is generative itself. A convolutional
 * network is not, so that a generator has to say what pictures are: its code is sampled by Langevin dynamics under a standard normal
 * prior times exp(activation / temperature), as in Nguyen et al. 2017.
 * @param generator a network from a code to a picture of at least the wanted size, with an `outputRange`; codes are standard normal.
 * @throws InputError for an option out of range, a generator that does not fit, or something that the network does not have;
 * DivergedError where the rate is too large.
 * @example
 * const { pictures } = await unitSamples(networks, { class: "star" }, generator, { samples: 4 });
 */
export function unitSamples(
  networks: Networks,
  objective: Wanted | readonly Wanted[],
  generator: Graph,
  options?: SynthesisOptions,
): Promise<Synthesis> {
  return UNIT_SAMPLES.run(networks, { objective, generator }, options);
}

export const UNIT_SAMPLES = synthesisTechnique({
  name: NAME,
  title: "Samples from a unit",
  paper: { authors: "Nguyen et al.", year: 2017, arxiv: "1612.00005" },
  summary: "Pictures of a generator network, drawn at random from those that excite a unit",
  asks: ["objective", "generator"],
  options: {
    steps: steps(200),
    rate: {
      type: { kind: "number" },
      default: 0.05,
      help: "Length of a step of the code, in units of its variance.",
    },
    temperature: {
      type: { kind: "number" },
      default: 1,
      help: "By how much the activation may differ between pictures that are equally likely: the higher, the freer.",
    },
    samples: {
      type: { kind: "whole", from: 1, to: MOST_SAMPLES },
      default: 9,
      help: "Pictures of each unit.",
      counts: "samples",
    },
  },
  plan: ({ request }, { steps = 200, rate = 0.05, temperature = 1 }) => ({
    steps,
    image: latentImage(request.generator as Graph),
    optimiser: langevin({ rate, temperature }),
  }),
  units: async ({ graph, request }, { samples = 9 }) => {
    if (!(Number.isInteger(samples) && samples >= 1 && samples <= MOST_SAMPLES)) {
      throw new InputError(`${NAME}: expected 1 to ${MOST_SAMPLES} samples, got ${samples}`);
    }
    return unitsOf(NAME, graph, request.objective).flatMap((unit) =>
      Array.from({ length: samples }, (_, n) => sampleOf(unit, n)),
    );
  },
});

/** One of a unit's samples. Their random numbers are those of the unit, and differ from sample to sample. */
function sampleOf(unit: Unit, n: number): Unit {
  return { ...unit, name: `${unit.name}, sample ${n + 1}`, number: unit.number * MOST_SAMPLES + n };
}
