import type { Graph } from "../graph/graph.ts";
import { createNetwork } from "../network/create-network.ts";
import type { Network, NetworkOptions } from "../network/network.ts";

/** Puts a graph on a device for the time of some work. */
export async function withNetwork<T>(
  device: GPUDevice,
  graph: Graph,
  options: NetworkOptions,
  work: (network: Network) => Promise<T>,
): Promise<T> {
  const network = await createNetwork(device, graph, options);
  try {
    return await work(network);
  } finally {
    network.destroy();
  }
}
