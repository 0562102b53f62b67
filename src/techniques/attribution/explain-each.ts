import { InputError } from "../../gpu/errors.ts";
import { describe, type Fields } from "../../gpu/options.ts";
import { readTensor } from "../../gpu/tensor.ts";
import { classOf, placesOf, sideOf, strongestOf } from "../../graph/classes.ts";
import { type Head, headOf } from "../../graph/heads.ts";
import type { Network, OutputGradients, Target } from "../../network/network.ts";
import { Objective } from "../../objectives/objective.ts";
import { runBackwardPasses } from "../../sampling/backward-passes.ts";
import { type BudgetScope, withBudget } from "../../sampling/budget.ts";
import { assertCall, assertPictures, copyOf, inTurnWithInputs } from "../answer.ts";
import { assertAnswer, scoresBeside } from "../answer-checks.ts";
import { type AnyTarget, meaningOf, type Picture, weightsOf } from "../question.ts";
import { assertRegion, type Region, scoresWithin } from "../region.ts";
import { submit } from "../submit.ts";
import { type BackwardPass, combined } from "./backward-pass.ts";
import { attributionNamed } from "./list.ts";
import { ATTRIBUTION, type AttributionOptions } from "./options.ts";
import type { Attribution } from "./technique.ts";

export interface EachOptions extends Omit<AttributionOptions, "target"> {
  /** The targets for every image, side by side. Default: each image's own class with the highest score. */
  readonly targets?: readonly (AnyTarget | Objective)[] | undefined;
}

const { target: _, ...OF_ALL } = ATTRIBUTION;
const FIELDS: Fields<EachOptions> = { ...OF_ALL, targets: "may" };

/**
 * Explains many images, each with a map for every target, in the targets' order: as many images at a time as the network's batch,
 * and with the techniques of one backward pass (saliency and its kin, and the gradient CAMs) one forward pass for all targets. Any
 * other attribution technique runs image by image, with one sweep of samples for all targets (occlusion, RISE, LIME) or target by target. Memory does not grow with the number of images.
 * @param technique its name, as `ATTRIBUTIONS` lists them.
 * @throws InputError when there is no such technique, no target, or an option is out of range.
 * @example
 * ```ts
 * import { explainEach } from "vitrine";
 *
 * const targets = ["star", "ring"];
 * for await (const maps of explainEach(network, [image], "saliency", { targets })) {
 *   console.log(maps.map(({ shape }) => shape.join("×")).join(" ")); // 96×96×3 96×96×3
 * }
 * ```
 */
export async function* explainEach(
  network: Network,
  images: Iterable<Picture> | AsyncIterable<Picture>,
  technique: string,
  options: EachOptions = {},
): AsyncGenerator<Attribution[]> {
  const named = attributionNamed(technique);
  assertCall({ who: technique, fields: FIELDS }, network, options);
  const { targets, ...common } = options;
  assertPictures(technique, images);
  if (targets !== undefined && !Array.isArray(targets)) {
    throw new InputError(`${technique}: expected targets as a list, got ${describe(targets)}`);
  }
  if (targets?.length === 0) {
    throw new InputError(
      `${technique}: expected at least one target, got none; leave targets out for the top class`,
    );
  }
  options.signal?.throwIfAborted();
  const pass = options.on === "probability" ? undefined : named.backward;
  if (!pass) {
    for await (const picture of images) {
      const image = await copyOf(network, picture);
      if (named.runEach) {
        yield [...(await named.runEach(network, image, targets ?? [undefined], common))];
        continue;
      }
      const found: Attribution[] = [];
      for (const target of targets ?? [undefined]) {
        found.push(await named.run(network, image, { ...common, target }));
      }
      yield found;
    }
    return;
  }
  const explain = (inputs: readonly Float32Array[]) =>
    inTurnWithInputs(network, options, (turn) => explainBatch(turn, inputs, technique, pass, options));
  const batch: Float32Array[] = [];
  for await (const image of images) {
    if (batch.push(await copyOf(network, image)) < network.batch) continue;
    yield* await explain(batch.splice(0));
  }
  if (batch.length > 0) yield* await explain(batch);
}

function explainBatch(
  network: Network,
  inputs: readonly Float32Array[],
  technique: string,
  pass: BackwardPass,
  options: EachOptions,
): Promise<Attribution[][]> {
  return withBudget(network, technique, options, async (scope) => {
    const signals = await pass.signals(network, options, scope);
    let offset = 0;
    for (const { buffer, byteOffset, byteLength } of inputs) {
      network.device.queue.writeBuffer(network.input.buffer, offset, buffer, byteOffset, byteLength);
      offset += byteLength;
    }
    submit(network, (encoder) => network.forward(encoder));
    const asked = await originsOf(network, inputs.length, options, scope);
    options.signal?.throwIfAborted();
    const beside = scoresBeside(
      network,
      asked.map(({ targetOf }) => targetOf(0)),
      inputs.length,
    );
    const outputGradients = asked.map(({ from }) => from);
    const loop = { signals, outputGradients, images: inputs.length, beside };
    const found = await runBackwardPasses(network, loop, scope, options);
    const shape = signals[0]?.shape ?? [];
    const answers = inputs.map((input, n) =>
      asked.map(({ targetOf }, question) => {
        const data = combined(pass, found[question]?.[n] ?? [], signals, input);
        return { data, shape, target: targetOf(n) };
      }),
    );
    for (const { data } of answers.flat()) await assertAnswer(network, data, "the answer");
    return answers;
  });
}

interface Asked {
  readonly from: OutputGradients;
  targetOf(image: number): Target | Objective;
}

/** The questions to a batch of images: the same for each, or each's own top class. */
async function originsOf(
  network: Network,
  images: number,
  { targets, output, region }: EachOptions,
  scope: BudgetScope,
): Promise<Asked[]> {
  const head = headOf(network.graph, output);
  const asked: Asked[] = [];
  for (const target of targets ?? [undefined]) {
    assertRegion(region, target, head);
    if (target instanceof Objective) {
      const { outputGradients } = await scope.objective(target);
      asked.push({ from: outputGradients, targetOf: () => target });
    } else if (typeof target === "object") {
      const { image: _, ...from } = target;
      asked.push({ from, targetOf: () => ({ ...from, image: 0 }) });
    } else {
      const index = target === undefined ? undefined : classOf(head, target);
      asked.push(await originOf(network, { head, index, region }, images, scope));
    }
  }
  return asked;
}

/** A class, or without an index each image's own; of scores at every place, in a region. */
interface ClassOrOwn {
  readonly head: Head;
  readonly index: number | undefined;
  readonly region: Region | undefined;
}

/** A class, or each image's own: a channel, or a gradient for each image. */
async function originOf(
  network: Network,
  { head, index: asked, region }: ClassOrOwn,
  images: number,
  scope: BudgetScope,
): Promise<Asked> {
  const layer = head.logits;
  const scores = network.activation(layer);
  if (asked !== undefined && head.kind !== "places" && sideOf(head, asked).sign > 0) {
    const { channel } = sideOf(head, asked);
    return { from: { layer, channel }, targetOf: () => ({ layer, channel, image: 0 }) };
  }
  const values = await readTensor(network.device, scores);
  const each = values.length / network.batch;
  await assertAnswer(network, values.subarray(0, images * each) as Float32Array, "its scores");
  const ones = new Float32Array(values.length);
  const weights = region && weightsOf(network.graph, head, region);
  const found = Array.from({ length: images }, (_, n) => {
    const own = values.subarray(n * each, (n + 1) * each);
    const index = asked ?? strongestOf(head, weights ? scoresWithin(head, own, weights) : own);
    const { channel, sign } = sideOf(head, index);
    const mask = weights ?? (head.kind === "places" ? placesOf(head, index, own) : [1]);
    for (const [place, weight] of mask.entries()) {
      ones[n * each + place * head.channels + channel] = sign * weight;
    }
    return meaningOf(head, index, own, weights);
  });
  const first = found[0] ?? { layer };
  return {
    from: { layer, gradient: scope.tensor(scores.shape, { data: ones, label: "top classes" }) },
    targetOf: (image) => found[image] ?? first,
  };
}
