import { InputError } from "../gpu/errors.ts";
import type { Fields } from "../gpu/options.ts";
import type { Shape } from "../gpu/tensor.ts";
import { asNhwc, readTensor } from "../gpu/tensor.ts";
import { classOf, isBinary, placesOf, sideOf, strongestOf, yesOf } from "../graph/classes.ts";
import { type Graph, pictureOf, shapesOf } from "../graph/graph.ts";
import { type Head, headOf, headsOf } from "../graph/heads.ts";
import type { Picture } from "../images/picture.ts";
import type { InputOptions } from "../network/inputs.ts";
import type { Network, Target } from "../network/network.ts";
import { assertTarget } from "../network/output-gradient.ts";
import { elements, logit, Objective, probability, regionObjective } from "../objectives/objective.ts";
import { LOOP, type LoopOptions } from "../sampling/batches.ts";
import { MEMORY, type MemoryOptions } from "../sampling/budget.ts";
import { answer } from "./answer.ts";
import { assertAnswer } from "./answer-checks.ts";
import { assertRegion, type Region, regionWeights, scoresWithin } from "./region.ts";
import { submitForward, writeInput } from "./submit.ts";

export type { Picture } from "../images/picture.ts";

/** The target of an explanation: a class of an output by number or label, or elements of any layer. */
export type AnyTarget = number | string | Target;

/** Options that every technique takes. `Q` is what the technique can be asked. */
export interface ExplainOptions<Q extends AnyTarget | Objective = AnyTarget> extends InputOptions {
  /**
   * Default: of a softmax or of labels, the one with the highest score; of a yes or no, the side that the network takes; of
   * values, the first; of scores at every place, the class that most places have, or the yes where any has it. A class of
   * places is the sum of its logits over the places that have it, or over all where none has. An {@link Objective} may
   * weigh several classes and layers.
   */
  readonly target?: Q | undefined;
  /** The output whose class `target` is, by name. Default: the graph's `output`. */
  readonly output?: string | undefined;
  /**
   * Of scores at every place, the places to ask about: one pixel of the input, or a mask over it. Without a target the class
   * that most of them have is asked. Default: the places that have the class.
   */
  readonly region?: Region | undefined;
  /** Stops the work; the technique then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of a technique that can also be asked an {@link Objective}. */
export type ObjectiveOptions = ExplainOptions<AnyTarget | Objective>;

/** The options that every technique takes, whether it has a use for them or not. */
export const EXPLAIN: Fields<ObjectiveOptions & LoopOptions & MemoryOptions> = {
  ...{ target: "may", output: "may", region: "may", inputs: "may" },
  ...LOOP,
  ...MEMORY,
};

/** The result of a technique. */
export interface Explanation<T extends Target | Objective = Target | Objective> {
  /** Row-major values of `shape`, signed where the technique is. */
  readonly data: Float32Array;
  readonly shape: Shape;
  /** Number of the values that are NaN, because nothing is known of their places. Absent where all are known. */
  readonly gaps?: number;
  /** Remarks that the values cannot make themselves: that nothing changed, that places were left out. */
  readonly notes?: readonly string[];
  /** The target that was explained; for a class, its logit. */
  readonly target: T;
}

/** A class of an output. */
export interface ClassAsked {
  readonly head: Head;
  readonly index: number;
}

/** The meaning of a question on a network. */
export interface Asked {
  /** Elements of a layer; of what no elements are (the no of a yes or no, a class of places), an objective. */
  readonly target: Target | Objective;
  /** The class that it is about, if it is about one. */
  readonly about?: ClassAsked | undefined;
}

/**
 * Runs the network on an image and says what the question means. Without a question, or where a class of places is asked,
 * the scores are read back.
 */
export function ask(network: Network, image: Picture, options: ObjectiveOptions): Promise<Asked> {
  return answer(network, image, options, askInTurn);
}

async function askInTurn(
  network: Network,
  input: Float32Array,
  { target, output, region, signal }: ObjectiveOptions,
): Promise<Asked> {
  assertRegion(region, target, headOf(network.graph, output));
  writeInput(network, input);
  await submitForward(network);
  if (typeof target === "object") return askedOfElements(network, target);
  const head = headOf(network.graph, output);
  if (target !== undefined && head.kind !== "places") return askedOfClass(head, classOf(head, target));
  const scores = await readTensor(network.device, network.activation(head.logits));
  signal?.throwIfAborted();
  const own = scores.subarray(0, scores.length / network.batch) as Float32Array;
  await assertAnswer(network, own, "its scores");
  const weights = region && weightsOf(network.graph, head, region);
  const seen = weights ? scoresWithin(head, own, weights) : own;
  const index = target === undefined ? strongestOf(head, seen) : classOf(head, target);
  return { target: meaningOf(head, index, own, weights), about: { head, index } };
}

/** The weight of each place that a head scores in a region of the input. */
export function weightsOf(graph: Graph, head: Head, region: Region): Float32Array {
  const [height, width] = pictureOf(graph, "region").shape;
  const [, h, w] = asNhwc(shapesOf(graph).get(head.logits) ?? []);
  return regionWeights(region, [height, width], [h, w]);
}

/** Options that ask the same question again. */
export function questionOf({ target, about }: Asked): Pick<ObjectiveOptions, "target" | "output"> {
  if (!(target instanceof Objective) || !about || about.head.kind === "places") return { target };
  return { target: about.index, output: about.head.name };
}

/** The meaning of elements or an objective: a class too, where they are its logit. */
function askedOfElements({ graph }: Network, target: Target | Objective): Asked {
  if (target instanceof Objective) return { target };
  assertTarget(target);
  const { layer, channel, y, x } = target;
  const head = headsOf(graph).find(({ logits }) => logits === layer);
  const isClass =
    head && head.kind !== "places" && channel !== undefined && y === undefined && x === undefined;
  const index = isClass && isBinary(head) ? yesOf(head) : channel;
  return {
    target: { image: 0, ...target },
    ...(isClass && index !== undefined && index < head.classes ? { about: { head, index } } : {}),
  };
}

function askedOfClass(head: Head, index: number): Asked {
  return { target: meaningOf(head, index), about: { head, index } };
}

/**
 * A class as elements of the logits, or as an objective.
 * @param scores of one image, where the head is one of places; its class is asked where it has it, or by these `weights`.
 */
export function meaningOf(
  head: Head,
  index: number,
  scores: Float32Array = new Float32Array(),
  weights: Float32Array = placesOf(head, index, scores),
): Target | Objective {
  const { channel, sign } = sideOf(head, index);
  if (head.kind === "places") return regionObjective(weights, index, head.name);
  return sign > 0 ? { layer: head.logits, channel, image: 0 } : logit(index, head.name);
}

/** The kinds of a class's score. */
export type ScoreKind = "logit" | "probability";

/** @throws InputError when a class's score is to be something else than its logit or probability. */
export function assertScore(on: string, who: string): void {
  if (on !== "logit" && on !== "probability") {
    throw new InputError(`${who}: expected "logit" or "probability" as what a class's score is, got "${on}"`);
  }
}

/** The kind of a class's score where a probability is wanted if there is one: values have none, nor have many places. */
export function scoreKindOf({ about }: Pick<Asked, "about">): ScoreKind {
  return about && about.head.kind !== "values" && about.head.kind !== "places" ? "probability" : "logit";
}

/** A question as an objective. */
export interface AskedObjective extends Asked {
  readonly objective: Objective;
  readonly on: ScoreKind;
  /** True if the network ran forward on the image to find out. */
  readonly ran: boolean;
}

/**
 * Turns a question into an objective: a class is its logit, or with `on` its probability; "if any" is the probability
 * where the head gives one. The network runs where the scores must be read back: without a question, and of a class of places.
 * @throws InputError for a probability where there is none.
 */
export async function objectiveOf(
  network: Network,
  image: Picture,
  { on = "logit", ...options }: ObjectiveOptions & { readonly on?: ScoreKind | "if any" | undefined },
): Promise<AskedObjective> {
  options.signal?.throwIfAborted();
  if (on !== "if any") assertScore(on, "target");
  const { target, output, region } = options;
  assertRegion(region, target, headOf(network.graph, output));
  if (target instanceof Objective) return { target, objective: target, on: "logit", ran: false };
  let ran = false;
  const asked = await (async (): Promise<Asked> => {
    if (typeof target === "object") return askedOfElements(network, target);
    const head = headOf(network.graph, output);
    if (target !== undefined && head.kind !== "places") return askedOfClass(head, classOf(head, target));
    ran = true;
    return ask(network, image, options);
  })();
  const { target: found, about } = asked;
  const score = on === "if any" ? scoreKindOf(asked) : on;
  if (score === "logit") {
    return {
      ...asked,
      on: score,
      objective: found instanceof Objective ? found : elementsOfEach(found),
      ran,
    };
  }
  if (!about || scoreKindOf(asked) === "logit") throw noProbability(asked);
  return { ...asked, on: score, objective: probability(about.index, about.head.name), ran };
}

/** The elements of a target in each image of a batch, whichever image was asked about. */
export function elementsOfEach({ image: _, ...target }: Target): Objective {
  return elements(target);
}

function noProbability({ target, about }: Asked): InputError {
  const got = about
    ? about.head.kind === "places"
      ? `output "${about.head.name}", which has scores at every place`
      : `output "${about.head.name}", whose values have none`
    : `layer "${target instanceof Objective ? "" : target.layer}"`;
  return new InputError(
    `expected a class as the target of a probability, got ${got}; ask for the logit, which is the score itself`,
  );
}
