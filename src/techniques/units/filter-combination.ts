import { InputError, UnsupportedError } from "../../gpu/errors.ts";
import { assertFields, type Fields } from "../../gpu/options.ts";
import { formatShape, type Shape } from "../../gpu/tensor.ts";
import { assertGraph, type Graph, inputOf, shapesOf } from "../../graph/graph.ts";
import { weightsOf } from "../../graph/layer-facts.ts";
import { type OpLayer, opOf } from "../../layers/ops.ts";
import { type Convolution, filtersOf, isConvolution } from "./filters.ts";

export interface CombinationOptions {
  /** Any convolution that a chain of layers leads to from the image. */
  readonly layer: string;
  /** The number of the filter. */
  readonly channel: number;
  /** Number of the filter's own weights that take part, the strongest. Default: all. */
  readonly strongest?: number | undefined;
}

const COMBINATION: Fields<CombinationOptions> = { layer: "must", channel: "must", strongest: "may" };

/** A pattern of pixels, [height, width, channels] of the network's input. */
export interface FilterCombination {
  readonly data: Float32Array;
  readonly shape: Shape;
}

/** Multiply-adds above which a combination is refused. */
const MOST = 3e8;

/**
 * The linear combination of the first layer's filters that a filter of a later layer makes: its weights back-projected to
 * the image as if every layer between were linear, max pooling an average, and there were no border (Erhan et al. 2009,
 * Visualizing higher-layer features of a deep network, section 2.1; Lee et al. 2008, who keep the strongest weights). Of a
 * filter of the first layer, the filter itself. Needs no GPU.
 * @throws UnsupportedError for a layer between that is no convolution, pooling, activation, batch norm, sum or concatenation.
 * @throws InputError for a filter that does not exist, or one that sees so much of the image that the work is out of bounds.
 */
export function filterCombination(graph: Graph, options: CombinationOptions): FilterCombination {
  assertGraph("filter combination", graph);
  assertFields("filter combination", options, COMBINATION);
  const { layer: name, channel, strongest } = options;
  const { shape } = filtersOf(graph, { layer: name });
  const outputs = shape[3];
  if (!Number.isInteger(channel) || channel < 0 || channel >= outputs) {
    throw new InputError(`filter of "${name}": expected one of 0 to ${outputs - 1}, got ${channel}`);
  }
  if (strongest !== undefined && (!Number.isInteger(strongest) || strongest < 1)) {
    throw new InputError(
      `filter of "${name}": expected to take at least 1 of the strongest weights, got ${strongest}`,
    );
  }
  const shapes = shapesOf(graph);
  const channelsOf = (layer: string): number => shapes.get(layer)?.at(-1) ?? 1;
  const start = new Sheet(outputs);
  start.at(0, 0)[channel] = 1;
  const signals = new Map([[name, start]]);
  let left = MOST;
  for (const layer of graph.layers.toReversed()) {
    const signal = signals.get(layer.name);
    if (!signal || layer.op === "input") continue;
    let begin = 0;
    for (const from of layer.inputs) {
      const channels = channelsOf(from);
      const back = signals.get(from) ?? new Sheet(channels);
      signals.set(from, back);
      const begins = layer.name === name && isConvolution(layer) && strongest !== undefined;
      if (
        layer.op === "add" &&
        formatShape(shapes.get(from) ?? []) !== formatShape(shapes.get(layer.name) ?? [])
      ) {
        throw new UnsupportedError(
          `filter combination: expected sums of maps of one size on the way, got "${layer.name}", which repeats "${from}"`,
        );
      }
      left -= signal.size * (weightsOf(layer)?.w.data.length ?? back.channels);
      if (left < 0) {
        throw new InputError(
          `filter ${channel} of "${name}": expected a filter that sees little of the image, got one too deep to combine; choose an earlier layer`,
        );
      }
      addBackProjection(begins ? strongestOf(layer, signal, strongest) : layer, signal, back, begin);
      begin += channels;
    }
    signals.delete(layer.name);
  }
  return signals.get(inputOf(graph).name)?.whole() ?? { data: new Float32Array(), shape: [0, 0, 0] };
}

/** Values at places of an endless plane. */
class Sheet {
  readonly channels: number;
  readonly #places = new Map<string, { y: number; x: number; values: Float64Array }>();

  constructor(channels: number) {
    this.channels = channels;
  }

  get size(): number {
    return this.#places.size;
  }

  at(y: number, x: number): Float64Array {
    const key = `${y},${x}`;
    const found = this.#places.get(key) ?? { y, x, values: new Float64Array(this.channels) };
    this.#places.set(key, found);
    return found.values;
  }

  places() {
    return this.#places.values();
  }

  whole(): FilterCombination {
    const all = [...this.places()];
    const [top, left] = [Math.min(...all.map(({ y }) => y)), Math.min(...all.map(({ x }) => x))];
    const height = Math.max(...all.map(({ y }) => y)) - top + 1;
    const width = Math.max(...all.map(({ x }) => x)) - left + 1;
    const data = new Float32Array(height * width * this.channels);
    for (const { y, x, values } of all) data.set(values, ((y - top) * width + x - left) * this.channels);
    return { data, shape: [height, width, this.channels] };
  }
}

/** Adds the back-projection of a layer's output, by the layer's linear part, to its input. */
function addBackProjection(layer: OpLayer, signal: Sheet, back: Sheet, begin: number): void {
  const { backProject } = opOf(layer);
  if (!backProject) {
    throw new UnsupportedError(
      `filter combination: expected convolutions, poolings, activations, batch norms, sums and concatenations on the way, got ${layer.op} "${layer.name}"`,
    );
  }
  for (const { y, x, values } of signal.places()) {
    backProject(layer, { y, x, values, begin, back: (row, column) => back.at(row, column) });
  }
}

/** The convolution with all weights but the strongest of the filter that a signal begins at set to zero. */
function strongestOf<L extends Convolution>(layer: L, signal: Sheet, keep: number): L {
  const { data } = layer.w;
  const [start] = signal.places();
  const channel = start?.values.indexOf(1) ?? 0;
  const own = Array.from(data.keys()).filter((i) => i % signal.channels === channel);
  const kept = new Set(
    own.sort((a, b) => Math.abs(data[b] ?? 0) - Math.abs(data[a] ?? 0) || a - b).slice(0, keep),
  );
  const strongest = data.map((value, i) => (kept.has(i) ? value : 0));
  return { ...layer, w: { shape: layer.w.shape, data: strongest } };
}
