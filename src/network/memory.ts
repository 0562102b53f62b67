import { assertDevice } from "../gpu/device.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields } from "../gpu/options.ts";
import { type Shape, sizeOf } from "../gpu/tensor.ts";
import { fuse } from "../graph/fuse.ts";
import { assertGraph, type Graph, inputOf, type Shapes, shapesOf } from "../graph/graph.ts";
import { answersOf, withLogits } from "../graph/heads.ts";
import { opOf } from "../layers/ops.ts";
import { activationOf } from "./gradient-layout.ts";
import { isView, planActivations } from "./memory-plan.ts";
import type { Network } from "./network.ts";
import { NETWORK, type NetworkOptions } from "./options.ts";

/** What a network and its technique may hold on the GPU together unless told otherwise, in bytes: 512 MiB. */
export const DEFAULT_MEMORY = 512 * 2 ** 20;

/** Bytes of GPU buffers that a network holds, by what they are for. */
export interface Footprint {
  readonly activations: number;
  readonly gradients: number;
  readonly weights: number;
  /** What forward leaves for backward, scratch, and every kernel's parameters (of these, the most there can be). */
  readonly other: number;
  readonly total: number;
}

/** The most that the parameters of a layer's kernels take. */
const PARAMS = { forward: 512, backward: 1536 } as const;

/** The most that the rules of a layer's activation take: two slots, and what they are copied from. */
const RULES = 48;

const bytesOf = (shape: Shape): number => 4 * sizeOf(shape);

/**
 * How much GPU memory a network takes, before it is created.
 * @throws InputError, UnsupportedError for a graph that cannot be right or run.
 */
export function footprintOf(graph: Graph, options: NetworkOptions = {}): Footprint {
  assertGraph("footprintOf", graph);
  assertFields("footprintOf", options, { ...NETWORK, memory: "may", most: "may" });
  const { batch = 1, keep = "all", gradients = true, reuseBuffers = false } = options;
  const whole = withLogits(graph);
  const running = keep === "all" ? whole : fuse(whole, keep);
  const shapes = shapesOf(running, batch);
  const weights = running.layers.reduce((sum, layer) => {
    if (layer.op === "input") return sum;
    const inputs = layer.inputs.map((name) => shapes.get(name) ?? []);
    const constants = Object.values(opOf(layer).constants?.(layer, inputs, gradients) ?? {});
    return sum + constants.reduce((bytes, { shape }) => bytes + bytesOf(shape), 0);
  }, 0);
  const alone = reuseBuffers && keep !== "all" ? [...keep, ...answersOf(running)] : undefined;
  return footprint(running, shapes, { gradients, weights, alone });
}

/** How much GPU memory a network holds, in bytes. */
export function memoryOf(network: Network): number {
  const { graph, shapes, hasGradients, constants, kept } = network;
  let weights = 0;
  for (const tensors of constants.values()) {
    for (const { buffer } of Object.values(tensors)) weights += buffer.size;
  }
  const alone = kept && [...kept];
  return footprint(graph, shapes, { gradients: hasGradients, weights, alone }).total;
}

function footprint(
  graph: Graph,
  shapes: Shapes,
  {
    gradients: withGradients,
    weights,
    alone,
  }: {
    readonly gradients: boolean;
    readonly weights: number;
    /** Layers with buffers of their own, where the others reuse one another's. */
    readonly alone: readonly string[] | undefined;
  },
): Footprint {
  const shapeOf = (name: string): Shape => shapes.get(name) ?? [];
  const readers = new Map<string, number>();
  for (const input of graph.layers.flatMap(({ inputs }) => inputs))
    readers.set(input, (readers.get(input) ?? 0) + 1);
  let [activations, gradients, other, gated] = [0, 0, 0, 0];
  for (const layer of graph.layers) {
    const bytes = bytesOf(shapeOf(layer.name));
    const view = isView(layer);
    if (!view) activations += bytes;
    other += PARAMS.forward;
    const inputs = layer.inputs.map(shapeOf);
    const scratch = layer.op === "input" ? undefined : opOf(layer).scratch?.(layer, inputs);
    if (scratch) other += bytesOf(scratch.forward);
    if (!withGradients) continue;
    if (!view || readers.get(layer.inputs[0] ?? "") !== 1) gradients += bytes;
    other += PARAMS.backward;
    if (layer.op === "input") continue;
    for (const { shape } of Object.values(opOf(layer).saved?.(layer, inputs) ?? {})) other += bytesOf(shape);
    // Where several layers read the input there are two commands: one writes its gradient, one adds to it.
    const commands = layer.inputs.reduce((sum, name) => sum + ((readers.get(name) ?? 1) > 1 ? 2 : 1), 0);
    if (scratch) other += commands * bytesOf(scratch.backward);
    if (activationOf(layer)) other += RULES;
    const activation = layer.op === "activation" ? undefined : activationOf(layer);
    if (activation && activation.kind !== "linear") gated = Math.max(gated, bytes);
  }
  if (withGradients) {
    const largest = Math.max(...graph.layers.flatMap(({ name }) => [...shapeOf(name)]));
    other += gated + 4 * (largest + 64) + 4 * (shapeOf(graph.output)[0] ?? 1) + 64;
  }
  if (alone)
    activations = 4 * planActivations(graph, shapes, alone).sizes.reduce((sum, size) => sum + size, 0);
  return { activations, gradients, weights, other, total: activations + gradients + weights + other };
}

export interface BatchOptions extends Pick<NetworkOptions, "keep" | "gradients" | "reuseBuffers"> {
  /** Bytes of GPU buffers that the network and a technique on it may hold together. Default 512 MiB. */
  readonly memory?: number;
  /** The largest batch that is wanted. Default 32: more seldom makes a GPU faster. */
  readonly most?: number;
}

/**
 * The largest batch with which a network, and any technique of many samples on it, keep within a budget of GPU memory:
 * `createNetwork(device, graph, { ...options, batch: batchWithin(device, graph, options) })`.
 * @throws InputError when not even one image fits, with what it takes and what would help.
 */
export function batchWithin(device: GPUDevice, graph: Graph, options: BatchOptions = {}): number {
  assertDevice("batchWithin", device);
  assertGraph("batchWithin", graph);
  assertFields("batchWithin", options, { ...NETWORK, memory: "may", most: "may" });
  const { memory = DEFAULT_MEMORY, most = 32, ...network } = options;
  assertMemory(memory, `network "${graph.name}"`);
  if (!Number.isInteger(most) || most < 1) {
    throw new InputError(`network "${graph.name}": expected a batch of at least 1 as the most, got ${most}`);
  }
  const one = footprintOf(graph, { ...network, batch: 1 });
  const images = one.activations + one.gradients + one.other;
  const [height, width, channels] = inputOf(graph).shape;
  const shapes = [...shapesOf(graph).values()].map(bytesOf);
  const largest = Math.max(...shapes);
  // A mask a sample; and a few copies of the image and of a layer's maps.
  const scratch = {
    each: 4 * height * width + 16,
    once: 32 * height * width * (channels + 1) + 2 * largest + 2 ** 18,
  };
  const needed = one.total + scratch.each + scratch.once;
  if (needed > memory) {
    const help = [
      `a memory of at least ${needed}`,
      ...(network.gradients === false ? [] : ["{ gradients: false }, if nothing goes backward"]),
      ...(network.keep === undefined || network.keep === "all" ? ["{ keep: [] }"] : []),
      ...(network.reuseBuffers ? [] : ["{ reuseBuffers: true } beside both"]),
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
