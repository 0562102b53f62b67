import type { Window } from "../ops/padding.ts";
import { windowGeometry } from "../ops/padding.ts";
import { type Graph, inputOf, type Layer, layerOf, shapesOf } from "./graph.ts";

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
  /** The part of it that lies on the image. */
  readonly inside: Rectangle;
}

/** A unit's place in a layer; layers without pixels (dense, global pooling) have only y = x = 0. */
export interface Unit {
  readonly layer: string;
  readonly y: number;
  readonly x: number;
}

/**
 * The pixels of the input that a unit can see: the smallest rectangle that holds every path back through the graph,
 * strides, dilations and padding counted exactly. A dense layer sees all of its input.
 * @throws InputError when there is no such layer.
 */
export function receptiveField(graph: Graph, { layer, y, x }: Unit): ReceptiveField {
  const shapes = shapesOf(graph);
  const input = inputOf(graph);
  const seen = new Map<string, Rectangle>([
    [layerOf(graph, layer).name, { top: y, left: x, bottom: y + 1, right: x + 1 }],
  ]);
  for (const current of graph.layers.slice(1).reverse()) {
    const field = seen.get(current.name);
    if (!field) continue;
    const offsets = concatOffsets(current, shapes);
    for (const [index, name] of current.inputs.entries()) {
      const [, height = 1, width = 1, channels] = shapes.get(name) ?? [];
      const pixels = channels !== undefined;
      const below = pixels
        ? behind(current, moved(field, offsets[index]), height, width)
        : { top: 0, left: 0, bottom: 1, right: 1 };
      const before = seen.get(name);
      seen.set(name, before ? union(before, below) : below);
    }
  }
  const [height, width] = input.shape;
  const full = seen.get(input.name) ?? { top: 0, left: 0, bottom: height, right: width };
  return {
    full,
    inside: {
      top: Math.max(0, full.top),
      left: Math.max(0, full.left),
      bottom: Math.min(height, full.bottom),
      right: Math.min(width, full.right),
    },
  };
}

/** What a rectangle of a layer's output sees of an input of the given size. */
function behind(layer: Layer, field: Rectangle, height: number, width: number): Rectangle {
  const all = { top: 0, left: 0, bottom: height, right: width };
  switch (layer.op) {
    case "conv2d":
    case "depthwiseConv2d": {
      const [kh = 1, kw = 1] = layer.w.shape;
      return throughWindow(field, { ...layer, size: [kh, kw] }, layer.name, height, width);
    }
    case "pool":
      return throughWindow(field, { ...layer, dilations: [1, 1] }, layer.name, height, width);
    case "zeroPad": {
      const { top, left } = layer.border;
      return moved(field, [-top, -left]);
    }
    case "upsample": {
      const [fy, fx] = layer.factor;
      const [top, bottom] = enlarged(field.top, field.bottom, fy, layer.mode);
      const [left, right] = enlarged(field.left, field.right, fx, layer.mode);
      return { top, left, bottom, right };
    }
    case "multiply":
      // A 1×1 factor is the same for every pixel.
      return height === 1 && width === 1 ? all : field;
    case "globalPool":
    case "dense":
      return all;
    case "reshape":
      return layer.shape ? all : field;
    default:
      return field;
  }
}

function throughWindow(
  field: Rectangle,
  window: Window,
  name: string,
  height: number,
  width: number,
): Rectangle {
  const { top, left } = windowGeometry(name, height, width, window);
  const { size, strides, dilations } = window;
  const first = (index: number, axis: 0 | 1, before: number) => index * strides[axis] - before;
  const extent = (axis: 0 | 1) => (size[axis] - 1) * dilations[axis] + 1;
  return {
    top: first(field.top, 0, top),
    left: first(field.left, 1, left),
    bottom: first(field.bottom - 1, 0, top) + extent(0),
    right: first(field.right - 1, 1, left) + extent(1),
  };
}

/** Input indices that outputs [from, to) of an enlargement read, as a half-open range. */
function enlarged(
  from: number,
  to: number,
  factor: number,
  mode: "nearest" | "bilinear",
): [from: number, to: number] {
  if (mode === "nearest" || factor === 1)
    return [Math.floor(from / factor), Math.floor((to - 1) / factor) + 1];
  const centre = (index: number) => (index + 0.5) / factor - 0.5;
  return [Math.floor(centre(from)), Math.ceil(centre(to - 1)) + 1];
}

/** Where each input of a concatenation along rows or columns begins; nothing for other layers. */
function concatOffsets(
  layer: Layer,
  shapes: ReadonlyMap<string, readonly number[]>,
): readonly (readonly [number, number])[] {
  if (layer.op !== "concat" || layer.axis > 2) return [];
  let begin = 0;
  return layer.inputs.map((name) => {
    const at = -begin;
    begin += shapes.get(name)?.[layer.axis] ?? 0;
    return layer.axis === 1 ? ([at, 0] as const) : ([0, at] as const);
  });
}

function moved(field: Rectangle, [down, right]: readonly [number, number] = [0, 0]): Rectangle {
  return {
    top: field.top + down,
    bottom: field.bottom + down,
    left: field.left + right,
    right: field.right + right,
  };
}

function union(a: Rectangle, b: Rectangle): Rectangle {
  return {
    top: Math.min(a.top, b.top),
    left: Math.min(a.left, b.left),
    bottom: Math.max(a.bottom, b.bottom),
    right: Math.max(a.right, b.right),
  };
}
