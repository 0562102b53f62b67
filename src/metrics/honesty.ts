import { InputError } from "../gpu/errors.ts";
import { assertFields, describe, type Fields } from "../gpu/options.ts";
import { sizeOf } from "../gpu/tensor.ts";
import type { Graph } from "../graph/graph.ts";
import { readInput } from "../images/picture.ts";
import type { Pixels } from "../images/pixels.ts";
import { preprocess } from "../images/preprocess.ts";
import { assertInputsFixed } from "../network/inputs.ts";
import type { Network } from "../network/network.ts";
import type { Networks } from "../network/pool.ts";
import { Objective } from "../objectives/objective.ts";
import { layersOf } from "../objectives/terms-by-layer.ts";
import type { LoopOptions } from "../sampling/batches.ts";
import { type Prediction, predict } from "../techniques/predict.ts";
import { assertPool, rounding } from "../techniques/robustness/attack-pictures.ts";
import { type Emptiness, emptinessOf } from "../techniques/synthesis/emptiness.ts";
import {
  assertValue,
  excitingPictures,
  type NaturalPicture,
  type NaturalPictures,
} from "../techniques/synthesis/natural-pictures.ts";
import { type ExcitingPicture, exciting } from "./exciting.ts";
import { type Naturalness, naturalnessOf } from "./naturalness.ts";
import { assertLayersOfWay, createPassage, layersOfWay, type Passage, type Passed } from "./way.ts";

/** A picture that was made for a network, as techniques of synthesis give it. */
export interface JudgedPicture {
  /** [h, w, 3], 0…1. */
  readonly data: Float32Array;
  readonly shape: readonly [height: number, width: number, channels: 3];
  /** The objective before each step, if it is known. */
  readonly curve?: ArrayLike<number> | undefined;
}

export interface HonestyOptions extends Pick<LoopOptions, "signal" | "onProgress"> {
  /** What the picture was made for: `logit("star")`, `channelMean("conv2", 3)`, any objective. */
  readonly target: Objective;
  /** Another network, which is asked what it sees. */
  readonly second?: Networks | undefined;
  /** Natural pictures, among which those that excite the target most are found. They are seen one batch after another. */
  readonly naturals?: NaturalPictures | undefined;
  /**
   * Natural pictures of anything else, which say how much ways resemble one another that have nothing to do with the target. Default:
   * as many as `most`, drawn from `naturals`.
   */
  readonly others?: Iterable<NaturalPicture> | undefined;
  /** Number of natural pictures that excite most, 1 to 64. Default 9. */
  readonly most?: number | undefined;
  /** Layers whose channel means are compared. Default: all that the target depends on. */
  readonly layers?: readonly string[] | undefined;
}

const HONESTY: Fields<HonestyOptions> = {
  ...{ target: "must", second: "may", naturals: "may", others: "may", most: "may", layers: "may" },
  ...{ signal: "may", onProgress: "may" },
};

/** What is to be known of a synthetic picture before it is believed. */
export interface Honesty extends Emptiness {
  /** The target for the picture rounded to 8 bits, without transforms. */
  readonly value: number;
  /** The network's five strongest classes for it; of a network without classes, its values. */
  readonly predictions: readonly Prediction[];
  /** Those of the second network. */
  readonly second?: readonly Prediction[];
  /** The natural pictures that excite the target most, strongest first; of equals the first. */
  readonly naturals?: readonly ExcitingPicture[];
  /** How much the picture's way through the network resembles theirs. */
  readonly naturalness?: Naturalness;
}

const WHO = "honestyOf";
const MOST = 64;

/**
 * Says how far a synthetic picture can be believed: the target without transforms after rounding to 8 bits, the classes that this
 * network and a second one give it, the natural pictures that excite the target most, how much the picture's way through the
 * network resembles theirs ({@link naturalnessOf}), whether the unit is dead for it, and whether it shows anything.
 *
 * A unit of a hidden layer is dead where none of the elements that the target adds is above 0. A class's score may be below 0, and
 * is no such unit.
 * @throws InputError for a target, layer or picture that does not fit the network, and natural pictures of which there is none.
 * @example
 * const honest = await honestyOf(networks, picture, { target: logit("star"), naturals });
 * console.log(honest.naturalness?.mean);
 */
export async function honestyOf(
  networks: Networks,
  picture: JudgedPicture,
  options: HonestyOptions,
): Promise<Honesty> {
  assertPool(WHO, networks);
  assertFields(WHO, options, HONESTY);
  const { target, second, naturals, most = 9, signal, onProgress } = options;
  assertTarget(target);
  if (second !== undefined) assertPool(`${WHO} second`, second);
  if (!(Number.isInteger(most) && most >= 1 && most <= MOST)) {
    throw new InputError(`${WHO}: expected most to be a whole number of 1 to ${MOST}, got ${describe(most)}`);
  }
  const rounded = roundedOf(picture);
  const { graph } = networks;
  assertInputsFixed(WHO, graph);
  const ends = layersOf(target, graph);
  const layers = naturals === undefined ? [] : (options.layers ?? layersOfWay(graph, ends));
  if (naturals !== undefined || options.layers !== undefined) {
    assertLayersOfWay(WHO, graph, options.layers ?? layers);
  }
  signal?.throwIfAborted();
  const found =
    naturals === undefined
      ? undefined
      : await excitingPictures(networks, [target], naturals, { most, others: 2 * most, signal });
  const strongest = found?.strongest[0] ?? [];
  const others = [...(options.others ?? found?.others ?? [])]
    .filter(({ name }) => !strongest.some((one) => one.name === name))
    .slice(0, most);
  const network = await networks.temporary({ keep: [...new Set([...layers, ...ends])], gradients: false });
  try {
    const { passed, emptiness, beside } = await withPassage(network, target, layers, async (passage) => {
      const own = await passage.pass(stretched(rounded, graph));
      const made = { name: "The unit", objective: target, picture: rounded, curve: picture.curve };
      const empty = await emptinessOf(network, made);
      const all = [...strongest, ...others];
      const beside: Passed[] = [];
      for (const { picture: natural } of all) {
        signal?.throwIfAborted();
        beside.push(await passage.pass(await readInput(graph, natural)));
        onProgress?.(beside.length / all.length);
      }
      return { passed: own, emptiness: empty, beside };
    });
    assertValue(WHO, passed.value, "the picture");
    const ways = beside.map(({ way }) => way);
    const count = strongest.length;
    const predictions = await predict(network, stretched(rounded, graph), { signal });
    return {
      ...{ value: passed.value, predictions, ...emptiness },
      ...(second === undefined ? {} : { second: await answerOf(second, rounded, signal) }),
      ...(found === undefined
        ? {}
        : {
            naturals: strongest.map((one, i) => exciting(one, beside[i]?.place, target, graph)),
            naturalness: naturalnessOf(passed.way, ways.slice(0, count), ways.slice(count)),
          }),
    };
  } finally {
    network.destroy();
  }
}

function assertTarget(target: unknown): void {
  if (target instanceof Objective) return;
  throw new InputError(
    `${WHO}: expected target to be an objective, such as logit("star"), got ${describe(target)}`,
  );
}

/** The picture as a file of 8 bits holds it. @throws InputError for what is no picture. */
function roundedOf({ data, shape }: JudgedPicture): Pixels {
  const [height, width, channels] = shape;
  if (channels !== 3 || data.length !== sizeOf(shape) || data.length === 0) {
    throw new InputError(
      `${WHO}: expected a picture [h, w, 3] with as many values, got [${shape.join(", ")}] with ${data.length}`,
    );
  }
  const bad = data.find((value) => !Number.isFinite(value));
  if (bad !== undefined) throw new InputError(`${WHO}: expected a picture of finite values, got ${bad}`);
  return rounding(data, { height, width }, 3);
}

/** A picture as the network's input: stretched to its size, whatever its preprocessing cuts. */
function stretched(picture: Pixels, graph: Graph): Float32Array {
  return preprocess(picture, { ...graph, preprocessing: { ...graph.preprocessing, fit: "stretch" } });
}

async function answerOf(
  networks: Networks,
  picture: Pixels,
  signal: AbortSignal | undefined,
): Promise<Prediction[]> {
  const network = await networks.temporary({ keep: [], gradients: false });
  try {
    return await predict(network, stretched(picture, networks.graph), { signal });
  } finally {
    network.destroy();
  }
}

async function withPassage<T>(
  network: Network,
  target: Objective,
  layers: readonly string[],
  work: (passage: Passage) => Promise<T>,
): Promise<T> {
  const passage = await createPassage(network, target, layers);
  try {
    return await work(passage);
  } finally {
    passage.destroy();
  }
}
