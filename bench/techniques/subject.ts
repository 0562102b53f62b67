import { shapesOf } from "../../src/graph.ts";
import { createNetwork, type Graph, type Network, type NetworkOptions } from "../../src/index.ts";
import type { Bench, Contender } from "../case.ts";
import { tfjsContender } from "../peers/contenders.ts";
import type { TfjsPeer } from "../peers/tfjs.ts";
import { noise } from "../random.ts";
import type { Runner } from "../runner.ts";

/** The class that is explained. */
export const CLASS = 1;
/** Seed of noise and masks. */
export const SEED = 5;

/** A network, the image that is explained, and how many samples that takes. */
export interface Subject {
  readonly bench: Bench;
  readonly graph: Graph;
  readonly side: number;
  /** [side, side, 3], as the network takes it. */
  readonly x: Float32Array<ArrayBuffer>;
  /** Noisy copies, points of a path, masks. */
  readonly samples: number;
  /** Images that go through the network at a time. */
  readonly batch: number;
}

/** On a GPU enough images at a time to fill it. */
const BATCH = { software: 8, hardware: 32 };

/** Noise as an image for a graph, to be explained from so many samples, for which so many images go forward. */
export function subjectOf(bench: Bench, graph: Graph, samples: number, images = samples): Subject {
  const [, side = 0] = shapesOf(graph).get(graph.layers[0]?.name ?? "") ?? [];
  const batch = Math.min(images, BATCH[bench.software ? "software" : "hardware"]);
  return { bench, graph, side, x: noise([side, side, 3], 7, 1.5), samples, batch };
}

/** Splits samples into batches, the last one as large as what is left: [first, count] of each. */
export function batchesOf({ samples, batch }: Pick<Subject, "samples" | "batch">): [number, number][] {
  return Array.from({ length: Math.ceil(samples / batch) }, (_, index) => [
    index * batch,
    Math.min(batch, samples - index * batch),
  ]);
}

/** Whole explanations, each from an image to the values in memory: what a call of a technique is to whoever makes it. */
function explainer(explain: () => Promise<Float32Array>, destroy: () => void): Runner {
  let last: Float32Array | undefined;
  return {
    async submit(times) {
      for (let index = 0; index < times; index++) last = await explain();
    },
    async read() {
      if (!last) throw new Error("technique: read before run");
      return last;
    },
    destroy,
  };
}

/** The library's own technique, on a network made once. */
export function oursExplains(
  { bench: { device }, graph }: Subject,
  options: NetworkOptions,
  explain: (network: Network) => Promise<{ readonly data: Float32Array }>,
): Contender {
  return {
    name: "vitrine",
    kind: "ours",
    async create() {
      const network = await createNetwork(device, graph, options);
      return explainer(
        async () => (await explain(network)).data,
        () => network.destroy(),
      );
    },
  };
}

/** A technique on tfjs: everything resident, the work of one explanation, and the way to free it. */
export interface TfjsTechnique {
  readonly explain: () => Promise<Float32Array>;
  readonly dispose: () => void;
}

/** The same technique, written on tfjs. */
export function tfjsExplains({ bench }: Subject, create: (tf: TfjsPeer["tf"]) => TfjsTechnique): Contender {
  return tfjsContender(bench, async ({ tf }) => {
    const { explain, dispose } = create(tf);
    return explainer(explain, dispose);
  });
}
