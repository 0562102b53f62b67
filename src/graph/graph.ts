import { InputError, UnsupportedError } from "../gpu/errors.ts";
import { assertFields, describe } from "../gpu/options.ts";
import { formatShape, type Shape } from "../gpu/tensor.ts";
import { INPUT_FIELDS, type InputLayer } from "../layers/input.ts";
import { type OpLayer, opOf } from "../layers/ops.ts";
import type { Preprocessing } from "./preprocessing.ts";

/** What a network that draws pictures gives for black and for white: [-1, 1] of a tanh, [0, 1] of a sigmoid, [0, 255]. */
export type OutputRange = readonly [black: number, white: number];

/** One layer, as plain data. */
export type Layer = InputLayer | OpLayer;

/** The meanings that the numbers of an output may have: scores of classes, of labels by themselves, no scores, or scores at every place. */
export const HEADS = ["softmax", "sigmoid", "values", "places"] as const;

export type HeadKind = (typeof HEADS)[number];

/**
 * A network as plain data: what a model file becomes. Layers stand in an order in which each follows its inputs; the input
 * layers, one or several, are the first. Nothing here knows the GPU or the file format it came from.
 */
export interface Graph {
  readonly name: string;
  readonly layers: readonly Layer[];
  /** Name of the layer whose output is the network's answer; of several outputs, the one that is asked by default. */
  readonly output: string;
  /** Names of the layers of all outputs, where there are several. */
  readonly outputs?: readonly string[];
  /** Outputs of the model that are not there, as Vitrine lacks what they need, each with the reason. */
  readonly leftOut?: Readonly<Record<string, string>>;
  /** The meaning of outputs, by name, where that is not to be found from the layers; see `headsOf`. */
  readonly heads?: Readonly<Record<string, HeadKind>>;
  /** Names of the classes, in order: those of the first output that has as many. Two name the sides of a yes or no. */
  readonly labels?: readonly string[];
  /** Where the names of the classes were found, when nobody gave them: a file beside the model, or its metadata. */
  readonly labelsFrom?: string;
  /** The steps that turn a photograph into the network's input. */
  readonly preprocessing: Preprocessing;
  /** Numbers for black and for white, where the file says that the output is a picture. */
  readonly outputRange?: OutputRange;
}

/** Shapes of all layers by name, with the batch in front. */
export type Shapes = ReadonlyMap<string, Shape>;

/**
 * Checks a graph and works out every layer's output shape.
 * @throws InputError naming the layer: a duplicate name, an input that does not precede it, a shape that does not fit.
 * @throws UnsupportedError naming the layer and its op when Vitrine has none such.
 */
export function shapesOf(graph: Graph, batch = 1): Shapes {
  if (!Number.isInteger(batch) || batch < 1) {
    throw new InputError(`graph "${graph.name}": expected a batch of at least 1, got ${batch}`);
  }
  const shapes = new Map<string, Shape>();
  for (const [index, layer] of graph.layers.entries()) {
    if (shapes.has(layer.name)) {
      throw new InputError(
        `graph "${graph.name}": expected layer names to be unique, got "${layer.name}" twice`,
      );
    }
    const startsHere = index === 0 || graph.layers[index - 1]?.op === "input";
    if (layer.op === "input" ? !startsHere : index === 0) {
      throw new InputError(
        `graph "${graph.name}": expected its input layers first, then the others; got "${layer.name}" at place ${index}`,
      );
    }
    const inputs = layer.inputs.map((name) => {
      const shape = shapes.get(name);
      if (!shape)
        throw new InputError(
          `layer "${layer.name}": expected its input "${name}" to stand before it, found none`,
        );
      return shape;
    });
    const shape = layer.op === "input" ? [batch, ...layer.shape] : shapeOf(layer, inputs);
    if (!shape.every((size) => Number.isInteger(size) && size >= 1)) {
      throw new InputError(`layer "${layer.name}": expected sizes of at least 1, got ${formatShape(shape)}`);
    }
    shapes.set(layer.name, shape);
  }
  for (const output of [graph.output, ...(graph.outputs ?? [])]) {
    if (!shapes.has(output)) {
      throw new InputError(`graph "${graph.name}": expected an output layer "${output}", found none`);
    }
  }
  return shapes;
}

/**
 * A layer's output shape, from those of its inputs.
 * @throws InputError naming the layer when they do not fit; UnsupportedError when Vitrine has no such op.
 */
export function shapeOf(layer: OpLayer, inputs: readonly Shape[]): Shape {
  return opOf(layer).shape(layer, inputs);
}

/** @throws InputError when that is no graph, with where one comes from. */
export function assertGraph(who: string, graph: Graph): void {
  if (Array.isArray((graph as Partial<Graph> | undefined)?.layers)) return;
  throw new InputError(
    `${who}: expected a graph, got ${describe(graph)}; await loadLayersModel(modelFromUrl(address)) gives one`,
  );
}

/** The layer of a name. @throws InputError that lists the nearest names. */
export function layerOf(graph: Graph, name: string): Layer {
  const layer = graph.layers.find((candidate) => candidate.name === name);
  if (!layer) {
    const some = graph.layers.map((candidate) => candidate.name);
    const shown = some.length > 12 ? [...some.slice(0, 6), "…", ...some.slice(-5)] : some;
    throw new InputError(
      `graph "${graph.name}": expected a layer's name (${shown.join(", ")}), got "${name}"`,
    );
  }
  return layer;
}

/** An input for pictures or feature maps, [H, W, C]. */
export type PictureInput = InputLayer & { readonly shape: readonly [number, number, number] };

/** The input layers of a graph, in their order. @throws InputError when there is none. */
export function inputsOf({
  name,
  layers,
}: Pick<Graph, "name" | "layers">): readonly [InputLayer, ...InputLayer[]] {
  const [first, ...others] = layers.filter((layer) => layer.op === "input");
  if (first) return [first, ...others];
  throw new InputError(`graph "${name}": expected an input layer first, got ${layers[0]?.op ?? "nothing"}`);
}

/**
 * The input that is asked: what a call's image enters by, and what gradients and maps are of. It is the first that takes
 * [H, W, C], and where none does, the first.
 */
export function inputOf(graph: Pick<Graph, "name" | "layers">): InputLayer {
  return pictureIn(graph.layers) ?? inputsOf(graph)[0];
}

/** The first input that takes [H, W, C], if there is one. */
export function pictureIn(layers: readonly Layer[]): PictureInput | undefined {
  return layers.find(isPicture);
}

/** The inputs beside the one that is asked, which stay the same while it is varied. */
export function otherInputsOf(graph: Pick<Graph, "name" | "layers">): readonly InputLayer[] {
  const asked = inputOf(graph);
  return inputsOf(graph).filter((input) => input !== asked && !input.outside);
}

/** The inputs beside the one that is asked whose values a call must give. */
export function furtherInputsOf(graph: Pick<Graph, "name" | "layers">): readonly InputLayer[] {
  return otherInputsOf(graph).filter(({ values }) => values === undefined);
}

/**
 * The input that is asked, where it takes a picture.
 * @param what what needs a picture, for the message.
 * @throws UnsupportedError when the network takes none.
 */
export function pictureOf(graph: Pick<Graph, "name" | "layers">, what: string): PictureInput {
  const picture = pictureIn(graph.layers);
  if (picture) return picture;
  const input = inputOf(graph);
  throw new UnsupportedError(
    `${what}: expected a network that takes a picture (height×width×channels), got "${graph.name}", whose input "${input.name}" takes ${formatShape(input.shape)}`,
  );
}

function isPicture(layer: Layer): layer is PictureInput {
  return layer.op === "input" && layer.shape.length === 3;
}

/** @throws InputError when a layer lacks what its op needs, or holds what it does not know. */
export function assertLayer(layer: Layer): void {
  const { op, name } = (layer ?? {}) as Partial<Layer>;
  if (op === undefined) throw new InputError(`layer: expected { op, name, … }, got ${describe(layer)}`);
  const fields = layer.op === "input" ? INPUT_FIELDS : opOf(layer).fields;
  assertFields(`${op} "${name ?? "without a name"}"`, layer, fields);
}
