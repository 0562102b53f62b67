import partialShader from "../../shaders/statistics.wgsl";
import gatherShader from "../../shaders/statistics_gather.wgsl";
import mergeShader from "../../shaders/statistics_merge.wgsl";
import momentsShader from "../../shaders/statistics_moments.wgsl";
import runsShader from "../../shaders/statistics_runs.wgsl";
import type { Command } from "../gpu/command.ts";
import { isSoftwareAdapter } from "../gpu/device.ts";
import { gridOf } from "../gpu/dispatch.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { createSteps, type Plan, type Scratch, type Step } from "../gpu/steps.ts";
import { createTensor, formatShape, readTensor, type Shape, sizeOf, type Tensor } from "../gpu/tensor.ts";

/** Statistics of each channel of some activations, as plain data; each list holds one number a channel. */
export interface ChannelStatistics {
  /** Values seen of each channel. */
  readonly count: number;
  readonly mean: readonly number[];
  /** Σ (x − mean)²: divided by `count` the population's variance, by `count` − 1 the sample's. */
  readonly m2: readonly number[];
  /** Least value; +∞ when none was seen. */
  readonly min: readonly number[];
  /** Largest value; −∞ when none was seen. */
  readonly max: readonly number[];
  /** Number of values that were exactly zero. */
  readonly zeros: readonly number[];
}

export interface StatisticsSite {
  /** Activations of any rank from 2, [N, …, C]. */
  readonly x: Tensor;
  /** [10, C], u32: see {@link createStatisticsSummary}. */
  readonly summary: Tensor<"u32">;
  /** Number of images of x that count, from the first: fewer than N at the end of a data set. Default N. */
  readonly images?: number | undefined;
  /** Merge x into the summary instead of replacing it. Default true. */
  readonly accumulate?: boolean | undefined;
  readonly label?: string | undefined;
}

export const STATISTICS_SITE: Fields<StatisticsSite> = {
  ...{ x: "must", summary: "must", images: "may", accumulate: [true, false], label: "may" },
};

const FIELDS = 10;
const THREADS = 128; // as in statistics.wgsl
const BLOCK = 16;
/** Workgroups that keep a large GPU busy; for a processor's few cores, fewer and longer strips pay. */
const WORKGROUPS = { gpu: 512, software: 16 };
/** Runs of rows of each channel on a processor: enough for a few cores, few enough to be merged at once. */
const RUNS = 32;
/** Up to so many strips, one thread merges all those of a channel. */
const FEW_STRIPS = 32;
/** Number of strips from which they are merged in two steps. */
const MANY_STRIPS = 256;

/**
 * Allocates an empty summary of so many channels, [10, C] u32, owned by the caller. Clearing the buffer empties it again.
 * Its layout stands in `statistics_merge.wgsl`.
 */
export function createStatisticsSummary(
  device: GPUDevice,
  channels: number,
  label = "statistics",
): Tensor<"u32"> {
  return createTensor(device, [FIELDS, channels], { dtype: "u32", label });
}

/**
 * Makes a pass of statistics ready to record: count, mean, sum of squared deviations, minimum, maximum and zeros of each
 * channel of x, read once, merged into a summary on the GPU. Means far from zero cost no accuracy, nor do many
 * batches; the same batches in the same order give the same bits.
 *
 * Values are to be finite: what a NaN does to minimum and maximum, WGSL leaves open.
 * @throws InputError when the shapes do not fit, or x has 2³² rows or more.
 */
export async function createStatistics(device: GPUDevice, site: StatisticsSite): Promise<Command> {
  assertFields("statistics", site, STATISTICS_SITE);
  return createSteps(device, nameOf(site), planStatistics(device, site));
}

/** The dispatches of {@link createStatistics}. */
export function planStatistics(device: GPUDevice, site: StatisticsSite): Plan {
  return (scratch) => {
    const { x, summary, accumulate = true, label } = site;
    const { rows, channels } = rowsOf(x.shape, nameOf(site), site.images);
    expectSummary(nameOf(site), summary, channels);
    const { value } = lanesOf(channels, THREADS);
    const { shader, params, groups, strip, strips } = isSoftwareAdapter(device)
      ? inRuns(rows, channels)
      : inTurns(device, rows, channels);
    const partial = scratch([strips, 6, channels], "statistics partial");
    return [
      {
        shader,
        label,
        redeclare: { Value: value, Bits: value.replace("f32", "u32") },
        params: { ...params, nothing: 0 },
        bindings: { x, partial },
        workgroups: gridOf(groups),
      },
      mergeStep(partial, { ...site, rows, strip, accumulate }),
    ];
  };
}

/** Division of rows on a GPU: the rows of a strip go to the slots of a workgroup in turn. */
function inTurns(device: GPUDevice, rows: number, channels: number) {
  const { width, lanes, tiles, slots } = lanesOf(channels, THREADS);
  const { strip, strips } = stripsOf(device, rows, slots, tiles);
  const params = { rows, width, lanes, slots, tiles, strip, strips };
  return { shader: partialShader, params, groups: strips * tiles, strip, strips };
}

/** Division of rows on a CPU: each thread has a run of consecutive rows. */
function inRuns(rows: number, channels: number) {
  const { width } = lanesOf(channels, THREADS);
  const run = Math.max(BLOCK, Math.ceil(rows / RUNS));
  const runs = Math.ceil(rows / run);
  const params = { rows, width, run, runs };
  return { shader: runsShader, params, groups: Math.ceil((runs * width) / 32), strip: run, strips: runs };
}

/** Inputs and output of partial statistics. */
export interface PartialSite {
  readonly summary: Tensor<"u32">;
  /** Rows that were seen, in strips of `strip`. */
  readonly rows: number;
  readonly strip: number;
  readonly accumulate: boolean;
  readonly label?: string | undefined;
}

/** The dispatch that merges partial statistics [strips, 6, C] into a summary; see `statistics_merge.wgsl`. */
export function mergeStep(partial: Tensor, site: PartialSite): Step {
  const { summary, rows, strip, accumulate, label } = site;
  const [strips = 1, , channels = 1] = partial.shape;
  // Threads of the merge: side by side over channels, and sharing a channel's strips.
  const [lanes, parts] = strips > FEW_STRIPS ? [16, 16] : [64, 1];
  return {
    shader: mergeShader,
    label,
    redeclare: { LANES: `${lanes}u`, PARTS: `${parts}u` },
    params: {
      rows,
      channels,
      strip,
      strips,
      run: Math.ceil(strips / parts),
      accumulate: Number(accumulate),
      nothing: 0,
    },
    bindings: { partial, summary },
    workgroups: [Math.ceil(channels / lanes)],
  };
}

/** The dispatches that do so where there are many strips: runs of them are merged first, side by side. */
export function gatherSteps(scratch: Scratch, partial: Tensor, site: PartialSite): readonly Step[] {
  const { rows, strip, label } = site;
  const [strips = 1, , channels = 1] = partial.shape;
  if (strips <= MANY_STRIPS) return [mergeStep(partial, site)];
  const run = Math.ceil(strips / MANY_STRIPS);
  const fewer = Math.ceil(strips / run);
  const y = scratch([fewer, 6, channels], "statistics gathered");
  const tiles = Math.ceil(channels / 64);
  return [
    {
      shader: gatherShader,
      label,
      params: { rows, channels, strip, strips, run, tiles },
      bindings: { partial, y },
      workgroups: gridOf(tiles * fewer),
    },
    mergeStep(y, { ...site, strip: run * strip }),
  ];
}

/**
 * Makes the numbers of a summary ready to record as f32: y [5, C] gets mean, variance (of the population), minimum,
 * maximum and fraction of zeros.
 * @throws InputError when the shapes do not fit.
 */
export async function createMoments(device: GPUDevice, site: MomentsSite): Promise<Command> {
  assertFields("moments", site, MOMENTS_SITE);
  return createSteps(device, "moments", planMoments(site));
}

export interface MomentsSite {
  readonly summary: Tensor<"u32">;
  /** [5, C]. */
  readonly y: Tensor;
}

const MOMENTS_SITE: Fields<MomentsSite> = { summary: "must", y: "must" };

/** The dispatches of {@link createMoments}. */
export function planMoments({ summary, y }: MomentsSite): Plan {
  return () => {
    const channels = summary.shape[1] ?? 0;
    expectSummary("moments", summary, channels);
    if (formatShape(y.shape) !== formatShape([5, channels])) {
      throw new InputError(`moments: expected y of shape 5×${channels}, got ${formatShape(y.shape)}`);
    }
    return [
      {
        shader: momentsShader,
        params: { channels },
        bindings: { summary, y },
        workgroups: [Math.ceil(channels / 64)],
      },
    ];
  };
}

/** Reads a summary back. */
export async function readStatistics(device: GPUDevice, summary: Tensor<"u32">): Promise<ChannelStatistics> {
  return decodeStatistics(await readTensor(device, summary));
}

/** A summary's words, read back by other means, as plain data. */
export function decodeStatistics(words: Uint32Array): ChannelStatistics {
  const channels = words.length / FIELDS;
  const floats = new Float32Array(words.buffer, words.byteOffset, words.length);
  const row = <T extends Uint32Array | Float32Array>(of: T, index: number): number[] =>
    Array.from(of.subarray(index * channels, (index + 1) * channels));
  const sum = (large: readonly number[], small: readonly number[], unit = 1): number[] =>
    large.map((value, i) => value * unit + (small[i] ?? 0));
  const [count = 0] = sum(row(words, 1), row(words, 0), 2 ** 32);
  const orNothing = (values: number[], nothing: number) => (count > 0 ? values : values.map(() => nothing));
  return {
    count,
    mean: sum(row(floats, 2), row(floats, 3)),
    m2: sum(row(floats, 4), row(floats, 5)),
    min: orNothing(row(floats, 6), Number.POSITIVE_INFINITY),
    max: orNothing(row(floats, 7), Number.NEGATIVE_INFINITY),
    zeros: sum(row(words, 9), row(words, 8), 2 ** 32),
  };
}

/** Activations as rows of channels, for kernels that treat every pixel of every image alike. */
export function rowsOf(
  shape: Shape,
  who: string,
  images = shape[0] ?? 0,
): { readonly rows: number; readonly pixels: number; readonly channels: number } {
  const [n = 0] = shape;
  const channels = shape.at(-1) ?? 0;
  if (shape.length < 2 || sizeOf(shape) === 0) {
    throw new InputError(
      `${who}: expected x of shape N×…×C without an empty axis, got ${formatShape(shape)}`,
    );
  }
  if (!Number.isInteger(images) || images < 1 || images > n) {
    throw new InputError(`${who}: expected 1 to ${n} images of x, got ${images}`);
  }
  const pixels = sizeOf(shape.slice(1, -1));
  return { rows: images * pixels, pixels, channels };
}

/**
 * Division of rows of channels among the threads of a workgroup: `lanes` threads side by side along a row, for four
 * channels or one each, and `slots` rows at a time.
 */
export function lanesOf(channels: number, threads: number) {
  const vector = channels % 4 === 0;
  const width = vector ? channels / 4 : channels;
  const tiles = Math.ceil(width / threads);
  const lanes = Math.ceil(width / tiles);
  return { width, value: vector ? "vec4<f32>" : "f32", lanes, tiles, slots: Math.floor(threads / lanes) };
}

/** Cuts rows into strips, one a workgroup: as many as keep the device busy, none shorter than a thread's block. */
export function stripsOf(device: GPUDevice, rows: number, slots: number, tiles: number) {
  const workgroups = isSoftwareAdapter(device) ? WORKGROUPS.software : WORKGROUPS.gpu;
  const strip = Math.max(BLOCK * slots, Math.ceil(rows / Math.ceil(workgroups / tiles)));
  return { strip, strips: Math.ceil(rows / strip) };
}

/** @throws InputError when a tensor is no summary of so many channels. */
export function expectSummary(who: string, { shape, dtype }: Tensor, channels: number): void {
  if (formatShape(shape) !== formatShape([FIELDS, channels]) || dtype !== "u32") {
    throw new InputError(
      `${who}: expected a summary of shape ${FIELDS}×${channels}, u32, got ${formatShape(shape)}, ${dtype}; make it with createStatisticsSummary()`,
    );
  }
}

function nameOf({ label }: Pick<StatisticsSite, "label">): string {
  return label ? `statistics "${label}"` : "statistics";
}
