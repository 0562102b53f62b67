import { InputError } from "../../gpu/errors.ts";
import { type Command, record } from "../../gpu/kernel.ts";
import type { Fields } from "../../gpu/options.ts";
import { type Scope, withScope } from "../../gpu/scope.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { descendantsOf } from "../../graph/traverse.ts";
import type { Network } from "../../network/network.ts";
import type { LoopOptions } from "../../sampling/batches.ts";
import type { MemoryOptions } from "../../sampling/budget.ts";
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
import { lastMaps } from "./grad-cam.ts";

/** Options of the techniques that weigh a layer's maps. */
export interface LayerOptions extends ObjectiveOptions {
  /** Whose maps are weighed. Default: the last layer before the classifier that still has pixels. */
  readonly layer?: string;
}

export const LAYER: Fields<LayerOptions & LoopOptions & MemoryOptions> = { ...EXPLAIN, layer: "may" };

/** A layer's maps: its name and its activations, [N, h, w, C]. */
export interface Maps {
  readonly layer: string;
  readonly a: Tensor;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** @throws InputError when the layer has no pixels or does not exist. */
export function mapsAt(
  network: Network,
  { layer, output }: Pick<LayerOptions, "layer" | "output">,
  who: string,
): Maps {
  const name = layer ?? lastMaps(network.graph, network.shapes, output);
  const a = network.activation(name);
  const [, height = 0, width = 0, channels = 0] = a.shape;
  if (a.shape.length !== 4) {
    throw new InputError(
      `${who}: expected a layer with maps (H×W×C), got "${name}" of ${a.shape.slice(1).join("×")}`,
    );
  }
  return { layer: name, a, height, width, channels };
}

/** @throws InputError when nothing of the objective's layers follows from the maps' layer. */
export function assertBelow(
  { graph }: Network,
  { layer }: Maps,
  asked: readonly string[],
  who: string,
): void {
  const found = new Set(descendantsOf(graph.layers, [layer]).map(({ name }) => name));
  if (asked.every((name) => name === layer || !found.has(name))) {
    throw new InputError(`${who}: expected a layer that leads to "${asked.join('", "')}", got "${layer}"`);
  }
}

/** Prepares what makes a map `y` [h, w] of the first image's activations and their gradients `g`. */
export type MapMaker = (
  device: GPUDevice,
  site: Maps & { readonly g: Tensor; readonly y: Tensor },
  scope: Scope,
) => Promise<readonly Command[]>;

/** A map [h, w] that commands make of a layer's activations and gradients: what the gradient CAMs share. */
export function gradientMap(
  network: Network,
  image: Picture,
  options: LayerOptions,
  who: string,
  make: MapMaker,
): Promise<Explanation> {
  return answer(network, image, options, (turn, input) => mapOf(turn, input, options, who, make), {
    who,
    fields: LAYER,
  });
}

function mapOf(
  network: Network,
  input: Float32Array,
  options: LayerOptions,
  who: string,
  make: MapMaker,
): Promise<Explanation> {
  const { device } = network;
  return withScope(device, who, async (scope) => {
    const maps = mapsAt(network, options, who);
    const y = scope.tensor([maps.height, maps.width], { label: `${who} map` });
    const commands = await make(device, { ...maps, g: network.gradient(maps.layer), y }, scope);
    return withQuestion(network, input, options, async (from, target) => {
      submit(network, (encoder) => {
        network.backward(encoder, from, { to: maps.layer });
        record(encoder, commands);
      });
      const [data] = await readAnswer(network, target, [y]);
      options.signal?.throwIfAborted();
      return { data, shape: y.shape, target };
    });
  });
}
