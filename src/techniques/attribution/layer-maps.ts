import { type Command, recordCommands } from "../../gpu/command.ts";
import { InputError } from "../../gpu/errors.ts";
import type { Fields } from "../../gpu/options.ts";
import type { Scope } from "../../gpu/scope.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { type Graph, inputOf, type Layer, pictureIn, type Shapes } from "../../graph/graph.ts";
import { headOf } from "../../graph/heads.ts";
import { betweenOf, descendantsOf } from "../../graph/traverse.ts";
import { opOf } from "../../layers/ops.ts";
import { extentOf } from "../../layers/sight.ts";
import type { Network } from "../../network/network.ts";
import { notOfBlackBox, outsideOf } from "../../network/outside.ts";
import type { Signal } from "../../sampling/backward-passes.ts";
import type { LoopOptions } from "../../sampling/batches.ts";
import type { MemoryOptions } from "../../sampling/budget.ts";
import { EXPLAIN, type ObjectiveOptions } from "../question.ts";
import type { BackwardPass, PassOptions } from "./backward-pass.ts";

/** Options of the techniques that weigh a layer's maps. */
export interface LayerOptions extends ObjectiveOptions {
  /** The layer whose maps are weighed. Default: the last layer before the classifier that still has pixels. */
  readonly layer?: string | undefined;
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

/**
 * The last layer with more than one pixel on the way to an output's logits: the deepest maps that a class can still be
 * located in. Where the input is a picture, their rows and columns are places of it: those of a transformer's tokens and
 * heads are not.
 */
export function lastMaps(graph: Graph, shapes: Shapes, output?: string): string {
  const { logits } = headOf(graph, output);
  const { name: input } = inputOf(graph);
  const path = betweenOf(graph.layers, [input], [logits]);
  const placed = pictureIn(graph.layers) ? layersWithPlaces(path, input, shapes) : undefined;
  const found = path.findLast(({ name }) => {
    const shape = shapes.get(name) ?? [];
    const pixels = shape.length === 4 && extentOf(shape, 0) * extentOf(shape, 1) > 1;
    return name !== logits && pixels && (placed?.has(name) ?? true);
  });
  if (outsideOf(graph) !== undefined) throw notOfBlackBox(graph, "one that weighs a layer's maps");
  if (!found || found.op === "input") {
    throw new InputError(`network "${graph.name}": expected a layer with more than one pixel, found none`);
  }
  return found.name;
}

/**
 * The layers whose rows and columns follow those of a picture: each place sees its own part of them, or, where all are
 * normalised together, there are as many. Other orders of the axes, and tokens, are left out.
 */
function layersWithPlaces(layers: readonly Layer[], picture: string, shapes: Shapes): ReadonlySet<string> {
  const found = new Set([picture]);
  for (const layer of layers) {
    if (layer.op === "input") continue;
    const y = shapes.get(layer.name) ?? [];
    const x = layer.inputs.map((name) => shapes.get(name) ?? []);
    const keeps = (axis: 0 | 1, input: number): boolean => {
      const last = extentOf(y, axis) - 1;
      if (last === extentOf(x[input], axis) - 1) return true;
      const sees = opOf(layer).sees(layer, { axis, input, x, y });
      return String([...sees(0)]) !== String([...sees(last)]);
    };
    const follows = layer.inputs.some(
      (name, input) => found.has(name) && ([0, 1] as const).every((axis) => keeps(axis, input)),
    );
    if (y.length >= 4 && follows) found.add(layer.name);
  }
  return found;
}

/** The maps of a layer. @throws InputError when the layer has no pixels or does not exist. */
export function mapsAt(
  network: Network,
  { layer, output }: { readonly layer?: string | undefined; readonly output?: string | undefined },
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

/** Refuses a layer that does not lead to what is asked. @throws InputError when nothing of the objective's layers follows from the maps' layer. */
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

/** Prepares the commands that make a map `y` [h, w] of the first image's activations `a` and their gradients `g`. */
export type MapMaker = (
  device: GPUDevice,
  site: Maps & { readonly g: Tensor; readonly y: Tensor },
  scope: Scope,
) => Promise<readonly Command[]>;

/** A technique whose map commands make of a layer's activations and their gradients: what the gradient CAMs share. */
export function passToLayer(who: string, make: MapMaker): BackwardPass {
  return {
    signals: async (network, options, scope) => [await mapAtLayer(network, options, who, make, scope)],
  };
}

/** The map of a layer's activations and gradients, [h, w], of one image after another. */
export async function mapAtLayer(
  network: Network,
  options: PassOptions,
  who: string,
  make: MapMaker,
  scope: Scope,
): Promise<Signal> {
  const maps = mapsAt(network, options, who);
  const { height, width, channels } = maps;
  const one = [1, height, width, channels];
  const a = scope.tensor(one, { label: who });
  const g = scope.tensor(one, { label: who });
  const y = scope.tensor([height, width], { label: who });
  const all = network.gradient(maps.layer);
  const commands = await make(network.device, { ...maps, a, g, y }, scope);
  const bytes = a.buffer.size;
  return {
    shape: y.shape,
    record: (encoder, from) => network.backward(encoder, from, { to: maps.layer }),
    copy(encoder, n, to, offset) {
      encoder.copyBufferToBuffer(maps.a.buffer, n * bytes, a.buffer, 0, bytes);
      encoder.copyBufferToBuffer(all.buffer, n * bytes, g.buffer, 0, bytes);
      recordCommands(encoder, commands);
      encoder.copyBufferToBuffer(y.buffer, 0, to, offset, y.buffer.size);
    },
  };
}
