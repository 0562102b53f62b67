import { InputError } from "../../gpu/errors.ts";
import { assertFields, type Fields } from "../../gpu/options.ts";
import type { Graph, OutputRange } from "../../graph/graph.ts";
import type { Networks } from "../../network/pool.ts";
import { latentImage } from "../../optimise/image/latent.ts";
import { normalisedGradient } from "../../optimise/optimisers/gradient-ascent.ts";
import type { Rate } from "../../optimise/optimisers/rate.ts";
import { type ClipOptions, clip } from "../../optimise/regularisers/clip.ts";
import { decay } from "../../optimise/regularisers/decay.ts";
import { assertPool } from "../robustness/attack-pictures.ts";
import { COMMON, type CommonSynthesisOptions, steps } from "./options.ts";
import type { Synthesis } from "./synthesis.ts";
import { synthesise } from "./synthesise.ts";
import { registered } from "./technique.ts";
import type { Wanted } from "./wanted.ts";

export interface GanPriorOptions extends CommonSynthesisOptions {
  /** The generator's numbers for black and for white. Default: what its file declares; few do. */
  readonly output?: OutputRange | undefined;
  /** Mean change of a number of the code in a step. Default: from 8 to 1e-10, on a line over all steps. */
  readonly rate?: Rate | undefined;
  /** Share of the code that is taken away after each step. Default 0.01. */
  readonly decay?: number | undefined;
  /** Range that the code is held in, such as that of codes of photographs: a number for all, or one each. Default: none. */
  readonly clip?: Pick<ClipOptions, "low" | "high"> | undefined;
  /** Code to begin with, for all pictures. Default: zeros. */
  readonly start?: ArrayLike<number> | undefined;
  /** Standard deviation of the normal numbers that are added to it. Default 1 without a start, 0 with one. */
  readonly noise?: number | undefined;
}

const OPTIONS: Fields<GanPriorOptions> = {
  ...{ ...COMMON },
  ...{ output: "may", rate: "may", decay: "may", clip: "may", start: "may", noise: "may" },
};

const WHO = "gan-prior";
const STEPS = 200;
const DECAY = 0.01;
/** Rate of the first step; that of the last is next to nothing. */
const RATE = 8;
const LAST_RATE = 1e-10;

/**
 * Pictures that a generator network draws and that excite units most (Nguyen et al. 2016, "Synthesizing the preferred inputs for
 * neurons in neural networks via deep generator networks"): what climbs is the generator's code, by gradients of mean length 1,
 * with a rate that falls to zero in 200 steps, and shrinks by a hundredth a step. The pictures are as natural as the generator's.
 * @param networks pool of the network whose units are excited.
 * @param generator a network from a code to a picture of at least the wanted size.
 * @throws InputError for an option out of range, a generator that does not fit, or something that the network does not have;
 * DivergedError.
 * @example
 * const { pictures } = await ganPrior(networks, generator, { class: "star" }, { output: [0, 1] });
 */
export async function ganPrior(
  networks: Networks,
  generator: Graph,
  objective: Wanted | readonly Wanted[],
  options: GanPriorOptions = {},
): Promise<Synthesis> {
  assertPool(WHO, networks);
  assertFields(WHO, options, OPTIONS);
  const { output, decay: share = DECAY, clip: held, start, noise, steps = STEPS, ...more } = options;
  if (!(Number.isSafeInteger(steps) && steps >= 1)) {
    throw new InputError(`${WHO}: expected steps of at least 1, got ${steps}`);
  }
  const { rate = { from: RATE, to: LAST_RATE, steps }, ...common } = more;
  const image = latentImage(generator, { output, start, noise });
  return synthesise(networks, { objective }, common, {
    name: WHO,
    plan: () => ({
      steps,
      image,
      optimiser: normalisedGradient({ rate }),
      // The code is held in its range before it shrinks.
      regularisers: [...(held ? [clip({ ...held, at: "after" })] : []), decay(share)],
    }),
  });
}

export const GAN_PRIOR = registered(
  {
    name: WHO,
    title: "GAN prior",
    paper: { authors: "Nguyen et al.", year: 2016, arxiv: "1605.09304" },
    summary: "Picture that a generator network draws and that excites a unit most",
    asks: ["objective", "generator"],
    options: {
      steps: steps(STEPS),
      rate: {
        type: { kind: "number" },
        default: RATE,
        help: "Mean change of a number of the code in the first step; it falls to zero.",
      },
      decay: {
        type: { kind: "number" },
        default: DECAY,
        help: "The share of the code that is taken away after each step.",
      },
    },
  },
  (networks, { generator, objective = [] }, options) => {
    const { steps = STEPS, rate = RATE, decay, size, seed, onPicture, every, signal, onProgress } = options;
    return ganPrior(networks, generator as Graph, objective, {
      ...{ steps, decay, size, seed, onPicture, every, signal, onProgress },
      rate: { from: rate, to: LAST_RATE, steps },
    });
  },
);
