import { InputError } from "../gpu/errors.ts";
import { assertFields, describe, type Fields } from "../gpu/options.ts";
import { sizeOf } from "../gpu/tensor.ts";
import { type Graph, shapesOf } from "../graph/graph.ts";
import { headsOf } from "../graph/heads.ts";
import type { Pixels } from "../images/pixels.ts";
import { preprocess } from "../images/preprocess.ts";
import type { ChannelStatistics } from "../kernels/statistics.ts";
import type { Network } from "../network/network.ts";
import type { Networks } from "../network/pool.ts";
import { Objective } from "../objectives/objective.ts";
import { layersOf } from "../objectives/terms-by-layer.ts";
import type { LoopOptions } from "../sampling/batches.ts";
import { type Prediction, predict } from "../techniques/predict.ts";
import { assertPool, rounding } from "../techniques/robustness/attack-pictures.ts";
import {
  assertValue,
  type ExcitingPicture,
  exciting,
  mostExciting,
  type NaturalPicture,
} from "./exciting.ts";
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
  readonly naturals?: Iterable<NaturalPicture> | AsyncIterable<NaturalPicture> | undefined;
  /** Number of natural pictures that excite most, 1 to 64. Default 9. */
  readonly most?: number | undefined;
  /** Layers whose channel means are compared. Default: all that the target depends on. */
  readonly layers?: readonly string[] | undefined;
}

const HONESTY: Fields<HonestyOptions> = {
  ...{ target: "must", second: "may", naturals: "may", most: "may", layers: "may" },
  ...{ signal: "may", onProgress: "may" },
};

/** What is to be known of a synthetic picture before it is believed. */
export interface Honesty {
  /** The target for the picture rounded to 8 bits, without transforms. */
  readonly value: number;
  /** The network's five strongest classes for it; of a network without classes, its values. */
  readonly predictions: readonly Prediction[];
  /** Those of the second network. */
  readonly second?: readonly Prediction[];
  /** True where the unit does not fire for the picture, or nothing changed since the start: the picture shows nothing. */
  readonly dead: boolean;
  /** True where the picture is of one color. */
  readonly grey: boolean;
  /** The natural pictures that excite the target most, strongest first; of equals the first. */
  readonly naturals?: readonly ExcitingPicture[];
  /** How much the picture's way through the network resembles theirs. */
  readonly naturalness?: Naturalness;
  /** Sentences that whoever shows the picture should show too. */
  readonly notes: readonly string[];
}

const WHO = "honestyOf";
/** A picture of which no channel's standard deviation reaches this, of 255, shows one color. */
const GREY = 2;
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
  const ends = layersOf(target, graph);
  const layers = naturals === undefined ? [] : (options.layers ?? layersOfWay(graph, ends));
  if (naturals !== undefined || options.layers !== undefined) {
    assertLayersOfWay(WHO, graph, options.layers ?? layers);
  }
  signal?.throwIfAborted();
  const found =
    naturals === undefined
      ? undefined
      : await mostExciting(WHO, networks, naturals, { target, most, signal });
  const network = await networks.temporary({ keep: [...new Set([...layers, ...ends])], gradients: false });
  try {
    const { passed, ways, places } = await withPassage(network, target, layers, async (passage) => {
      const own = await passage.pass(stretched(rounded, graph));
      const others: Passed[] = [];
      for (const [i, { input }] of (found ?? []).entries()) {
        signal?.throwIfAborted();
        others.push(await passage.pass(input));
        onProgress?.((i + 1) / (found?.length ?? 1));
      }
      return {
        ...{ passed: own, ways: others.map(({ way }) => way), places: others.map(({ place }) => place) },
      };
    });
    assertValue(WHO, passed.value, "the picture");
    const predictions = await predict(network, stretched(rounded, graph), { signal });
    const dead = isDead(target, graph, passed, picture.curve);
    const grey = isGrey(rounded);
    return {
      ...{ value: passed.value, predictions, dead, grey },
      ...(second === undefined ? {} : { second: await answerOf(second, rounded, signal) }),
      ...(found === undefined
        ? {}
        : {
            naturals: found.map((one, i) => exciting(one, places[i], target, graph)),
            naturalness: naturalnessOf(passed.way, ways),
          }),
      notes: [
        ...(dead ? ["The unit does not fire for this picture, which shows nothing."] : []),
        ...(grey ? ["The picture is of one color: nothing was found."] : []),
      ],
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

/** Whether the unit that was asked fires nowhere, or the target never changed. */
function isDead(
  { terms }: Objective,
  graph: Graph,
  {
    value,
    statistics,
  }: { readonly value: number; readonly statistics: ReadonlyMap<string, ChannelStatistics> },
  curve: ArrayLike<number> | undefined,
): boolean {
  if (curve && curve.length > 1 && Array.from(curve).every((one) => one === curve[0])) return true;
  const scores = new Set(headsOf(graph).flatMap(({ logits, output }) => [logits, output]));
  const shapes = shapesOf(graph);
  return terms.every((term) => {
    if (term.of !== "sum" || term.weight <= 0 || scores.has(term.target.layer)) return false;
    const { layer, channel, y, x } = term.target;
    const max = statistics.get(layer)?.max ?? [];
    const places = sizeOf((shapes.get(layer) ?? []).slice(1, -1));
    // One neuron's value is the term itself; of some rows or columns alone nothing is known but their sum.
    if (places > 1 && (y !== undefined || x !== undefined)) return terms.length === 1 && value <= 0;
    return channel === undefined ? max.every((one) => one <= 0) : (max[channel] ?? 0) <= 0;
  });
}

function isGrey({ data }: Pixels): boolean {
  return [0, 1, 2].every((c) => {
    const values = Float64Array.from(data.filter((_, i) => i % 3 === c));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    return Math.sqrt(variance) < GREY;
  });
}
