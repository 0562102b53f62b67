import { InputError, ModelError } from "../../gpu/errors.ts";
import { assertFields, describe, type Fields } from "../../gpu/options.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Constant } from "../../layers/op.ts";
import { assertModelOptions, completeGraph, MODEL_OPTIONS, type ModelOptions } from "../complete-graph.ts";
import { isObject, type JsonObject } from "../json.ts";
import { YieldToEventLoop } from "../yield-to-event-loop.ts";
import type { Writer } from "./activations.ts";
import { buildAt } from "./build-at.ts";
import { withStoredImages } from "./channels-first.ts";
import type { CustomLayer } from "./converter.ts";
import { ownSize } from "./resizing.ts";
import { countLayers, type KerasModel } from "./topology.ts";
import { WeightStore } from "./weight-store.ts";

export interface LayersModelOptions extends ModelOptions {
  /** Conversions of layer classes that Vitrine does not know, by class name. `LRN` is known. */
  readonly customLayers?: Readonly<Record<string, CustomLayer>> | undefined;
}

/** Fields of {@link LayersModelOptions}, for `assertFields`. */
export const LAYERS_MODEL_OPTIONS: Fields<LayersModelOptions> = { ...MODEL_OPTIONS, customLayers: "may" };

/** Layers of a network, at most; the deepest that are published have some thousand. */
const MOST_LAYERS = 20_000;

/** A Keras model as one of its formats holds it. */
export interface StoredKerasModel {
  readonly model: KerasModel;
  readonly writer: Writer;
  /** What the files say beside the layers. */
  readonly metadata: JsonObject;
  /** Weights by name, asked for when the layers are known to be few enough. */
  readWeights(): Promise<ReadonlyMap<string, Constant>>;
}

/**
 * The graph of a Keras model, whichever file it was stored in.
 * @throws ModelError when layers and weights contradict each other.
 * @throws UnsupportedError naming the layer and what it asks for that Vitrine does not have.
 */
export async function graphOfKerasModel(
  { model: inFile, writer, metadata, readWeights }: StoredKerasModel,
  options: LayersModelOptions,
  who: string,
): Promise<Graph> {
  const model = withStoredImages(inFile);
  const count = countLayers(model);
  if (count > MOST_LAYERS) {
    throw new ModelError(
      `${who}: expected at most ${MOST_LAYERS} layers, nested models counted at each call, got ${count}`,
    );
  }
  const weights = new WeightStore(await readWeights());
  const { customLayers = {}, inputShape, signal, output } = options;
  const { layers, outputs, leftOut } = await buildAt(
    model,
    inputShape,
    { weights, customLayers, writer, yielding: new YieldToEventLoop(signal), output },
    who,
  );
  const surplus = weights.surplus();
  if (surplus.length > 0) {
    throw new ModelError(
      `${who}: expected every weight to belong to a layer, got ${surplus.length} that do not: ${surplus.slice(0, 4).join(", ")}; the weights and the topology are not of one model`,
    );
  }
  const fit = ownSize(model)?.fit;
  return completeGraph({ name: model.name, layers, outputs, leftOut, metadata, fit }, options, who);
}

/** @throws InputError for options that an untyped caller got wrong. */
export function assertLayersModelOptions(who: string, options: LayersModelOptions): void {
  assertFields(who, options, LAYERS_MODEL_OPTIONS);
  assertModelOptions(who, options);
  const custom: unknown = options.customLayers ?? {};
  if (!isObject(custom) || !Object.values(custom).every((one) => typeof one === "function")) {
    throw new InputError(
      `${who}: expected customLayers to be functions by the names of classes, got ${describe(custom)}`,
    );
  }
}
