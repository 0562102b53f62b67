import { assertFields } from "../gpu/options.ts";
import type { Graph } from "../graph/graph.ts";
import { assertModelOptions, MODEL_OPTIONS, type ModelOptions } from "./complete-graph.ts";
import { assertModelFiles, type ModelFiles } from "./files.ts";

/**
 * Reads a tfjs GraphModel, as tensorflowjs_converter writes it: a graph of TensorFlow's operators and its weights, plain
 * or quantised. Nothing of tfjs is needed.
 *
 * Names: an output is called as the signature calls it, every other layer as its node. What a fused operator does before
 * its activation stands below it (`block1/Relu/Conv2D`). The batch is free, also where the file fixes it at one. Outputs
 * that need what Vitrine does not have are left out (`graph.leftOut`) beside one that does not; where a network ends in
 * the places of largest scores, the scores are its output.
 * @throws ModelError for files that are missing, damaged or contradict each other.
 * @throws UnsupportedError naming the operator and the node that Vitrine does not have: control flow, and lists.
 * @example
 * ```ts
 * import { loadGraphModel, modelFromUrl } from "vitrine";
 *
 * const graph = await loadGraphModel(modelFromUrl("https://example.org/models/emotion/model.json"));
 * ```
 */
export async function loadGraphModel(files: ModelFiles, options: ModelOptions = {}): Promise<Graph> {
  assertModelFiles("loadGraphModel", files);
  assertFields("loadGraphModel", options, MODEL_OPTIONS);
  assertModelOptions("loadGraphModel", options);
  const { readGraphModel } = await import("./tfjs-graph/graph-model.ts");
  return readGraphModel(files, options);
}
