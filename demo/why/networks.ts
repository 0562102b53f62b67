import type { Graph, Network } from "../../src/index.ts";
import { randomiseGraph } from "../../src/metrics.ts";
import { batchWithin, type Networks } from "../../src/network.ts";

/** The networks that maps and their trust are computed on, out of a session's pool: the one that is looked at stays as it is. */
export class WhyNetworks {
  readonly #pool: Networks;
  /** The network as it runs. */
  readonly #graph: Graph;
  #randomised: Graph | undefined;

  constructor(pool: Networks, graph: Graph) {
    this.#pool = pool;
    this.#graph = graph;
  }

  one(): Promise<Network> {
    return this.#pool.of();
  }

  /** A network of as many images as suit the device, up to 16; what the pool holds beside it does not change their number. */
  many(): Promise<Network> {
    return this.#pool.of({ batch: batchWithin(this.#pool.device, this.#graph, { most: 16 }) });
  }

  /** A network of one image with random weights. */
  randomised(): Promise<Network> {
    this.#randomised ??= randomiseGraph(this.#graph);
    return this.#pool.of({ graph: this.#randomised });
  }
}
