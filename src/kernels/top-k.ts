import shader from "../../shaders/top_k.wgsl";
import blocksShader from "../../shaders/top_k_blocks.wgsl";
import type { Command } from "../gpu/command.ts";
import { gridOf } from "../gpu/dispatch.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { createSteps } from "../gpu/steps.ts";
import { createTensor, formatShape, readTensor, sizeOf, type Tensor } from "../gpu/tensor.ts";
import { lanesOf, rowsOf } from "./statistics.ts";

/** One value and where it stood. */
export interface TopEntry {
  readonly value: number;
  /** Number of the image, counted over the whole data set. */
  readonly image: number;
  readonly y: number;
  readonly x: number;
}

/** The largest values of each channel, as plain data. */
export interface TopK {
  readonly k: number;
  /** True if only the largest value of each image counts. */
  readonly perImage: boolean;
  /** At most k entries a channel, largest first, of equals the first. */
  readonly channels: readonly (readonly TopEntry[])[];
}

export interface TopKOptions {
  /** Number of entries a channel, 1 to 64. Default 9. */
  readonly k?: number | undefined;
  /** Count only the largest value of each image, so that no image shows twice. Default false. */
  readonly perImage?: boolean | undefined;
  /** Number of the first image that is ever seen: where a shard of a data set begins. Default 0. */
  readonly firstImage?: number | undefined;
}

export const TOP_K: Fields<TopKOptions> = { k: "may", perImage: [true, false], firstImage: "may" };

export interface TopKSite extends TopKOptions {
  /** Activations [N, H, W, C], or of any rank from 2, [N, …, C]. */
  readonly x: Tensor;
  /** [C, 1 + 3k], u32: see {@link createTopKBuffer}. */
  readonly top: Tensor<"u32">;
  /** Number of images of x that count, from the first. Default N. */
  readonly images?: number | undefined;
  /** Compare x with the entries of `top` instead of replacing them. Default true. */
  readonly accumulate?: boolean | undefined;
  readonly label?: string | undefined;
}

const TOP_K_SITE: Fields<TopKSite> = {
  ...TOP_K,
  ...{ x: "must", top: "must", images: "may", accumulate: [true, false], label: "may" },
};

/** More would take the kernel too long to keep in order. */
const MOST = 64;

/**
 * Allocates an empty list of the k largest values of so many channels, owned by the caller. Clearing the buffer empties it.
 * A channel's words are the number of images seen, then k times value (as bits), image, pixel.
 */
export function createTopKBuffer(device: GPUDevice, channels: number, k = 9): Tensor<"u32"> {
  return createTensor(device, [channels, 1 + 3 * k], { dtype: "u32", label: "top-k" });
}

/**
 * Makes keeping the k largest values of each channel ready to record, with their images and pixels; of equals the first
 * stays. x is read once and, where the values are large, a second time.
 * @throws InputError when the shapes do not fit or k is out of range.
 */
export async function createTopK(device: GPUDevice, site: TopKSite): Promise<Command> {
  assertFields("top-k", site, TOP_K_SITE);
  const { x, top, k = 9, perImage = false, firstImage = 0, accumulate = true, label } = site;
  const who = label ? `top-k "${label}"` : "top-k";
  const named = label ? { label } : {};
  return createSteps(device, who, (scratch) => {
    const { rows, pixels, channels } = rowsOf(x.shape, who, site.images);
    const images = rows / pixels;
    if (!Number.isInteger(k) || k < 1 || k > MOST) {
      throw new InputError(`${who}: expected k of 1 to ${MOST}, got ${k}`);
    }
    if (formatShape(top.shape) !== formatShape([channels, 1 + 3 * k]) || top.dtype !== "u32") {
      throw new InputError(
        `${who}: expected top of shape ${channels}×${1 + 3 * k}, u32, got ${formatShape(top.shape)}, ${top.dtype}; make it with createTopKBuffer()`,
      );
    }
    // Few blocks to choose from, and few values within the chosen ones.
    const block = Math.min(pixels, Math.max(8, Math.ceil(Math.sqrt(rows / k))));
    const count = Math.ceil(pixels / block);
    const { width, value } = lanesOf(channels, 64);
    const blocks = scratch([images, count, channels], "top-k blocks");
    const chosen = scratch([2, k, channels], "top-k chosen", { dtype: "u32" });
    const size = images * count * width;
    return [
      {
        shader: blocksShader,
        ...named,
        redeclare: { Value: value },
        params: { pixels, width, extent: block, count, size },
        bindings: { x, blocks },
        workgroups: gridOf(Math.ceil(size / 64)),
      },
      {
        shader,
        ...named,
        constants: { PER_IMAGE: Number(perImage) },
        params: {
          images,
          pixels,
          channels,
          extent: block,
          count,
          k,
          first: firstImage,
          accumulate: Number(accumulate),
        },
        bindings: { x, blocks, chosen, top },
        workgroups: [Math.ceil(channels / 64)],
      },
    ];
  });
}

/** Reads the largest values back. @param shape of the activations, [N, H, W, C], to tell pixels' places. */
export async function readTopK(
  device: GPUDevice,
  top: Tensor<"u32">,
  shape: readonly number[],
  options: TopKOptions = {},
): Promise<TopK> {
  assertFields("top-k", options, TOP_K);
  const { perImage = false } = options;
  const words = await readTensor(device, top);
  const [channels = 0, length = 1] = top.shape;
  const k = (length - 1) / 3;
  const values = new Float32Array(words.buffer);
  const pixels = sizeOf(shape.slice(1, -1));
  const columns = shape.length > 2 ? (shape.at(-2) ?? 1) : 1;
  return {
    k,
    perImage,
    channels: Array.from({ length: channels }, (_, channel) => {
      const base = channel * length;
      const known = Math.min(k, (words[base] ?? 0) * (perImage ? 1 : pixels));
      return Array.from({ length: known }, (_, i) => {
        const at = base + 1 + 3 * i;
        const pixel = words[at + 2] ?? 0;
        const [y, x] = [Math.floor(pixel / columns), pixel % columns];
        return { value: values[at] ?? 0, image: words[at + 1] ?? 0, y, x };
      });
    }),
  };
}
