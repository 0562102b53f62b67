import { InputError } from "../gpu/errors.ts";
import type { Shape } from "../gpu/tensor.ts";
import { readTensor } from "../gpu/tensor.ts";
import type { Picture } from "../images/picture.ts";
import { classOf, logitsOf } from "../network/graph.ts";
import type { Network, Start, Target } from "../network/network.ts";
import { createObjective } from "../objectives/commands.ts";
import { elements, Objective, probability } from "../objectives/objective.ts";
import { answer } from "./answer.ts";
import { assertAnswer } from "./finite.ts";

export type { Picture } from "../images/picture.ts";

/** What a technique is asked to explain: a class by number or label, or elements of any layer. */
export type Question = number | string | Target;

/** Options that every technique takes. `Q` is what the technique can be asked. */
export interface ExplainOptions<Q extends Question | Objective = Question> {
  /** Default: the class with the highest score. An {@link Objective} may weigh several classes and layers. */
  readonly target?: Q;
  /** Stops the work; the technique then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Options of a technique that can also be asked an {@link Objective}. */
export type ObjectiveOptions = ExplainOptions<Question | Objective>;

/** What a technique found. */
export interface Explanation<T extends Target | Objective = Target | Objective> {
  /** Row-major values of `shape`, signed where the technique is. */
  readonly data: Float32Array;
  readonly shape: Shape;
  /** What was explained; for a class, its logit. */
  readonly target: T;
}

/** Writes what {@link readInput} read to the network's input, as the first of its batch. */
export function writeInput({ device, input }: Network, values: Float32Array): void {
  device.queue.writeBuffer(input.buffer, 0, values.buffer, values.byteOffset, values.byteLength);
}

/** Makes a recording into one submit. */
export function submit(network: Network, recording: (encoder: GPUCommandEncoder) => void): void {
  const encoder = network.device.createCommandEncoder({ label: `vitrine ${network.graph.name}` });
  recording(encoder);
  network.device.queue.submit([encoder.finish()]);
}

/**
 * Runs the network on an image and says which elements the question means. Without a question the scores are read
 * back to find the top class.
 */
export function ask(network: Network, image: Picture, options: ExplainOptions): Promise<Target> {
  return answer(network, image, options, askedOf);
}

async function askedOf(
  network: Network,
  input: Float32Array,
  { target, signal }: ExplainOptions,
): Promise<Target> {
  writeInput(network, input);
  submit(network, (encoder) => network.forward(encoder));
  const layer = logitsOf(network.graph);
  if (typeof target === "object") return { image: 0, ...target };
  if (target !== undefined)
    return { layer, channel: classOf(network.graph, classesOf(network), target), image: 0 };
  const scores = await readTensor(network.device, network.activation(layer));
  signal?.throwIfAborted();
  await assertAnswer(network, scores.subarray(0, classesOf(network)) as Float32Array, "its scores");
  return { layer, channel: top(scores.subarray(0, classesOf(network))), image: 0 };
}

/**
 * Runs the network on an image and hands `work` what its backward passes start from: a target, or an objective's seeds,
 * which live as long as the work. Within a turn of the network.
 */
export async function withQuestion<T>(
  network: Network,
  input: Float32Array,
  { target, signal }: ObjectiveOptions,
  work: (from: Target | readonly Start[], target: Target | Objective) => Promise<T>,
): Promise<T> {
  if (!(target instanceof Objective)) {
    const found = await ask(network, input, {
      ...(target === undefined ? {} : { target }),
      ...(signal ? { signal } : {}),
    });
    return work(found, found);
  }
  signal?.throwIfAborted();
  const objective = await createObjective(network, target);
  try {
    writeInput(network, input);
    submit(network, (encoder) => network.forward(encoder));
    return await work(objective.starts, target);
  } finally {
    objective.destroy();
  }
}

/** @throws InputError when a class's score is to be something else than its logit or probability. */
export function assertScore(on: string, who: string): void {
  if (on !== "logit" && on !== "probability") {
    throw new InputError(`${who}: expected "logit" or "probability" as what a class's score is, got "${on}"`);
  }
}

/**
 * What a question means, as an objective: a class is its logit, or with `on` its probability. Without a question the
 * network runs and the scores are read back to find the top class.
 */
export async function objectiveOf(
  network: Network,
  image: Picture,
  { target, on = "logit", signal }: ObjectiveOptions & { readonly on?: "logit" | "probability" },
): Promise<{ readonly target: Target | Objective; readonly objective: Objective }> {
  signal?.throwIfAborted();
  assertScore(on, "target");
  const layer = logitsOf(network.graph);
  if (target instanceof Objective) return { target, objective: target };
  const found: Target =
    typeof target === "object"
      ? { image: 0, ...target }
      : target === undefined
        ? await ask(network, image, signal ? { signal } : {})
        : { layer, channel: classOf(network.graph, classesOf(network), target), image: 0 };
  if (on === "logit") return { target: found, objective: elements(found) };
  if (found.channel === undefined || found.layer !== layer) {
    throw new InputError(`expected a class as the target of a probability, got layer "${found.layer}"`);
  }
  return { target: found, objective: probability(found.channel) };
}

/** Whether a question is about a class, so that it has a probability. */
export function asksClass({ graph }: Network, target: Question | Objective | undefined): boolean {
  if (target instanceof Objective) return false;
  if (typeof target !== "object") return true;
  const { layer, channel, y, x } = target;
  return layer === logitsOf(graph) && channel !== undefined && y === undefined && x === undefined;
}

/** Number of classes: the length of the logits' last axis. @throws InputError when the network is no classifier. */
export function classesOf(network: Network): number {
  const layer = logitsOf(network.graph);
  const shape = network.shapes.get(layer) ?? [];
  const classes = shape.at(-1) ?? 0;
  if (shape.slice(1, -1).some((axis) => axis !== 1)) {
    throw new InputError(
      `network "${network.graph.name}": expected one score a class, got an output of ${shape.slice(1).join("×")}; give a target { layer, channel }`,
    );
  }
  return classes;
}

function top(scores: Float32Array): number {
  return scores.reduce((best, score, index) => (score > (scores[best] ?? 0) ? index : best), 0);
}
