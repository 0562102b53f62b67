import { InputError } from "../gpu/errors.ts";
import type { Graph } from "../graph/graph.ts";
import type { Measure } from "../metrics/measures.ts";
import { randomiseGraph } from "../metrics/randomise.ts";
import { batchWithin, DEFAULT_MEMORY, footprintOf, memoryOf } from "../network/memory.ts";
import type { Network, NetworkOptions } from "../network/network.ts";
import { createNetworks, type Networks } from "../network/pool.ts";
import type { AttributionTechnique } from "../techniques/attribution/technique.ts";
import type { Values } from "./values.ts";

/** The largest batch unless --batch says otherwise: larger batches are hardly faster. */
const MOST = 16;

/** The work of a command that needs networks. */
export interface Needs {
  readonly techniques: readonly AttributionTechnique[];
  /** Layers that are looked at. */
  readonly keep: readonly string[];
  /** True if maps are measured, which runs the network on changed images. */
  readonly trust: boolean;
  /** True if copies with randomised parameters are needed. */
  readonly randomised: boolean;
}

/** The networks that maps of some techniques, and measures of them, need. */
export function needsOf(
  techniques: readonly AttributionTechnique[],
  keep: readonly string[],
  plan: { readonly measures: readonly Measure[] } | undefined,
): Needs {
  const randomised = plan?.measures.includes("modelRandomisation") ?? false;
  return { techniques, keep, trust: plan !== undefined, randomised };
}

/**
 * The networks of a command, each made when it is first asked for: one for a single image, for the techniques that need no
 * more, and one for as many images at a time as there is room for, for techniques of many samples and for changed images. They
 * share their weights. All of them, with what runs on them, keep within --memory.
 */
export class CommandNetworks {
  readonly #networks: Networks;
  readonly #batch: number | undefined;
  readonly #given: number | undefined;
  readonly #single: NetworkOptions | undefined;
  readonly #several: NetworkOptions;
  /** The number of networks like that for a single image, and like that for several: two, where one is randomised. */
  readonly #copies: { readonly single: number; readonly several: number };
  readonly #randomised = new Map<Graph, Graph>();
  #first: Promise<Network> | undefined;
  #batched: Promise<Network> | undefined;

  /** @throws UsageError for a --batch or --memory that cannot be. */
  constructor(
    device: GPUDevice,
    graph: Graph,
    { techniques, keep, trust, randomised }: Needs,
    values: Values,
  ) {
    this.#batch = values.whole("batch", 1, 1024);
    const mebibytes = values.whole("memory", 1, 2 ** 20);
    this.#given = mebibytes === undefined ? undefined : mebibytes * 2 ** 20;
    this.#networks = createNetworks(device, graph);
    const single = techniques.filter(({ passes }) => passes === undefined);
    const sampled = techniques.filter(({ passes }) => passes !== undefined);
    if (single.length > 0 || (sampled.length === 0 && !trust)) {
      this.#single = { keep, gradients: single.some(({ forwardOnly }) => !forwardOnly), batch: 1 };
    }
    const gradients = sampled.some(({ forwardOnly }) => !forwardOnly);
    const reuseBuffers = !gradients && sampled.every(({ outputOnly }) => outputOnly);
    const copies = randomised ? 2 : 1;
    this.#several = { keep, gradients, reuseBuffers };
    this.#copies = { single: copies, several: sampled.length > 0 ? copies : 1 };
  }

  /** The network that a technique runs on. */
  of({ passes }: AttributionTechnique): Promise<Network> {
    return passes === undefined ? this.first() : this.several();
  }

  /** The smallest: for one image, unless nothing needs one alone. */
  first(): Promise<Network> {
    this.#first ??= this.#createFirst();
    return this.#first;
  }

  /** The one for several images at a time. */
  several(): Promise<Network> {
    this.#batched ??= this.#createBatched();
    return this.#batched;
  }

  /** A network's copy with randomised parameters. */
  randomised(network: Network): Promise<Network> {
    const graph = this.#randomised.get(network.graph) ?? randomiseGraph(network.graph);
    this.#randomised.set(network.graph, graph);
    return this.#networks.variantOf(network, graph);
  }

  /** The memory that a technique on a network may hold, its network included; empty without --memory. */
  memoryFor(network: Network): { readonly memory?: number } {
    if (this.#given === undefined) return {};
    return { memory: this.#given - (this.#networks.memory - memoryOf(network)) };
  }

  /** Frees every network. */
  destroy(): void {
    this.#networks.destroy();
  }

  async #createFirst(): Promise<Network> {
    const single = this.#single;
    if (!single) return this.several();
    if (this.#given !== undefined) this.#within({ ...single, most: 1 }, this.#given / this.#copies.single);
    return this.#networks.of(single);
  }

  async #createBatched(): Promise<Network> {
    return this.#networks.of({ ...this.#several, batch: this.#batch ?? this.#batchOfSeveral() });
  }

  #batchOfSeveral(): number {
    const { graph } = this.#networks;
    const { single: singles, several } = this.#copies;
    const single = this.#single && footprintOf(graph, this.#single);
    // Both hold the same weights, which are there once.
    const shared = single ? Math.min(single.weights, footprintOf(graph, this.#several).weights) : 0;
    const others = singles * (single?.total ?? 0);
    const memory = ((this.#given ?? DEFAULT_MEMORY) - others) / several + shared;
    try {
      return this.#within({ ...this.#several, most: MOST }, memory);
    } catch (error) {
      // A network that is large by itself still runs, an image at a time, unless a budget was asked for.
      if (this.#given === undefined && error instanceof InputError) return 1;
      throw error;
    }
  }

  #within(options: NetworkOptions & { readonly most: number }, memory: number): number {
    const { device, graph } = this.#networks;
    const { batch: _, ...others } = options;
    try {
      return batchWithin(device, graph, { ...others, memory: Math.max(1, memory) });
    } catch (error) {
      if (!(error instanceof InputError) || this.#given === undefined) throw error;
      throw new InputError(`--memory ${this.#given / 2 ** 20} MiB is too little: ${error.message}`);
    }
  }
}

/** Runs some work with the networks of a command, and frees them. */
export async function withNetworks<T>(
  device: GPUDevice,
  graph: Graph,
  needs: Needs,
  values: Values,
  work: (networks: CommandNetworks) => Promise<T>,
): Promise<T> {
  const networks = new CommandNetworks(device, graph, needs, values);
  try {
    return await work(networks);
  } finally {
    networks.destroy();
  }
}
