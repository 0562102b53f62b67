import { InputError } from "../gpu/errors.ts";
import { formatShape } from "../gpu/tensor.ts";
import { className } from "../graph/classes.ts";
import { inputOf, pictureOf } from "../graph/graph.ts";
import { readInputs } from "../network/inputs.ts";
import type { Network } from "../network/network.ts";
import { assertCall } from "../techniques/answer.ts";
import { baselineOf } from "../techniques/attribution/integrated-gradients.ts";
import { objectiveOf, type Picture, questionOf, type ScoreKind } from "../techniques/question.ts";
import { curvesOf } from "./curves.ts";
import { infidelityByCells, infidelityByNoise, muFidelityOf } from "./fidelity.ts";
import { findingsOf } from "./findings.ts";
import { atImageSize, holdsSlopes, importanceOf } from "./importance.ts";
import { createMapMaker, type MadeMap, withoutGaps } from "./map-maker.ts";
import {
  type EvaluatedTechnique,
  type Measure,
  type ScoreMeasure,
  TRUST,
  type Trust,
  type TrustOptions,
} from "./measures.ts";
import { createRandomisedNetwork, parameterLayers } from "./randomise.ts";
import {
  isBlank,
  likeness,
  likenessToRandomised,
  otherClassesOf,
  otherThan,
  sensitivityOf,
} from "./sanity.ts";
import { type ScoresOptions, SharedScores, type Watched } from "./scores.ts";
import { assertMeasures, leftOutOf, measuresOf, numbersOf, OF_CLASSES, SWAPS } from "./trust-options.ts";

/**
 * Measures how far a technique's map of an image can be trusted, and says in words what the figures mean. Measures, each
 * on request: insertion and deletion, μFidelity, infidelity, sensitivity, and likeness to the maps of other classes and of
 * a randomised network. Changed images are made on the GPU, a batch of the network (or of `perturbationNetwork`) at a time.
 *
 * Beside the map itself the technique runs `perturbations` times for sensitivity, and once each for "modelRandomisation",
 * "randomLogit" and "runnerUp". A technique of many samples makes its map and those of other classes from one sweep.
 * "modelRandomisation" needs a second network for a while; see `randomisedNetwork`.
 * @throws InputError when an option is out of range, or a measure is not defined for the target; what the technique throws.
 * @example
 * ```ts
 * import { saliency, trust } from "vitrine";
 *
 * const { insertion, words } = await trust(network, image, saliency, { target: "star", measures: ["insertion"] });
 * console.log(insertion && insertion.area > 0, words.length); // true 0
 * ```
 */
export async function trust(
  network: Network,
  image: Picture,
  technique: EvaluatedTechnique,
  options: TrustOptions = {},
): Promise<Trust> {
  assertCall({ who: "trust", fields: TRUST }, network, options);
  const { graph } = network;
  const { signal, perturbationNetwork = network, sharedScores: shared = new SharedScores() } = options;
  assertAlike(network, perturbationNetwork);
  const numbers = numbersOf(network, options);
  assertMeasures(options.measures);
  const inputs = options.inputs && (await readInputs(graph, options.inputs));
  const maker = await createMapMaker(network, image, technique, { ...options, inputs });
  const { input, target, about, kind } = maker;
  const nameOf = (index: number): string => (about ? className(about.head, index) : `class ${index}`);
  const others = about && (await otherClassesOf(network, input, about, numbers.seed, { signal, inputs }));
  const fixed = parameterLayers(graph).length === 0;
  const measures = measuresOf(options.measures, others).filter(
    (name) => name !== "modelRandomisation" || !fixed || options.measures !== undefined,
  );
  const progress = progressOver(measures, { ...options, inputs });

  // Maps of one image: a technique of many samples makes them from one sweep.
  const swaps = typeof others === "object" ? SWAPS.filter(([measure]) => measures.includes(measure)) : [];
  const asked = swaps.map(([, kind]) => otherThan(maker, typeof others === "object" ? others[kind] : 0));
  const given = options.explanation ? [withoutGaps(options.explanation)] : [];
  const loop = progress("map");
  const mine = given.length > 0 ? [] : [maker];
  const maps = [...given, ...(await maker.runEach(network, input, [...mine, ...asked], loop.onProgress))];
  const [map, ...swapped] = maps;
  if (!map) throw new Error("trust: expected a map, got none");
  const made: MadeMap = { ...maker, map };

  const own = importanceOf(map, kind);
  const importance = atImageSize(own, pictureOf(graph, "trust").shape);
  const scoreAs = (on: ScoreKind | "if any") =>
    objectiveOf(network, input, { ...questionOf(maker), inputs, on: about ? on : "logit" });
  const judged = await scoreAs(options.on ?? "if any");
  const base = await baselineOf(graph, input, options.deletionBaseline ?? "mean", "trust");
  const radius = numbers.radius * rangeOf(input);
  const { objective } = judged;
  const site = { ...numbers, radius, input, importance, objective, baseline: base, shared };

  const found: { -readonly [Key in keyof Trust]: Trust[Key] } = {
    target,
    ...(about ? { asked: { output: about.head.name, index: about.index, name: nameOf(about.index) } } : {}),
    verdicts: [],
    words: [],
  };
  if (typeof others === "string") found.leftOut = leftOutOf(options.measures, others);
  if (fixed && options.measures === undefined) {
    const reason = `"${graph.name}" has no parameters that could be randomised`;
    found.leftOut = { ...found.leftOut, modelRandomisation: reason };
  }
  const still = new Set<ScoreMeasure>();
  const watch = (names: readonly ScoreMeasure[], on: ScoreKind): Watched => ({
    onScores(scores) {
      const moved = rangeOf(scores);
      found.moved = { ...found.moved, ...Object.fromEntries(names.map((name) => [name, moved])) };
      if (isStill(scores, on)) for (const name of names) still.add(name);
    },
  });
  // What the map explains, whatever the curves judge by.
  const explained = await scoreAs(made.on === "probability" ? "if any" : "logit");
  let unmoved: number | undefined;
  if (explained.on === "probability") {
    const onScores = (scores: ArrayLike<number>): void => {
      if (isStill(scores, "probability")) unmoved = rangeOf(scores);
    };
    const few = {
      steps: Math.min(FADING_STEPS, numbers.steps),
      randomBaselines: 0,
      which: ["deletion"],
    } as const;
    const fading = { ...site, ...few, objective: explained.objective, onScores };
    await curvesOf(
      perturbationNetwork,
      { ...fading, baselines: { insertion: base, deletion: base } },
      { signal, inputs },
    );
  }
  const which = (["insertion", "deletion"] as const).filter((name) => measures.includes(name));
  if (which.length > 0) {
    const start = await baselineOf(graph, input, options.insertionBaseline ?? "blur", "trust");
    const baselines = { insertion: start, deletion: base };
    Object.assign(
      found,
      await curvesOf(
        perturbationNetwork,
        { ...site, ...watch(which, judged.on), baselines, which },
        progress(...which),
      ),
    );
  }
  if (measures.includes("muFidelity")) {
    const watched = { ...site, ...watch(["muFidelity"], judged.on) };
    found.muFidelity = await muFidelityOf(perturbationNetwork, watched, progress("muFidelity"));
  }
  if (measures.includes("infidelity")) {
    const watched = { ...site, objective: explained.objective, ...watch(["infidelity"], explained.on) };
    const loop = progress("infidelity");
    found.infidelity = holdsSlopes(map.shape, kind)
      ? await infidelityByNoise(perturbationNetwork, { ...watched, map: map.data }, loop)
      : await infidelityByCells(perturbationNetwork, watched, loop);
  }
  if (measures.includes("sensitivity")) {
    const loop = progress("sensitivity");
    found.sensitivity = await sensitivityOf(network, made, { ...numbers, radius }, loop.onProgress);
  }
  if (measures.includes("modelRandomisation")) {
    const randomised =
      options.randomisedNetwork ?? (await createRandomisedNetwork(network, { seed: numbers.seed }));
    try {
      const loop = progress("modelRandomisation");
      found.modelRandomisation = await likenessToRandomised(randomised, made, loop.onProgress);
    } finally {
      if (!options.randomisedNetwork) randomised.destroy();
    }
  }
  for (const [i, [measure, kind]] of swaps.entries()) {
    const other = swapped[i];
    if (!other || typeof others !== "object") continue;
    found[measure] = { other: others[kind], ...likeness(made, other) };
  }
  const findings = findingsOf(found, {
    blank: isBlank(own.data),
    still,
    nameOf,
    unmoved,
  });
  return {
    ...found,
    verdicts: findings.map(({ verdict }) => verdict),
    words: [
      ...findings.map(({ text }) => text),
      ...(map.gaps === undefined
        ? []
        : [`Nothing is known of ${map.gaps} of its ${map.data.length} places: they count as 0.`]),
    ],
  };
}

/** @throws InputError when changed images would run on another network than the technique. */
function assertAlike({ graph, device }: Network, other: Network): void {
  const [ours, theirs] = [graph, other.graph].map((of) => `${of.name}, ${formatShape(inputOf(of).shape)}`);
  if (ours === theirs && device === other.device) return;
  throw new InputError(
    `trust: expected a network for changed images of the same graph and device (${ours}), got ${theirs}${device === other.device ? "" : " on another device"}`,
  );
}

/** Steps in which an image fades, to see whether a probability moves at all. */
const FADING_STEPS = 8;

/** A score that moves less than this, a probability by itself and any other by its own size, says nothing of a map. */
const STILL = { probability: 0.01, logit: 1e-4 } as const;

function isStill(scores: ArrayLike<number>, on: ScoreKind): boolean {
  const size = on === "probability" ? 1 : rangeOf([0, ...Array.from(scores, Math.abs)]);
  return rangeOf(scores) <= STILL[on] * size;
}

function rangeOf(values: ArrayLike<number>): number {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of Array.from(values)) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return most - least;
}

/** The options of each loop. Progress counts every measure alike, and the maps that are compared as one. */
function progressOver(measures: readonly Measure[], { signal, inputs, onProgress }: ScoresOptions) {
  const parts = ["map", ...measures.filter((name) => !OF_CLASSES.includes(name))];
  return (...names: readonly (Measure | "map")[]) => {
    const first = Math.min(...names.map((name) => parts.indexOf(name)));
    return {
      ...{ signal, inputs },
      onProgress: (fraction: number): void => onProgress?.((first + names.length * fraction) / parts.length),
    };
  };
}
