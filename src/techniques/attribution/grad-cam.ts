import { InputError } from "../../gpu/errors.ts";
import { record } from "../../gpu/kernel.ts";
import type { Fields } from "../../gpu/options.ts";
import { createTensor, type Tensor } from "../../gpu/tensor.ts";

import type { Graph, Shapes } from "../../graph/graph.ts";
import { headOf } from "../../graph/heads.ts";
import { ancestorsOf } from "../../graph/traverse.ts";
import { createClassActivationMap } from "../../kernels/class-activation-map.ts";
import type { Network, Start, Target } from "../../network/network.ts";
import { answer } from "../answer.ts";
import {
  EXPLAIN,
  type Explanation,
  type ObjectiveOptions,
  type Picture,
  submit,
  withQuestion,
} from "../explain.ts";
import { readAnswer } from "../finite.ts";

export interface GradCamOptions extends ObjectiveOptions {
  /** Whose maps are weighed. Default: the last layer before the classifier that still has pixels. */
  readonly layer?: string;
}

const FIELDS: Fields<GradCamOptions> = { ...EXPLAIN, layer: "may" };

/** Grad-CAM as a command: records the backward pass and the map of a target. */
export interface GradCam {
  /** [h, w], at the layer's resolution. */
  readonly map: Tensor;
  readonly layer: string;
  /** Records into the caller's encoder, after a forward pass. */
  record(encoder: GPUCommandEncoder, from: Target | readonly Start[]): void;
  destroy(): void;
}

/**
 * Prepares Grad-CAM at a layer of a network (Selvaraju et al. 2017): ReLU(Σ_k mean(∂S/∂A_k)·A_k).
 * @throws InputError when the layer has no pixels or does not exist.
 */
export async function createGradCam(
  network: Network,
  layer = lastMaps(network.graph, network.shapes),
): Promise<GradCam> {
  const a = network.activation(layer);
  const g = network.gradient(layer);
  const [, height = 0, width = 0] = a.shape;
  if (a.shape.length !== 4) {
    throw new InputError(
      `Grad-CAM: expected a layer with maps (H×W×C), got "${layer}" of ${a.shape.slice(1).join("×")}`,
    );
  }
  const map = createTensor(network.device, [height, width], { label: `Grad-CAM at ${layer}` });
  const command = await createClassActivationMap(network.device, { a, g, y: map, label: layer });
  return {
    map,
    layer,
    record(encoder, from) {
      network.backward(encoder, from, { to: layer });
      record(encoder, [command]);
    },
    destroy() {
      command.destroy();
      map.buffer.destroy();
    },
  };
}

/**
 * Grad-CAM's map of a class or of any neurons, [h, w] at the layer's resolution, not negative. All zero means that
 * nothing in the layer speaks for the target.
 */
export function gradCam(
  network: Network,
  image: Picture,
  options: GradCamOptions = {},
): Promise<Explanation> {
  return answer(network, image, options, byMeanGradients, { who: "Grad-CAM", fields: FIELDS });
}

async function byMeanGradients(
  network: Network,
  input: Float32Array,
  { layer, ...options }: GradCamOptions,
): Promise<Explanation> {
  const { graph, shapes } = network;
  const cam = await createGradCam(network, layer ?? lastMaps(graph, shapes, options.output));
  try {
    return await withQuestion(network, input, options, async (from, target) => {
      submit(network, (encoder) => cam.record(encoder, from));
      const [data] = await readAnswer(network, target, [cam.map]);
      options.signal?.throwIfAborted();
      return { data, shape: cam.map.shape, target };
    });
  } finally {
    cam.destroy();
  }
}

/**
 * The last layer with more than one pixel on the way to an output's logits: the deepest maps that a class can still be
 * located in.
 */
export function lastMaps(graph: Graph, shapes: Shapes, output?: string): string {
  const { logits } = headOf(graph, output);
  const found = ancestorsOf(graph.layers, [logits]).findLast(({ name }) => {
    const shape = shapes.get(name) ?? [];
    return name !== logits && shape.length === 4 && (shape[1] ?? 1) * (shape[2] ?? 1) > 1;
  });
  if (!found || found.op === "input") {
    throw new InputError(`network "${graph.name}": expected a layer with more than one pixel, found none`);
  }
  return found.name;
}
