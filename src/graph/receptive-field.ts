import { type Window, windowGeometry } from "../layers/padding.ts";
import { bilinearSource, type UpsampleLayer } from "../layers/upsample.ts";
import { type Graph, inputOf, type Layer, layerOf, type Shapes, shapesOf } from "./graph.ts";

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
export interface Unit {
  readonly layer: string;
  readonly y: number;
  readonly x: number;
}

/** Rows or columns, by number. */
type Places = ReadonlySet<number>;

/**
 * The pixels of the input that a unit can see: every path back through the graph is followed, window by window, with
 * strides, dilations and padding. A dense layer sees all of its input.
 * @throws InputError when there is no such layer.
 */
export function receptiveField(graph: Graph, { layer, y, x }: Unit): ReceptiveField {
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
  for (const layer of graph.layers.slice(1).reverse()) {
    const places = seen.get(layer.name);
    if (!places) continue;
    const out = shapes.get(layer.name)?.[axis + 1] ?? 1;
    let begin = 0;
    for (const from of layer.inputs) {
      const shape = shapes.get(from) ?? [];
      const size = shape.length === 4 ? (shape[axis + 1] ?? 1) : 1;
      const before = seen.get(from) ?? new Set<number>();
      for (const at of behind(layer, places, { shape, out }, axis, begin)) {
        if (!inside || (at >= 0 && at < size)) before.add(at);
      }
      seen.set(from, before);
      begin += size;
    }
  }
  return seen.get(inputOf(graph).name) ?? new Set();
}

/**
 * What rows or columns of a layer's output see of one input; `out`: how many the output has; `begin`: where the input
 * starts in a concatenation.
 */
function* behind(
  layer: Layer,
  places: Places,
  { shape, out }: { readonly shape: readonly number[]; readonly out: number },
  axis: 0 | 1,
  begin: number,
): Generator<number> {
  const size = shape.length === 4 ? (shape[axis + 1] ?? 1) : 1;
  switch (layer.op) {
    case "conv2d":
    case "depthwiseConv2d": {
      const [kh = 1, kw = 1] = layer.w.shape;
      yield* taps(layer.name, places, { ...layer, size: [kh, kw] }, shape, axis);
      return;
    }
    case "pool":
      yield* taps(layer.name, places, { ...layer, dilations: [1, 1] }, shape, axis);
      return;
    case "zeroPad": {
      const before = axis === 0 ? layer.border.top : layer.border.left;
      for (const at of places) yield at - before;
      return;
    }
    case "upsample":
      yield* enlarged(places, layer, axis, size);
      return;
    case "concat":
      for (const at of places) {
        if (layer.axis !== axis + 1) yield at;
        else if (at >= begin && at < begin + size) yield at - begin;
      }
      return;
    case "globalPool":
    case "dense":
      for (let at = 0; at < size; at++) yield at;
      return;
    case "reshape":
      if (layer.shape) for (let at = 0; at < size; at++) yield at;
      else yield* places;
      return;
    case "add":
    case "multiply":
      // An input without pixels is the same for every pixel.
      if (size < out) yield 0;
      else yield* places;
      return;
    default:
      yield* places;
  }
}

function* taps(
  name: string,
  places: Places,
  window: Window,
  [, height = 1, width = 1]: readonly number[],
  axis: 0 | 1,
): Generator<number> {
  const { top, left } = windowGeometry(name, height, width, window);
  const first = axis === 0 ? top : left;
  for (const at of places) {
    for (let tap = 0; tap < window.size[axis]; tap++) {
      yield at * window.strides[axis] - first + tap * window.dilations[axis];
    }
  }
}

/** Pixels that an enlargement reads; bilinear ones are clamped at the border. */
function* enlarged(places: Places, layer: UpsampleLayer, axis: 0 | 1, size: number): Generator<number> {
  const factor = layer.factor[axis];
  for (const at of places) {
    if (layer.mode === "nearest" || factor === 1) {
      yield Math.floor(at / factor);
      continue;
    }
    const centre = bilinearSource(layer, axis, at);
    for (const neighbour of [Math.floor(centre), Math.ceil(centre)]) {
      yield Math.min(size - 1, Math.max(0, neighbour));
    }
  }
}
