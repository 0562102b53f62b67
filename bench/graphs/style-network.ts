import type { Graph } from "../../src/index.ts";
import { type BuilderOptions, GraphBuilder } from "./builder.ts";

export interface StyleScale {
  readonly height: number;
  readonly width: number;
  /** Share of the published number of channels. */
  readonly channels: number;
}

const RESIDUALS = 5;

/**
 * A network that restyles a picture in one pass, with random weights (Johnson et al. 2016, with instance norms, mirrored borders
 * and enlarging by nearest pixels as PyTorch's example has it).
 */
export function styleNetwork({ height, width, channels }: StyleScale, options?: BuilderOptions): Graph {
  const graph = new GraphBuilder("style network", [height, width, 3], options);
  const filters = (published: number): number => Math.max(4, Math.round(published * channels));
  const conv = (name: string, count: number, size: number, stride = 1): GraphBuilder =>
    graph
      .mirror(`${name}_pad`, (size - 1) / 2)
      .conv(name, count, size, { stride, padding: "valid", activation: "linear" });
  const block = (name: string, count: number, size: number, stride = 1): GraphBuilder =>
    conv(name, filters(count), size, stride).instanceNorm(`${name}_norm`);
  block("conv1", 32, 9).relu("relu1");
  block("conv2", 64, 3, 2).relu("relu2");
  block("conv3", 128, 3, 2).relu("relu3");
  for (let n = 1; n <= RESIDUALS; n++) {
    const from = graph.last;
    block(`residual${n}_1`, 128, 3).relu(`residual${n}_relu`);
    block(`residual${n}_2`, 128, 3).add(`residual${n}`, [graph.last, from], "linear");
  }
  graph.enlarge("enlarge1");
  block("up1", 64, 3).relu("relu4");
  graph.enlarge("enlarge2");
  block("up2", 32, 3).relu("relu5");
  return conv("picture", 3, 9).build();
}
