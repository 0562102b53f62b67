import { assertDevice, checked } from "../gpu/device.ts";
import { all, build } from "../gpu/scope.ts";
import { assertGraph, type Graph } from "../graph/graph.ts";
import { readersOf } from "../graph/traverse.ts";
import { allocate, tensorOf } from "./buffers.ts";
import { Network } from "./network.ts";
import { assertSound, type NetworkPlan, planNetwork, runningGraph } from "./network-plan.ts";
import { type NetworkOptions, networkSettings } from "./options.ts";
import type { OutsideScores } from "./outside.ts";
import { createStage } from "./stages.ts";
import { DeviceWeights } from "./weights.ts";

/**
 * Puts a graph on a device: checks it, fuses what nobody asked to see, uploads the weights, allocates every buffer,
 * compiles every pipeline. The device is borrowed and may be shared with anything else. Several networks of a graph, of other
 * batches or with other layers to see, share one copy of the weights when `createNetworks` makes them.
 * @throws InputError, UnsupportedError for a graph that cannot be right or run; ModelError for weights or settings that are
 * NaN or infinite; OutOfMemoryError; DeviceLostError.
 * @example
 * ```ts
 * import { createNetwork } from "vitrine";
 *
 * const network = await createNetwork(device, graph); // { gradients: false } where nobody asks for any
 * const encoder = device.createCommandEncoder();
 * network.forward(encoder);
 * network.backward(encoder, { layer: graph.output, channel: 4 });
 * device.queue.submit([encoder.finish()]);
 * console.log(network.gradient("input").shape.join("×")); // 1×96×96×3
 * network.destroy();
 * ```
 */
export async function createNetwork(
  device: GPUDevice,
  graph: Graph,
  options: NetworkOptions = {},
): Promise<Network> {
  assertDevice("createNetwork", device);
  assertGraph("createNetwork", graph);
  const settings = networkSettings(`network "${graph.name}"`, options);
  assertSound(graph);
  return putOnDevice(device, planNetwork(runningGraph(graph, settings.keep), settings));
}

/**
 * @internal Puts a planned network on a device.
 * @param shared weights that outlive the network, where it does not own its own; and the function, where its scores come from outside.
 */
export async function putOnDevice(
  device: GPUDevice,
  plan: NetworkPlan,
  { shared, outside }: { readonly shared?: DeviceWeights; readonly outside?: OutsideScores } = {},
): Promise<Network> {
  const { graph, shapes, layout } = plan;
  const who = `network "${graph.name}"`;
  const readers = readersOf(graph.layers);
  const { destroy, ...made } = await build(device, who, async (scope) => {
    const weights = shared ?? scope.own(new DeviceWeights(device));
    const [constants, allocated] = await all([
      weights.of(graph, shapes, layout !== undefined),
      checked(device, who, () => allocate(device, plan, scope.own)),
    ] as const);
    for (const layer of graph.layers) {
      if (layer.op !== "input" || !layer.values) continue;
      const { buffer } = tensorOf(allocated.activations, layer.name);
      const { buffer: values, byteOffset, byteLength } = layer.values;
      for (let n = 0; n < plan.batch; n++) {
        device.queue.writeBuffer(buffer, n * byteLength, values, byteOffset, byteLength);
      }
    }
    const buffers = { ...allocated, constants };
    const stages = await all(
      graph.layers.map((layer) => createStage(device, layer, buffers, readers, scope)),
    );
    const byName = new Map(stages.map((stage) => [stage.layer.name, stage]));
    return { constants, backward: allocated.backward, stages: byName };
  });
  return new Network({ device, plan, ...made, plans: new Map(), memory: { destroy }, outside });
}
