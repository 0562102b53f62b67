import { assertDevice } from "../gpu/device.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import type { Folds } from "../graph/fuse.ts";
import { assertGraph, type Graph } from "../graph/graph.ts";
import { resized } from "../graph/resize.ts";
import { putOnDevice } from "./create-network.ts";
import {
  type BatchOptions,
  batchOfPlan,
  DEFAULT_MEMORY,
  footprintOfPlan,
  inMebibytes,
  memoryOf,
} from "./memory.ts";
import type { Network } from "./network.ts";
import { assertSound, type NetworkPlan, planNetwork, runningGraph } from "./network-plan.ts";
import { NETWORK, type NetworkOptions, type NetworkSettings, networkSettings } from "./options.ts";
import { DeviceWeights } from "./weights.ts";

export interface NetworksOptions {
  /**
   * Bytes of GPU buffers that all networks of the pool, and the techniques on them, may hold together. Default: no limit to the
   * networks, and 512 MiB for `batchWithin`.
   */
  readonly memory?: number | undefined;
}

/** Choice of a network of a pool. */
export interface PooledOptions extends NetworkOptions {
  /** Another graph than the pool's. Arrays that both have, such as a layer's weights, are on the device once. */
  readonly graph?: Graph | undefined;
  /** Height and width of the images, where they are not the graph's; see `resized`. */
  readonly size?: readonly [height: number, width: number] | undefined;
}

/** Choice of a batch of a pool's networks; without `memory`, which is the pool's. */
export type PooledBatchOptions = Omit<BatchOptions, "memory"> & Pick<PooledOptions, "graph" | "size">;

/** A graph that was asked for, and what was made of it: the same objects again, so that their arrays are found on the device. */
interface KnownGraph {
  readonly number: number;
  /** The running graphs, by `keep`. */
  readonly running: Map<string, Graph>;
  /** The graphs for images of other sizes. */
  readonly sizes: Map<string, Graph>;
}

const POOL: Fields<NetworksOptions> = { memory: "may" };
// The same object tells `batchWithin` how large a batch may be; the memory is the pool's.
const POOLED: Fields<PooledOptions & PooledBatchOptions> = {
  ...NETWORK,
  graph: "may",
  size: "may",
  most: "may",
};

/**
 * Networks of one graph that share their weights on the device: a network of another batch, for images of another size, or with
 * other layers to see, costs its activations and gradients only. Each is created when it is first asked for.
 */
export class Networks {
  readonly device: GPUDevice;
  readonly graph: Graph;
  readonly #memory: number | undefined;
  readonly #weights: DeviceWeights;
  readonly #graphs = new Map<Graph, KnownGraph>();
  readonly #folds: Folds = [];
  readonly #networks = new Map<string, Promise<Network>>();
  #live: Network[] = [];
  /** The creation under way: one at a time, so that each knows what the others hold. */
  #last: Promise<unknown> = Promise.resolve();
  #destroyed = false;
  /** Whether the pool's own graph was found to have finite weights, for a network of somebody's own. */
  #sound = false;

  /** @internal Use {@link createNetworks}. */
  constructor(device: GPUDevice, graph: Graph, memory: number | undefined) {
    this.device = device;
    this.graph = graph;
    this.#memory = memory;
    this.#weights = new DeviceWeights(device);
  }

  /**
   * The pool's network of these options: the same one whenever they are the same. It belongs to the pool.
   * @throws as `createNetwork` does; InputError when it would exceed the pool's budget, or the pool was destroyed.
   */
  async of(options: PooledOptions = {}): Promise<Network> {
    assertFields(this.#who, options, POOLED);
    const { graph: asked, size, ...network } = options;
    const settings = networkSettings(this.#who, network);
    const graph = this.#sized(asked, size);
    const { batch, keep, gradients, reuseBuffers } = settings;
    const { number } = this.#graphOf(graph);
    const key = JSON.stringify([number, batch, keyOf(keep), gradients, reuseBuffers]);
    const known = this.#networks.get(key);
    if (known && !(await known).isDestroyed) return known;
    // Somebody else may have created it anew meanwhile.
    if (this.#networks.get(key) !== known) return this.of(options);
    const made = this.#last.then(() => this.#create(this.#plan(graph, settings)));
    this.#last = made.catch(() => this.#networks.delete(key));
    this.#networks.set(key, made);
    return made;
  }

  /**
   * A network of these options that nobody else gets, with the pool's weights; whoever asks destroys it. It serves work that ends,
   * such as one step of a sequence of sizes.
   * @throws as {@link of}.
   */
  async temporary(options: PooledOptions = {}): Promise<Network> {
    assertFields(this.#who, options, POOLED);
    const { graph = this.graph, size, ...network } = options;
    const settings = networkSettings(this.#who, network);
    const made = this.#last.then(() => {
      if (this.#destroyed) throw this.#usedAfter();
      assertGraph(this.#who, graph);
      if (graph !== this.graph || !this.#sound) assertSound(graph);
      this.#sound ||= graph === this.graph;
      const sized = size === undefined ? graph : resized(graph, size);
      return this.#create(planNetwork(runningGraph(sized, settings.keep, this.#folds), settings));
    });
    this.#last = made.catch(() => {});
    return made;
  }

  /**
   * The network that differs from another by its graph only, which has the same layers with other weights.
   * @example
   * const randomised = await networks.variantOf(network, randomiseGraph(network.graph));
   */
  variantOf(network: Network, graph: Graph): Promise<Network> {
    return this.of({ ...optionsOf(network), graph });
  }

  /**
   * The largest batch with which another network of the pool, and any technique of many samples on it, keep within what the
   * pool's networks have left of its budget.
   * @throws InputError when not even one image fits, with what it takes and what would help.
   */
  batchWithin(options: PooledBatchOptions = {}): number {
    assertFields(this.#who, options, POOLED);
    const { graph, size, most = 32, ...network } = options;
    const plan = this.#plan(this.#sized(graph, size), networkSettings(this.#who, { ...network, batch: 1 }));
    const left = Math.max(1, (this.#memory ?? DEFAULT_MEMORY) - this.memory);
    return batchOfPlan(this.device, plan, left, most, this.#weights);
  }

  /** Bytes of GPU buffers that the pool holds: its networks, and the weights that they share. */
  get memory(): number {
    this.#live = this.#live.filter(({ isDestroyed }) => !isDestroyed);
    return this.#live.reduce(
      (sum, { plan }) => sum + footprintOfPlan(plan, this.#weights).total,
      this.#weights.bytes,
    );
  }

  /**
   * Bytes that a technique on one of the pool's networks may hold together with that network: the budget, less what the others
   * hold. Undefined in a pool without a budget.
   */
  memoryFor(network: Network): number | undefined {
    if (this.#memory === undefined) return undefined;
    return this.#memory - (this.memory - memoryOf(network));
  }

  /** Frees every network of the pool, and their weights. The device stays. */
  destroy(): void {
    this.#destroyed = true;
    for (const network of this.#live.splice(0)) network.destroy();
    this.#networks.clear();
    this.#weights.destroy();
  }

  [Symbol.dispose](): void {
    this.destroy();
  }

  get #who(): string {
    return `networks of "${this.graph.name}"`;
  }

  async #create(plan: NetworkPlan): Promise<Network> {
    this.#expectRoom(plan);
    const network = await putOnDevice(this.device, plan, { shared: this.#weights });
    if (this.#destroyed) {
      network.destroy();
      throw this.#usedAfter();
    }
    this.#live = [...this.#live.filter(({ isDestroyed }) => !isDestroyed), network];
    return network;
  }

  #plan(graph: Graph, settings: NetworkSettings): NetworkPlan {
    const { running } = this.#graphOf(graph);
    const key = keyOf(settings.keep);
    if (running.size === 0) assertSound(graph);
    const made = running.get(key) ?? runningGraph(graph, settings.keep, this.#folds);
    running.set(key, made);
    return planNetwork(made, settings);
  }

  /** A graph for images of a size. */
  #sized(graph: Graph = this.graph, size: PooledOptions["size"]): Graph {
    assertGraph(this.#who, graph);
    if (size === undefined) return graph;
    const { sizes } = this.#graphOf(graph);
    const key = String(size);
    const made = sizes.get(key) ?? resized(graph, size);
    sizes.set(key, made);
    return made;
  }

  #graphOf(graph: Graph): KnownGraph {
    if (this.#destroyed) throw this.#usedAfter();
    const known = this.#graphs.get(graph) ?? {
      number: this.#graphs.size,
      running: new Map<string, Graph>(),
      sizes: new Map<string, Graph>(),
    };
    this.#graphs.set(graph, known);
    return known;
  }

  /** @throws InputError when a network would exceed the budget. */
  #expectRoom(plan: NetworkPlan): void {
    if (this.#memory === undefined) return;
    const held = this.memory;
    const { total } = footprintOfPlan(plan, this.#weights);
    if (held + total <= this.#memory) return;
    throw new InputError(
      `${this.#who}: expected to keep within ${inMebibytes(this.#memory)}, needs ${inMebibytes(total)} for a network of batch ${plan.batch} beside the ${inMebibytes(held)} of the others; use a memory of at least ${held + total}, or a smaller batch`,
    );
  }

  #usedAfter(): InputError {
    return new InputError(`${this.#who}: used after destroy()`);
  }
}

/** The options of a network, for one of another graph with the same layers: the batch and the buffers are then the same. */
export function optionsOf(network: Network): NetworkOptions {
  const { batch, hasGradients, kept } = network;
  // The network's graph is fused already.
  return { batch, gradients: hasGradients, keep: kept ? [...kept] : "all", reuseBuffers: kept !== undefined };
}

function keyOf(keep: NetworkSettings["keep"]): string {
  return keep === "all" ? keep : JSON.stringify([...new Set(keep)].toSorted());
}

/**
 * Opens a pool of networks that share the weights of a graph on a device. Nothing is created until it is asked for.
 * @example
 * const networks = createNetworks(device, graph, { memory: 256 * 2 ** 20 });
 * const one = await networks.of();
 * const many = await networks.of({ keep: [], batch: networks.batchWithin({ keep: [] }) });
 * networks.destroy();
 */
export function createNetworks(device: GPUDevice, graph: Graph, options: NetworksOptions = {}): Networks {
  assertDevice("createNetworks", device);
  assertGraph("createNetworks", graph);
  assertFields("createNetworks", options, POOL);
  return new Networks(device, graph, options.memory);
}
