import { InputError } from "../../gpu/errors.ts";
import type { Fields } from "../../gpu/options.ts";
import { inputOf } from "../../graph/graph.ts";
import {
  createAblateMaps,
  createAblationWeights,
  createWeightedMaps,
} from "../../kernels/activation-maps.ts";
import type { Network } from "../../network/network.ts";
import type { LoopOptions } from "../../sampling/batches.ts";
import type { MemoryOptions } from "../../sampling/budget.ts";
import { createSampleLoop } from "../../sampling/samples.ts";
import { answer } from "../answer.ts";
import { assertAnswer, sameScores } from "../answer-checks.ts";
import type { Explanation, Picture } from "../question.ts";
import { explainPrepared, imageOf, NONE, type Prepare } from "./command.ts";
import { assertBelow, LAYER, type LayerOptions, mapsAt } from "./layer-maps.ts";
import { LAYER_OF_MAPS, ON } from "./options.ts";
import { attributionTechnique } from "./technique.ts";

export interface AblationCamOptions extends LayerOptions, LoopOptions, MemoryOptions {
  /** Score of a class. Default "logit". */
  readonly on?: "logit" | "probability" | undefined;
}

const WHO = "Ablation-CAM";

const FIELDS: Fields<AblationCamOptions> = { ...LAYER, on: "may" };

/**
 * Ablation-CAM: ReLU(Σ_k w_k·A_k), [h, w] at the layer's resolution, with w_k = (S − S_k) / |S|, S_k the score when map k is
 * set to zero (Desai & Ramaswamy 2020, WACV, eq. 3 and 4; the magnitude, so that a negative score does not turn the
 * map round). For every map only what follows the layer is computed. No gradients.
 * @throws InputError when the layer has no pixels, does not exist, or is not before what is asked.
 */
export function ablationCam(
  network: Network,
  image: Picture,
  options: AblationCamOptions = {},
): Promise<Explanation> {
  return answer(network, image, options, byAblation, { who: WHO, fields: FIELDS });
}

function byAblation(
  network: Network,
  input: Float32Array,
  options: AblationCamOptions,
): Promise<Explanation> {
  return explainPrepared(network, input, WHO, options, prepareAblation);
}

/** Results: `map`, [h, w], and `scores`, of the whole image and without each map. */
const prepareAblation: Prepare<AblationCamOptions, Explanation> = async (site, options) => {
  const { network, scope } = site;
  const { device, graph, batch } = network;
  const { tensor, command } = scope;
  const maps = mapsAt(network, options, WHO);
  const { height, width, channels } = maps;
  if (maps.layer === inputOf(graph).name) {
    throw new InputError(`Ablation-CAM: expected a layer after the input, got "${maps.layer}"`);
  }
  const { target, objective } = await site.ask(options);
  const asked = await scope.objective(objective);
  const label = WHO;
  assertBelow(network, maps, asked.layers, label);
  const { image, toInput } = imageOf(site, WHO);
  const count = 1 + channels;
  const a = tensor([1, height, width, channels], { label });
  const scores = tensor([Math.ceil(count / batch) * batch], { label });
  const w = tensor([channels], { label });
  const map = tensor([height, width], { label });
  const weigh = await command(createAblationWeights(device, { scores, w }));
  const draw = await command(createWeightedMaps(device, { a, w, y: map, rectify: true }));
  const loop = await createSampleLoop(
    network,
    {
      ...{
        who: WHO,
        count,
        after: maps.layer,
        questions: [{ objective: asked, scores }],
        end: [weigh, draw],
      },
      fill: (position) => createAblateMaps(device, { a, position, y: maps.a }),
      before(encoder) {
        // Every image of the batch is this one, for what goes around the layer.
        toInput(encoder, batch);
        network.forward(encoder);
        encoder.copyBufferToBuffer(maps.a.buffer, 0, a.buffer, 0, a.buffer.size);
      },
    },
    scope,
  );
  return {
    ...loop,
    ...{ image, target, results: { map, scores } },
    async finish({ map: data = NONE, scores: all = NONE }) {
      const found = all.subarray(0, count) as Float32Array;
      await assertAnswer(network, found, "its scores");
      if (!sameScores(found)) return { data, shape: map.shape, target };
      const notes = ["setting any map to zero changes the score by no more than rounding: the map is zero"];
      return { data: new Float32Array(data.length), shape: map.shape, target, notes };
    },
  };
};

export const ABLATION_CAM = attributionTechnique({
  name: "ablation-cam",
  title: "Ablation-CAM",
  paper: { authors: "Desai & Ramaswamy", year: 2020, doi: "10.1109/WACV45572.2020.9093360" },
  summary: "A layer's maps, each weighted by how far the score falls without it",
  shape: "[h,w]",
  kind: "cam",
  options: { layer: LAYER_OF_MAPS, on: ON },
  weighsMaps: true,
  forwardOnly: true,
  passes: 512,
  run: ablationCam,
  prepare: prepareAblation,
});
