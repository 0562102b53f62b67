import shader from "../../shaders/image_statistics.wgsl";
import type { Command } from "../gpu/command.ts";
import { isSoftwareAdapter } from "../gpu/device.ts";
import { gridOf } from "../gpu/dispatch.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { createSteps, type Plan } from "../gpu/steps.ts";
import { formatShape, type Tensor } from "../gpu/tensor.ts";
import { rowsOf } from "./statistics.ts";

export interface ImageStatisticsSite {
  /** Activations of any rank from 2, [N, …, C]. */
  readonly x: Tensor;
  /** `[7, N, C]`: base, offset (the mean is their sum), Σ (x − mean)², minimum, maximum, zeros, place of the maximum. */
  readonly y: Tensor;
  readonly label?: string | undefined;
}

const SITE: Fields<ImageStatisticsSite> = { x: "must", y: "must", label: "may" };

/** Numbers of an image's channel, in the order of `y`. */
export const IMAGE_STATISTICS = 7;

const THREADS = 64;
/** Threads at most that share a column on a GPU. */
const MOST_SLOTS = 16;
/** Up to so many places, f32 counts them exactly. */
const MOST_PLACES = 2 ** 24;

/**
 * Makes statistics of each image by itself ready to record: mean, sum of squared deviations, minimum, maximum, zeros and the
 * place of the maximum of each channel, x read once. They are the same bits in whatever batch the image stands.
 *
 * Values are to be finite: what a NaN does to minimum and maximum, WGSL leaves open.
 * @throws InputError when the shapes do not fit.
 */
export async function createImageStatistics(device: GPUDevice, site: ImageStatisticsSite): Promise<Command> {
  assertFields("image statistics", site, SITE);
  return createSteps(device, "image statistics", planImageStatistics(device, site));
}

/** The dispatch of {@link createImageStatistics}. */
export function planImageStatistics(device: GPUDevice, { x, y, label }: ImageStatisticsSite): Plan {
  return () => {
    const who = label ? `image statistics "${label}"` : "image statistics";
    const [images = 0] = x.shape;
    const { pixels, channels } = rowsOf(x.shape, who);
    const expected = formatShape([IMAGE_STATISTICS, images, channels]);
    if (formatShape(y.shape) !== expected || y.dtype !== "f32") {
      throw new InputError(
        `${who}: expected y of shape ${expected}, f32, got ${formatShape(y.shape)}, ${y.dtype}`,
      );
    }
    if (pixels > MOST_PLACES) {
      throw new InputError(`${who}: expected at most ${MOST_PLACES} places an image, got ${pixels}`);
    }
    const four = channels % 4 === 0;
    const value = four ? "vec4<f32>" : "f32";
    const width = four ? channels / 4 : channels;
    const columns = images * width;
    const slots = slotsOf(device, pixels);
    return [
      {
        shader,
        label,
        redeclare: { Value: value, Bits: value.replace("f32", "u32"), SLOTS: `${slots}u` },
        params: { pixels, width, columns, nothing: 0 },
        bindings: { x, y },
        workgroups: gridOf(Math.ceil((columns * slots) / THREADS)),
      },
    ];
  };
}

/** On a processor a column is one thread's: threads do not run side by side there, and a barrier is dear. */
function slotsOf(device: GPUDevice, pixels: number): number {
  if (isSoftwareAdapter(device)) return 1;
  const useful = Math.max(1, Math.floor(pixels / 4));
  return Math.min(MOST_SLOTS, 2 ** Math.floor(Math.log2(useful)));
}
