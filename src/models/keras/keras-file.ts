import { ModelError } from "../../gpu/errors.ts";
import type { Graph } from "../../graph/graph.ts";
import type { ModelFiles } from "../files.ts";
import { isObject, MOST_BYTES, objectOf, parseJson } from "../json.ts";
import { KERAS_WEIGHTS } from "../manifest.ts";
import { YieldToEventLoop } from "../yield-to-event-loop.ts";
import { kerasOf, type Writer } from "./activations.ts";
import { Hdf5File, readArrays } from "./hdf5.ts";
import { graphOfKerasModel, type LayersModelOptions } from "./keras-model.ts";
import { parseTopology } from "./topology.ts";
import { namedVariables } from "./variables.ts";

/**
 * Reads what a `.keras` file packs: config.json, the layers, and beside it model.weights.h5, as Keras 2.12 and later and Keras
 * 3 write them.
 * @throws ModelError for files that are missing, damaged or contradict each other.
 */
export async function loadKerasFile(files: ModelFiles, options: LayersModelOptions): Promise<Graph> {
  const who = `model "${files.name}"`;
  const { signal, onProgress } = options;
  const config = await files.read(files.manifest, { signal, most: MOST_BYTES });
  const topology = objectOf(parseJson(new TextDecoder().decode(config), who), who);
  const paths = await files.list?.();
  if (paths && !paths.includes(KERAS_WEIGHTS)) {
    throw new ModelError(
      `${who}: expected ${KERAS_WEIGHTS} beside the layers, got none; bring the whole .keras file`,
    );
  }
  const model = parseTopology(topology, who);
  const writer = await writerOf(files, paths ?? [], signal);
  return graphOfKerasModel(
    {
      model,
      writer,
      metadata: {},
      readWeights: async () => {
        const weights = new Hdf5File(await files.read(KERAS_WEIGHTS, { signal }), files.name, who);
        return readArrays(
          namedVariables(weights.arrays(), model, who),
          new YieldToEventLoop(signal),
          onProgress,
        );
      },
    },
    options,
    who,
  );
}

/** The Keras that metadata.json says has saved the model; without it a late one, as that names the weights so. */
async function writerOf(files: ModelFiles, paths: readonly string[], signal?: AbortSignal): Promise<Writer> {
  if (!paths.includes("metadata.json")) return "keras3";
  const bytes = await files.read("metadata.json", { signal, most: MOST_BYTES });
  const metadata = parseJson(new TextDecoder().decode(bytes), `model "${files.name}", metadata.json`);
  return kerasOf(isObject(metadata) ? metadata.keras_version : undefined);
}
