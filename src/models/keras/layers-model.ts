import { ModelError } from "../../gpu/errors.ts";
import type { Graph } from "../../graph/graph.ts";
import { assertModelFiles, type ModelFiles, someOf, tooLong } from "../files.ts";
import { assertNotNamedOtherwise, assertNotOtherwise, graphModelRefused, isGraphModel } from "../formats.ts";
import { isObject, type JsonObject, MOST_BYTES, objectOf, parseJson } from "../json.ts";
import { readWeights } from "../weights.ts";
import { kerasOf, type Writer } from "./activations.ts";
import { assertLayersModelOptions, graphOfKerasModel, type LayersModelOptions } from "./keras-model.ts";
import { parseTopology } from "./topology.ts";

/** The manifest as an object. */
async function readManifest(files: ModelFiles, signal: AbortSignal | undefined): Promise<JsonObject> {
  const who = `model "${files.name}"`;
  assertNotNamedOtherwise(files.manifest || files.name, who);
  const bytes = await files.read(files.manifest, { signal, most: MOST_BYTES });
  assertNotOtherwise(bytes, who);
  if (bytes.byteLength > MOST_BYTES) throw tooLong(files.name, files.manifest, bytes.byteLength, MOST_BYTES);
  return objectOf(parseJson(new TextDecoder().decode(bytes), who), who);
}

/** tfjs signs what it saves; converted files carry the version of the Keras that made them, or nothing. */
function writerOf({ generatedBy, modelTopology }: JsonObject): Writer {
  const { keras_version, backend } = isObject(modelTopology) ? modelTopology : {};
  const signed = (text: unknown) => typeof text === "string" && /tfjs|tensor_?flow\.js/i.test(text);
  return [generatedBy, keras_version, backend].some(signed) ? "tfjs" : kerasOf(keras_version);
}

/**
 * Reads a tfjs LayersModel: Sequential or functional, with nested models and shared layers, as Keras 1 to 3 and tfjs
 * write it.
 *
 * Names: a layer keeps its own; within a nested model it is `outer/inner`; the second call of a shared layer is
 * `name:1`, the third `name:2`. A layer with a fused softmax or swish becomes two: `name` with the values before it
 * (the logits), and `name/softmax` or `name/swish`, which later layers and the graph's output read.
 * One that ends in a fused sigmoid at an output becomes `name/logits` and `name`. All outputs are there but those that
 * need what Vitrine does not have, beside one that does not; layers that lead to none are left out.
 *
 * @throws ModelError for files that are missing, damaged or contradict each other.
 * @throws UnsupportedError naming the layer and what it asks for that Vitrine does not have.
 * @example
 * ```ts
 * import { loadLayersModel, modelFromUrl } from "vitrine";
 *
 * const graph = await loadLayersModel(modelFromUrl("https://example.org/models/vitrine/model.json"));
 * console.log(graph.labels?.[0]); // ball
 * ```
 */
export async function loadLayersModel(files: ModelFiles, options: LayersModelOptions = {}): Promise<Graph> {
  assertModelFiles("loadLayersModel", files);
  assertLayersModelOptions("loadLayersModel", options);
  const manifest = await readManifest(files, options.signal);
  const who = `model "${files.name}"`;
  if (isGraphModel(manifest)) throw graphModelRefused(who);
  if (manifest.modelTopology === undefined || manifest.weightsManifest === undefined) {
    const got = someOf(Object.keys(manifest), "nothing");
    const remedy =
      "class_name" in manifest
        ? "these are a Keras model's layers without its weights: save both with tfjs.converters.save_keras_model"
        : "is this a tfjs model.json?";
    throw new ModelError(`${who}: expected modelTopology and weightsManifest, got ${got}; ${remedy}`);
  }
  const model = parseTopology(manifest.modelTopology, who);
  const metadata = isObject(manifest.userDefinedMetadata) ? manifest.userDefinedMetadata : {};
  return graphOfKerasModel(
    {
      model,
      writer: writerOf(manifest),
      metadata,
      readWeights: () => readWeights(files, manifest.weightsManifest, options),
    },
    options,
    who,
  );
}
