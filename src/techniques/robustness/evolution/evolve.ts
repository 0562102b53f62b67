import { recordCommands } from "../../../gpu/command.ts";
import { InputError } from "../../../gpu/errors.ts";
import { describe, type Fields } from "../../../gpu/options.ts";
import { type Scope, withScope } from "../../../gpu/scope.ts";
import { readTensor, sizeOf } from "../../../gpu/tensor.ts";
import { labelOf, probabilitiesOf } from "../../../graph/classes.ts";
import type { Head } from "../../../graph/heads.ts";
import type { Pixels } from "../../../images/pixels.ts";
import { deprocess, inputShape, preprocess } from "../../../images/preprocess.ts";
import type { InputOptions } from "../../../network/inputs.ts";
import type { Network } from "../../../network/network.ts";
import { Draws } from "../../../sampling/draws.ts";
import { seedOf } from "../../../sampling/seed.ts";
import { submitStep } from "../../../sampling/submit-step.ts";
import { assertCall, inTurnWithInputs } from "../../answer.ts";
import { assertAnswer } from "../../answer-checks.ts";
import type { TechniqueOption } from "../../attribution/options.ts";
import { submit, submitForward } from "../../submit.ts";
import {
  type EvolutionState,
  type EvolvedPicture,
  type FoolingOptions,
  foolingClasses,
  foolingConfidence,
} from "../fooling-picture.ts";
import { FOOLING_PAPER, type FoolingTechnique } from "../fooling-technique.ts";
import { headUnderAttack } from "../goal.ts";
import { CPPN_ENCODING } from "./cppn-encoding.ts";
import { directEncoding } from "./direct-encoding.ts";
import type { Drawing, Encoding } from "./encoding.ts";
import { type Elite, Niches } from "./niches.ts";

/** How a picture is written as a genome. */
export type FoolingEncoding = "cppn" | "direct";

export interface FoolingEvolutionOptions extends FoolingOptions, InputOptions {
  /**
   * "cppn": pictures are drawn by small networks from a pixel's place to its colour, and are regular. "direct": every pixel by itself.
   * Default "cppn".
   */
  readonly encoding?: FoolingEncoding | undefined;
  /** The most generations. Default 1000; the paper has 5000. */
  readonly generations?: number | undefined;
  /** Pictures in a generation. Default 400 ("cppn") or 200 ("direct"), as the published code has it. */
  readonly children?: number | undefined;
  /** A whole number of 0 to 2³² − 1; the same seed gives the same pictures on one device. Default 0. */
  readonly seed?: number | undefined;
  /** Stops the work, which then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each generation, with the fraction done, 0 to 1. The evolution waits for what it returns. */
  readonly onProgress?: ((fraction: number, state: EvolutionState) => void | Promise<void>) | undefined;
}

/** The end of an evolution. */
export interface FoolingEvolution {
  /** The best picture of each class. */
  readonly pictures: readonly EvolvedPicture[];
  /** Generations done. */
  readonly generations: number;
  /** Pictures that the network saw. */
  readonly evaluations: number;
}

const WHO = "fooling evolution";

const FIELDS: Fields<FoolingEvolutionOptions> = {
  encoding: ["cppn", "direct"],
  ...{ classes: "may", generations: "may", children: "may", confidence: "may", seed: "may" },
  ...{ output: "may", inputs: "may", signal: "may", onProgress: "may" },
};

const MOST = 2 ** 24;
/** Pictures in a generation, as the published code has them. */
const CHILDREN = { cppn: 400, direct: 200 } as const;
const GENERATIONS = 1000;
/** Pictures in one forward pass. */
const BATCH = 16;

/**
 * Fooling images by evolution (Nguyen et al. 2015, arXiv:1412.1897): MAP-Elites over all classes at once. A generation's pictures are
 * children of the best so far, two parents drawn uniformly; each is held against every class, and replaces the best where the
 * network gives that class a higher probability.
 *
 * Pictures are drawn on the GPU, as many at a time as the network's batch, rounded to 8 bits, so that the network sees what a file
 * would hold. Selection and breeding run on the CPU: of each generation the logits, [children, classes], are read back. The results'
 * probabilities are those of the 8-bit pixels, run once more.
 * @throws InputError when an option is out of range; UnsupportedError for an output without probabilities, or with scores at every
 * place.
 * @example
 * ```ts
 * import { evolveFoolingImages } from "vitrine/robustness";
 *
 * const { pictures } = await evolveFoolingImages(network, { generations: 2, children: 8 });
 * for (const { index, probability } of pictures) console.log(index, probability.toFixed(3));
 * ```
 */
export async function evolveFoolingImages(
  network: Network,
  options: FoolingEvolutionOptions = {},
): Promise<FoolingEvolution> {
  assertCall({ who: WHO, fields: FIELDS }, network, options);
  const { graph } = network;
  const [height, width] = inputShape(graph);
  const { encoding = "cppn" } = options;
  return encoding === "cppn"
    ? evolve(network, CPPN_ENCODING, settingsOf(network, options, CHILDREN.cppn), options)
    : evolve(network, directEncoding(height, width), settingsOf(network, options, CHILDREN.direct), options);
}

interface Settings {
  readonly head: Head;
  readonly classes: readonly number[];
  readonly generations: number;
  readonly children: number;
  readonly confidence: number;
  readonly seed: number;
}

function settingsOf({ graph }: Network, options: FoolingEvolutionOptions, usual: number): Settings {
  const { generations = GENERATIONS, children = usual, seed, output } = options;
  const head = headUnderAttack(WHO, graph, output);
  assertCount("generations", generations);
  assertCount("children", children);
  return {
    ...{ head, generations, children, seed: seedOf(seed, WHO) },
    classes: foolingClasses(WHO, head, options),
    confidence: foolingConfidence(WHO, options),
  };
}

function assertCount(name: string, value: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= MOST) return;
  throw new InputError(
    `${WHO}: expected ${name} to be a whole number of 1 to ${MOST}, got ${describe(value)}`,
  );
}

function evolve<G>(
  network: Network,
  encoding: Encoding<G>,
  settings: Settings,
  options: FoolingEvolutionOptions,
): Promise<FoolingEvolution> {
  const { classes, generations, children, confidence, seed } = settings;
  const { signal, onProgress } = options;
  return inTurnWithInputs(network, options, (turn) =>
    withScope(turn.device, WHO, async (scope) => {
      const judge = await createJudge(turn, encoding, settings, scope);
      const niches = new Niches<G>(classes.length);
      let generation = 0;
      let streams = 0;
      while (generation < generations && niches.above(confidence) < classes.length) {
        const genomes: G[] = [];
        while (genomes.length < children) {
          const draws = new Draws(seed, streams++);
          const [a, b] = [niches.parent(draws), niches.parent(draws)];
          if (a === undefined || b === undefined) genomes.push(encoding.random(draws));
          else genomes.push(...encoding.breed(a, b, draws).slice(0, children - genomes.length));
        }
        const scores = await judge.scores(genomes);
        signal?.throwIfAborted();
        for (const [n, genome] of genomes.entries()) niches.offer(genome, scores[n] ?? [], generation);
        generation++;
        const done = niches.above(confidence) === classes.length ? 1 : generation / generations;
        await onProgress?.(done, {
          ...{ generation, fooled: niches.above(confidence), mean: niches.mean },
          pictures: () => judge.pictures(niches.elites),
        });
        signal?.throwIfAborted();
      }
      const pictures = await judge.pictures(niches.elites);
      return { pictures, generations: generation, evaluations: generation * children };
    }),
  );
}

/** What a network says of genomes' pictures. */
interface Judge<G> {
  /** Probabilities of the niches' classes, for each genome. */
  scores(genomes: readonly G[]): Promise<readonly (readonly number[])[]>;
  /** The pictures of elites, run again as 8-bit pixels. */
  pictures(elites: readonly (Elite<G> | undefined)[]): Promise<EvolvedPicture[]>;
}

async function createJudge<G>(
  network: Network,
  encoding: Encoding<G>,
  { head, classes, children }: Settings,
  scope: Scope,
): Promise<Judge<G>> {
  const { device, graph, batch, input } = network;
  const { preprocessing } = graph;
  const drawing = await encoding.createDrawing(
    device,
    {
      y: input,
      scale: preprocessing.std.map((std) => 1 / (preprocessing.range * std)),
      offset: preprocessing.std.map((std, c) => -(preprocessing.mean[c] ?? 0) / std),
    },
    scope,
  );
  const logits = network.activation(head.logits);
  const each = sizeOf(logits.shape) / batch;
  const all = scope.tensor([children, each], { label: "scores of a generation" });

  const probabilities = (scores: Float32Array, n: number): number[] => {
    const found = probabilitiesOf(head, scores.subarray(n * each, (n + 1) * each) as Float32Array);
    return classes.map((index) => found?.[index] ?? 0);
  };
  const draw = (encoder: GPUCommandEncoder) => recordCommands(encoder, [drawing.draw]);
  return {
    async scores(genomes) {
      for (let first = 0; first < genomes.length; first += batch) {
        const some = genomes.slice(first, first + batch);
        drawing.write(some);
        const keep = (encoder: GPUCommandEncoder) =>
          encoder.copyBufferToBuffer(logits.buffer, 0, all.buffer, 4 * first * each, 4 * some.length * each);
        await submitStep(
          network,
          {
            recordStep(encoder) {
              draw(encoder);
              network.forward(encoder, { to: head.logits });
              keep(encoder);
            },
            around: { before: draw, after: keep },
          },
          some.length,
        );
      }
      const scores = await readTensor(device, all);
      await assertAnswer(network, scores.subarray(0, genomes.length * each) as Float32Array, "its scores");
      return genomes.map((_, n) => probabilities(scores, n));
    },
    async pictures(elites) {
      const made: EvolvedPicture[] = [];
      for (let first = 0; first < elites.length; first += batch) {
        const some = elites.slice(first, first + batch).filter((elite) => elite !== undefined);
        const drawn = await drawnPixels(network, drawing, some);
        for (const [n, pixels] of drawn.entries()) {
          const values = preprocess(pixels, graph) as Float32Array<ArrayBuffer>;
          device.queue.writeBuffer(input.buffer, n * values.byteLength, values);
        }
        await submitForward(network, { to: head.logits }, some.length);
        const scores = await readTensor(device, logits);
        for (const [n, pixels] of drawn.entries()) {
          const index = classes[first + n] ?? 0;
          const label = labelOf(head, index);
          made.push({
            ...{ index, ...(label === undefined ? {} : { label }), pixels },
            probability: probabilities(scores, n)[first + n] ?? 0,
            generation: some[n]?.generation ?? 0,
          });
        }
      }
      return made;
    },
  };
}

/** Draws genomes, as 8-bit pixels. */
async function drawnPixels<G>(
  network: Network,
  drawing: Drawing<G>,
  elites: readonly Elite<G>[],
): Promise<Pixels[]> {
  const { device, graph, batch, input } = network;
  drawing.write(elites.map(({ genome }) => genome));
  submit(network, (encoder) => recordCommands(encoder, [drawing.draw]));
  const values = await readTensor(device, input);
  const size = values.length / batch;
  return elites.map((_, n) => deprocess(values.subarray(n * size, (n + 1) * size) as Float32Array, graph));
}

const COUNT = { kind: "whole", from: 1, to: MOST } as const;
const GENERATIONS_OPTION: TechniqueOption<number> = {
  ...{ type: COUNT, default: GENERATIONS },
  help: "The most generations of an evolution.",
};

/** Registers an encoding as a way to fool a network. */
function evolutionTechnique(
  encoding: FoolingEncoding,
  about: Pick<FoolingTechnique, "title" | "summary">,
): FoolingTechnique {
  return {
    ...{ ...about, name: encoding, paper: FOOLING_PAPER },
    options: {
      generations: GENERATIONS_OPTION,
      children: { type: COUNT, default: CHILDREN[encoding], help: "Pictures in a generation." },
    },
    async run(networks, { batch = BATCH, onProgress, onPicture, ...options } = {}) {
      const network = await networks.temporary({ batch, keep: [], gradients: false });
      try {
        return await evolveFoolingImages(network, {
          ...{ ...options, encoding },
          async onProgress(fraction, state) {
            await onProgress?.(fraction, state);
            if (onPicture) for (const picture of await state.pictures()) onPicture(picture);
          },
        });
      } finally {
        network.destroy();
      }
    },
  };
}

export const FOOLING_BY_CPPN = evolutionTechnique("cppn", {
  title: "Fooling by evolved networks",
  summary: "Regular patterns that small networks draw, bred until the network is sure of a class",
});

export const FOOLING_BY_PIXELS = evolutionTechnique("direct", {
  title: "Fooling by evolved pixels",
  summary: "Colored noise, bred pixel by pixel until the network is sure of a class",
});
