import { InputError } from "../gpu/errors.ts";
import { formatShape, type Shape } from "../gpu/tensor.ts";
import { type OpLayer, opOf } from "../layers/ops.ts";
import { assertGraph, type Graph, type Layer, pictureOf, shapesOf } from "./graph.ts";
import type { Preprocessing } from "./preprocessing.ts";
import { descendantsOf } from "./traverse.ts";

/**
 * The same network for images of another size: the same layers and the same weight arrays, which networks of several sizes
 * can share. Convolutions, poolings and global pooling take any size that their windows fit; a picture is cropped to the
 * same share of it as before. Inputs of the picture's size are resized with it, all others stay. The size that it has already gives the graph itself.
 * @param size height and width, in pixels.
 * @throws InputError that names the layer that holds the network to its size: a dense layer behind flattened maps, a reshape
 * to fixed lengths, a crop, a resize to so many pixels; or the layer that the size does not fit.
 * @example
 * const large = resized(graph, [448, 448]);
 */
export function resized(graph: Graph, size: readonly [height: number, width: number]): Graph {
  assertGraph("resized", graph);
  const input = pictureOf(graph, "resized");
  const [height = 0, width = 0] = Array.isArray(size) && size.length === 2 ? size : [];
  if (![height, width].every((side) => Number.isInteger(side) && side >= 1)) {
    throw new InputError(
      `resized "${graph.name}": expected a size [height, width] of whole pixels, got [${size}]`,
    );
  }
  if (height === input.shape[0] && width === input.shape[1]) return graph;
  const changed: Graph = {
    ...graph,
    layers: graph.layers.map((layer): Layer => {
      if (layer.op !== "input") return layer;
      const [h, w, channels, ...more] = layer.shape;
      // A second picture of the same size belongs to the first.
      const belongs = more.length === 0 && h === input.shape[0] && w === input.shape[1];
      return belongs && channels !== undefined ? { ...layer, shape: [height, width, channels] } : layer;
    }),
    preprocessing: scaledTo(graph.preprocessing, input.shape, [height, width]),
  };
  const followed = withLengths(graph, changed);
  shapesOf(followed);
  return followed;
}

/** The preprocessing that cuts the same share of a picture. */
function scaledTo(
  preprocessing: Preprocessing,
  before: readonly number[],
  after: readonly [number, number],
): Preprocessing {
  const { resize } = preprocessing;
  if (resize === undefined) return preprocessing;
  const shorter = Math.min(before[0] ?? 1, before[1] ?? 1);
  return { ...preprocessing, resize: Math.round((resize * Math.min(...after)) / shorter) };
}

/** The layers with the lengths that follow from the image's size. @throws InputError for the first whose do not. */
function withLengths(graph: Graph, changed: Graph): Graph {
  const shapes = shapesOf(graph);
  const now = new Map<string, Shape>();
  const layers = changed.layers.map((layer): Layer => {
    if (layer.op === "input") {
      now.set(layer.name, [1, ...layer.shape]);
      return layer;
    }
    const [before, after] = [shapes, now].map((known) => layer.inputs.map((name) => known.get(name) ?? []));
    const op = opOf(layer);
    const same = op.resized ? op.resized(layer, before ?? [], after ?? []) : layer;
    if (!same) throw heldTo(graph, layer, before?.[0] ?? []);
    now.set(layer.name, op.shape(same, after ?? []));
    return same;
  });
  return { ...changed, layers };
}

/** The error that names the layer which holds a network to its size. */
function heldTo(graph: Graph, layer: OpLayer, before: Shape): InputError {
  const { name: image, shape } = pictureOf(graph, "resized");
  const [source] = layer.inputs;
  const maps = `${formatShape(before.slice(1))} values of "${source}"`;
  const flattened = layer.op === "reshape" ? descendantsOf(graph.layers, [layer.name]) : [];
  const dense = flattened.find(({ op }) => op === "dense");
  const why = dense
    ? `dense "${dense.name}", which has a weight for each of the ${maps} that "${layer.name}" flattens`
    : `${layer.op} "${layer.name}", which takes exactly the ${maps}`;
  return new InputError(
    `resized "${graph.name}": expected layers that take images of any size, got ${why}; keep "${image}" at ${formatShape(shape.slice(0, 2))}, or end the network at "${source}"`,
  );
}
