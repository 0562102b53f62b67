import { recordCommands } from "../../gpu/command.ts";
import { InputError, UnsupportedError } from "../../gpu/errors.ts";
import type { Graph, Layer, Shapes } from "../../graph/graph.ts";
import { behindViews, headOf, headsOf } from "../../graph/heads.ts";
import { createWeightedMaps } from "../../kernels/activation-maps.ts";
import { EVERY_INDEX } from "../../kernels/objective.ts";
import type { Network } from "../../network/network.ts";
import { notOfBlackBox, outsideOf } from "../../network/outside.ts";
import { termsByLayer } from "../../objectives/terms-by-layer.ts";
import { answer } from "../answer.ts";
import { EXPLAIN, type Explanation, type ObjectiveOptions, type Picture } from "../question.ts";
import { explainAtOnce, imageOf, NONE, oneStep, type Prepare } from "./command.ts";
import { attributionTechnique } from "./technique.ts";

/** The layer whose maps a network averages, and the weights that make scores of the averages. */
interface Averaged {
  /** The layer whose maps are averaged. */
  readonly layer: string;
  /** The weights [channels, classes] that follow, row by row; absent where the averages are the scores. */
  readonly w?: Float32Array | undefined;
}

/**
 * CAM: Σ_k w_k^c·A_k for a network that ends in global average pooling, signed, [h, w] at the resolution of the pooled maps
 * (Zhou et al. 2016, arXiv:1512.04150, eq. 2). The map's mean is the class's logit without its bias. Where the averages
 * themselves are the scores (Lin et al. 2013), it is the class's own map.
 * @throws UnsupportedError when the network does not end so; Grad-CAM takes any network.
 * @throws InputError when something other than classes is asked.
 */
export function cam(network: Network, image: Picture, options: ObjectiveOptions = {}): Promise<Explanation> {
  const work = (turn: Network, input: Float32Array) =>
    explainAtOnce(turn, input, "CAM", options, prepareClassWeights);
  return answer(network, image, options, work, { who: "CAM", fields: EXPLAIN });
}

/** Results: `map`, [h, w]. */
const prepareClassWeights: Prepare<ObjectiveOptions, Explanation> = async (site, options) => {
  const { network, scope } = site;
  const { device, graph } = network;
  // What a network that ends otherwise is told, whatever it is asked.
  averagedMaps(graph, network.shapes, headOf(graph, options.output).logits);
  const { target, objective } = await site.ask(options);
  const groups = termsByLayer(network, objective);
  const logits = groups.find((group) => headsOf(graph).some((head) => head.logits === group.layer))?.layer;
  const { layer, w: all } = averagedMaps(graph, network.shapes, logits ?? headOf(graph).logits);
  const a = network.activation(layer);
  const [, height = 1, width = 1, channels = 1] = a.shape;
  const weights = new Float32Array(channels);
  for (const group of groups) {
    for (const { kind, channel, weight } of group.terms) {
      if (group.layer !== logits || kind !== "sum" || channel === EVERY_INDEX) {
        throw new InputError(
          `CAM: expected classes as the target, got ${kind} of layer "${group.layer}"; use Grad-CAM`,
        );
      }
      const classes = all ? all.length / channels : channels;
      for (let k = 0; k < channels; k++) {
        const share = all ? (all[k * classes + channel] ?? 0) : Number(k === channel);
        weights[k] = (weights[k] ?? 0) + weight * share;
      }
    }
  }
  const { image, toInput } = imageOf(site, "CAM");
  const w = scope.tensor([channels], { data: weights, label: "CAM weights" });
  const map = scope.tensor([height, width], { label: "CAM map" });
  const draw = await scope.command(createWeightedMaps(device, { a, w, y: map, rectify: false }));
  return {
    ...oneStep({
      recordStart(encoder) {
        toInput(encoder);
        network.forward(encoder, { to: layer });
      },
      recordStep: (encoder) => recordCommands(encoder, [draw]),
    }),
    ...{ image, target, results: { map } },
    finish: ({ map: data = NONE }) => ({ data, shape: map.shape, target }),
  };
};

/** @throws UnsupportedError when no global average pooling, followed by at most one linear layer, gives the scores. */
function averagedMaps(graph: Graph, shapes: Shapes, logits: string): Averaged {
  const last = behindViews(graph, logits);
  const pooled = pooledBy(last, shapes);
  if (pooled !== undefined) return { layer: pooled };
  if (isLinear(last)) {
    const before = behindViews(graph, last.inputs[0] ?? "");
    const layer = pooledBy(before, shapes);
    if (layer !== undefined) return { layer, w: last.w.data };
  }
  if (outsideOf(graph) !== undefined) throw notOfBlackBox(graph, "CAM");
  throw new UnsupportedError(
    `CAM: expected network "${graph.name}" to end in global average pooling and at most one linear layer, got ${last.op} "${last.name}"; use Grad-CAM`,
  );
}

function isLinear(layer: Layer): layer is Extract<Layer, { op: "dense" | "conv2d" }> {
  if (layer.op !== "dense" && layer.op !== "conv2d") return false;
  const pointwise =
    layer.op === "dense" || (layer.w.shape[0] === 1 && layer.w.shape[1] === 1 && (layer.groups ?? 1) === 1);
  return pointwise && (layer.activation ?? { kind: "linear" }).kind === "linear";
}

/** The layer whose every map this one averages over all places, if it does. */
function pooledBy(layer: Layer, shapes: Shapes): string | undefined {
  const [input = ""] = layer.inputs;
  if (layer.op === "globalPool" && layer.mode === "average") return input;
  const [, height, width] = shapes.get(input) ?? [];
  const whole = layer.op === "pool" && layer.mode === "average" && layer.padding === "valid";
  return whole && layer.size[0] === height && layer.size[1] === width ? input : undefined;
}

export const CAM = attributionTechnique({
  name: "cam",
  title: "CAM",
  paper: { authors: "Zhou et al.", year: 2016, arxiv: "1512.04150" },
  summary:
    "The last maps, weighted by the class's own weights; for networks that end in global average pooling",
  shape: "[h,w]",
  kind: "cam",
  unit: "∑ weight × activation",
  options: {},
  classesOnly: true,
  forwardOnly: true,
  run: cam,
  prepare: prepareClassWeights,
});
