import { formatShape } from "../gpu/tensor.ts";
import { logitsOf, shapesOf } from "../network/graph.ts";
import { type Io, printJson } from "./io.ts";
import { openModel, preprocessingReport } from "./model.ts";
import type { Values } from "./values.ts";

/** `vitrine layers`: the network's layers, in the order in which they run. Needs no GPU. */
export async function layersCommand(values: Values, io: Io): Promise<void> {
  const graph = await openModel(values, io);
  const shapes = shapesOf(graph);
  const layers = graph.layers.map(({ name, op, inputs }) => ({
    name,
    op,
    inputs,
    shape: shapes.get(name)?.slice(1) ?? [],
  }));
  const logits = logitsOf(graph);
  if (values.has("json")) {
    const { labels } = graph;
    printJson(io, { model: graph.name, preprocessing: preprocessingReport(graph), logits, layers, labels });
    return;
  }
  const widest = Math.max(...layers.map(({ name }) => name.length));
  const largest = Math.max(...layers.map(({ shape }) => formatShape(shape).length));
  for (const { name, op, shape } of layers) {
    const mark = name === logits ? "  (logits)" : "";
    io.out(`${name.padEnd(widest)}  ${formatShape(shape).padEnd(largest)}  ${op}${mark}`);
  }
}
