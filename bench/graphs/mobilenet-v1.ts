import type { Graph } from "../../src/index.ts";
import { type BuilderOptions, GraphBuilder } from "./builder.ts";
import type { Scale } from "./vgg16.ts";

/** Output channels and stride of each depthwise separable block. */
const BLOCKS = [
  [64, 1],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
  [512, 2],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [1024, 2],
  [1024, 1],
] as const;

/** MobileNetV1 with random weights (Howard et al. 2017), batch norms folded into the convolutions as for inference. */
export function mobilenetV1({ side, width }: Scale, options?: BuilderOptions): Graph {
  const channels = (count: number): number => Math.max(4, Math.round(count * width));
  const graph = new GraphBuilder("mobilenet_v1", [side, side, 3], options).conv("conv1", channels(32), 3, {
    stride: 2,
    activation: "relu6",
  });
  for (const [index, [filters, stride]] of BLOCKS.entries()) {
    graph
      .depthwise(`conv_dw_${index + 1}`, 3, { stride, activation: "relu6" })
      .conv(`conv_pw_${index + 1}`, channels(filters), 1, { activation: "relu6" });
  }
  return graph.globalAverage("pool").dense("predictions", channels(1000)).build();
}
