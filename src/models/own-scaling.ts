import { UnsupportedError } from "../gpu/errors.ts";
import { type Layer, pictureIn } from "../graph/graph.ts";
import { keepsChannels } from "../graph/layer-facts.ts";
import type { PreprocessingName } from "../graph/preprocessing.ts";
import type { SliceLayer } from "../layers/slice.ts";

/** Effect on a channel of the layers before the first weights: scale · x + offset. */
interface Affine {
  readonly scale: number;
  readonly offset: number;
}

/** Values that a network takes, as its own layers tell. */
export interface OwnScaling {
  /** The values that it takes. */
  readonly takes: Exclude<PreprocessingName, "imagenet">;
  /** Least and largest value of each channel before the first weights. */
  readonly becomes: readonly (readonly [low: number, high: number])[];
  /** Classes of the layers that say so. */
  readonly classes: readonly string[];
  /** True if these values are of a usual size; otherwise the likeliest input values are taken. */
  readonly sure: boolean;
}

/** Layers with constants of their own that are set before training, and scale what they read. */
const SCALING = new Set([
  "Rescaling",
  "Normalization",
  // Operations on a value that the file holds; as layers these classes become no scaling.
  ...["TFOpLambda", "Add", "Subtract", "Multiply", "Divide", "TrueDivide"],
]);

/** True if a layer scales by constants set before training, and is no part of a trained body. */
export function isScaling({ className }: Layer): boolean {
  return className !== undefined && SCALING.has(className);
}

/** Values that networks take, by name, likeliest first. */
const RANGES = [
  ["none", 0, 255],
  ["unit", 0, 1],
  ["signed", -1, 1],
] as const;

/** Channels of layers, all in all, that are looked at before one gives up: real networks have a few dozen. */
const MOST_LOOKED = 2 ** 18;

/**
 * Looks at what happens to a picture before the first weights: Rescaling and Normalization layers, wherever they stand
 * and whatever they are called, among augmentation, padding and pooling. A scaling of 1/255 can only be meant for 0…255, one
 * of 2 only for 0…1. Nothing when there is no such layer, or when they leave values as they are.
 */
export function ownScaling(layers: readonly Layer[]): OwnScaling | undefined {
  const input = pictureIn(layers);
  if (!input) return undefined;
  const identity = { scale: 1, offset: 0 };
  const carried = new Map<string, readonly Affine[]>([
    [input.name, Array<Affine>(input.shape[2]).fill(identity)],
  ]);
  const classes = new Set<string>();
  const arrived: Affine[] = [];
  let looked = 0;
  for (const layer of layers) {
    const channels = layer.inputs.reduce((sum, name) => sum + (carried.get(name)?.length ?? 0), 0);
    looked += channels;
    if (looked > MOST_LOOKED) return undefined;
    const reads = layer.inputs.flatMap((name) => carried.get(name) ?? []);
    if (reads.length === 0) continue;
    const passed = passedBy(layer, reads);
    if (passed) carried.set(layer.name, passed);
    else for (const read of reads) arrived.push(read);
    if (passed && layer.className !== undefined && isScaling(layer)) classes.add(layer.className);
  }
  const changed = arrived.some(({ scale, offset }) => scale !== 1 || offset !== 0);
  return classes.size > 0 && changed ? { ...rangeOf(arrived), classes: [...classes] } : undefined;
}

/** Effect of a layer without trained weights on its channels; undefined for a layer that has weights or is not linear. */
function passedBy(layer: Layer, reads: readonly Affine[]): readonly Affine[] | undefined {
  switch (layer.op) {
    case "reshape":
      return layer.shape ? undefined : reads;
    case "pad":
      return keepsChannels(layer) ? reads : undefined;
    case "pool":
    case "resize":
      return reads;
    case "slice":
      return channelsTaken(layer, reads);
    case "concat":
      return layer.axis === 3 ? reads : undefined;
    case "batchNorm":
      if (!isScaling(layer) || layer.activation) return undefined;
      return reads.map(({ scale, offset }, c) => ({
        scale: scale * (layer.scale[c] ?? 1),
        offset: offset * (layer.scale[c] ?? 1) + (layer.offset[c] ?? 0),
      }));
    case "input":
    case "activation":
    case "add":
    case "binary":
    case "conv2d":
    case "conv2dTranspose":
    case "dense":
    case "depthToSpace":
    case "depthwiseConv2d":
    case "globalPool":
    case "lrn":
    case "matmul":
    case "multiply":
    case "normalization":
    case "permute":
    case "prelu":
    case "reduce":
    case "softmax":
    case "spaceToDepth":
      return undefined;
    default:
      throw new UnsupportedError(`preprocessing: op "${layer satisfies never}" is not supported`);
  }
}

/** The channels that a part of a picture has, in its order: all of them turned around, where red and blue are exchanged. */
function channelsTaken(
  { starts, sizes, steps }: SliceLayer,
  reads: readonly Affine[],
): readonly Affine[] | undefined {
  const [start, size, step = 1] = [starts[2], sizes[2], steps?.[2]];
  if (start === undefined || size === undefined) return undefined;
  return Array.from({ length: size }, (_, i) => reads[start + i * step] ?? { scale: 1, offset: 0 });
}

/** The range of values that comes out at a usual size: about 1 around zero, else as wide as 0…255. */
function rangeOf(arrived: readonly Affine[]): Omit<OwnScaling, "classes"> {
  const ends = (low: number, high: number) =>
    arrived.map(({ scale, offset }) => {
      const [a, b] = [scale * low + offset, scale * high + offset];
      return [Math.min(a, b), Math.max(a, b)] as const;
    });
  const candidates = RANGES.map(([takes, low, high]) => {
    const becomes = ends(low, high);
    const all = (holds: (a: number, b: number) => boolean) => becomes.every(([a, b]) => holds(a, b));
    const small = all((a, b) => b - a >= 0.4 && Math.max(-a, b) <= 12);
    const wide = all((a, b) => b - a >= 100 && b - a <= 300 && Math.max(-a, b) <= 300);
    // What becomes zero is a value that the network meets: black, or the mean.
    const slack = (high - low) / 20;
    const zero = arrived.every(({ scale, offset }) => {
      const at = -offset / scale;
      return at >= low - slack && at <= high + slack;
    });
    const size = becomes.reduce((most, [a, b]) => Math.max(most, -a, b), Number.NEGATIVE_INFINITY);
    const rank = small && zero ? 0 : small ? 1 : wide && zero ? 2 : wide ? 3 : 4;
    return { takes, becomes, rank, off: Math.abs(Math.log(size)) };
  });
  const usual = candidates.filter(({ rank }) => rank < 4).sort((a, b) => a.rank - b.rank);
  const [best] = usual.length > 0 ? usual : candidates.toSorted((a, b) => a.off - b.off);
  return { takes: best?.takes ?? "unit", becomes: best?.becomes ?? [], sure: usual.length > 0 };
}
