import { type Command, recordCommands } from "../../gpu/command.ts";
import { InputError, UnsupportedError } from "../../gpu/errors.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { inputOf, type Layer, otherInputsOf } from "../../graph/graph.ts";
import { activationOf, weightsOf } from "../../graph/layer-facts.ts";
import { ancestorsOf } from "../../graph/traverse.ts";
import { createBiasContribution } from "../../kernels/bias-contribution.ts";
import { type Activation, activationFacts } from "../../layers/activation-kinds.ts";
import { opOf } from "../../layers/ops.ts";
import type { Network } from "../../network/network.ts";
import { termsByLayer } from "../../objectives/terms-by-layer.ts";
import { answer } from "../answer.ts";
import { assertAnswer } from "../answer-checks.ts";
import { EXPLAIN, type Explanation, type ObjectiveOptions, type Picture } from "../question.ts";
import { andThen, explainAtOnce, imageOf, NONE, oneStep, type Prepare } from "./command.ts";
import { type Attribution, attributionTechnique } from "./technique.ts";
/** Gradient × input, with the account of the score that it is part of. */
export interface LocalLinear extends Explanation {
  /** f(x) */
  readonly score: number;
  /** ∇f·x, the sum of the map. */
  readonly linear: number;
  /** ∇f·x of each input beside the image, by name; absent where the network has none. */
  readonly inputs?: Readonly<Record<string, number>>;
  /** b_eff: what the biases of all layers add. */
  readonly bias: number;
  /** f(x) − ∇f·x − b_eff, ∇f·x of all inputs: zero but for rounding. */
  readonly residual: number;
}

const WHO = "local linear view";

/**
 * The exact local linear view: a network of ReLUs is linear around its input, f(x) = ∇f·x + b_eff, with b_eff the sum of all
 * biases, each times the gradient behind it (Srinivas & Fleuret 2019, arXiv:1905.00780, proposition 1). The map is x ⊙ ∇f,
 * signed, [H, W, C]; b_eff is computed from the biases and not as what is missing, so that the residual says whether
 * the account is complete.
 * @throws UnsupportedError naming the layer when one is not linear piece by piece.
 * @throws InputError when the objective has a probability or a norm in it, which are not linear either.
 */
export function localLinear(
  network: Network,
  image: Picture,
  options: ObjectiveOptions = {},
): Promise<LocalLinear> {
  const work = (turn: Network, input: Float32Array) =>
    explainAtOnce(turn, input, WHO, options, prepareLinearView);
  return answer(network, image, options, work, { who: WHO, fields: EXPLAIN });
}

/** Results: `score`, `contributions` of the biases, and `gradient`, [H, W, C], of which the processor makes the map. */
const prepareLinearView: Prepare<ObjectiveOptions, LocalLinear> = async (site, options) => {
  const { network, scope } = site;
  const { tensor, command } = scope;
  const { device, graph } = network;
  const { name, shape } = inputOf(graph);
  const { target, objective } = await site.ask(options);
  const bent = termsByLayer(network, objective).flatMap(({ terms }) => terms.filter(isBent));
  if (bent.length > 0) {
    throw new InputError(
      `local linear view: expected an objective that is linear in its layers, got a ${bent[0]?.kind === "norm" ? "norm" : "probability"}`,
    );
  }
  const asked = await scope.objective(objective);
  const layers = ancestorsOf(graph.layers, asked.layers);
  const constants = layers.flatMap((layer) => constantsOf(layer));
  const contributions = tensor([Math.max(1, constants.length)], { label: "bias contributions" });
  const commands: Command[] = [];
  for (const [slot, { layer, activation, b }] of constants.entries()) {
    const y = network.activation(layer);
    const bias = tensor([y.shape.at(-1) ?? 1], { label: `${layer} bias`, data: b });
    const dy = network.gradient(layer);
    commands.push(
      await command(
        createBiasContribution(device, { activation, slot, label: layer, y, dy, b: bias, contributions }),
      ),
    );
  }
  const { image, toInput } = imageOf(site, WHO);
  const gradient = tensor(shape, { label: `${WHO} gradient` });
  // Each input's pass also reaches the biases of what only it leads to.
  const others = otherInputsOf(graph).filter((input) => layers.includes(input));
  const further = others.map((input) => ({
    name: input.name,
    value: tensor(input.shape, { label: `${WHO} input` }),
    gradient: tensor(input.shape, { label: `${WHO} gradient` }),
  }));
  return {
    ...oneStep({
      recordStart(encoder) {
        toInput(encoder);
        network.forward(encoder);
      },
      recordStep(encoder) {
        recordCommands(encoder, [asked.score]);
        const take = (from: Tensor, { buffer }: Tensor): void =>
          encoder.copyBufferToBuffer(from.buffer, 0, buffer, 0, buffer.size);
        for (const input of further) {
          network.backward(encoder, asked.outputGradients, { to: input.name, gradients: "all" });
          take(network.gradient(input.name), input.gradient);
          take(network.activation(input.name), input.value);
        }
        network.backward(encoder, asked.outputGradients, { gradients: "all" });
        recordCommands(encoder, commands);
        take(network.gradient(name), gradient);
      },
    }),
    ...{ image, target },
    results: {
      ...{ score: asked.values, contributions, gradient },
      ...Object.fromEntries(
        further.flatMap((one) => [
          [`gradient of ${one.name}`, one.gradient],
          [`value of ${one.name}`, one.value],
        ]),
      ),
    },
    async finish(values, shown) {
      const { score: [score = 0] = NONE, contributions: found = NONE, gradient: slopes = NONE } = values;
      await assertAnswer(network, Float32Array.of(score), "its score");
      const data = shown.map((value, i) => value * (slopes[i] ?? 0));
      // In double precision: the products, not their roundings, add up.
      const along = (x: Float32Array, slope: Float32Array): number =>
        x.reduce((sum, value, i) => sum + value * (slope[i] ?? 0), 0);
      const linear = along(shown, slopes);
      const shares = further.map(({ name }): [string, number] => [
        name,
        along(values[`value of ${name}`] ?? NONE, values[`gradient of ${name}`] ?? NONE),
      ]);
      const elsewhere = shares.reduce((sum, [, share]) => sum + share, 0);
      const inputs = shares.length > 0 ? { inputs: Object.fromEntries(shares) } : {};
      const bias = constants.length > 0 ? found.reduce((sum, share) => sum + share, 0) : 0;
      const residual = score - linear - elsewhere - bias;
      return { data, shape, target, score, linear, ...inputs, bias, residual };
    },
  };
};

function isBent({ kind }: { readonly kind: string }): boolean {
  return kind !== "sum" && kind !== "region" && kind !== "channelOfEach";
}

interface Constants {
  readonly layer: string;
  readonly activation: Activation | undefined;
  readonly b: Float32Array | undefined;
}

/** A layer's bias and activation, where they add something of their own. */
function constantsOf(layer: Layer): Constants[] {
  if (layer.op === "input") return [];
  const activation = activationOf(layer);
  const { piecewise, homogeneous } = activationFacts(activation);
  if (!opOf(layer).mathematics(layer).homogeneous || !piecewise) {
    throw new UnsupportedError(
      `local linear view: expected layers that are linear piece by piece, got ${activation ? activation.kind : layer.op} at layer "${layer.name}"`,
    );
  }
  const b = weightsOf(layer)?.b;
  // The pieces of ReLU6 have a constant of their own.
  return b || !homogeneous ? [{ layer: layer.name, activation, b }] : [];
}

function accounted(found: LocalLinear): Attribution {
  const { score, linear, inputs = {}, bias, residual } = found;
  const shares = Object.entries(inputs).map(([name, share]) => [`input ${name}`, share]);
  return { ...found, account: { score, linear, ...Object.fromEntries(shares), bias, residual } };
}

export const LOCAL_LINEAR = attributionTechnique({
  name: "local-linear",
  title: "Local linear view",
  paper: { authors: "Srinivas & Fleuret", year: 2019, arxiv: "1905.00780" },
  summary: "Gradient × input, with the share that the biases add, so that the sum is the score",
  shape: "[H,W,C]",
  kind: "attribution",
  unit: "sum over colour of x·∂S/∂x",
  options: {},
  accountInWords: ({ score = 0, bias = 0 }, write) =>
    `The biases hold ${write(bias)} of the score of ${write(score)}.`,
  run: async (network, image, options) => accounted(await localLinear(network, image, options)),
  prepare: andThen(prepareLinearView, accounted),
});
