import { InputError, ModelError } from "../gpu/errors.ts";
import { describe, type Fields } from "../gpu/options.ts";
import { assertFinite } from "../graph/finite.ts";
import { type Graph, type HeadKind, type Layer, pictureIn, shapesOf } from "../graph/graph.ts";
import { fits, type Head, headOf, headsOf, withLogits } from "../graph/heads.ts";
import { isOutputRange } from "../graph/output-range.ts";
import {
  forChannels,
  namedPreprocessing,
  PICTURE_FITS,
  type PictureFit,
  type Preprocessing,
  type PreprocessingName,
} from "../graph/preprocessing.ts";
import { ancestorsOf } from "../graph/traverse.ts";
import type { ChooseInputShape, InputShape } from "./input-shape.ts";
import { type JsonObject, show } from "./json.ts";
import type { FoundLabels } from "./labels.ts";
import { decidePreprocessing, declaredPreprocessing } from "./preprocessing.ts";

/** Options of every reader of models. */
export interface ModelOptions {
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
  /** [H, W, C] for a model that leaves it free, or to run a fully convolutional one at another size. */
  readonly inputShape?: InputShape | ChooseInputShape | undefined;
  /** Share of the weights that has been read, 0 to 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Fields of {@link ModelOptions}, for `assertFields`. */
export const MODEL_OPTIONS: Fields<ModelOptions> = {
  preprocessing: "may",
  fit: PICTURE_FITS,
  labels: "may",
  output: "may",
  head: "may",
  inputShape: "may",
  onProgress: "may",
  signal: "may",
};

/** What a reader found in a model's files. */
export interface ReadModel {
  readonly name: string;
  /** Layers in order, those that lead to no output too. */
  readonly layers: readonly Layer[];
  /** Names of the layers that hold the outputs, the one that is asked by default first. */
  readonly outputs: readonly string[];
  /** Those of the outputs of which the files go on to the place of the largest: scores of classes. */
  readonly ranked?: readonly string[] | undefined;
  readonly leftOut?: Readonly<Record<string, string>> | undefined;
  /** What the files say beside the layers: `labels`, `preprocessing`, `outputRange`. */
  readonly metadata?: JsonObject | undefined;
  /** Names of classes that the file has, taken where an output has as many. */
  readonly found?: FoundLabels | undefined;
  /** Program that wrote the files. */
  readonly producer?: string | undefined;
  /** Fit of pictures, where the layers say it. */
  readonly fit?: PictureFit | undefined;
}

/**
 * The graph of what was read: the layers that outputs need, with the output that is asked, heads, names of classes and
 * preprocessing, as the caller or the files say or as they are guessed.
 * @throws InputError for options that do not fit; ModelError for files that contradict themselves.
 */
export function completeGraph(model: ReadModel, options: ModelOptions, who: string): Graph {
  const { layers, outputs, leftOut = {}, metadata = {} } = model;
  const { preprocessing, fit, labels } = options;
  const inputs = layers.filter(({ op }) => op === "input").map(({ name }) => name);
  const needed = ancestorsOf(layers, [...inputs, ...outputs]);
  const bare = withAnswers({ name: model.name, layers: needed }, model, options);
  const kept = bare.layers;
  const { channels: classes } = headOf(bare);
  const channels = pictureIn(kept)?.shape[2] ?? 1;
  const given =
    typeof preprocessing === "string" ? namedPreprocessing(preprocessing) : checked(preprocessing);
  const known = given ?? declaredPreprocessing(metadata.preprocessing, who);
  const fed = decidePreprocessing(bare, classes, known, fit ?? known?.fit ?? model.fit, model.producer);
  const heads = headsOf(bare);
  const named = labelsOf(metadata, labels, heads, who);
  const { found } = model;
  const taken = !named && found && heads.some((head) => fits(head, found.names.length)) ? found : undefined;
  const graph: Graph = {
    ...bare,
    ...(Object.keys(leftOut).length > 0 ? { leftOut } : {}),
    layers: fed.layers,
    ...(named ? { labels: named } : taken ? { labels: taken.names, labelsFrom: taken.from } : {}),
    preprocessing: fittedTo(fed.preprocessing, channels, given ? "options.preprocessing" : who),
    ...declaredRange(metadata, who),
  };
  assertFinite(graph);
  return graph;
}

/** What a model declares its output to be for black and for white. @throws ModelError when that cannot be. */
function declaredRange({ outputRange }: JsonObject, who: string): Pick<Graph, "outputRange"> {
  if (outputRange === undefined || outputRange === null) return {};
  if (isOutputRange(outputRange)) return { outputRange };
  throw new ModelError(
    `${who}: expected outputRange of two different numbers, for black and for white, got ${show(outputRange)}`,
  );
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

/** A preprocessing that the caller gave. @throws InputError when it cannot be right. */
function checked(given: Preprocessing | undefined): Preprocessing | undefined {
  try {
    const read = declaredPreprocessing(given, "options.preprocessing");
    return given && read ? { ...given, mean: read.mean, std: read.std } : undefined;
  } catch (error) {
    throw new InputError((error as Error).message);
  }
}

/** @throws InputError for what an untyped caller of a reader may get wrong beyond the names of options. */
export function assertModelOptions(who: string, { inputShape, output }: ModelOptions): void {
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
  { outputs, ranked = [] }: Pick<ReadModel, "outputs" | "ranked">,
  { output: wanted, head }: Pick<ModelOptions, "output" | "head">,
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
  const scores = headsOf(graph).filter((one) => one.known === "assumed" && ranked.includes(one.output));
  const heads: Record<string, HeadKind> = {
    ...Object.fromEntries(scores.map((one) => [one.name, "softmax"] as const)),
    ...(typeof head === "string" ? { [name]: head } : head),
  };
  return withLogits({ ...graph, output, ...(Object.keys(heads).length > 0 ? { heads } : {}) });
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
