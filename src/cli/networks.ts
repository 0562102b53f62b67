import { InputError } from "../gpu/errors.ts";
import type { Graph } from "../graph/graph.ts";
import type { Measure } from "../metrics/measures.ts";
import { createRandomisedNetwork } from "../metrics/randomise.ts";
import { batchWithin, DEFAULT_MEMORY, footprintOf, memoryOf } from "../network/memory.ts";
import { createNetwork, type Network, type NetworkOptions } from "../network/network.ts";
import type { AttributionTechnique } from "../techniques/attribution/technique.ts";
import type { Values } from "./values.ts";

/** The largest batch unless --batch says otherwise: more seldom is faster. */
const MOST = 16;

/** What a command needs networks for. */
export interface Needs {
  readonly techniques: readonly AttributionTechnique[];
  /** Layers that are looked at. */
  readonly keep: readonly string[];
  /** Whether maps are measured, for which changed images run. */
  readonly trust: boolean;
  /** Whether copies with randomised parameters are needed. */
  readonly randomised: boolean;
}

/** What maps of some techniques need, and what is measured of them. */
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
 * more, and one for as many images at a time as there is room for, for techniques of many samples and for changed images.
 * All of them, with what runs on them, keep within --memory.
 */
export class Networks {
  readonly #device: GPUDevice;
  readonly #graph: Graph;
  readonly #batch: number | undefined;
  readonly #given: number | undefined;
  readonly #single: NetworkOptions | undefined;
  readonly #several: NetworkOptions & { readonly copies: number };
  readonly #copies: number;
  readonly #made = new Map<string, Promise<Network>>();
  readonly #live = new Set<Network>();

  /** @throws UsageError for a --batch or --memory that cannot be. */
  constructor(
    device: GPUDevice,
    graph: Graph,
    { techniques, keep, trust, randomised }: Needs,
    values: Values,
  ) {
    this.#device = device;
    this.#graph = graph;
    this.#batch = values.whole("batch", 1, 1024);
    const mebibytes = values.whole("memory", 1, 2 ** 20);
    this.#given = mebibytes === undefined ? undefined : mebibytes * 2 ** 20;
    this.#copies = randomised ? 2 : 1;
    const single = techniques.filter(({ passes }) => passes === undefined);
    const sampled = techniques.filter(({ passes }) => passes !== undefined);
    if (single.length > 0 || (sampled.length === 0 && !trust)) {
      this.#single = { keep, gradients: single.some(({ forwardOnly }) => !forwardOnly), batch: 1 };
    }
    const gradients = sampled.some(({ forwardOnly }) => !forwardOnly);
    const reuseBuffers = !gradients && sampled.every(({ outputOnly }) => outputOnly);
    this.#several = { keep, gradients, reuseBuffers, copies: sampled.length > 0 ? this.#copies : 1 };
  }

  /** The network that a technique runs on. */
  of({ passes }: AttributionTechnique): Promise<Network> {
    return passes === undefined ? this.first() : this.several();
  }

  /** The smallest: for one image, unless nothing needs one alone. */
  first(): Promise<Network> {
    const single = this.#single;
    if (!single) return this.several();
    return this.#create("single", () => {
      if (this.#given !== undefined) this.#within({ ...single, most: 1 }, this.#given / this.#copies);
      return createNetwork(this.#device, this.#graph, single);
    });
  }

  /** The one for several images at a time. */
  several(): Promise<Network> {
    return this.#create("several", () => {
      const { copies, ...options } = this.#several;
      const batch = this.#batch ?? this.#batchOf(options, copies);
      return createNetwork(this.#device, this.#graph, { ...options, batch });
    });
  }

  /** A network's copy with randomised parameters. */
  async randomised(network: Network): Promise<Network> {
    const known = network === (await this.#made.get("single")) ? "single" : "several";
    return this.#create(`randomised ${known}`, () => createRandomisedNetwork(network));
  }

  /** What a technique on a network may hold together with it: the rest is others'. Nothing is said where --memory does not. */
  memoryFor(network: Network): { readonly memory?: number } {
    if (this.#given === undefined) return {};
    const others = [...this.#live].filter((other) => other !== network);
    return { memory: this.#given - others.reduce((sum, other) => sum + memoryOf(other), 0) };
  }

  /** Frees every network. */
  destroy(): void {
    for (const network of this.#live) network.destroy();
  }

  #batchOf(options: NetworkOptions, copies: number): number {
    const single = this.#single ? this.#copies * footprintOf(this.#graph, this.#single).total : 0;
    const memory = ((this.#given ?? DEFAULT_MEMORY) - single) / copies;
    try {
      return this.#within({ ...options, most: MOST }, memory);
    } catch (error) {
      // A network that is large by itself still runs, an image at a time, unless a budget was asked for.
      if (this.#given === undefined && error instanceof InputError) return 1;
      throw error;
    }
  }

  #within(options: NetworkOptions & { readonly most: number }, memory: number): number {
    try {
      return batchWithin(this.#device, this.#graph, { ...options, memory: Math.max(1, memory) });
    } catch (error) {
      if (!(error instanceof InputError) || this.#given === undefined) throw error;
      throw new InputError(`--memory ${this.#given / 2 ** 20} MiB is too little: ${error.message}`);
    }
  }

  #create(name: string, make: () => Promise<Network>): Promise<Network> {
    const known = this.#made.get(name);
    if (known) return known;
    const made = (async () => {
      const network = await make();
      this.#live.add(network);
      return network;
    })();
    this.#made.set(name, made);
    return made;
  }
}

/** Runs some work with the networks of a command, and frees them. */
export async function withNetworks<T>(
  device: GPUDevice,
  graph: Graph,
  needs: Needs,
  values: Values,
  work: (networks: Networks) => Promise<T>,
): Promise<T> {
  const networks = new Networks(device, graph, needs, values);
  try {
    return await work(networks);
  } finally {
    networks.destroy();
  }
}
