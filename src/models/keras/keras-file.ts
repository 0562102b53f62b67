import { ModelError } from "../../gpu/errors.ts";
import type { Graph } from "../../graph/graph.ts";
import type { ModelFiles } from "../files.ts";
import { MOST_BYTES, objectOf, parseJson } from "../json.ts";
import { KERAS_WEIGHTS } from "../manifest.ts";
import { YieldToEventLoop } from "../yield-to-event-loop.ts";
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
  return graphOfKerasModel(
    {
      model,
      writer: "keras",
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
