import { InputError } from "../../gpu/errors.ts";
import { record } from "../../gpu/kernel.ts";
import { describe, type Fields } from "../../gpu/options.ts";
import { withScope } from "../../gpu/scope.ts";
import { readTensors, sizeOf } from "../../gpu/tensor.ts";
import type { Network } from "../../network/network.ts";
import { createObjective } from "../../objectives/commands.ts";
import { termsByLayer } from "../../objectives/objective.ts";
import { createRelevance } from "../../relevance/relevance.ts";
import { type Composite, type CompositeName, compositeNamed } from "../../relevance/rules.ts";
import { answer } from "../answer.ts";
import { assertAnswer } from "../answer-checks.ts";
import { EXPLAIN, type Explanation, type ObjectiveOptions, objectiveOf, type Picture } from "../question.ts";
import { submit, writeInput } from "../submit.ts";
import { RULES } from "./options.ts";
import { attributionTechnique } from "./technique.ts";

export interface LrpOptions extends ObjectiveOptions {
  /**
   * The rules by which layers share relevance: a composite's name ("composite", "epsilon", "gamma", "z-plus"), or rules layer by layer.
   * Default "composite".
   */
  readonly rules?: CompositeName | Composite;
  /** Layers for which LRP is not defined and that shall pass relevance on unchanged; see `createRelevance`. */
  readonly pass?: readonly string[];
}

const FIELDS: Fields<LrpOptions> = { ...EXPLAIN, rules: "may", pass: "may" };

/** The account of the score: score = input + bias + stabiliser + residual. */
export interface Conservation {
  /** The score that was explained: a class's logit. */
  readonly score: number;
  /** Σ relevance of the image's values, the sum of the map. */
  readonly input: number;
  /** The share that the biases of all layers took. */
  readonly bias: number;
  /** The share that ε took, and outputs that no input speaks for. */
  readonly stabiliser: number;
  /** The rest: rounding. */
  readonly residual: number;
}

/** Relevance of the image's values, with the account of the score that it is part of. */
export interface RelevanceExplanation extends Explanation {
  readonly conservation: Conservation;
}

/**
 * Layer-wise relevance propagation: which values of the image the score is made of, signed, [H, W, C] (Bach et al. 2015,
 * doi:10.1371/journal.pone.0130140; the composite of rules: Montavon et al. 2019, doi:10.1007/978-3-030-28954-6_10). What
 * biases and stabilisers take is summed up where they take it, and not as what is missing, so that the residual says
 * whether relevance was conserved.
 * @throws UnsupportedError naming a layer for which LRP is not defined, with what to choose.
 * @throws InputError when the objective has a probability or a norm in it, whose parts do not add up to it, or rules do
 * not fit the network.
 */
export function lrp(
  network: Network,
  image: Picture,
  options: LrpOptions = {},
): Promise<RelevanceExplanation> {
  return answer(network, image, options, relevanceOf, { who: "LRP", fields: FIELDS });
}

function relevanceOf(
  network: Network,
  input: Float32Array,
  options: LrpOptions,
): Promise<RelevanceExplanation> {
  const { device, batch } = network;
  const { rules = RULES.default, pass = [], signal } = options;
  return withScope(device, "LRP", async ({ own }) => {
    if (typeof rules !== "string" && !Array.isArray(rules)) {
      throw new InputError(`LRP: expected rules by a name or as a list of cases, got ${describe(rules)}`);
    }
    const composite = typeof rules === "string" ? compositeNamed(rules) : rules;
    const { target, objective } = await objectiveOf(network, input, options);
    const bent = termsByLayer(network, objective)
      .flatMap(({ terms }) => terms)
      .find(({ kind }) => kind !== "sum" && kind !== "region");
    if (bent) {
      throw new InputError(
        `LRP: expected an objective that is a sum of a network's values, got a ${bent.kind === "norm" ? "norm" : "probability"}; ask for the logit`,
      );
    }
    const asked = own(await createObjective(network, objective));
    const relevance = own(await createRelevance(network, { rules: composite, from: asked.layers, pass }));
    signal?.throwIfAborted();
    writeInput(network, input);
    submit(network, (encoder) => {
      network.forward(encoder);
      record(encoder, [asked.score]);
      relevance.record(encoder, asked.outputGradients);
    });
    const read = [asked.values, relevance.input, relevance.account] as const;
    const [[score = 0], values, account] = await readTensors(device, read);
    signal?.throwIfAborted();
    await assertAnswer(network, Float32Array.of(score), "its score");
    const shape = relevance.input.shape.slice(1);
    const data = values.slice(0, sizeOf(shape));
    const sum = data.reduce((total, value) => total + value, 0);
    // [entries, batch, 2]; the image is the first of its batch.
    const taken = (which: number): number =>
      relevance.rules.length === 0
        ? 0
        : account.reduce((total, value, i) => (i % (2 * batch) === which ? total + value : total), 0);
    const [bias, stabiliser] = [taken(0), taken(1)];
    const residual = score - sum - bias - stabiliser;
    return { data, shape, target, conservation: { score, input: sum, bias, stabiliser, residual } };
  });
}

export const LRP = attributionTechnique({
  name: "lrp",
  title: "LRP",
  paper: { authors: "Bach et al.", year: 2015, doi: "10.1371/journal.pone.0130140" },
  summary: "The score, shared out backwards from layer to layer until it reaches the pixels",
  shape: "[H,W,C]",
  kind: "attribution",
  unit: "sum over colour of the relevance",
  options: { rules: RULES },
  async run(network, image, options) {
    const found = await lrp(network, image, options);
    return { ...found, account: { ...found.conservation } };
  },
});
