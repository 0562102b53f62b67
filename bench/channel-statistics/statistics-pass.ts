import { createTensor, recordCommands } from "../../src/index.ts";
import { createMoments, createStatistics, createStatisticsSummary } from "../../src/kernels.ts";
import type { Bench } from "../case.ts";
import { recordedRunner } from "../peers/ours.ts";
import { noise } from "../random.ts";
import type { Runner } from "../runner.ts";
import type { Shape } from "../shape.ts";

/** Activations [N, H, W, C] as a ReLU leaves them: a good part of them zero, their mean away from it. */
export function activations(shape: Shape): Float32Array<ArrayBuffer> {
  return noise(shape, 5).map((value) => Math.max(0, value + 0.25));
}

/** The name of the statistics pass where something else is measured against it. */
export const STATISTICS_PASS = "statistics pass";

/** The statistics pass alone, into a summary that stays on the GPU. */
export async function statisticsPass({ device }: Bench, shape: Shape, data: Float32Array): Promise<Runner> {
  const channels = shape.at(-1) ?? 1;
  const x = createTensor(device, shape, { data });
  const summary = createStatisticsSummary(device, channels);
  const y = createTensor(device, [5, channels]);
  const statistics = await createStatistics(device, { x, summary, accumulate: false });
  const moments = await createMoments(device, { summary, y });
  return recordedRunner(device, {
    record: (encoder) => recordCommands(encoder, [statistics, moments]),
    y,
    destroy() {
      for (const command of [statistics, moments]) command.destroy();
      for (const { buffer } of [x, summary, y]) buffer.destroy();
    },
  });
}
