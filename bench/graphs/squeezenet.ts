import type { Graph } from "../../src/index.ts";
import { type BuilderOptions, GraphBuilder } from "./builder.ts";
import type { Scale } from "./vgg16.ts";

/** Channels of each fire module: squeezed, then expanded twice as many; a pool stands before the named ones. */
const FIRES = [
  ["fire2", 16, 64],
  ["fire3", 16, 64],
  ["fire4", 32, 128],
  ["fire5", 32, 128],
  ["fire6", 48, 192],
  ["fire7", 48, 192],
  ["fire8", 64, 256],
  ["fire9", 64, 256],
] as const;
const POOL_BEFORE: ReadonlySet<string> = new Set(["fire2", "fire4", "fire6"]);

/** SqueezeNet 1.1 with random weights (Iandola et al. 2016). */
export function squeezenet({ side, width }: Scale, options?: BuilderOptions): Graph {
  const channels = (count: number): number => Math.max(4, Math.round(count * width));
  const graph = new GraphBuilder("squeezenet_v1_1", [side, side, 3], options).conv("conv1", channels(64), 3, {
    stride: 2,
    padding: "valid",
  });
  for (const [name, squeezed, expanded] of FIRES) {
    if (POOL_BEFORE.has(name)) graph.pool(`${name}_pool`, "max", 3, 2);
    const from = `${name}_squeeze`;
    graph
      .conv(from, channels(squeezed), 1)
      .conv(`${name}_e1x1`, channels(expanded), 1, { from })
      .conv(`${name}_e3x3`, channels(expanded), 3, { from })
      .concat(name, [`${name}_e1x1`, `${name}_e3x3`]);
  }
  return graph.conv("conv10", channels(1000), 1).globalAverage("pool").build();
}
