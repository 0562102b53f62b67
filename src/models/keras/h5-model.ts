import { ModelError } from "../../gpu/errors.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Constant } from "../../layers/op.ts";
import type { ModelFiles } from "../files.ts";
import { someOf } from "../files.ts";
import { parseJson } from "../json.ts";
import { YieldToEventLoop } from "../yield-to-event-loop.ts";
import { kerasOf } from "./activations.ts";
import { Hdf5File, readArrays, weightsOnly } from "./hdf5.ts";
import { graphOfKerasModel, type LayersModelOptions } from "./keras-model.ts";
import { type KerasModel, parseTopology } from "./topology.ts";

/**
 * Reads a Keras model in one HDF5 file, as `model.save("model.h5")` writes it: its layers are an attribute, its weights lie in
 * a group for each layer.
 * @throws UnsupportedError for weights without their layers. @throws ModelError for a damaged file.
 */
export async function loadH5Model(files: ModelFiles, options: LayersModelOptions): Promise<Graph> {
  const who = `model "${files.name}"`;
  const { signal, onProgress } = options;
  const file = new Hdf5File(await files.read(files.manifest, { signal }), files.name, who);
  const config = file.text("model_config");
  if (config === undefined) throw noConfig(file, who);
  const model = parseTopology(parseJson(config, `${who}: model_config`), who);
  return graphOfKerasModel(
    {
      model,
      writer: kerasOf(file.text("keras_version")),
      metadata: {},
      readWeights: () =>
        readArrays(
          namedByLayer(file.arrays("model_weights"), model),
          new YieldToEventLoop(signal),
          onProgress,
        ),
    },
    options,
    who,
  );
}

function noConfig(file: Hdf5File, who: string): Error {
  const { names } = file;
  const weights =
    file.has("layer_names") || names.some((name) => /^(layers|_layer_checkpoint_dependencies)/.test(name));
  if (weights) return weightsOnly(who, names);
  return new ModelError(
    `${who}: expected a Keras model with the attribute model_config, got an HDF5 file of ${someOf(names, "nothing")}`,
  );
}

/**
 * The weights under the names that layers ask for. In a layer's group stand the names that TensorFlow or Keras 3 gave its
 * variables, with or without the names of layers around; only their last part is the weight's. A nested model's group holds
 * those of all its layers, whose names are the part before.
 */
function namedByLayer(
  arrays: ReadonlyMap<string, () => Constant>,
  { layers }: KerasModel,
): ReadonlyMap<string, () => Constant> {
  const byLength = layers.toSorted((a, b) => b.name.length - a.name.length);
  const named = new Map<string, () => Constant>();
  for (const [path, array] of arrays) {
    const layer = byLength.find(({ name }) => path.startsWith(`${name}/`));
    const plain = path.replace(/:0$/, "");
    const parts = plain.slice((layer?.name.length ?? -1) + 1).split("/");
    const short = layer ? [layer.name, ...parts.slice(layer.model ? -2 : -1)].join("/") : plain;
    // Sublayers of one layer, and layers of one name in nested models, keep the whole of theirs.
    named.set(named.has(short) ? plain : short, array);
  }
  return named;
}
