import shader from "../../shaders/gram_merge.wgsl";
import type { Command } from "../gpu/command.ts";
import { gridOf } from "../gpu/dispatch.ts";
import { InputError } from "../gpu/errors.ts";
import { assertFields, type Fields } from "../gpu/options.ts";
import { createSteps, type Step } from "../gpu/steps.ts";
import { formatShape, readTensors, type Tensor } from "../gpu/tensor.ts";
import { planGram } from "./gram.ts";
import {
  type ChannelStatistics,
  decodeStatistics,
  planStatistics,
  rowsOf,
  STATISTICS_SITE,
  type StatisticsSite,
} from "./statistics.ts";

/** Joint variation of channels, as plain data: their correlation follows from it. */
export interface ChannelCoMoments {
  readonly statistics: ChannelStatistics;
  /** Σ (xᵢ − meanᵢ)·(xⱼ − meanⱼ), C×C, row by row. */
  readonly comoments: readonly number[];
}

export interface CoMomentsSite extends StatisticsSite {
  /** [C, C]. */
  readonly comoments: Tensor;
}

const CO_MOMENTS_SITE: Fields<CoMomentsSite> = { ...STATISTICS_SITE, comoments: "must" };

/**
 * Makes co-moments of the channels ready to record: the statistics of x as by `createStatistics`, and Σ (x − mean)ᵀ·(x − mean)
 * over all pixels of all images by the Gram kernel, both merged into what the summary and `comoments` hold.
 * @throws InputError when the shapes do not fit.
 */
export async function createCoMoments(device: GPUDevice, site: CoMomentsSite): Promise<Command> {
  assertFields("co-moments", site, CO_MOMENTS_SITE);
  const { x, summary, comoments, accumulate = true, label } = site;
  const who = label ? `co-moments "${label}"` : "co-moments";
  return createSteps(device, who, (scratch) => {
    const { rows, channels } = rowsOf(x.shape, who, site.images);
    if (formatShape(comoments.shape) !== formatShape([channels, channels])) {
      throw new InputError(
        `${who}: expected comoments of shape ${channels}×${channels}, got ${formatShape(comoments.shape)}`,
      );
    }
    const batch = scratch([10, channels], "co-moments of a batch", { dtype: "u32" });
    const y = scratch([1, channels, channels], "centred gram");
    const [partial, merge] = planStatistics(device, { ...site, accumulate: false })(scratch);
    if (!partial || !merge) return [];
    const all: Tensor = { ...x, shape: [1, rows, channels] };
    const ofBatch: Step = { ...merge, bindings: { ...merge.bindings, summary: batch } };
    const intoSummary: Step = {
      ...merge,
      params: { ...merge.params, accumulate: Number(accumulate) },
      bindings: { ...merge.bindings, summary },
    };
    return [
      partial,
      ofBatch,
      ...planGram({ x: all, y, centre: true, label })(scratch),
      {
        shader,
        label,
        params: { channels, accumulate: Number(accumulate) },
        bindings: { summary, batch, y, comoments },
        workgroups: gridOf(Math.ceil((channels * channels) / 64)),
      },
      intoSummary,
    ];
  });
}

/** Reads co-moments back. */
export async function readCoMoments(
  device: GPUDevice,
  { summary, comoments }: Pick<CoMomentsSite, "summary" | "comoments">,
): Promise<ChannelCoMoments> {
  const [words, values] = await readTensors(device, [summary, comoments]);
  return { statistics: decodeStatistics(words), comoments: Array.from(values as Float32Array) };
}
