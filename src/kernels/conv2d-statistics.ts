import shader from "../../shaders/conv2d_statistics.wgsl";
import subgroupShader from "../../shaders/conv2d_subgroups_statistics.wgsl";
import { type Command, createSequence } from "../gpu/command.ts";
import { isSoftwareAdapter } from "../gpu/device.ts";
import { createSteps, type Plan } from "../gpu/steps.ts";
import { activationCode } from "../layers/activation-kinds.ts";
import { type Conv2dLayer, conv2d, conv2dRun } from "../layers/conv2d.ts";
import { type Convolution, layOut } from "../layers/convolution.ts";
import type { ForwardSite } from "../layers/op.ts";
import { createStatistics, expectSummary, gatherSteps, rowsOf, type StatisticsSite } from "./statistics.ts";

/** Destination of the statistics of a layer's output; as `createStatistics` has it. */
export interface StatisticsOf extends Pick<StatisticsSite, "summary" | "images" | "accumulate"> {
  /**
   * True: the layer's own kernel gathers them where it can; false: a pass after it. Default: true, except on a
   * software adapter, where the barrier that this takes costs more than reading the output again from the processor's
   * cache. A convolution in groups always has a pass after it.
   */
  readonly fused?: boolean | undefined;
}

/**
 * Makes a convolution forward ready to record that gathers the statistics of its output on the way (what `createStatistics`
 * would find in a pass of its own), while its values are at hand: they are not read again. Deterministic.
 * @throws InputError when the shapes do not fit.
 */
export async function createConv2dStatistics(
  device: GPUDevice,
  { statistics, ...site }: ForwardSite<Conv2dLayer> & { readonly statistics: StatisticsOf },
): Promise<Command> {
  const { fused = !isSoftwareAdapter(device) } = statistics;
  const whole = (site.layer.groups ?? 1) === 1;
  if (fused && whole) return createConvolutionStatistics(device, conv2dRun(site), statistics);
  return createStatisticsAfter(device, conv2d.forward(device, site), { ...statistics, x: site.y });
}

/** A command, and then the statistics of what it left; frees the command with itself. */
export function createStatisticsAfter(
  device: GPUDevice,
  command: Promise<Command>,
  { fused: _, ...site }: StatisticsOf & Pick<StatisticsSite, "x">,
): Promise<Command> {
  return createSequence([command, command.then(() => createStatistics(device, site))]);
}

/** The same for a run of the kernel, always by itself; see {@link Convolution}. */
export function createConvolutionStatistics(
  device: GPUDevice,
  run: Omit<Convolution, "phases" | "groups" | "fused" | "accumulate">,
  statistics: Omit<StatisticsOf, "fused">,
): Promise<Command> {
  return createSteps(device, `convolution "${run.label}"`, planConvolution(device, run, statistics));
}

function planConvolution(
  device: GPUDevice,
  run: Omit<Convolution, "phases" | "groups">,
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
    const { constants: applied, alpha } = activationCode(activation);
    return [
      {
        shader: tiling.subgroups ? subgroupShader : shader,
        label,
        constants: { BIAS: Number(b !== undefined), ...applied },
        redeclare: {
          ...redeclare,
          LANES: `${tiling.lanes}u`,
          ...(tiling.subgroups
            ? {}
            : { CHANNEL_LANES: `${tiling.channelLanes}u`, COLUMNS: `${tiling.columns}u` }),
        },
        params: { ...params, rows, alpha },
        bindings: { x, w, b: b ?? w, y, partial },
        workgroups,
      },
      ...gatherSteps(scratch, partial, { summary, rows, strip, accumulate, label }),
    ];
  };
}
