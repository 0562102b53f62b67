import { opOf } from "../layers/ops.ts";
import { extentOf } from "../layers/sight.ts";
import { type Graph, layerOf, pictureOf, type Shapes, shapesOf } from "./graph.ts";

/** Pixels of the input, [top, bottom) × [left, right); rows and columns outside the image are padding. */
export interface Rectangle {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

export interface ReceptiveField {
  /** The exact theoretical field, which may reach beyond the image's border. */
  readonly full: Rectangle;
  /** The smallest rectangle of pixels that reach the unit, padding apart; empty (0, 0, 0, 0) where there are none. */
  readonly inside: Rectangle;
}

/** A unit's place in a layer; layers without pixels (dense, global pooling) have only y = x = 0. */
export interface UnitPlace {
  readonly layer: string;
  readonly y: number;
  readonly x: number;
}

/** Rows or columns, by number. */
type Places = ReadonlySet<number>;

/**
 * The pixels of the input that a unit can see: every path back through the graph is followed, window by window, with
 * strides, dilations and padding. A dense layer sees all of its input.
 * @throws InputError when there is no such layer; UnsupportedError for a network that takes no picture.
 */
export function receptiveField(graph: Graph, { layer, y, x }: UnitPlace): ReceptiveField {
  const shapes = shapesOf(graph);
  const { name } = layerOf(graph, layer);
  const along = (axis: 0 | 1, inside: boolean) =>
    boundsOf(placesSeen(graph, shapes, name, axis === 0 ? y : x, axis, inside));
  const rectangle = (inside: boolean): Rectangle => {
    const [rows, columns] = [along(0, inside), along(1, inside)];
    if (!rows || !columns) return { top: 0, left: 0, bottom: 0, right: 0 };
    return { top: rows[0], bottom: rows[1], left: columns[0], right: columns[1] };
  };
  return { full: rectangle(false), inside: rectangle(true) };
}

function boundsOf(places: Places): [from: number, to: number] | undefined {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const place of places) {
    least = Math.min(least, place);
    most = Math.max(most, place);
  }
  return places.size > 0 ? [least, most + 1] : undefined;
}

/** Rows (axis 0) or columns of the input that one of a layer's sees. With `inside`, padding sees nothing. */
function placesSeen(
  graph: Graph,
  shapes: Shapes,
  name: string,
  place: number,
  axis: 0 | 1,
  inside: boolean,
): Places {
  const seen = new Map<string, Set<number>>([[name, new Set([place])]]);
  for (const layer of graph.layers.toReversed()) {
    const places = seen.get(layer.name);
    if (!places || layer.op === "input") continue;
    const x = layer.inputs.map((from) => shapes.get(from) ?? []);
    const y = shapes.get(layer.name) ?? [];
    for (const [input, from] of layer.inputs.entries()) {
      const sees = opOf(layer).sees(layer, { axis, input, x, y });
      const size = extentOf(x[input], axis);
      const before = seen.get(from) ?? new Set<number>();
      for (const at of places) {
        for (const source of sees(at)) if (!inside || (source >= 0 && source < size)) before.add(source);
      }
      seen.set(from, before);
    }
  }
  return seen.get(pictureOf(graph, "receptive field").name) ?? new Set();
}
