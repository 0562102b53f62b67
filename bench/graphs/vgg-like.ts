import type { Graph } from "../../src/index.ts";
import { type BuilderOptions, GraphBuilder } from "./builder.ts";

/** Six 3×3 convolutions in three blocks with max pools, then a class: VGG's shape at a size that any device runs. */
export function vggLike(side = 64, options?: BuilderOptions): Graph {
  const graph = new GraphBuilder("vgg-like", [side, side, 3], options);
  for (const [block, filters] of [32, 64, 128].entries()) {
    graph.conv(`block${block + 1}_conv1`, filters, 3).conv(`block${block + 1}_conv2`, filters, 3);
    graph.pool(`block${block + 1}_pool`, "max", 2, 2);
  }
  return graph.globalAverage("gap").dense("logits", 16).build();
}
