import type { Source } from "../dataset/source.ts";
import type { Graph } from "../graph/graph.ts";
import { openSource } from "../node/open-source.ts";
import { type Io, UsageError } from "./io.ts";
import type { Values } from "./values.ts";

/** The data set of --data, with the labels of --truth. @throws UsageError when none is named. */
export function dataOf(command: string, graph: Graph, values: Values, io: Io): Promise<Source> {
  const data = values.text("data");
  if (data === undefined) throw new UsageError(`${command} expects --data FOLDER, got none`);
  const truth = values.text("truth");
  const [side] = graph.layers[0]?.op === "input" ? graph.layers[0].shape : [];
  return openSource(data, {
    ...(truth === undefined ? {} : { labels: { csv: truth } }),
    device: () => io.device(),
    seed: values.whole("seed", 0, 2 ** 32 - 1),
    size: side,
  });
}
