import { InputError } from "../gpu/errors.ts";
import { type Shape, sizeOf } from "../gpu/tensor.ts";
import { opOf } from "../layers/ops.ts";
import { isOfClasses } from "../layers/softmax.ts";
import {
  assertGraph,
  type Graph,
  HEADS,
  type HeadKind,
  type Layer,
  layerOf,
  pictureIn,
  shapesOf,
} from "./graph.ts";
import { isIdentity } from "./layer-facts.ts";

/**
 * The meaning of the numbers of an output:
 * - "softmax": scores of classes that exclude each other;
 * - "sigmoid": scores of labels by themselves; one of them alone is a yes or no, and both sides can be asked;
 * - "values": no scores, as of a regression, and so without probabilities;
 * - "places": scores at every place, as of a segmentation.
 */
export interface Head {
  /** The name that people give the output: its layer's name, without the "/softmax" of one that was fused. */
  readonly name: string;
  /** The layer whose values the output gives. */
  readonly output: string;
  readonly kind: HeadKind;
  /** The meaning of the numbers at one place; where there is one place only, the same as `kind`. */
  readonly scores: Exclude<HeadKind, "places">;
  /** The layer before the head's own activation; of values, the output itself. */
  readonly logits: string;
  /** Numbers that the output has, or has at every place. */
  readonly channels: number;
  /** The number of classes, labels or values that can be asked. Two, the sides, where one sigmoid is a yes or no. */
  readonly classes: number;
  readonly labels?: readonly string[];
  /**
   * The source of the kind: found in the layers; given by `graph.heads`; or assumed, as nothing says that several bare
   * numbers are the logits of a softmax, or that bare maps of the picture's size and three channels are a picture.
   */
  readonly known: "found" | "given" | "assumed";
}

const known = new WeakMap<Graph, readonly Head[]>();

/**
 * The heads of a graph's outputs, the one that is asked by default first. Layers are named as the network has them, with
 * the logits of fused sigmoids apart; see `withLogits`.
 * @throws InputError when `graph.heads` names an output that there is not, or a head that its output cannot have.
 */
export function headsOf(graph: Graph): readonly Head[] {
  assertGraph("heads", graph);
  const before = known.get(graph);
  if (before) return before;
  const apart = withLogits(graph);
  const shapes = shapesOf(apart);
  const outputs = outputsOf(graph);
  const bare = outputs.map((output) => headAt(apart, shapes, output));
  for (const name of Object.keys(graph.heads ?? {})) {
    if (!bare.some((head) => isCalled(head, name))) throw noOutput(graph, bare, name);
  }
  const { labels } = graph;
  const labelled = labels && bare.find((head) => fits(head, labels.length));
  const heads = bare.map((head) => (labels && head === labelled ? { ...head, labels } : head));
  known.set(graph, heads);
  return heads;
}

/**
 * The head of an output.
 * @param output its name; default: the output that the graph names first.
 * @throws InputError that lists the outputs.
 */
export function headOf(graph: Graph, output?: string): Head {
  const heads = headsOf(graph);
  const found = output === undefined ? heads[0] : heads.find((head) => isCalled(head, output));
  if (!found) throw noOutput(graph, heads, output ?? graph.output);
  return found;
}

/** Names of the layers that hold a graph's outputs, the one that is asked by default first. */
export function outputsOf({ output, outputs = [] }: Graph): readonly string[] {
  return [...new Set([output, ...outputs])];
}

/** Name of the layer that holds the logits of the output that is asked by default. */
export function logitsOf(graph: Graph): string {
  return headOf(graph).logits;
}

/** Names of the layers that must be there for every output to be asked. */
export function answersOf(graph: Graph): readonly string[] {
  return [...new Set(headsOf(graph).flatMap(({ output, logits }) => [output, logits]))];
}

/** Tells whether so many labels name what a head can be asked: its classes, or its one label. */
export function fits({ classes, channels }: Pick<Head, "classes" | "channels">, labels: number): boolean {
  return labels === classes || labels === channels;
}

/**
 * The same graph with the logits of its outputs' sigmoids apart: a layer `NAME` that ends in a fused sigmoid becomes
 * `NAME/logits`, the values before it, and `NAME`, the sigmoid.
 */
export function withLogits(graph: Graph): Graph {
  const fused = new Set(outputsOf(graph).map((output) => behindViews(graph, output).name));
  const apart = ({ name, op }: Layer): boolean => op !== "activation" && fused.has(name);
  if (!graph.layers.some((layer) => apart(layer) && endingOf(layer) === "sigmoid")) return graph;
  const layers = graph.layers.flatMap((layer): Layer[] => {
    if (!apart(layer) || !("activation" in layer) || layer.activation?.kind !== "sigmoid") return [layer];
    const { activation, ...linear } = layer;
    const name = `${layer.name}/logits`;
    return [{ ...linear, name } as Layer, { op: "activation", name: layer.name, inputs: [name], activation }];
  });
  return { ...graph, layers };
}

function isCalled({ name, output, logits }: Head, wanted: string): boolean {
  return wanted === name || wanted === output || wanted === logits;
}

function noOutput(graph: Graph, heads: readonly Pick<Head, "name">[], wanted: string): InputError {
  const names = heads.map(({ name }) => `"${name}"`).join(", ");
  const reason = ownOf(graph.leftOut, wanted);
  const why = reason === undefined ? "" : `, which was left out: ${reason}`;
  return new InputError(`graph "${graph.name}": expected an output of ${names}, got "${wanted}"${why}`);
}

/** The value under a name that may come from a file. */
function ownOf<T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return record && Object.hasOwn(record, name) ? record[name] : undefined;
}

function headAt(graph: Graph, shapes: ReadonlyMap<string, Shape>, output: string): Head {
  const shapeOf = (name: string): Shape => shapes.get(name) ?? [];
  const last = behindViews(graph, output);
  const activation = endingOf(last);
  const overClasses = last.op !== "softmax" || isOfClasses(last, shapeOf(last.name));
  const own = overClasses && (activation === "softmax" || activation === "sigmoid") ? activation : undefined;
  const before = own ? beforeViews(graph, shapes, last.inputs[0] ?? "") : output;
  const name = output === `${before}/softmax` ? before : output;
  const given = ownOf(graph.heads, name) ?? ownOf(graph.heads, output) ?? ownOf(graph.heads, before);

  if (given !== undefined && !HEADS.includes(given)) {
    throw new InputError(`output "${name}": expected a head of ${HEADS.join(", ")}, got "${given}"`);
  }
  const squashed = own === undefined ? squashedBy(graph, last) : undefined;
  if (squashed !== undefined && (given === "softmax" || given === "sigmoid")) {
    throw new InputError(
      `output "${name}": expected the head "values", as its numbers come out of a ${squashed} already, got "${given}"`,
    );
  }
  const logits = given === "values" ? output : before;
  const shape = shapeOf(logits);
  const channels = shape.at(-1) ?? 1;
  const hasPlaces = shape.slice(1, -1).some((axis) => axis !== 1);
  const bare = own === undefined && channels > 1 && isBare(graph, last);
  const found = own ?? (bare && !(hasPlaces && isLikePicture(graph, shape)) ? "softmax" : "values");
  const scores = given === undefined || given === "places" ? found : given;
  if (given === "places" && shape.length < 3) {
    throw new InputError(
      `output "${name}": expected scores at several places for the head "places", got ${channels} numbers`,
    );
  }
  if (given === "softmax" && channels === 1) {
    throw new InputError(
      `output "${name}": expected several numbers for the head "softmax", got one, of which it is always 1; use "sigmoid" or "values"`,
    );
  }
  return {
    name,
    output,
    kind: hasPlaces || given === "places" ? "places" : scores,
    scores,
    logits,
    channels,
    classes: scores === "sigmoid" && channels === 1 ? 2 : channels,
    known: scores === given ? "given" : bare ? "assumed" : "found",
  };
}

/** The activation that a layer ends in, a softmax, or the logarithm of one, counting as one. */
function endingOf(layer: Layer): string | undefined {
  if (layer.op === "softmax") return "softmax";
  return "activation" in layer ? layer.activation?.kind : undefined;
}

const byName = new WeakMap<readonly Layer[], ReadonlyMap<string, Layer>>();

/** The layer of a name, found without looking at every other. */
function layerIn(graph: Graph, name: string): Layer {
  const { layers } = graph;
  const found = byName.get(layers) ?? new Map(layers.map((layer) => [layer.name, layer]));
  byName.set(layers, found);
  return found.get(name) ?? layerOf(graph, name);
}

/** The layer that a chain of reshapes and identities shows. */
export function behindViews(graph: Graph, name: string): Layer {
  for (let layer = layerIn(graph, name); ; ) {
    const [input] = layer.inputs;
    if (!isIdentity(layer) || input === undefined) return layer;
    layer = layerIn(graph, input);
  }
}

/** The maps [N, H, W, C] that a layer shows as a list of places [N, H·W, C]; else the layer itself. */
function beforeViews(graph: Graph, shapes: ReadonlyMap<string, Shape>, name: string): string {
  const layer = layerOf(graph, name);
  const [input] = layer.inputs;
  if (layer.op !== "reshape" || input === undefined) return name;
  const [list = [], maps = []] = [shapes.get(name), shapes.get(input)];
  const isList = list.length === 3 && maps.length === 4 && list[2] === maps[3];
  return isList && sizeOf(list) === sizeOf(maps) ? input : name;
}

/** The sigmoid or softmax that an output's numbers went through before layers that only gather or bound them. */
function squashedBy(graph: Graph, last: Layer): "sigmoid" | "softmax" | undefined {
  const seen = new Set([last]);
  for (const layer of seen) {
    const activation = endingOf(layer);
    if (activation === "sigmoid" || activation === "softmax") return activation;
    if (layer.op === "input" || !opOf(layer).mathematics(layer).withinInputs) continue;
    for (const name of layer.inputs) seen.add(behindViews(graph, name));
  }
  return undefined;
}

/**
 * Tells whether maps look like a picture that a network made of the one that it was fed: three channels of its three, and its
 * size or a multiple, but for an eighth that borders and strides take or add; unless labels name the channels.
 */
function isLikePicture({ layers, labels }: Graph, [, ...maps]: Shape): boolean {
  const picture = pictureIn(layers)?.shape;
  if (!picture || maps.length !== 3 || picture[2] !== 3 || maps[2] !== 3 || labels?.length === 3)
    return false;
  return [0, 1].every((axis) => {
    const times = (maps[axis] ?? 0) / (picture[axis] ?? 1);
    const whole = Math.round(times);
    return whole >= 1 && Math.abs(times - whole) <= whole / 8;
  });
}

/** Tells whether a layer gives plain sums, as logits are, and not what an activation made of them. */
function isBare(graph: Graph, last: Layer): boolean {
  const seen = new Set([last]);
  for (const layer of seen) {
    // Scores that come from outside are taken as a network's last sums are.
    if (layer.op === "input" && layer.outside) continue;
    if (layer.op === "input" || (endingOf(layer) ?? "linear") !== "linear") return false;
    const { sums } = opOf(layer).mathematics(layer);
    if (sums === "lost") return false;
    if (sums === "made") continue;
    for (const name of layer.inputs) {
      const input = behindViews(graph, name);
      // Means of what a ReLU left are logits still, where the classes' own maps are averaged.
      if (sums !== "averaged" || !/relu/i.test(endingOf(input) ?? "")) seen.add(input);
    }
  }
  return true;
}
