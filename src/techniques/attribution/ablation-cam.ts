import { InputError } from "../../gpu/errors.ts";
import { record } from "../../gpu/kernel.ts";
import type { Fields } from "../../gpu/options.ts";
import { inputOf } from "../../graph/graph.ts";
import {
  createAblateMaps,
  createAblationWeights,
  createWeightedMaps,
} from "../../kernels/activation-maps.ts";
import type { Network } from "../../network/network.ts";
import { createBatches, type LoopOptions } from "../../sampling/batches.ts";
import { type MemoryOptions, withBudget } from "../../sampling/budget.ts";
import { runSamples } from "../../sampling/samples.ts";
import { answer } from "../answer.ts";
import { assertAnswer, sameScores } from "../answer-checks.ts";
import { type Explanation, objectiveOf, type Picture } from "../question.ts";
import { submit } from "../submit.ts";
import { assertBelow, LAYER, type LayerOptions, mapsAt } from "./layer-maps.ts";
import { LAYER_OF_MAPS, ON } from "./options.ts";
import { attributionTechnique } from "./technique.ts";

export interface AblationCamOptions extends LayerOptions, LoopOptions, MemoryOptions {
  /** What a class's score is. Default "logit". */
  readonly on?: "logit" | "probability";
}

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
  return answer(network, image, options, byAblation, { who: "Ablation-CAM", fields: FIELDS });
}

function byAblation(
  network: Network,
  input: Float32Array,
  options: AblationCamOptions,
): Promise<Explanation> {
  const { device, graph, batch } = network;
  return withBudget(network, "Ablation-CAM", options, async (scope) => {
    const { own, tensor, command, read } = scope;
    const maps = mapsAt(network, options, "Ablation-CAM");
    const { height, width, channels } = maps;
    if (maps.layer === inputOf(graph).name) {
      throw new InputError(`Ablation-CAM: expected a layer after the input, got "${maps.layer}"`);
    }
    const { target, objective } = await objectiveOf(network, input, options);
    const asked = await scope.objective(objective);
    const label = "Ablation-CAM";
    assertBelow(network, maps, asked.layers, label);
    const batches = own(createBatches(network, 1 + channels, label));
    const a = tensor([1, height, width, channels], { label });
    const scores = tensor([batches.steps * batch], { label });
    const w = tensor([channels], { label });
    const y = tensor([height, width], { label });
    const fill = await command(createAblateMaps(device, { a, position: batches.position, y: maps.a }));
    const weigh = await command(createAblationWeights(device, { scores, w }));
    const draw = await command(createWeightedMaps(device, { a, w, y, rectify: true }));

    // Every image of the batch is this one, for what goes around the layer.
    for (let n = 0; n < batch; n++) {
      const { buffer, byteOffset, byteLength } = input;
      device.queue.writeBuffer(network.input.buffer, n * byteLength, buffer, byteOffset, byteLength);
    }
    submit(network, (encoder) => {
      network.forward(encoder);
      encoder.copyBufferToBuffer(maps.a.buffer, 0, a.buffer, 0, a.buffer.size);
    });
    await runSamples(network, asked, { batches, fill, after: maps.layer, scores }, options);
    submit(network, (encoder) => record(encoder, [weigh, draw]));
    const [data, found] = await read([y, scores]);
    options.signal?.throwIfAborted();
    await assertAnswer(network, found.subarray(0, 1 + channels) as Float32Array, "its scores");
    if (!sameScores(found.subarray(0, 1 + channels))) return { data, shape: y.shape, target };
    const notes = ["setting any map to zero changes the score by no more than rounding: the map is zero"];
    return { data: new Float32Array(data.length), shape: y.shape, target, notes };
  });
}

export const ABLATION_CAM = attributionTechnique({
  name: "ablation-cam",
  title: "Ablation-CAM",
  paper: { authors: "Desai & Ramaswamy", year: 2020, doi: "10.1109/WACV45572.2020.9093360" },
  summary: "A layer's maps, each weighed by how far the score falls without it",
  shape: "[h,w]",
  kind: "cam",
  options: { layer: LAYER_OF_MAPS, on: ON },
  weighsMaps: true,
  forwardOnly: true,
  passes: 512,
  run: ablationCam,
});
