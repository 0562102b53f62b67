import { InputError } from "../gpu/errors.ts";
import { formatShape, sizeOf } from "../gpu/tensor.ts";
import { assertGraph, type Graph, inputOf, type Layer, shapesOf } from "./graph.ts";
import type { Preprocessing } from "./preprocessing.ts";
import { descendantsOf } from "./traverse.ts";

/**
 * The same network for images of another size: the same layers and the same weight arrays, which networks of several sizes
 * can share. Convolutions, poolings and global pooling take any size that their windows fit; a picture is cropped to the
 * same share of it as before. The size that it has already gives the graph itself.
 * @param size height and width, in pixels.
 * @throws InputError that names the layer that holds the network to its size: a dense layer behind flattened maps, or a
 * reshape to fixed lengths; or the layer that the size does not fit.
 * @example
 * const large = resized(graph, [448, 448]);
 */
export function resized(graph: Graph, size: readonly [height: number, width: number]): Graph {
  assertGraph("resized", graph);
  const input = inputOf(graph);
  const [height = 0, width = 0] = Array.isArray(size) && size.length === 2 ? size : [];
  if (![height, width].every((side) => Number.isInteger(side) && side >= 1)) {
    throw new InputError(
      `resized "${graph.name}": expected a size [height, width] of whole pixels, got [${size}]`,
    );
  }
  if (height === input.shape[0] && width === input.shape[1]) return graph;
  const shape = [height, width, input.shape[2]] as const;
  const changed: Graph = {
    ...graph,
    layers: graph.layers.map((layer): Layer => (layer.op === "input" ? { ...layer, shape } : layer)),
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
  const { name: image, shape } = inputOf(graph);
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
