import { InputError } from "../gpu/errors.ts";
import { formatShape, sizeOf } from "../gpu/tensor.ts";
import { assertGraph, type Graph, type Layer, pictureOf, shapesOf } from "./graph.ts";
import type { Preprocessing } from "./preprocessing.ts";
import { descendantsOf } from "./traverse.ts";

/**
 * The same network for images of another size: the same layers and the same weight arrays, which networks of several sizes
 * can share. Convolutions, poolings and global pooling take any size that their windows fit; a picture is cropped to the
 * same share of it as before. Inputs of the picture's size are resized with it, all others stay. The size that it has already gives the graph itself.
 * @param size height and width, in pixels.
 * @throws InputError that names the layer that holds the network to its size: a dense layer behind flattened maps, or a
 * reshape to fixed lengths; or the layer that the size does not fit.
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
  assertAnySize(graph, changed);
  shapesOf(changed);
  return changed;
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

/** @throws InputError for the first layer whose fixed lengths depend on the image's size. */
function assertAnySize(graph: Graph, changed: Graph): void {
  const shapes = new Map(shapesOf(graph));
  const { name: image, shape } = pictureOf(graph, "resized");
  for (const layer of changed.layers) {
    if (layer.op !== "reshape" || !layer.shape) continue;
    const [source = ""] = layer.inputs;
    const before = shapes.get(source) ?? [];
    const upTo = changed.layers.slice(0, changed.layers.indexOf(layer));
    const now = shapesOf({ ...changed, layers: upTo, output: source, outputs: [source] }).get(source) ?? [];
    if (sizeOf(now) === sizeOf(before)) continue;
    const dense = descendantsOf(graph.layers, [layer.name]).find(({ op }) => op === "dense");
    const maps = `${formatShape(before.slice(1))} values of "${source}"`;
    const why = dense
      ? `dense "${dense.name}", which has a weight for each of the ${maps} that "${layer.name}" flattens`
      : `reshape "${layer.name}", which takes exactly the ${maps}`;
    throw new InputError(
      `resized "${graph.name}": expected layers that take images of any size, got ${why}; keep "${image}" at ${formatShape(shape.slice(0, 2))}, or end the network at "${source}"`,
    );
  }
}
