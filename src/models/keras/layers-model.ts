import { InputError, ModelError } from "../../gpu/errors.ts";
import { assertFields, describe, type Fields } from "../../gpu/options.ts";
import { assertFinite } from "../../graph/finite.ts";
import { type Graph, type HeadKind, shapesOf } from "../../graph/graph.ts";
import { fits, type Head, headOf, headsOf, withLogits } from "../../graph/heads.ts";
import {
  forChannels,
  namedPreprocessing,
  PICTURE_FITS,
  type PictureFit,
  type Preprocessing,
  type PreprocessingName,
} from "../../graph/preprocessing.ts";
import { ancestorsOf } from "../../graph/traverse.ts";
import { type ModelFiles, someOf, tooLong } from "../files.ts";
import { assertNotNamedOtherwise, assertNotOtherwise, graphModelRefused } from "../formats.ts";
import { isObject, type JsonObject, MOST_BYTES, objectOf, parseJson } from "../json.ts";
import { decidePreprocessing, declaredPreprocessing } from "../preprocessing.ts";
import { readWeights } from "../weights.ts";
import { YieldToEventLoop } from "../yield-to-event-loop.ts";
import type { CustomLayer, Writer } from "./converter.ts";
import { buildAt, type ChooseInputShape, type InputShape } from "./input-shape.ts";
import { ownSize } from "./resizing.ts";
import { countLayers, parseTopology } from "./topology.ts";
import { WeightStore } from "./weight-store.ts";

export interface LayersModelOptions {
  /**
   * Used instead of what the model declares or its family suggests. Channels are red, green, blue: Keras's VGG and
   * ResNet, which were trained on BGR, have their first kernels turned when (and only when) they are recognised and
   * nothing is given or declared.
   */
  readonly preprocessing?: Preprocessing | PreprocessingName | undefined;
  /**
   * Fit of pictures with other proportions than the network's. Default: as the preprocessing says, or as the model's
   * kind of training does; then `graph.preprocessing.guessed` has "fit".
   */
  readonly fit?: PictureFit | undefined;
  /**
   * Names of the classes, in order; used instead of the model's own. Of several outputs the first that has as many gets
   * them; two name the sides of a yes or no, the no first.
   */
  readonly labels?: readonly string[] | undefined;
  /** The output that is asked where no other is named. Default: the model's first. */
  readonly output?: string | undefined;
  /** Kind of that output's numbers, or of outputs by name, instead of what the layers say. */
  readonly head?: HeadKind | Readonly<Record<string, HeadKind>> | undefined;
  /** Conversions of layer classes that Vitrine does not know, by class name. `LRN` is known. */
  readonly customLayers?: Readonly<Record<string, CustomLayer>> | undefined;
  /** [H, W, C] for a model that leaves it free, or to run a fully convolutional one at another size. */
  readonly inputShape?: InputShape | ChooseInputShape | undefined;
  /** Share of the weights that has been read, 0 to 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const OPTIONS: Fields<LayersModelOptions> = {
  preprocessing: "may",
  fit: PICTURE_FITS,
  labels: "may",
  output: "may",
  head: "may",
  customLayers: "may",
  inputShape: "may",
  onProgress: "may",
  signal: "may",
};

/** Layers of a network, at most; the deepest that are published have some thousand. */
const MOST_LAYERS = 20_000;

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
  return [generatedBy, keras_version, backend].some(signed) ? "tfjs" : "keras";
}

function labelsOf(
  metadata: JsonObject,
  given: readonly string[] | undefined,
  heads: readonly Head[],
  who: string,
): readonly string[] | undefined {
  const labels: unknown = given ?? metadata.labels;
  if (labels === undefined || labels === null) return undefined;
  if (!Array.isArray(labels) || !labels.every((label) => typeof label === "string")) {
    throw new ModelError(`${who}: expected labels as a list of text`);
  }
  if (!heads.some((head) => fits(head, labels.length))) {
    const counts = heads.map(({ classes, channels }) => [...new Set([channels, classes])].join(" or "));
    throw new ModelError(
      `${who}: expected ${counts.join(" or ")} labels (outputs of the network), got ${labels.length}`,
    );
  }
  return labels;
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
  if (typeof (files as Partial<ModelFiles> | undefined)?.read !== "function") {
    const remedy =
      typeof files === "string"
        ? `await loadLayersModel(modelFromUrl(${JSON.stringify(files)}))`
        : "modelFromUrl(address) and modelFromFiles(files) give them";
    throw new InputError(`loadLayersModel: expected a model's files, got ${describe(files)}; ${remedy}`);
  }
  assertFields("loadLayersModel", options, OPTIONS);
  assertGiven(options);
  const { preprocessing, fit, labels, customLayers = {}, inputShape, signal, onProgress } = options;
  const manifest = await readManifest(files, signal);
  const who = `model "${files.name}"`;
  if (manifest.format === "graph-model") throw graphModelRefused(who);
  if (manifest.modelTopology === undefined || manifest.weightsManifest === undefined) {
    const got = someOf(Object.keys(manifest), "nothing");
    const remedy =
      "class_name" in manifest
        ? "these are a Keras model's layers without its weights: save both with tfjs.converters.save_keras_model"
        : "is this a tfjs model.json?";
    throw new ModelError(`${who}: expected modelTopology and weightsManifest, got ${got}; ${remedy}`);
  }
  const model = parseTopology(manifest.modelTopology, who);
  const count = countLayers(model);
  if (count > MOST_LAYERS) {
    throw new ModelError(
      `${who}: expected at most ${MOST_LAYERS} layers, nested models counted at each call, got ${count}`,
    );
  }
  const weights = new WeightStore(
    await readWeights(files, manifest.weightsManifest, {
      onProgress,
      signal,
    }),
  );
  const { layers, outputs, leftOut } = await buildAt(
    model,
    inputShape,
    {
      weights,
      customLayers,
      writer: writerOf(manifest),
      yielding: new YieldToEventLoop(signal),
      output: options.output,
    },
    who,
  );
  const surplus = weights.surplus();
  if (surplus.length > 0) {
    throw new ModelError(
      `${who}: expected every weight to belong to a layer, got ${surplus.length} that do not: ${surplus.slice(0, 4).join(", ")}; the weights and the topology are not of one model`,
    );
  }

  const metadata = isObject(manifest.userDefinedMetadata) ? manifest.userDefinedMetadata : {};
  const inputs = layers.filter(({ op }) => op === "input").map(({ name }) => name);
  const needed = ancestorsOf(layers, [...inputs, ...outputs]);
  const bare = withAnswers({ name: model.name, layers: needed }, outputs, options);
  const kept = bare.layers;
  const { channels: classes } = headOf(bare);
  const channels = kept[0]?.op === "input" ? kept[0].shape[2] : 3;
  const given =
    typeof preprocessing === "string" ? namedPreprocessing(preprocessing) : checked(preprocessing);
  const known = given ?? declaredPreprocessing(metadata.preprocessing, who);
  const fed = decidePreprocessing(bare, classes, known, fit ?? known?.fit ?? ownSize(model)?.fit);
  const named = labelsOf(metadata, labels, headsOf(bare), who);
  const graph: Graph = {
    ...bare,
    ...(Object.keys(leftOut).length > 0 ? { leftOut } : {}),
    layers: fed.layers,
    ...(named ? { labels: named } : {}),
    preprocessing: fittedTo(fed.preprocessing, channels, given ? "options.preprocessing" : who),
  };
  assertFinite(graph);
  return graph;
}

/** A preprocessing that the caller gave. @throws InputError when it cannot be right. */
function checked(given: Preprocessing | undefined): Preprocessing | undefined {
  try {
    const read = declaredPreprocessing(given, "options.preprocessing");
    return given && read ? { ...given, mean: read.mean, std: read.std } : undefined;
  } catch (error) {
    throw new InputError((error as Error).message);
  }
}

/** @throws InputError for what an untyped caller may get wrong beyond the names of options. */
function assertGiven({ customLayers = {}, inputShape, output }: LayersModelOptions): void {
  const who = "loadLayersModel";
  const custom: unknown = customLayers;
  if (!isObject(custom) || !Object.values(custom).every((one) => typeof one === "function")) {
    throw new InputError(
      `${who}: expected customLayers to be functions by the names of classes, got ${describe(custom)}`,
    );
  }
  const sizes: unknown = inputShape;
  const whole = (size: unknown) => Number.isInteger(size) && (size as number) >= 1;
  if (sizes !== undefined && typeof sizes !== "function") {
    if (!Array.isArray(sizes) || sizes.length !== 3 || !sizes.every(whole)) {
      throw new InputError(
        `${who}: expected inputShape of [height, width, channels], whole numbers of 1 or more, got ${Array.isArray(sizes) ? `[${sizes.map(String).join(", ")}]` : describe(sizes)}`,
      );
    }
  }
  if (output !== undefined && typeof output !== "string") {
    throw new InputError(`${who}: expected output to be a name, got ${describe(output)}`);
  }
}

/** A graph whose outputs can be asked: with the one that is asked by default, the heads that are given, and all logits. */
function withAnswers(
  layers: Pick<Graph, "name" | "layers">,
  outputs: readonly string[],
  { output: wanted, head }: Pick<LayersModelOptions, "output" | "head">,
): Graph {
  const [first = ""] = outputs;
  const graph = {
    ...layers,
    output: first,
    ...(outputs.length > 1 ? { outputs } : {}),
    preprocessing: namedPreprocessing("unit"),
  };
  shapesOf(graph);
  const { output, name } = headOf(graph, wanted);
  const heads = typeof head === "string" ? { [name]: head } : head;
  return withLogits({ ...graph, output, ...(heads ? { heads } : {}) });
}

/** @throws ModelError when the preprocessing is not of the input's channels; InputError when the caller gave it. */
function fittedTo(preprocessing: Preprocessing, channels: number, who: string): Preprocessing {
  try {
    return forChannels(preprocessing, channels);
  } catch (error) {
    const given = who === "options.preprocessing";
    throw new (given ? InputError : ModelError)(`${who}: ${(error as Error).message}`);
  }
}
