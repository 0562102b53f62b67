import { recordCommands } from "../../gpu/command.ts";
import type { Fields } from "../../gpu/options.ts";
import { pictureOf } from "../../graph/graph.ts";
import { createMapMaskedBatch, createMapRange, createWeightedMaps } from "../../kernels/activation-maps.ts";
import { softmax } from "../../layers/softmax.ts";
import type { Network } from "../../network/network.ts";
import type { LoopOptions } from "../../sampling/batches.ts";
import type { MemoryOptions } from "../../sampling/budget.ts";
import { createSampleLoop } from "../../sampling/samples.ts";
import { answer } from "../answer.ts";
import { assertAnswer } from "../answer-checks.ts";
import type { Explanation, Picture } from "../question.ts";
import { explainPrepared, imageOf, NONE, type Prepare } from "./command.ts";
import { LAYER, type LayerOptions, mapsAt } from "./layer-maps.ts";
import { LAYER_OF_MAPS, ON } from "./options.ts";
import { attributionTechnique } from "./technique.ts";

export interface ScoreCamOptions extends LayerOptions, LoopOptions, MemoryOptions {
  /** Score of a class. Default "logit", as in the paper's algorithm 1. */
  readonly on?: "logit" | "probability" | undefined;
}

const WHO = "Score-CAM";

const FIELDS: Fields<ScoreCamOptions> = { ...LAYER, on: "may" };

/**
 * Score-CAM: ReLU(Σ_k α_k·A_k), [h, w] at the layer's resolution, with α the softmax over k of S(x ⊙ s(A_k)): the image
 * seen through each of the layer's maps, enlarged bilinearly and stretched to 0…1 (Wang et al. 2020, arXiv:1910.01279,
 * algorithm 1; the score of the baseline image falls out of the softmax). A constant map shows nothing of the image.
 * One forward pass a map, no gradients.
 * @throws InputError when the layer has no pixels or does not exist.
 */
export function scoreCam(
  network: Network,
  image: Picture,
  options: ScoreCamOptions = {},
): Promise<Explanation> {
  return answer(network, image, options, byScores, { who: WHO, fields: FIELDS });
}

function byScores(network: Network, input: Float32Array, options: ScoreCamOptions): Promise<Explanation> {
  return explainPrepared(network, input, WHO, options, prepareScores);
}

/** Results: `map`, [h, w], and `scores`, of the image seen through each map. */
const prepareScores: Prepare<ScoreCamOptions, Explanation> = async (site, options) => {
  const { network, scope } = site;
  const { device, graph, batch } = network;
  const { tensor, command } = scope;
  const maps = mapsAt(network, options, WHO);
  const { height, width, channels } = maps;
  const { shape } = pictureOf(graph, WHO);
  const { target, objective } = await site.ask(options);
  const asked = await scope.objective(objective);
  const label = WHO;
  const { image: x, toInput } = imageOf(site, WHO);
  const a = tensor([1, height, width, channels], { label });
  const ranges = tensor([channels, 2], { label });
  const scores = tensor([Math.ceil(channels / batch) * batch], { label });
  const w = tensor([channels], { label });
  const map = tensor([height, width], { label });
  const of = { ...scores, shape: [channels] };
  const range = await command(createMapRange(device, { a, image: [shape[0], shape[1]], ranges }));
  const layerOfScores = { op: "softmax", name: label, inputs: [] } as const;
  const weights = { layer: layerOfScores, x: [of] as const, y: w, constants: {}, saved: {} };
  const weigh = await command(softmax.forward(device, weights));
  const draw = await command(createWeightedMaps(device, { a, w, y: map, rectify: true }));
  const loop = await createSampleLoop(
    network,
    {
      ...{ who: WHO, count: channels, questions: [{ objective: asked, scores }], end: [weigh, draw] },
      fill: (position) => createMapMaskedBatch(device, { x, a, ranges, position, y: network.input }),
      before(encoder) {
        toInput(encoder);
        network.forward(encoder, { to: maps.layer });
        encoder.copyBufferToBuffer(maps.a.buffer, 0, a.buffer, 0, a.buffer.size);
        recordCommands(encoder, [range]);
      },
    },
    scope,
  );
  return {
    ...loop,
    ...{ image: x, target, results: { map, scores } },
    async finish({ map: data = NONE, scores: found = NONE }) {
      await assertAnswer(network, found.subarray(0, channels) as Float32Array, "its scores");
      return { data, shape: map.shape, target };
    },
  };
};

export const SCORE_CAM = attributionTechnique({
  name: "score-cam",
  title: "Score-CAM",
  paper: { authors: "Wang et al.", year: 2020, arxiv: "1910.01279" },
  summary: "A layer's maps, each weighted by the score of the image masked with it",
  shape: "[h,w]",
  kind: "cam",
  options: { layer: LAYER_OF_MAPS, on: ON },
  weighsMaps: true,
  forwardOnly: true,
  outputOnly: true,
  passes: 512,
  run: scoreCam,
  prepare: prepareScores,
});
