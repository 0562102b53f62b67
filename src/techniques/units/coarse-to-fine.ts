import { UnsupportedError } from "../../gpu/errors.ts";
import { readTensors, type Shape } from "../../gpu/tensor.ts";
import { type Graph, type Shapes, shapesOf } from "../../graph/graph.ts";
import { headOf } from "../../graph/heads.ts";
import { ancestorsOf } from "../../graph/traverse.ts";
import type { Network, Target } from "../../network/network.ts";
import type { Objective } from "../../objectives/objective.ts";
import { withBudget } from "../../sampling/budget.ts";
import { answer } from "../answer.ts";
import { EXPLAIN, type ObjectiveOptions, objectiveOf, type Picture } from "../question.ts";
import { submit, writeInput } from "../submit.ts";

/** One resolution of a decoder: the layer where it is left, and the channel of it that did most for what was asked. */
export interface DecoderStep {
  readonly layer: string;
  readonly channel: number;
  /** The channel's activations, [h, w]. */
  readonly data: Float32Array;
  readonly shape: Shape;
  /** The channel's part of what the layer's channels add to the score: Σ max(0, activation · gradient), 0 to 1. */
  readonly share: number;
}

export interface CoarseToFine {
  readonly steps: readonly DecoderStep[];
  /** What was asked. */
  readonly target: Target | Objective;
}

const WHO = "coarse to fine";

/**
 * The activations of a decoder from the coarsest maps to the finest, one map a resolution, as Noh et al. (2015), Learning
 * Deconvolution Network, figure 4, show them. Where they choose a map by eye, the channel is taken whose activations times
 * their gradients add most to the score of the class.
 * @throws UnsupportedError where the maps never grow again on the way to the output.
 * @example
 * ```ts
 * import { coarseToFine } from "vitrine/units";
 *
 * const { steps } = await coarseToFine(segmentation, image, { target: "car" });
 * for (const { layer, shape, share } of steps) console.log(layer, shape.join("×"), share);
 * ```
 */
export function coarseToFine(
  network: Network,
  image: Picture,
  options: ObjectiveOptions = {},
): Promise<CoarseToFine> {
  return answer(network, image, options, stepsInTurn, { who: WHO, fields: EXPLAIN });
}

/**
 * The layers of a decoder, from the coarsest maps on the way to an output to the finest: of each resolution the last
 * layer before its maps grow.
 * @throws UnsupportedError where there is none.
 */
export function decoderOf(
  graph: Graph,
  output?: string,
  shapes: Shapes = shapesOf(graph),
): readonly string[] {
  const { logits } = headOf(graph, output);
  const placesOf = (name: string): number => {
    const [, h = 0, w = 0] = shapes.get(name) ?? [];
    return shapes.get(name)?.length === 4 ? h * w : 0;
  };
  const way = ancestorsOf(graph.layers, [logits]).filter(
    ({ name, op }) => op !== "input" && placesOf(name) > 1,
  );
  const least = Math.min(...way.map(({ name }) => placesOf(name)));
  const start = way.findIndex(({ name }) => placesOf(name) === least);
  const last = new Map<number, string>();
  // A skip's layers come before; what stands after the coarsest and is no larger than what came, is another branch.
  let finest = 0;
  for (const { name } of way.slice(start)) {
    const places = placesOf(name);
    if (places < finest) continue;
    finest = places;
    last.set(places, name);
  }
  const layers = [...last.values()];
  if (layers.length > 1) return layers;
  throw new UnsupportedError(
    `${WHO}: expected a network whose maps grow again on the way to its output, as a decoder's do; those of "${graph.name}" do not`,
  );
}

async function stepsInTurn(
  network: Network,
  input: Float32Array,
  options: ObjectiveOptions,
): Promise<CoarseToFine> {
  const layers = decoderOf(network.graph, options.output, network.shapes);
  const { target, objective } = await objectiveOf(network, input, options);
  return withBudget(network, WHO, {}, async (scope) => {
    const asked = await scope.objective(objective);
    const [to = ""] = layers;
    writeInput(network, input);
    submit(network, (encoder) => {
      network.forward(encoder);
      network.backward(encoder, asked.outputGradients, { to, gradients: "all" });
    });
    const tensors = layers.flatMap((layer) => [network.activation(layer), network.gradient(layer)]);
    const values = await readTensors(network.device, tensors);
    options.signal?.throwIfAborted();
    const steps = layers.map((layer, i): DecoderStep => {
      const [, h = 1, w = 1, channels = 1] = network.shapes.get(layer) ?? [];
      const [a = new Float32Array(), g = new Float32Array()] = values.slice(
        2 * i,
        2 * i + 2,
      ) as Float32Array[];
      const added = new Float64Array(channels);
      for (let at = 0; at < h * w * channels; at++) {
        added[at % channels] = (added[at % channels] ?? 0) + Math.max(0, (a[at] ?? 0) * (g[at] ?? 0));
      }
      const channel = added.indexOf(Math.max(...added));
      const all = added.reduce((sum, value) => sum + value, 0);
      return {
        ...{ layer, channel, shape: [h, w] },
        data: Float32Array.from({ length: h * w }, (_, place) => a[place * channels + channel] ?? 0),
        share: all === 0 ? 0 : (added[channel] ?? 0) / all,
      };
    });
    return { steps, target };
  });
}
