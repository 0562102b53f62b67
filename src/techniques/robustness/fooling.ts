import { InputError } from "../../gpu/errors.ts";
import { assertFields, describe, type Fields } from "../../gpu/options.ts";
import { build } from "../../gpu/scope.ts";
import { readTensor } from "../../gpu/tensor.ts";
import { labelOf, probabilitiesOf } from "../../graph/classes.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Head } from "../../graph/heads.ts";
import { type Picture, readInput } from "../../images/picture.ts";
import type { Pixels } from "../../images/pixels.ts";
import { deprocess, inputShape, preprocess } from "../../images/preprocess.ts";
import { createFoolingStep } from "../../kernels/fooling.ts";
import type { InputOptions } from "../../network/inputs.ts";
import type { Network } from "../../network/network.ts";
import type { Networks } from "../../network/pool.ts";
import { probability } from "../../objectives/objective.ts";
import { createAscent } from "../../optimise/ascent.ts";
import { climb } from "../../optimise/climb.ts";
import { pixelImage } from "../../optimise/image/pixels.ts";
import type { Optimiser } from "../../optimise/optimisers/optimiser.ts";
import { LOOP, type LoopOptions } from "../../sampling/batches.ts";
import { seedOf } from "../../sampling/seed.ts";
import { submitForward, writeInput } from "../submit.ts";
import { assertPool, rounding, unitOf } from "./attack-pictures.ts";
import {
  type FoolingOptions,
  type FoolingPicture,
  foolingClasses,
  foolingConfidence,
} from "./fooling-picture.ts";
import { FOOLING_PAPER, type FoolingTechnique } from "./fooling-technique.ts";
import { headUnderAttack } from "./goal.ts";
import { stepsOption } from "./options.ts";

/** A fooling picture that climbed. */
export interface SteppedPicture extends FoolingPicture {
  /** Steps that were taken. */
  readonly steps: number;
}

export interface FoolingAscentOptions extends FoolingOptions, LoopOptions, InputOptions {
  /** The picture to begin with. Default: the network's mean pixel, or grey where that is black, with noise of 1/255. */
  readonly from?: Picture | undefined;
  /** The most steps for each class. Default 300. */
  readonly steps?: number | undefined;
  /** Seed of the noise, 0 to 2³² − 1. Default 0. */
  readonly seed?: number | undefined;
  /** Called with the picture of a class as it climbs, every ten steps. */
  readonly onPicture?: ((picture: SteppedPicture) => void) | undefined;
}

const WHO = "fooling";

const FIELDS: Fields<FoolingAscentOptions> = {
  ...LOOP,
  ...{
    classes: "may",
    confidence: "may",
    output: "may",
    inputs: "may",
    from: "may",
    steps: "may",
    seed: "may",
    onPicture: "may",
  },
};

/** Numbers of the code that Nguyen et al. published. */
const STEP = { progress: 0.03, share: 0.1, decay: 0.01 };
/** The longest step, as a root mean square over the values: where a probability is next to nothing, its gradient is too. */
const MOST = 0.05;
const NOISE = 1 / 255;
/** Steps between looks at the probability. */
const BETWEEN = 10;

/**
 * Fooling images by gradient (Nguyen et al. 2015, arXiv:1412.1897): from noise or from a picture, pixels climb until the network gives a
 * class more than 0.99. A step goes along the gradient of the probability p, as far as should add 0.03 to it, or a tenth of what p lacks
 * where that is less; then the picture falls back by 0.01 of the way to where it began. Steps are no longer than 0.05 a value (root
 * mean square), which the published code does not limit. Each class climbs by itself, from the same noise.
 *
 * A picture is rounded to 8 bits, run again, and that probability is reported; where rounding takes it below the confidence the climb
 * goes on. One that does not get there is given as it is.
 * @throws InputError when an option is out of range; UnsupportedError for an output without classes.
 * @example
 * ```ts
 * import { createNetworks } from "vitrine/network";
 * import { foolingImages } from "vitrine/robustness";
 *
 * const networks = createNetworks(device, graph);
 * const [ring] = await foolingImages(networks, { classes: ["ring"] });
 * console.log(ring?.probability, ring?.steps);
 * networks.destroy();
 * ```
 */
export async function foolingImages(
  networks: Networks,
  options: FoolingAscentOptions = {},
): Promise<SteppedPicture[]> {
  assertPool(WHO, networks);
  assertFields(WHO, options, FIELDS);
  const { graph } = networks;
  const { steps = 300, from, signal, onProgress, onPicture, inputs } = options;
  const head = headUnderAttack(WHO, graph, options.output);
  const classes = foolingClasses(WHO, head, options);
  const confidence = foolingConfidence(WHO, options);
  const seed = seedOf(options.seed, WHO);
  if (!Number.isInteger(steps) || steps < 1 || steps > 100_000) {
    throw new InputError(
      `${WHO}: expected steps to be a whole number of 1 to 100000, got ${describe(steps)}`,
    );
  }
  const start = from === undefined ? undefined : deprocess(await readInput(graph, from), graph);
  signal?.throwIfAborted();
  const network = await networks.temporary({ keep: [], gradients: true, batch: 1 });
  try {
    const found: SteppedPicture[] = [];
    for (const [n, index] of classes.entries()) {
      const progress = (fraction: number) => onProgress?.((n + fraction) / classes.length);
      const work = (turn: Network) =>
        climbTo(turn, head, index, { start, steps, seed, confidence, signal, progress, onPicture });
      found.push(await network.inTurn(work, { signal, inputs: inputs ?? {} }));
      progress(1);
    }
    return found;
  } finally {
    network.destroy();
  }
}

interface Climb {
  readonly start: Pixels | undefined;
  readonly steps: number;
  readonly seed: number;
  readonly confidence: number;
  readonly signal: AbortSignal | undefined;
  progress(fraction: number): void;
  readonly onPicture: ((picture: SteppedPicture) => void) | undefined;
}

async function climbTo(
  network: Network,
  head: Head,
  index: number,
  { start, steps, seed, confidence, signal, progress, onPicture }: Climb,
): Promise<SteppedPicture> {
  const [height, width, channels] = inputShape(network.graph);
  const home = homeOf(network.graph, start);
  const ascent = await createAscent(network, {
    objective: probability(index, head.name),
    image: pixelImage({ start: home, noise: start ? 0 : NOISE }),
    optimiser: foolingAscent(home),
    seed,
  });
  const label = labelOf(head, index);
  try {
    for (;;) {
      const next = Math.min(BETWEEN, steps - ascent.steps);
      const { pixels: values } = await climb(ascent, { steps: next, signal });
      const pixels = rounding(values, { width, height }, channels);
      const reached = await probabilityOf(network, head, index, pixels);
      progress(ascent.steps / steps);
      const picture = {
        ...{ index, ...(label === undefined ? {} : { label }), pixels },
        ...{ probability: reached, steps: ascent.steps },
      };
      onPicture?.(picture);
      if (reached > confidence || ascent.steps >= steps) return picture;
    }
  } finally {
    ascent.destroy();
  }
}

/** Pixels of 0…1 that an ascent begins with and falls back to, [H, W, C]. */
function homeOf(graph: Graph, start: Pixels | undefined): Float32Array {
  const [height, width, channels] = inputShape(graph);
  if (start) return unitOf(start, channels);
  const { mean, range } = graph.preprocessing;
  const black = mean.every((value) => value === 0);
  return Float32Array.from({ length: height * width * channels }, (_, i) =>
    black ? 0.5 : ((mean[i % channels] ?? 0) * range) / 255,
  );
}

/** The optimiser of one image. */
function foolingAscent(home: Float32Array): Optimiser {
  return {
    name: "progress of the probability",
    create: ({ device, parameters, gradient, values }) =>
      build(device, WHO, async ({ tensor, command }) => {
        const made = await command(
          createFoolingStep(device, {
            ...{ g: gradient, values, home: tensor([home.length], { data: home }), x: parameters },
            ...STEP,
            most: MOST * Math.sqrt(home.length),
          }),
        );
        return { update: () => made };
      }),
  };
}

async function probabilityOf(network: Network, head: Head, index: number, pixels: Pixels): Promise<number> {
  writeInput(network, preprocess(pixels, network.graph));
  await submitForward(network, { to: head.logits });
  const scores = await readTensor(network.device, network.activation(head.logits));
  return probabilitiesOf(head, scores as Float32Array)?.[index] ?? 0;
}

export const FOOLING_BY_GRADIENT: FoolingTechnique = {
  name: "gradient",
  title: "Fooling by gradient",
  paper: FOOLING_PAPER,
  summary: "Noise, or a picture, that climbs until the network is sure of a class",
  options: { steps: stepsOption(300, "The most steps for each class.") },
  startable: true,
  async run(networks, settings = {}) {
    return { pictures: await foolingImages(networks, settings) };
  },
};
