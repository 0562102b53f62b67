import { recordCommands } from "../../gpu/command.ts";
import { InputError } from "../../gpu/errors.ts";
import { describe, type Fields } from "../../gpu/options.ts";
import { sizeOf } from "../../gpu/tensor.ts";
import type { Network } from "../../network/network.ts";
import { termsByLayer } from "../../objectives/terms-by-layer.ts";
import { createRelevance } from "../../relevance/relevance.ts";
import { type Composite, type CompositeName, compositeNamed } from "../../relevance/rules.ts";
import { answer } from "../answer.ts";
import { assertAnswer } from "../answer-checks.ts";
import { EXPLAIN, type Explanation, type ObjectiveOptions, type Picture } from "../question.ts";
import { andThen, explainAtOnce, imageOf, NONE, oneStep, type Prepare } from "./command.ts";
import { PASS, RULES } from "./options.ts";
import { type Account, type Attribution, attributionTechnique } from "./technique.ts";

export interface LrpOptions extends ObjectiveOptions {
  /**
   * The rules by which layers redistribute relevance: a composite's name ("composite", "epsilon", "gamma", "z-plus"), or rules layer by layer.
   * Default "composite".
   */
  readonly rules?: CompositeName | Composite | undefined;
  /** Layers for which LRP is not defined and that shall pass relevance on unchanged, or "all" of them; see `createRelevance`. */
  readonly pass?: readonly string[] | "all" | undefined;
}

const FIELDS: Fields<LrpOptions> = { ...EXPLAIN, rules: "may", pass: "may" };

/** The account of the score: score = input + Σ inputs + bias + stabiliser + residual. */
export interface Conservation {
  /** The score that was explained: a class's logit. */
  readonly score: number;
  /** Σ relevance of the image's values, the sum of the map. */
  readonly input: number;
  /** Σ relevance of the values of each input beside the image, by name; absent where the network has none. */
  readonly inputs?: Readonly<Record<string, number>>;
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
  const work = (turn: Network, input: Float32Array) =>
    explainAtOnce(turn, input, "LRP", options, prepareRelevance);
  return answer(network, image, options, work, { who: "LRP", fields: FIELDS });
}

/** Results: `score`; `relevance`, of which the first image's is the map; `account`, of what biases and stabilisers took. */
const prepareRelevance: Prepare<LrpOptions, RelevanceExplanation> = async (site, options) => {
  const { network, scope } = site;
  const { batch } = network;
  const { rules = RULES.default, pass = [] } = options;
  if (typeof rules !== "string" && !Array.isArray(rules)) {
    throw new InputError(`LRP: expected rules by a name or as a list of cases, got ${describe(rules)}`);
  }
  const composite = typeof rules === "string" ? compositeNamed(rules) : rules;
  const { target, objective } = await site.ask(options);
  const bent = termsByLayer(network, objective)
    .flatMap(({ terms }) => terms)
    .find(({ kind }) => kind !== "sum" && kind !== "region" && kind !== "channelOfEach");
  if (bent) {
    throw new InputError(
      `LRP: expected an objective that is a sum of a network's values, got a ${bent.kind === "norm" ? "norm" : "probability"}; ask for the logit`,
    );
  }
  const asked = await scope.objective(objective);
  const relevance = await scope.command(
    createRelevance(network, { rules: composite, from: asked.layers, pass }),
  );
  const { image, toInput } = imageOf(site, "LRP");
  const others = [...relevance.inputs];
  return {
    ...oneStep({
      recordStart(encoder) {
        toInput(encoder);
        network.forward(encoder);
      },
      recordStep(encoder) {
        recordCommands(encoder, [asked.score]);
        relevance.record(encoder, asked.outputGradients);
      },
    }),
    ...{ image, target },
    results: {
      ...{ score: asked.values, relevance: relevance.input, account: relevance.account },
      ...Object.fromEntries(others.map(([name, tensor]) => [`relevance of ${name}`, tensor])),
    },
    async finish(found) {
      const { score: [score = 0] = NONE, relevance: values = NONE, account = NONE } = found;
      await assertAnswer(network, Float32Array.of(score), "its score");
      const shape = relevance.input.shape.slice(1);
      const data = values.slice(0, sizeOf(shape));
      const sum = sumOf(data);
      // [entries, batch, 2]; the image is the first of its batch.
      const taken = (which: number): number =>
        relevance.rules.length === 0
          ? 0
          : account.reduce((total, value, i) => (i % (2 * batch) === which ? total + value : total), 0);
      const [bias, stabiliser] = [taken(0), taken(1)];
      const shares = others.map(([name, tensor]): [string, number] => {
        const all = found[`relevance of ${name}`] ?? NONE;
        return [name, sumOf(all.subarray(0, sizeOf(tensor.shape.slice(1))))];
      });
      const elsewhere = shares.reduce((total, [, share]) => total + share, 0);
      const residual = score - sum - elsewhere - bias - stabiliser;
      const inputs = shares.length > 0 ? { inputs: Object.fromEntries(shares) } : {};
      const conservation = { score, input: sum, ...inputs, bias, stabiliser, residual };
      return { data, shape, target, conservation };
    },
  };
};

function accounted(found: RelevanceExplanation): Attribution {
  const { inputs = {}, ...numbers } = found.conservation;
  const shares = Object.entries(inputs).map(([name, share]) => [`input ${name}`, share]);
  return { ...found, account: { ...numbers, ...Object.fromEntries(shares) } };
}

function sumOf(values: Float32Array): number {
  return values.reduce((total, value) => total + value, 0);
}

/** What the inputs beside the image hold of the score, in words. */
function inputsInWords(account: Account, write: (value: number) => string): string {
  const shares = Object.entries(account).filter(([name]) => name.startsWith("input "));
  return shares.map(([name, share]) => ` The ${name} has ${write(share)} of it.`).join("");
}

export const LRP = attributionTechnique({
  name: "lrp",
  title: "LRP",
  paper: { authors: "Bach et al.", year: 2015, doi: "10.1371/journal.pone.0130140" },
  summary: "The score, redistributed backward from layer to layer until it reaches the pixels",
  shape: "[H,W,C]",
  kind: "attribution",
  unit: "sum over colour of the relevance",
  options: { rules: RULES, pass: PASS },
  accountInWords: (account, write) => {
    const { score = 0, bias = 0, residual = 0 } = account;
    const words = `The biases took ${write(bias)} of the score of ${write(score)}; ${write(residual)} is missing.`;
    return words + inputsInWords(account, write);
  },
  run: async (network, image, options) => accounted(await lrp(network, image, options)),
  prepare: andThen(prepareRelevance, accounted),
});
