import { assertDevice } from "../gpu/device.ts";
import { InputError } from "../gpu/errors.ts";
import { type Shape, sizeOf } from "../gpu/tensor.ts";
import { assertGraph, type Graph, inputOf } from "../graph/graph.ts";
import { activationOf, fusedActivationOf } from "../graph/layer-facts.ts";
import { readersOf } from "../graph/traverse.ts";
import { opOf } from "../layers/ops.ts";
import { isView, planActivations } from "./memory-plan.ts";
import type { Network } from "./network.ts";
import { type NetworkPlan, planNetwork, runningGraph } from "./network-plan.ts";
import { type NetworkOptions, networkSettings } from "./options.ts";
import type { DeviceWeights } from "./weights.ts";

/** Bytes that a network and its technique may hold together on the GPU unless told otherwise: 512 MiB. */
export const DEFAULT_MEMORY = 512 * 2 ** 20;

/** Bytes of GPU buffers that a network holds, by what they are for. */
export interface Footprint {
  readonly activations: number;
  readonly gradients: number;
  readonly weights: number;
  /** Values that forward saves for backward, scratch, and parameters of every kernel (an upper bound). */
  readonly other: number;
  readonly total: number;
}

/** The most that the parameters of a layer's kernels take. */
const PARAMS = { forward: 512, backward: 1536 } as const;

/** The most that the rules of a layer's activation take: two slots, and what they are copied from. */
const RULES = 48;

const bytesOf = (shape: Shape): number => 4 * sizeOf(shape);

/**
 * GPU memory of a network, before it is created.
 * @throws InputError, UnsupportedError for a graph that cannot be right or run.
 */
export function footprintOf(graph: Graph, options: NetworkOptions = {}): Footprint {
  assertGraph("footprintOf", graph);
  const settings = networkSettings("footprintOf", options);
  return footprintOfPlan(planNetwork(runningGraph(graph, settings.keep), settings));
}

/**
 * @internal How much GPU memory a planned network takes.
 * @param there weights on the device already, which it shares.
 */
export function footprintOfPlan(plan: NetworkPlan, there?: DeviceWeights): Footprint {
  const { graph, shapes, layout } = plan;
  const withGradients = layout !== undefined;
  const weights = graph.layers.reduce((sum, layer) => {
    if (layer.op === "input") return sum;
    const inputs = layer.inputs.map((name) => shapes.get(name) ?? []);
    if (there?.has(layer, inputs, withGradients)) return sum;
    const constants = Object.values(opOf(layer).constants?.(layer, inputs, withGradients) ?? {});
    return sum + constants.reduce((bytes, { shape }) => bytes + bytesOf(shape), 0);
  }, 0);
  const { activations, gradients, other } = footprintWithoutWeights(plan);
  return { activations, gradients, weights, other, total: activations + gradients + weights + other };
}

/** GPU memory that networks hold together, in bytes; weights that they share count once. */
export function memoryOf(...networks: readonly Network[]): number {
  const weights = new Set<GPUBuffer>();
  let bytes = 0;
  for (const { plan, constants } of networks) {
    const { activations, gradients, other } = footprintWithoutWeights(plan);
    bytes += activations + gradients + other;
    for (const tensors of constants.values()) {
      for (const { buffer } of Object.values(tensors)) weights.add(buffer);
    }
  }
  return Array.from(weights).reduce((sum, { size }) => sum + size, bytes);
}

function footprintWithoutWeights({
  graph,
  shapes,
  layout,
  alone,
}: NetworkPlan): Omit<Footprint, "weights" | "total"> {
  const shapeOf = (name: string): Shape => shapes.get(name) ?? [];
  const readers = readersOf(graph.layers);
  let [activations, gradients, other, separate] = [0, 0, 0, 0];
  for (const layer of graph.layers) {
    const { name } = layer;
    const bytes = bytesOf(shapeOf(name));
    if (!isView(layer)) activations += bytes;
    other += PARAMS.forward;
    const inputs = layer.inputs.map(shapeOf);
    const scratch = layer.op === "input" ? undefined : opOf(layer).scratch?.(layer, inputs);
    if (scratch) other += bytesOf(scratch.forward);
    if (!layout) continue;
    if (layout.buffers.get(name) === name) gradients += bytes;
    other += PARAMS.backward;
    if (layer.op === "input") continue;
    for (const { shape } of Object.values(opOf(layer).saved?.(layer, inputs) ?? {})) other += bytesOf(shape);
    // Where several layers read the input there are two commands: one writes its gradient, one adds to it.
    const commands = layer.inputs.reduce((sum, input) => sum + (readers.get(input)?.[1] ? 2 : 1), 0);
    if (scratch) other += commands * bytesOf(scratch.backward);
    if (activationOf(layer)) other += RULES;
    if (fusedActivationOf(layer)) separate = Math.max(separate, bytes);
  }
  if (layout) {
    const largest = Math.max(...graph.layers.flatMap(({ name }) => [...shapeOf(name)]));
    other += separate + 4 * (largest + 64) + 4 * (shapeOf(graph.output)[0] ?? 1) + 64;
  }
  if (alone) {
    activations = 4 * planActivations(graph, shapes, alone).sizes.reduce((sum, size) => sum + size, 0);
  }
  return { activations, gradients, other };
}

export interface BatchOptions extends Pick<NetworkOptions, "keep" | "gradients" | "reuseBuffers"> {
  /** Bytes of GPU buffers that the network and a technique on it may hold together. Default 512 MiB. */
  readonly memory?: number | undefined;
  /** The largest batch that is wanted. Default 32. */
  readonly most?: number | undefined;
}

/**
 * The largest batch with which a network, and any technique of many samples on it, keep within a budget of GPU memory:
 * `createNetwork(device, graph, { ...options, batch: batchWithin(device, graph, options) })`.
 * @throws InputError when not even one image fits, with what it takes and what would help.
 */
export function batchWithin(device: GPUDevice, graph: Graph, options: BatchOptions = {}): number {
  assertDevice("batchWithin", device);
  assertGraph("batchWithin", graph);
  const { memory = DEFAULT_MEMORY, most = 32, ...network } = options;
  const settings = networkSettings("batchWithin", { ...network, batch: 1 });
  return batchOfPlan(device, planNetwork(runningGraph(graph, settings.keep), settings), memory, most);
}

/**
 * @internal The same for a planned network of one image.
 * @param there weights on the device already, which it shares.
 */
export function batchOfPlan(
  device: GPUDevice,
  plan: NetworkPlan,
  memory: number,
  most: number,
  there?: DeviceWeights,
): number {
  const { graph, shapes, layout, alone } = plan;
  assertMemory(memory, `network "${graph.name}"`);
  if (!Number.isInteger(most) || most < 1) {
    throw new InputError(`network "${graph.name}": expected a batch of at least 1 as the most, got ${most}`);
  }
  const one = footprintOfPlan(plan, there);
  const images = one.activations + one.gradients + one.other;
  const { shape } = inputOf(graph);
  const [pixels, values] = [sizeOf(shape.slice(0, -1)), sizeOf(shape)];
  const largest = Math.max(...[...shapes.values()].map(bytesOf));
  // A mask a sample; and a few copies of the image and of a layer's maps.
  const scratch = {
    each: 4 * pixels + 16,
    once: 32 * (values + pixels) + 2 * largest + 2 ** 18,
  };
  const needed = one.total + scratch.each + scratch.once;
  if (needed > memory) {
    const help = [
      `a memory of at least ${needed}`,
      ...(layout ? ["{ gradients: false }, if nothing goes backward"] : []),
      ...(plan.keep === "all" ? ["{ keep: [] }"] : []),
      ...(alone ? [] : ["{ reuseBuffers: true } beside both"]),
    ];
    throw new InputError(
      `network "${graph.name}": expected to keep within ${inMebibytes(memory)}, needs ${inMebibytes(needed)} for one image (weights ${inMebibytes(one.weights)}, activations ${inMebibytes(one.activations)}, gradients ${inMebibytes(one.gradients)}); use ${help.join(", or ")}`,
    );
  }
  const limit = Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize);
  const fitting = Math.floor((memory - one.weights - scratch.once) / (images + scratch.each));
  return Math.max(1, Math.min(most, fitting, Math.floor(limit / largest)));
}

/** @throws InputError when a budget is no number of bytes. */
export function assertMemory(memory: number, who: string): void {
  if (!(memory > 0)) throw new InputError(`${who}: expected a memory above 0 bytes, got ${memory}`);
}

/** Bytes for people. */
export function inMebibytes(bytes: number): string {
  const mebibytes = bytes / 2 ** 20;
  return `${mebibytes >= 10 ? Math.ceil(mebibytes) : Math.ceil(mebibytes * 1000) / 1000} MiB`;
}
