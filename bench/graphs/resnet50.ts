import type { Graph } from "../../src/index.ts";
import { type BuilderOptions, GraphBuilder } from "./builder.ts";
import type { Scale } from "./vgg16.ts";

const STAGES = [
  [64, 3],
  [128, 4],
  [256, 6],
  [512, 3],
] as const;

/** ResNet50 with random weights (He et al. 2015), batch norms folded into the convolutions as for inference. */
export function resnet50({ side, width }: Scale, options?: BuilderOptions): Graph {
  const channels = (count: number): number => Math.max(4, Math.round(count * width));
  const graph = new GraphBuilder("resnet50", [side, side, 3], options)
    .conv("conv1", channels(64), 7, { stride: 2 })
    .pool("pool1", "max", 3, 2, "same");
  for (const [stage, [filters, blocks]] of STAGES.entries()) {
    for (let block = 1; block <= blocks; block++) {
      const name = `conv${stage + 2}_block${block}`;
      const input = graph.last;
      // The first block of a stage halves the image; the second convolution does, as in version 1.5.
      const stride = block === 1 && stage > 0 ? 2 : 1;
      const shortcut = block === 1 ? `${name}_0` : input;
      if (block === 1)
        graph.conv(shortcut, channels(4 * filters), 1, { stride, activation: "linear", from: input });
      graph
        .conv(`${name}_1`, channels(filters), 1, { from: input })
        .conv(`${name}_2`, channels(filters), 3, { stride })
        .conv(`${name}_3`, channels(4 * filters), 1, { activation: "linear" })
        .add(`${name}_out`, [`${name}_3`, shortcut]);
    }
  }
  return graph.globalAverage("avg_pool").dense("predictions", channels(1000)).build();
}
