import type { Shape } from "../gpu/tensor.ts";
import { type Graph, type Layer, shapesOf } from "./graph.ts";

/** A value of a layer as it is shown: the map that it is in, from 0, and its row and its column there. */
export interface MapPlace {
  readonly channel: number;
  readonly y: number;
  readonly x: number;
}

/**
 * What the maps of a layer are: channels of a picture ("channels"), single numbers without any place ("values"), one map
 * with a row for each place of a sequence ("sequence"), or the matrices of attention heads ("heads").
 */
export type MapsOf = "channels" | "values" | "sequence" | "heads";

/**
 * How a layer of any shape is shown: as maps of [H, W], which are the places of pictures, the rows of a sequence, or the
 * matrix of one attention head; and where each value lies in the activation. {@link formsOf} tells a layer's.
 */
export class LayerForm {
  /** What each map is. */
  readonly maps: MapsOf;
  /** H, W and the number of maps. */
  readonly size: readonly [height: number, width: number, maps: number];
  /** Distances in the activation between neighbours of a map, row by row, and between maps. */
  readonly stride: { readonly pixel: number; readonly map: number };
  /** The activation's shape, the batch apart. */
  readonly #shape: Shape;

  private constructor(shape: Shape, size: readonly [number, number, number], kind: MapsOf) {
    const [height, width, maps] = size;
    const mapsFirst = kind === "heads" || kind === "sequence";
    this.maps = kind;
    this.#shape = shape;
    this.size = size;
    this.stride = mapsFirst ? { pixel: 1, map: height * width } : { pixel: maps, map: 1 };
  }

  /**
   * The form of a layer by its shape, where no graph says more.
   * @param shape with the batch in front.
   * @param matrices true where the last two axes are a matrix, of which there are several.
   */
  static of([, ...shape]: Shape, matrices = false): LayerForm {
    const pixels = shape.length === 3;
    const long = pixels && !matrices ? shape : shape.filter((size) => size > 1);
    const last = long.at(-1) ?? 1;
    if (matrices && long.length >= 2) {
      return new LayerForm(shape, [long.at(-2) ?? 1, last, productOf(long.slice(0, -2))], "heads");
    }
    if (long.length < 2) return new LayerForm(shape, [1, 1, last], "values");
    // A sequence: one map, with a row for each of its places.
    if (long.length === 2) return new LayerForm(shape, [long[0] ?? 1, last, 1], "sequence");
    return new LayerForm(shape, [long[0] ?? 1, long[1] ?? 1, productOf(long.slice(2))], "channels");
  }

  /** Its size in words: of a vector one number, of a sequence or a single matrix two. */
  get words(): string {
    const [height, width, maps] = this.size;
    if (height * width === 1) return String(maps);
    return (this.stride.map > 1 && maps === 1 ? [height, width] : this.size).join(" × ");
  }

  /** The values of an activation as maps with the channels last, [H, W, maps]. */
  laidOut(data: Float32Array): Float32Array {
    if (this.stride.map === 1) return data;
    const maps = this.size[2];
    return Float32Array.from(data, (_, i) => {
      const value = Math.floor(i / maps) * this.stride.pixel + (i % maps) * this.stride.map;
      return data[value] ?? 0;
    });
  }

  /** The place of a value in the activation. */
  index({ channel, y, x }: MapPlace): number {
    return (y * this.size[1] + x) * this.stride.pixel + channel * this.stride.map;
  }

  /** The value at a place of the activation. */
  at(index: number): MapPlace {
    const [height, width, maps] = this.size;
    const pixel = Math.floor(index / this.stride.pixel) % (height * width);
    return {
      channel: Math.floor(index / this.stride.map) % maps,
      y: Math.floor(pixel / width),
      x: pixel % width,
    };
  }

  /** The row and the column of pixels that a value belongs to; the first where the layer has none. */
  placeOf(shown: MapPlace): { readonly y: number; readonly x: number } {
    if (this.#shape.length < 3) return { y: 0, x: 0 };
    const [rows = 1, columns = 1, ...rest] = this.#shape;
    const place = Math.floor(this.index(shown) / productOf(rest));
    return { y: Math.floor(place / columns) % rows, x: place % columns };
  }

  /** A value as targets name it: by the last axes of the activation. */
  targetOf(shown: MapPlace): MapPlace {
    const [columns = 1, channels = 1] = [this.#shape.at(-2), this.#shape.at(-1)];
    const index = this.index(shown);
    const place = Math.floor(index / channels);
    return { channel: index % channels, y: Math.floor(place / columns), x: place % columns };
  }

  /** True where each map is one channel of the activation, so that a map can be a target. */
  get mapsAreChannels(): boolean {
    return this.stride.map === 1 && this.size[2] === (this.#shape.at(-1) ?? 1);
  }
}

const productOf = (sizes: readonly number[]): number => sizes.reduce((product, size) => product * size, 1);

/** Ops that leave each value where it is. */
const IN_PLACE = new Set<Layer["op"]>(["batchNorm", "activation", "softmax", "add", "multiply", "binary"]);

/**
 * How each layer of a graph is shown, by name. The products of several matrices, and what follows them in place, are the
 * matrices of attention heads; of any other layer the shape says it.
 */
export function formsOf(graph: Graph): ReadonlyMap<string, LayerForm> {
  const shapes = shapesOf(graph);
  const matrices = new Set<string>();
  const forms = new Map<string, LayerForm>();
  for (const { name, op, inputs } of graph.layers) {
    const shape = shapes.get(name) ?? [];
    const follows = inputs.some((from) => matrices.has(from) && String(shapes.get(from)) === String(shape));
    if (shape.length >= 4 && (op === "matmul" || (IN_PLACE.has(op) && follows))) matrices.add(name);
    forms.set(name, LayerForm.of(shape, matrices.has(name)));
  }
  return forms;
}
