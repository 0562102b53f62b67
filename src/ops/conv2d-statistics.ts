import shader from "../../shaders/conv2d_statistics.wgsl";
import subgroupShader from "../../shaders/conv2d_subgroups_statistics.wgsl";
import type { Command } from "../gpu/kernel.ts";
import { activationCode } from "./activation.ts";
import { type Conv2dLayer, type Convolution, forwardRun, layOut } from "./conv2d.ts";
import type { ForwardSite } from "./op.ts";
import { expectSummary, gatherSteps, rowsOf, type StatisticsSite } from "./statistics.ts";
import { createSteps, type Plan } from "./steps.ts";

/** Where the statistics of a layer's output go; as `createStatistics` has it. */
export type StatisticsOf = Pick<StatisticsSite, "summary" | "images" | "accumulate">;

/**
 * Makes a convolution forward ready to record that gathers the statistics of its output on the way (what `createStatistics`
 * would find in a pass of its own), while its values are at hand: they are not read again. Deterministic.
 * @throws InputError when the shapes do not fit.
 */
export function createConv2dStatistics(
  device: GPUDevice,
  site: ForwardSite<Conv2dLayer> & { readonly statistics: StatisticsOf },
): Promise<Command> {
  return createConvolutionStatistics(device, forwardRun(site), site.statistics);
}

/** The same for a run of the kernel; see {@link Convolution}. */
export function createConvolutionStatistics(
  device: GPUDevice,
  run: Omit<Convolution, "phases" | "gate" | "accumulate">,
  statistics: StatisticsOf,
): Promise<Command> {
  return createSteps(device, `convolution "${run.label}"`, planConvolution(device, run, statistics));
}

function planConvolution(
  device: GPUDevice,
  run: Omit<Convolution, "phases">,
  { summary, images, accumulate = true }: StatisticsOf,
): Plan {
  return (scratch) => {
    const { label, x, w, b, y, activation } = run;
    const who = `convolution "${label}"`;
    const { rows, pixels, channels } = rowsOf(y.shape, who, images);
    expectSummary(who, summary, channels);
    const { tiling, redeclare, params, workgroups } = layOut(device, run, (y.shape[0] ?? 1) * pixels);
    const strip = tiling.lanes * tiling.pixels;
    const partial = scratch([Math.ceil(rows / strip), 6, channels], "statistics partial");
    const { code, alpha } = activationCode(activation);
    return [
      {
        shader: tiling.subgroups ? subgroupShader : shader,
        label,
        constants: { BIAS: Number(b !== undefined), ACTIVATION: code },
        redeclare: {
          ...redeclare,
          LANES: `${tiling.lanes}u`,
          ...(tiling.subgroups ? {} : { CHANNEL_LANES: `${tiling.channelLanes}u` }),
        },
        params: { ...params, rows, alpha },
        bindings: { x, w, b: b ?? w, y, partial },
        workgroups,
      },
      ...gatherSteps(scratch, partial, { summary, rows, strip, accumulate, label }),
    ];
  };
}
