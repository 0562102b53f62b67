import shader from "../../shaders/histogram.wgsl";
import rangeShader from "../../shaders/histogram_range.wgsl";
import type { Command } from "../gpu/command.ts";
import { isSoftwareAdapter } from "../gpu/device.ts";
import { gridOf } from "../gpu/dispatch.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { createSteps } from "../gpu/steps.ts";
import { createTensor, formatShape, readTensors, type Tensor } from "../gpu/tensor.ts";
import { expectSummary, rowsOf, stripsOf } from "./statistics.ts";

/** Distribution of the values of channels, as plain data; lists hold one entry a channel, or one for all together. */
export interface ChannelHistogram {
  /** Least and largest value that the bins cover. */
  readonly ranges: readonly (readonly [min: number, max: number])[];
  /** Values in each bin: half open, but for the last, which holds the largest value too. */
  readonly counts: readonly (readonly number[])[];
  /** Values beneath the range. */
  readonly below: readonly number[];
  /** Values above the range. */
  readonly above: readonly number[];
}

export interface HistogramOptions {
  /** 1 to 1022. Default 64. */
  readonly bins?: number | undefined;
  /** One histogram over all channels instead of one a channel. Default false. */
  readonly shared?: boolean | undefined;
  /** Least and largest value; without it the range is found by {@link createHistogramRange}. */
  readonly range?: readonly [min: number, max: number] | undefined;
  /** A range for each channel instead. */
  readonly ranges?: readonly (readonly [min: number, max: number])[] | undefined;
}

export const HISTOGRAM: Fields<HistogramOptions> = {
  ...{ bins: "may", shared: [true, false], range: "may", ranges: "may" },
};

/** Buffers of a histogram, owned by whoever made them. Clearing `counts` empties it. */
export interface HistogramBuffers {
  /** `[ranges, 4]`: least, largest, bins / (largest − least), unused. */
  readonly range: Tensor;
  /** [ranges, bins + 2, 2], u32: below, the bins, above; each a low and a high word. */
  readonly counts: Tensor<"u32">;
}

export interface HistogramSite extends HistogramBuffers {
  /** Activations of any rank from 2, [N, …, C]. */
  readonly x: Tensor;
  /** Number of images of x that count, from the first. Default N. */
  readonly images?: number | undefined;
  readonly label?: string | undefined;
}

const HISTOGRAM_SITE: Fields<HistogramSite> = {
  ...{ range: "must", counts: "must", x: "must", images: "may", label: "may" },
};

const MOST_BINS = 1022;
/** Words of workgroup memory that every device has. */
const WORKGROUP_WORDS = 4096;

/**
 * Allocates an empty histogram of so many channels, owned by the caller.
 * @throws InputError when the bins or the range cannot be.
 */
export function createHistogramBuffers(
  device: GPUDevice,
  channels: number,
  options: HistogramOptions = {},
): HistogramBuffers {
  assertFields("histogram", options, HISTOGRAM);
  const { bins = 64, shared = false, range } = options;
  if (!Number.isInteger(bins) || bins < 1 || bins > MOST_BINS) {
    throw new InputError(`histogram: expected 1 to ${MOST_BINS} bins, got ${bins}`);
  }
  const ranges = shared ? 1 : channels;
  const given = options.ranges ?? (range ? Array<typeof range>(ranges).fill(range) : []);
  if (given.length > 0 && given.length !== ranges) {
    throw new InputError(`histogram: expected ${ranges} ranges, got ${given.length}`);
  }
  const rows = given.flatMap(([min, max]) => {
    const width = Math.fround(max) - Math.fround(min);
    if (width > 0 && Number.isFinite(width)) return [min, max, bins / width, 0];
    throw new InputError(
      `histogram: expected a range from a lesser to a larger number, got ${min} to ${max}`,
    );
  });
  const data = rows.length > 0 ? Float32Array.from(rows) : new Float32Array(ranges * 4);
  const counts = createTensor(device, [ranges, bins + 2, 2], { dtype: "u32", label: "histogram counts" });
  try {
    return { range: createTensor(device, [ranges, 4], { data, label: "histogram range" }), counts };
  } catch (error) {
    counts.buffer.destroy();
    throw error;
  }
}

/**
 * Makes finding the range ready to record: from the minimum and maximum in a summary of the same activations, on the GPU.
 * @throws InputError when the shapes do not fit.
 */
export async function createHistogramRange(
  device: GPUDevice,
  site: HistogramBuffers & { readonly summary: Tensor<"u32"> },
): Promise<Command> {
  assertFields("histogram range", site, { summary: "must", range: "must", counts: "must" });
  const { summary, range, counts } = site;
  return createSteps(device, "histogram range", () => {
    const channels = summary.shape[1] ?? 0;
    expectSummary("histogram range", summary, channels);
    const { ranges, bins } = sizesOf("histogram range", channels, { range, counts });
    return [
      {
        shader: rangeShader,
        params: { channels, ranges, bins },
        bindings: { summary, range },
        workgroups: [Math.ceil(ranges / 64)],
      },
    ];
  });
}

/**
 * Makes counting ready to record: each value of x is added to its channel's histogram, the same to the bit in any order.
 * @throws InputError when the shapes do not fit.
 */
export async function createHistogram(device: GPUDevice, site: HistogramSite): Promise<Command> {
  assertFields("histogram", site, HISTOGRAM_SITE);
  const { x, range, counts, images, label } = site;
  const who = label ? `histogram "${label}"` : "histogram";
  return createSteps(device, who, () => {
    const { rows, channels } = rowsOf(x.shape, who, images);
    const { ranges, bins } = sizesOf(who, channels, { range, counts });
    // Each thread keeps counts of its own: as many threads as fill a GPU's subgroup or, where a thread is a lane of the
    // CPU, fewer that read four channels at once.
    const fit = Math.floor(Math.log2(WORKGROUP_WORDS / (bins + 2)));
    const wide = isSoftwareAdapter(device) && channels % 4 === 0 && fit >= 4;
    const threads = wide ? 2 ** Math.min(3, fit - 2) : 2 ** Math.min(5, fit);
    const width = wide ? channels / 4 : channels;
    const tiles = Math.ceil(width / threads);
    const lanes = Math.ceil(width / tiles);
    const slots = Math.floor(threads / lanes);
    const { strip, strips } = stripsOf(device, rows, slots, tiles);
    return [
      {
        shader,
        label,
        redeclare: {
          Value: wide ? "vec4<f32>" : "f32",
          WIDTH: wide ? "4u" : "1u",
          BINS: `${bins}u`,
          THREADS: `${threads}u`,
        },
        params: { rows, width, lanes, slots, tiles, strip, shared_range: Number(ranges < channels) },
        bindings: { range, x, counts },
        workgroups: gridOf(strips * tiles),
      },
    ];
  });
}

/** Reads a histogram back. */
export async function readHistogram(
  device: GPUDevice,
  { range, counts }: HistogramBuffers,
): Promise<ChannelHistogram> {
  const [bounds, words] = await readTensors(device, [range, counts]);
  const [ranges = 0, cells = 0] = counts.shape;
  const count = (of: number, cell: number): number => {
    const at = (of * cells + cell) * 2;
    return (words[at] ?? 0) + (words[at + 1] ?? 0) * 2 ** 32;
  };
  const each = <T>(value: (of: number) => T): T[] => Array.from({ length: ranges }, (_, of) => value(of));
  return {
    ranges: each((of) => [bounds[of * 4] ?? 0, bounds[of * 4 + 1] ?? 0] as const),
    counts: each((of) => Array.from({ length: cells - 2 }, (_, bin) => count(of, bin + 1))),
    below: each((of) => count(of, 0)),
    above: each((of) => count(of, cells - 1)),
  };
}

function sizesOf(who: string, channels: number, { range, counts }: HistogramBuffers) {
  const [ranges = 0, cells = 0, words] = counts.shape;
  const fits = (ranges === channels || ranges === 1) && words === 2 && counts.dtype === "u32";
  if (!fits || formatShape(range.shape) !== formatShape([ranges, 4])) {
    throw new InputError(
      `${who}: expected range and counts for ${channels} channels, got ${formatShape(range.shape)} and ${formatShape(counts.shape)}; make them with createHistogramBuffers()`,
    );
  }
  return { ranges, bins: cells - 2 };
}
