import {
  batchWithin,
  createNetwork,
  createRandomisedNetwork,
  type Graph,
  type Network,
} from "../src/index.ts";

/** Networks of a graph that questions run on, so that the one that is looked at stays as it is; each is made once. */
export class QuestionNetworks {
  readonly #device: GPUDevice;
  readonly #graph: Graph;
  readonly #networks = new Map<string, Promise<Network>>();
  #destroyed = false;

  constructor(device: GPUDevice, graph: Graph) {
    this.#device = device;
    this.#graph = graph;
  }

  /** A network of one image. */
  one(): Promise<Network> {
    return this.#batchOf(1);
  }

  /** A network of as many images as suit the device, up to 16. */
  many(): Promise<Network> {
    return this.#batchOf(batchWithin(this.#device, this.#graph, { most: 16 }));
  }

  /** A network of one image with random weights. */
  randomised(): Promise<Network> {
    return this.#once("randomised", async () => createRandomisedNetwork(await this.one()));
  }

  /** Destroys every network, those that are still being made as soon as they are there. */
  destroy(): void {
    this.#destroyed = true;
    for (const network of this.#networks.values()) {
      network.then(
        (ready) => ready.destroy(),
        () => {},
      );
    }
  }

  #batchOf(batch: number): Promise<Network> {
    return this.#once(`batch ${batch}`, () => createNetwork(this.#device, this.#graph, { batch }));
  }

  #once(key: string, make: () => Promise<Network>): Promise<Network> {
    if (this.#destroyed) return Promise.reject(new Error("the network was closed"));
    const known = this.#networks.get(key);
    if (known) return known;
    const network = make();
    this.#networks.set(key, network);
    network.catch(() => this.#networks.delete(key));
    return network;
  }
}
