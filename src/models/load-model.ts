import { ModelError } from "../gpu/errors.ts";
import type { Graph } from "../graph/graph.ts";
import { fits, headsOf } from "../graph/heads.ts";
import { assertModelFiles, havingRead, type ModelFiles } from "./files.ts";
import { formatOf, type ModelFormat } from "./formats.ts";
import { MOST_BYTES } from "./json.ts";
import { assertLayersModelOptions, type LayersModelOptions } from "./keras/keras-model.ts";
import { loadLayersModel } from "./keras/layers-model.ts";
import { labelsBeside } from "./labels.ts";

/** Bytes of a model in one file, at most: what protobuf allows, and a page can hold. */
const MOST_MODEL = 2 ** 31;

/** Archives within one another, at most: a .zip that holds a .keras. */
const MOST_ARCHIVES = 3;

type Reader = (files: ModelFiles, options: LayersModelOptions) => Promise<Graph>;

/** Readers by format. All but the LayersModel's come when they are needed. */
const READERS: Readonly<Record<Exclude<ModelFormat, "zip">, () => Promise<Reader>>> = {
  "layers-model": async () => loadLayersModel,
  "graph-model": async () => (await import("./tfjs-graph/graph-model.ts")).readGraphModel,
  onnx: async () => (await import("./onnx/load.ts")).readOnnxModel,
  keras: async () => (await import("./keras/keras-file.ts")).loadKerasFile,
  hdf5: async () => (await import("./keras/h5-model.ts")).loadH5Model,
};

/**
 * Reads a model in whichever format it is, told by its content: a tfjs LayersModel or GraphModel, ONNX, Keras's `.keras` and
 * `.h5`, or a zip archive that holds one of these. The readers of other formats than the first are loaded when a file
 * needs them. Names of classes that lie beside the model are taken where nobody gives others (`graph.labelsFrom` says from
 * which file).
 * @throws UnsupportedError for a format that is not read, and for what a reader does not have, by name.
 * @throws ModelError for files that are missing, damaged or contradict each other.
 * @example
 * ```ts
 * import { loadModel, modelFromUrl } from "vitrine";
 *
 * const graph = await loadModel(modelFromUrl("https://example.org/models/vitrine/model.json"));
 * ```
 */
export async function loadModel(files: ModelFiles, options: LayersModelOptions = {}): Promise<Graph> {
  assertModelFiles("loadModel", files);
  assertLayersModelOptions("loadModel", options);
  const { signal } = options;
  let source = files;
  for (let archives = 0; archives < MOST_ARCHIVES; archives++) {
    const { manifest, name } = source;
    const most = manifest.toLowerCase().endsWith(".json") ? MOST_BYTES : MOST_MODEL;
    const bytes = await source.read(manifest, { signal, most });
    const format = formatOf(bytes, manifest || name, `model "${name}"`);
    if (format !== "zip") {
      const read = await READERS[format]();
      return withLabels(await read(havingRead(source, bytes), options), source, signal);
    }
    const { zippedFiles } = await import("./zipped-files.ts");
    source = zippedFiles(bytes, name);
  }
  throw new ModelError(
    `model "${files.name}": expected at most ${MOST_ARCHIVES} archives within one another, got more`,
  );
}

/** The graph with the names of classes that lie beside its model, where it has none. */
async function withLabels(graph: Graph, files: ModelFiles, signal: AbortSignal | undefined): Promise<Graph> {
  if (graph.labels) return graph;
  const heads = headsOf(graph);
  const found = await labelsBeside(files, (count) => heads.some((head) => fits(head, count)), signal);
  return found ? { ...graph, labels: found.names, labelsFrom: found.from } : graph;
}
