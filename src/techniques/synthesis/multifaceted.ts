import { InputError } from "../../gpu/errors.ts";
import { describe } from "../../gpu/options.ts";
import { asNhwc, readTensor } from "../../gpu/tensor.ts";
import { type Graph, inputOf, layerOf } from "../../graph/graph.ts";
import { headsOf, withLogits } from "../../graph/heads.ts";
import { weightsOf } from "../../graph/layer-facts.ts";
import { ancestorsOf } from "../../graph/traverse.ts";
import { inputShape } from "../../images/preprocess.ts";
import type { Networks } from "../../network/pool.ts";
import { seedOf } from "../../sampling/seed.ts";
import { submitForward, writeInput } from "../submit.ts";
import { type Ascended, judge } from "./judge.ts";
import { climbFacets } from "./multifaceted-climb.ts";
import { clustersOf } from "./multifaceted-clusters.ts";
import { GROWTH, STEPS } from "./multifaceted-phases.ts";
import { excitingPictures, type NaturalPictures, type ValuedPicture } from "./natural-pictures.ts";
import { stepsOf } from "./one-picture.ts";
import { type SynthesisOptions, steps } from "./options.ts";
import type { SynthesisRequest } from "./plan.ts";
import type { Facet, Synthesis } from "./synthesis.ts";
import { registered } from "./technique.ts";
import { asRgb, sizeFor } from "./unit-pictures.ts";
import { type Unit, unitsOf, type Wanted } from "./wanted.ts";

const NAME = "multifaceted";
/** The most natural pictures that are sorted. */
const MOST = 4096;

/**
 * Multifaceted feature visualisation (Nguyen, Yosinski & Clune 2016): a unit answers to pictures of several kinds, each of which
 * gives a picture. The natural pictures that excite it most are sorted by their features in a deep layer, and the mean of those in the
 * middle of each cluster climbs by the authors' phases, denoised by total variation after each step. `facet` of a picture tells of
 * its cluster. Pictures of a hidden unit that do not excite it are left out.
 * @param pictures natural pictures, among which those that excite are found; a few hundred or more.
 * @throws InputError for an option out of range, something that the network does not have, or fewer pictures that excite a unit than
 * clusters; DivergedError.
 * @example
 * const { pictures } = await multifaceted(networks, { class: "star" }, naturals, { clusters: 4 });
 * console.log(pictures[0]?.facet?.count);
 */
export function multifaceted(
  networks: Networks,
  objective: Wanted | readonly Wanted[],
  pictures: NaturalPictures,
  options?: SynthesisOptions,
): Promise<Synthesis> {
  return MULTIFACETED.run(networks, { objective, pictures }, options);
}

export const MULTIFACETED = registered(
  {
    name: NAME,
    title: "Multifaceted feature visualization",
    paper: { authors: "Nguyen et al.", year: 2016, arxiv: "1602.03616" },
    summary: "A picture for each kind of natural pictures that excite a unit, begun with their mean",
    asks: ["objective", "pictures"],
    options: {
      steps: steps(STEPS),
      clusters: {
        type: { kind: "whole", from: 1, to: 64 },
        default: 10,
        help: "Clusters of natural pictures, each of which gives a picture.",
        counts: "clusters",
      },
      pictures: {
        type: { kind: "whole", from: 1, to: MOST },
        default: 150,
        help: "Natural pictures that are sorted into clusters: those that excite the unit most.",
        counts: "pictures",
      },
      nearest: {
        type: { kind: "whole", from: 1, to: MOST },
        default: 15,
        help: "Natural pictures in the middle of a cluster whose mean a picture begins with.",
      },
      features: {
        type: { kind: "layer" },
        otherwise: "the one before the last weights",
        help: "Layer by which natural pictures are compared, averaged over its places.",
      },
      sweeps: {
        type: { kind: "whole", from: 1, to: 1000 },
        default: 30,
        help: "Sweeps of the total variation denoising after each step.",
      },
    },
  },
  run,
);

/** A facet of a unit, whose picture is to be made. */
interface Kind {
  readonly unit: Unit;
  readonly facet: Facet;
}

async function run(
  networks: Networks,
  request: SynthesisRequest,
  options: SynthesisOptions,
): Promise<Synthesis> {
  const { graph } = networks;
  const { signal, onProgress, onPicture } = options;
  const steps = stepsOf(NAME, options.steps ?? STEPS);
  const seed = seedOf(options.seed, NAME);
  const [height, width, channels] = inputShape(graph);
  const side = (whole: number): number => Math.round(whole * GROWTH);
  const shape = sizeFor(NAME, graph, options.size ?? [side(height), side(width)]);
  const units = unitsOf(NAME, graph, request.objective);
  const kinds = await kindsOf(networks, units, request.pictures ?? [], { ...options, seed });
  const live: Float32Array[] = kinds.map(() => new Float32Array());
  const found: Ascended[] = [];
  for (const n of units.keys()) {
    const own = kinds.filter(({ facet }) => facet.unit === n);
    const begun = found.length;
    const facets = own.map(({ facet }) => facet);
    const climbed = await climbFacets(networks, units[n] as Unit, facets, shape, {
      ...options,
      ...{ steps, seed },
      onProgress: onProgress && ((done) => onProgress((begun + done * own.length) / kinds.length)),
      onPixels:
        onPicture &&
        ((step, pixels) => {
          for (const [i, one] of pixels.entries()) live[begun + i] = asRgb(one, shape);
          onPicture({ step, pictures: [...live], shape: [shape[0], shape[1], 3] });
        }),
    });
    found.push(...climbed);
  }
  const judged = await judge(
    networks,
    [shape[0], shape[1], channels],
    kinds.map(({ unit, facet }, i) => {
      const first = kinds.findIndex((kind) => kind.facet.unit === facet.unit);
      const name = `${unit.name}, facet ${i - first + 1}`;
      return { unit: { ...unit, name }, ...(found[i] as Ascended) };
    }),
    signal,
  );
  return {
    technique: NAME,
    pictures: judged.map((picture, i) => ({ ...picture, facet: (kinds[i] as Kind).facet })),
  };
}

/** The facets of units, those of the first unit first. */
async function kindsOf(
  networks: Networks,
  units: readonly Unit[],
  pictures: NaturalPictures,
  options: SynthesisOptions & { readonly seed: number },
): Promise<Kind[]> {
  const { clusters = 10, pictures: most = 150, nearest = 15, seed, signal } = options;
  const { graph } = networks;
  for (const [name, count] of Object.entries({ clusters, nearest, pictures: most })) {
    if (Number.isInteger(count) && count >= 1 && count <= MOST) continue;
    throw new InputError(
      `${NAME}: expected ${name} to be a whole number of 1 to ${MOST}, got ${describe(count)}`,
    );
  }
  const layer = layerOf(graph, options.features ?? deepLayer(graph)).name;
  const targets = units.map((unit) => unit.objective());
  const { strongest } = await excitingPictures(networks, targets, pictures, { most, signal });
  const exciting = units.map((unit, n) => {
    const own = (strongest[n] ?? []).filter(({ value }) => value > 0 || unit.class !== undefined);
    if (own.length >= clusters) return own;
    throw new InputError(
      `${NAME}: expected at least ${clusters} natural pictures that excite ${unit.name}, one for each cluster, got ${own.length}; give more pictures, or ask for fewer clusters`,
    );
  });
  const features = await featuresOf(
    networks,
    layer,
    new Set(exciting.flat().map(({ picture }) => picture)),
    signal,
  );
  return units.flatMap((unit, n) => {
    const own = exciting[n] ?? [];
    const sorted = clustersOf(
      own.map(({ picture }) => features.get(picture) ?? []),
      clusters,
      seed,
    );
    return sorted.map((members): Kind => {
      const naturals = members.slice(0, nearest).map((i) => own[i] as ValuedPicture);
      return { unit, facet: { unit: n, count: members.length, naturals } };
    });
  });
}

/** The layer that the last weights on the way to the network's answer read. */
function deepLayer(graph: Graph): string {
  const { layers } = withLogits(graph);
  const logits = headsOf(graph)[0]?.logits ?? graph.output;
  const last = ancestorsOf(layers, [logits]).findLast((layer) => weightsOf(layer) !== undefined);
  return last?.inputs[0] ?? inputOf(graph).name;
}

/** The means of a layer's channels over its places, for each picture. */
async function featuresOf(
  networks: Networks,
  layer: string,
  pictures: Iterable<Float32Array>,
  signal: AbortSignal | undefined,
): Promise<Map<Float32Array, Float32Array>> {
  const network = await networks.temporary({ keep: [layer], gradients: false });
  try {
    const found = new Map<Float32Array, Float32Array>();
    for (const picture of pictures) {
      signal?.throwIfAborted();
      writeInput(network, picture);
      await submitForward(network, { to: [layer] });
      const activation = network.activation(layer);
      const values = await readTensor(network.device, activation);
      const [, rows, columns, channels] = asNhwc(activation.shape);
      const mean = new Float32Array(channels);
      for (const [i, value] of values.entries()) mean[i % channels] = (mean[i % channels] ?? 0) + value;
      found.set(
        picture,
        mean.map((sum) => sum / (rows * columns)),
      );
    }
    return found;
  } finally {
    network.destroy();
  }
}
