import { InputError } from "../gpu/errors.ts";
import type { Fields } from "../gpu/options.ts";
import { isBinary } from "../graph/classes.ts";
import { hash32 } from "../kernels/masking.ts";
import { uniformNoise } from "../kernels/perturbing.ts";
import type { Network } from "../network/network.ts";
import { Objective, regionObjective } from "../objectives/objective.ts";
import { LOOP } from "../sampling/batches.ts";
import { assertCall } from "../techniques/answer.ts";
import { predict } from "../techniques/predict.ts";
import { type Asked, ask, type ClassAsked, meaningOf, type Picture } from "../techniques/question.ts";
import { spearman } from "./correlation.ts";
import { importanceOf } from "./importance.ts";
import { type MadeMap, makeMap } from "./map-maker.ts";
import type { EvaluatedTechnique, MapLikeness, TrustOptions } from "./measures.ts";
import { createRandomisedNetwork, parameterLayers } from "./randomise.ts";
import type { ScoresOptions } from "./scores.ts";

/**
 * Max-sensitivity (Yeh et al. 2019, arXiv:1901.09392, definition 3.1), by Monte Carlo: the largest ‖φ(x + δ) − φ(x)‖ / ‖φ(x)‖
 * over uniform noise δ in (−radius, radius), Euclidean norms; of a map that is zero, without the division.
 */
export async function sensitivityOf(
  network: Network,
  made: MadeMap,
  noise: { readonly radius: number; readonly perturbations: number; readonly seed: number },
  onProgress?: (fraction: number) => void,
): Promise<number> {
  const { input, map, run } = made;
  const size = norm(map.data) || 1;
  let most = 0;
  for (let sample = 1; sample <= noise.perturbations; sample++) {
    const delta = uniformNoise(noise.seed, sample, input.length, noise.radius);
    const near = await run(
      network,
      input.map((value, i) => value + (delta[i] ?? 0)),
      made,
      (part) => onProgress?.((sample - 1 + part) / noise.perturbations),
    );
    most = Math.max(most, norm(near.data.map((value, i) => value - (map.data[i] ?? 0))) / size);
    onProgress?.(sample / noise.perturbations);
  }
  return most;
}

function norm(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

/**
 * The {@link likeness} to the map that a network with randomised parameters gives. Where that is blank, as of a class whose last ReLU
 * never opens, it says nothing: the top class of that network is explained instead.
 */
export async function likenessToRandomised(
  randomised: Network,
  made: MadeMap,
  onProgress?: (fraction: number) => void,
): Promise<MapLikeness> {
  const { input, about, run } = made;
  const map = await run(randomised, input, made, onProgress);
  if (!about || about.head.kind === "places" || !isBlank(map.data)) return likeness(made, map);
  const top = await ask(randomised, input, { output: about.head.name });
  return likeness(made, await run(randomised, input, top));
}

/** True if a map is the same everywhere. */
export function isBlank(data: Float32Array): boolean {
  return data.every((value) => value === data[0]);
}

/**
 * Spearman's rank correlation of a map with one that another target gives in its place (Adebayo et al. 2018,
 * arXiv:1810.03292, section 3): of the magnitudes, one a pixel or cell, and of the values with their signs.
 */
export function likeness({ map, kind }: MadeMap, other: MadeMap["map"]): MapLikeness {
  const magnitudes = (of: MadeMap["map"]) => importanceOf(of, kind).data.map(Math.abs);
  return {
    correlation: spearman(magnitudes(map), magnitudes(other)),
    signed: spearman(map.data, other.data),
  };
}

/** Classes to compare a class's map with. */
export interface OtherClasses {
  /** The class with the highest score but its own. */
  readonly runnerUp: number;
  /** Any class but these two, where there is a third: a function of the seed. */
  readonly random: number;
}

/** @returns a word on why not, where there is no other class to compare with. */
export async function otherClassesOf(
  network: Network,
  input: Float32Array,
  { head, index: own }: ClassAsked,
  seed: number,
  { signal, inputs }: ScoresOptions,
): Promise<OtherClasses | string> {
  if (isBinary(head)) {
    return `output "${head.name}" is a yes or no: the other side's map is this one with its signs turned`;
  }
  const all = await predict(network, input, {
    top: Number.POSITIVE_INFINITY,
    output: head.name,
    inputs,
    signal,
  });
  const [runnerUp, ...rest] = all.map(({ index }) => index).filter((index) => index !== own);
  if (runnerUp === undefined) return `output "${head.name}" is one number: there is no other to compare with`;
  const sorted = rest.sort((a, b) => a - b);
  return { runnerUp, random: sorted[hash32(hash32(seed)) % Math.max(1, sorted.length)] ?? runnerUp };
}

/** Another class of the same output, asked as a class was: of places, over the same places. */
export function otherThan({ target, about }: Asked, index: number): Asked {
  if (!about) return { target };
  const { head } = about;
  const [term] = target instanceof Objective ? target.terms : [];
  const swapped =
    term?.of === "region" ? regionObjective(term.mask, index, head.name) : meaningOf(head, index);
  return { target: swapped, about: { head, index } };
}

/** A step of {@link cascadingRandomisation}: likeness to the map of a network whose parameters are random from the top down to a layer. */
export interface CascadeStep extends MapLikeness {
  readonly layer: string;
}

export interface CascadeOptions
  extends Pick<
    TrustOptions,
    "target" | "inputs" | "settings" | "explanation" | "seed" | "signal" | "onProgress"
  > {
  /** The layers at which to look. Default: all that have parameters. */
  readonly layers?: readonly string[] | undefined;
}

const CASCADE: Fields<CascadeOptions> = {
  ...LOOP,
  ...{ target: "may", inputs: "may", settings: "may", explanation: "may", seed: "may", layers: "may" },
};

/**
 * Cascading randomisation (Adebayo et al. 2018, section 4.1): a network's parameters are randomised from the top layer down,
 * one layer more at each step, and the map compared with its own. A map that explains the network is soon another.
 * There is one more network at a time.
 * @throws InputError for a layer without parameters.
 */
export async function cascadingRandomisation(
  network: Network,
  image: Picture,
  technique: EvaluatedTechnique,
  options: CascadeOptions = {},
): Promise<CascadeStep[]> {
  assertCall({ who: "cascading randomisation", fields: CASCADE }, network, options);
  const { layers, seed = 0, signal, onProgress } = options;
  const known = parameterLayers(network.graph);
  const stray = layers?.find((name) => !known.includes(name));
  if (stray !== undefined) {
    throw new InputError(
      `cascading randomisation: expected layers with parameters (${known.join(", ")}), got "${stray}"`,
    );
  }
  const made = await makeMap(network, image, technique, options);
  const steps: CascadeStep[] = [];
  const wanted = known.filter((name) => layers?.includes(name) ?? true).reverse();
  for (const layer of wanted) {
    const random = await createRandomisedNetwork(network, {
      seed,
      layers: known.slice(known.indexOf(layer)),
    });
    try {
      steps.push({ layer, ...(await likenessToRandomised(random, made)) });
    } finally {
      random.destroy();
    }
    signal?.throwIfAborted();
    onProgress?.(steps.length / wanted.length);
  }
  return steps;
}
