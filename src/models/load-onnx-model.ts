import { assertFields } from "../gpu/options.ts";
import type { Graph } from "../graph/graph.ts";
import { assertModelOptions, MODEL_OPTIONS, type ModelOptions } from "./complete-graph.ts";
import { assertModelFiles, type ModelFiles } from "./files.ts";

/**
 * Reads an ONNX file: versions 3 and later of the format, versions 7 to 23 of its operators, weights within it or in files
 * beside it. Arrays that the file has as N×C×H×W are stored as N×H×W×C.
 *
 * Names: an output is called as the file calls it; every other layer as its node is, or as the node's output where that
 * has no name. What an operator needs beside itself stands below it: `conv1/pad`.
 * The batch is free, also where the file fixes it. Outputs that need what Vitrine does not have are left out, beside one
 * that does not; where a network ends in the places of largest scores, the scores are its output.
 *
 * @throws ModelError for files that are missing, damaged or contradict themselves.
 * @throws UnsupportedError naming the operator and node that Vitrine does not have.
 * @example
 * ```ts
 * import { loadOnnxModel, modelFromUrl } from "vitrine";
 *
 * const graph = await loadOnnxModel(modelFromUrl("https://example.org/models/net.onnx"));
 * ```
 */
export async function loadOnnxModel(files: ModelFiles, options: ModelOptions = {}): Promise<Graph> {
  assertModelFiles("loadOnnxModel", files);
  assertFields("loadOnnxModel", options, MODEL_OPTIONS);
  assertModelOptions("loadOnnxModel", options);
  const { readOnnxModel } = await import("./onnx/load.ts");
  return readOnnxModel(files, options);
}
