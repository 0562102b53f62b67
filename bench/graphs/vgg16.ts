import type { Graph } from "../../src/index.ts";
import { type BuilderOptions, GraphBuilder } from "./builder.ts";

export interface Scale {
  /** Side of the square image. */
  readonly side: number;
  /** Share of the published number of channels. */
  readonly width: number;
}

const BLOCKS = [
  [64, 2],
  [128, 2],
  [256, 3],
  [512, 3],
  [512, 3],
] as const;

/** VGG16 with random weights (Simonyan & Zisserman 2014): at 224 and width 1, the published sizes. */
export function vgg16({ side, width }: Scale, options?: BuilderOptions): Graph {
  const channels = (count: number): number => Math.max(4, Math.round(count * width));
  const graph = new GraphBuilder("vgg16", [side, side, 3], options);
  for (const [block, [filters, layers]] of BLOCKS.entries()) {
    for (let layer = 1; layer <= layers; layer++) {
      graph.conv(`block${block + 1}_conv${layer}`, channels(filters), 3);
    }
    graph.pool(`block${block + 1}_pool`, "max", 2, 2);
  }
  return graph
    .flatten("flatten")
    .dense("fc1", channels(4096), "relu")
    .dense("fc2", channels(4096), "relu")
    .dense("predictions", channels(1000))
    .build();
}
