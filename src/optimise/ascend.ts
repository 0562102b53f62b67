import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { sizeOf } from "../gpu/tensor.ts";
import type { Graph } from "../graph/graph.ts";
import { answersOf } from "../graph/heads.ts";
import { upTo } from "../graph/up-to.ts";
import { assertInputsFixed } from "../network/inputs.ts";
import type { Networks } from "../network/pool.ts";
import type { Objective } from "../objectives/objective.ts";
import { layersOf } from "../objectives/terms-by-layer.ts";
import { type AscentOptions, createAscent } from "./ascent.ts";
import { type ClimbOptions, climb, type LivePictures } from "./climb.ts";
import type { AscentImage, ImageKind } from "./image/image.ts";

/** Ascents of any number of images, as many side by side as memory allows. */
export interface AscendOptions<I extends AscentImage = AscentImage>
  extends Omit<AscentOptions<I>, "objective" | "image" | "numbers">,
    ClimbOptions {
  /** What is to grow, or for images that want different things what those of these numbers want: the first is image 0. */
  readonly objective: Objective | ((numbers: readonly number[]) => Objective);
  /** What is varied, or for images that begin differently what those of these numbers are. */
  readonly image: ImageKind<I> | ((numbers: readonly number[]) => ImageKind<I>);
  /** The number of each image. Its random numbers follow from it, and not from the images beside it. Default: one image, 0. */
  readonly numbers?: readonly number[] | undefined;
  /** Another graph of the pool's layers: with average pools, say. Default: the pool's. */
  readonly graph?: Graph | undefined;
  /** Size at which the network runs. Default: its own. */
  readonly networkSize?: readonly [height: number, width: number] | undefined;
}

const ASCEND: Fields<AscendOptions> = {
  ...{ objective: "must", image: "must", optimiser: "must", steps: "must" },
  ...{ numbers: "may", graph: "may", networkSize: "may", every: "may", onPicture: "may" },
  ...{ size: "may", transforms: "may", views: "may", regularisers: "may", rule: "may", seed: "may" },
  ...{ signal: "may", onProgress: "may" },
};

/** What ascents came to. */
export interface Ascended {
  /** `[images, H, W, C]`, in the unit of the kind of image, in the order of `numbers`. */
  readonly pixels: Float32Array;
  /** [H, W, C] of each. */
  readonly shape: readonly [height: number, width: number, channels: number];
  readonly range: ImageKind["range"];
  /** For each image its objective in every step. */
  readonly curves: readonly Float32Array[];
}

/** The most images that climb side by side. */
const MOST_IMAGES = 64;

/**
 * Lets images climb on networks of a pool. The network is as deep as the objective needs, and takes as many images at a time as
 * the pool's memory allows; an image comes out the same to the bit however many climb beside it.
 * @param finish reads more of an ascent, before it is freed.
 * @throws as `createAscent` and `climb`; InputError where the objective depends on an input beside the image that has no values.
 */
export async function ascend<I extends AscentImage = AscentImage>(
  networks: Networks,
  options: AscendOptions<I>,
  finish?: (image: I, numbers: readonly number[]) => Promise<void>,
): Promise<Ascended> {
  assertFields("ascend", options, ASCEND as Fields<AscendOptions<I>>);
  const { objective, image, numbers = [0], graph = networks.graph, networkSize, ...more } = options;
  const { steps, signal, onProgress, onPicture, every, ...ascent } = more;
  if (numbers.length === 0) throw new InputError("ascend: expected at least one image, got none");
  const { views = 1 } = ascent;
  if (!(Number.isInteger(views) && views >= 1)) {
    throw new InputError(`ascend: expected views of at least 1, got ${views}`);
  }
  const objectiveOf = typeof objective === "function" ? objective : () => objective;
  const imageOf = typeof image === "function" ? image : () => image;
  const layers = layersOf(objectiveOf(numbers.slice(0, 1)), graph);
  const inner = layers.length > 0 && !layers.some((layer) => answersOf(graph).includes(layer));
  const cut = inner ? upTo(graph, layers) : graph;
  assertInputsFixed("ascend", cut);
  const choice = { graph: cut, size: networkSize, keep: layers };
  const most = networks.batchWithin({ ...choice, most: views * Math.min(MOST_IMAGES, numbers.length) });
  const together = Math.max(1, Math.floor(most / views));
  const parts: Float32Array[] = [];
  const curves: Float32Array[] = [];
  let shape: Ascended["shape"] = [1, 1, 1];
  let range: Ascended["range"] = "unit";
  for (let first = 0; first < numbers.length; first += together) {
    signal?.throwIfAborted();
    const own = numbers.slice(first, first + together);
    const network = await networks.temporary({ ...choice, batch: own.length * views });
    try {
      const kind = imageOf(own);
      const made = await createAscent(network, {
        ...ascent,
        objective: objectiveOf(own),
        image: kind,
        numbers: own,
      });
      try {
        range = kind.range;
        shape = made.image.pixels.shape.slice(1) as [number, number, number];
        const found = await climb(made, {
          ...{ steps, signal, every },
          onProgress: onProgress && ((done) => onProgress((first + done * own.length) / numbers.length)),
          onPicture: onPicture && ((seen) => onPicture(among(seen, own.length, numbers.length, parts))),
        });
        parts.push(found.pixels);
        curves.push(...found.curves);
        await finish?.(made.image, own);
      } finally {
        made.destroy();
      }
    } finally {
      network.destroy();
    }
  }
  return { pixels: joined(parts, numbers.length * sizeOf(shape)), shape, range, curves };
}

/** Pictures of some images in their place among all: those that climbed before stand, those that come later are zero. */
function among(
  { step, pixels }: LivePictures,
  climbing: number,
  images: number,
  before: readonly Float32Array[],
): LivePictures {
  return { step, pixels: joined([...before, pixels], (pixels.length / climbing) * images) };
}

function joined(parts: readonly Float32Array[], length: number): Float32Array {
  const all = new Float32Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
