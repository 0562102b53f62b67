import { shapesOf } from "../../src/graph.ts";
import {
  type Graph,
  gradCam,
  integratedGradients,
  lime,
  occlusion,
  rise,
  saliency,
  scoreCam,
  smoothGrad,
} from "../../src/index.ts";
import type { Bench, Case, Contender, Prepared, Task } from "../case.ts";
import { difference, normDifference } from "../compare.ts";
import { vggLike } from "../graphs/vgg-like.ts";
import { workOf } from "../graphs/work.ts";
import { ortHasNone } from "../peers/contenders.ts";
import { squareSegments } from "../techniques/samples.ts";
import { CLASS, oursExplains, SEED, type Subject, subjectOf, tfjsExplains } from "../techniques/subject.ts";
import {
  tfjsGradCam,
  tfjsIntegratedGradients,
  tfjsSaliency,
  tfjsSmoothGrad,
} from "../techniques/tfjs-gradients.ts";
import { tfjsLime, tfjsOcclusion, tfjsRise, tfjsScoreCam } from "../techniques/tfjs-masks.ts";
import { coveringOf } from "./covering.ts";
import { shippedNetwork, shippedOutline } from "./networks.ts";

/** A network that techniques explain. */
interface Explained {
  readonly name: string;
  readonly title: string;
  /** The network at its sizes, the real one first. */
  readonly sizes: readonly [Sized, ...Sized[]];
  /** Names of the techniques; left out: all. */
  readonly of?: readonly string[];
  /** The layer whose maps the CAMs weigh, and one of fewer maps: each is a pass of Score-CAM's. */
  readonly layers: readonly [string, string];
}

interface Sized {
  readonly outline: Graph;
  readonly graph: (bench: Bench) => Promise<Graph>;
}

function vggLikeOf(side: number): Sized {
  return { outline: vggLike(side, { outline: true }), graph: async () => vggLike(side) };
}

const EXPLAINED: readonly Explained[] = [
  {
    name: "shipped",
    title: "shipped network",
    sizes: [{ outline: shippedOutline(), graph: shippedNetwork }],
    layers: ["conv3_3", "conv1"],
  },
  {
    name: "vgg-like",
    title: "six convolutions",
    sizes: [vggLikeOf(64), vggLikeOf(32)],
    of: ["saliency", "smoothgrad", "grad-cam", "rise", "occlusion"],
    layers: ["block3_conv2", "block1_conv2"],
  },
];

/** One technique, the library's and the same on tfjs. */
interface Technique {
  readonly name: string;
  readonly title: string;
  /** Gradients are to be three times as fast as tfjs's, masks five times. */
  readonly kind: "gradients" | "masks";
  /** Comparison of the two maps, and the largest difference allowed. */
  readonly check: Prepared["check"];
  readonly tolerance: number;
  /** Number of samples (for occlusion the stride): the real number first, fewer samples after it. Default 1. */
  readonly samples?: readonly [number, ...number[]];
  /** True if it runs a pass for each channel of a layer. */
  readonly eachMap?: true;
  /** Saving of work that ours is sure to reach, as a factor. Default 1. */
  readonly saves?: number;
  /** For people: "64 masks". */
  readonly size?: (samples: number) => string;
  readonly contenders: (subject: Subject, layer: string) => [Contender, Contender];
  /** Passes through the network, a backward pass counted as one, for so many samples or a layer of so many maps. */
  readonly passes: (samples: number, maps: number, side: number) => number;
  /** Images that go forward, where that is not every pass. */
  readonly images?: (samples: number) => number;
}

/** A ReLU that opens or closes by a rounding error shows more in a gradient than in a score. */
const GRADIENT = { kind: "gradients", check: difference, tolerance: 1e-3 } as const;
/**
 * The same over many copies, noisy ones or points of a path: among so many, some unit near zero decides by a rounding error,
 * and a region of the map with it (SwiftShader and lavapipe differ so by 0.24 % in norm over six points).
 */
const COPIES = { kind: "gradients", check: normDifference, tolerance: 2e-2 } as const;
/** Scores less their mean are small beside their rounding errors. */
const MASKS = { kind: "masks", check: centredDifference, tolerance: 1e-3 } as const;
const NOISE = 0.15;
const GRID = 7;
const CELLS = 5;
const PATCH = 8;

const FORWARD = { keep: [], gradients: false } as const;
/** Nothing hides behind black. */
const BLACK = 0;

const TECHNIQUES: readonly Technique[] = [
  {
    name: "saliency",
    title: "saliency",
    ...GRADIENT,
    passes: () => 2,
    contenders: (subject) => [
      oursExplains(subject, { keep: [] }, (network) => saliency(network, subject.x, { target: CLASS })),
      tfjsExplains(subject, (tf) => tfjsSaliency(tf, subject)),
    ],
  },
  {
    name: "smoothgrad",
    title: "SmoothGrad",
    ...COPIES,
    samples: [64, 16, 4],
    size: (samples) => `${samples} noisy copies`,
    passes: (samples) => 2 * samples,
    images: (samples) => samples,
    contenders: (subject) => [
      oursExplains(subject, { batch: subject.batch, keep: [] }, (network) =>
        smoothGrad(network, subject.x, {
          target: CLASS,
          samples: subject.samples,
          noise: NOISE,
          seed: SEED,
        }),
      ),
      tfjsExplains(subject, (tf) => tfjsSmoothGrad(tf, subject, NOISE)),
    ],
  },
  {
    name: "integrated-gradients",
    title: "integrated gradients",
    ...COPIES,
    // Ours adds both ends of the path, for the residual; together they fill whole batches.
    samples: [62, 14, 6],
    size: (samples) => `${samples} steps`,
    passes: (samples) => 2 * samples,
    images: (samples) => samples + 2,
    contenders: (subject) => [
      oursExplains(subject, { batch: subject.batch, keep: [] }, (network) =>
        integratedGradients(network, subject.x, { target: CLASS, steps: subject.samples, baseline: BLACK }),
      ),
      tfjsExplains(subject, (tf) => tfjsIntegratedGradients(tf, subject)),
    ],
  },
  {
    name: "grad-cam",
    title: "Grad-CAM",
    ...GRADIENT,
    passes: () => 1,
    contenders: (subject, layer) => [
      oursExplains(subject, { keep: [layer] }, (network) =>
        gradCam(network, subject.x, { target: CLASS, layer }),
      ),
      tfjsExplains(subject, (tf) => tfjsGradCam(tf, subject, layer)),
    ],
  },
  {
    name: "rise",
    title: "RISE",
    ...MASKS,
    samples: [512, 64, 32, 16],
    size: (samples) => `${samples} masks`,
    passes: (samples) => samples,
    contenders: (subject) => [
      oursExplains(subject, { batch: subject.batch, ...FORWARD }, (network) =>
        rise(network, subject.x, {
          target: CLASS,
          samples: subject.samples,
          grid: GRID,
          fill: BLACK,
          seed: SEED,
        }),
      ),
      tfjsExplains(subject, (tf) => tfjsRise(tf, subject, GRID)),
    ],
  },
  {
    name: "occlusion",
    title: "occlusion",
    saves: 3,
    ...MASKS,
    samples: [4, 8, 22],
    size: (stride) => `patch ${PATCH}, stride ${stride}`,
    passes: (stride, _, side) => coveringOf(side, PATCH, stride, 1).images,
    contenders: (subject) => {
      const stride = subject.samples;
      return [
        oursExplains(subject, FORWARD, (network) =>
          occlusion(network, subject.x, { target: CLASS, patch: PATCH, stride, fill: BLACK }).then(
            zeroInGaps,
          ),
        ),
        tfjsExplains(subject, (tf) => tfjsOcclusion(tf, subject, PATCH, stride)),
      ];
    },
  },
  {
    name: "lime",
    title: "LIME",
    ...MASKS,
    samples: [512, 64, 32, 16],
    size: (samples) => `${samples} samples, ${CELLS * CELLS} squares`,
    passes: (samples) => samples,
    contenders: (subject) => [
      oursExplains(subject, { batch: subject.batch, ...FORWARD }, (network) =>
        lime(network, subject.x, {
          target: CLASS,
          samples: subject.samples,
          segments: squareSegments(subject.side, CELLS),
          hide: BLACK,
          seed: SEED,
        }),
      ),
      tfjsExplains(subject, (tf) => tfjsLime(tf, subject, CELLS)),
    ],
  },
  {
    name: "score-cam",
    title: "Score-CAM",
    ...MASKS,
    eachMap: true,
    passes: (_, maps) => maps,
    contenders: (subject, layer) => [
      oursExplains(subject, { batch: subject.batch, keep: [layer], gradients: false }, (network) =>
        scoreCam(network, subject.x, { target: CLASS, layer }),
      ),
      tfjsExplains(subject, (tf) => tfjsScoreCam(tf, subject, layer)),
    ],
  },
];

/** An explanation is the whole way from an image to values in memory, so it goes by the wall's clock. */
function caseOf({ name, title, sizes, layers }: Explained, technique: Technique): Case {
  const { samples = [1], kind } = technique;
  const [last, early] = layers;
  const [first, ...smaller] = sizes;
  const [real, ...fewer] = samples;
  const fewest = samples.at(-1) ?? real;
  return {
    id: `technique/${name}-${technique.name}`,
    title: `${title}, ${technique.title}`,
    clock: "wall",
    goals: [{ of: "tfjs", least: kind === "masks" ? 5 : 3 }],
    tasks: [
      taskOf(technique, first, real, last),
      ...fewer.map((count) => taskOf(technique, first, count, last)),
      ...(technique.eachMap ? [taskOf(technique, first, real, early)] : []),
      ...smaller.map((size) => taskOf(technique, size, fewest, technique.eachMap ? early : last)),
    ],
  };
}

function taskOf(technique: Technique, { outline, graph }: Sized, count: number, layer: string): Task {
  const { size, passes, contenders, check, tolerance, saves = 1 } = technique;
  const shapes = shapesOf(outline);
  const [, side = 0] = shapes.get(outline.layers[0]?.name ?? "") ?? [];
  const { flops, bytes } = workOf(outline, 1);
  const times = passes(count, shapes.get(layer)?.at(-1) ?? 1, side);
  const images = technique.images?.(count) ?? times;
  return {
    size: [`${side}×${side}`, ...(size ? [size(count)] : []), ...(technique.eachMap ? [layer] : [])].join(
      ", ",
    ),
    work: { flops: flops * times, bytes: bytes * times },
    cost: { ours: (flops * times) / saves, others: flops * times },
    tolerance,
    prepare: async (bench) => ({
      contenders: [
        ...contenders(subjectOf(bench, await graph(bench), count, images), layer),
        ortHasNone("it has no such technique, and no gradients"),
      ],
      reference: "peer",
      check,
    }),
  };
}

/** Maps of scores differ little from pixel to pixel: what is compared is how they differ from their mean. */
function centredDifference(y: Float32Array, witness: Float32Array): number {
  return difference(centred(y), centred(witness));
}

/** The map as the peer has it: 0 where no patch covers, of which ours says that it is not known. */
function zeroInGaps({ data }: { readonly data: Float32Array }): { readonly data: Float32Array } {
  return { data: data.map((value) => (Number.isNaN(value) ? 0 : value)) };
}

function centred(values: Float32Array): Float32Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}

/** Techniques of attribution, whole calls of the library beside the same written on tfjs by its recommended means. */
export const techniqueCases: readonly Case[] = EXPLAINED.flatMap((explained) =>
  TECHNIQUES.filter(({ name }) => explained.of === undefined || explained.of.includes(name)).map(
    (technique) => caseOf(explained, technique),
  ),
);
