import { InputError } from "../../gpu/errors.ts";
import { assertFields, type Fields } from "../../gpu/options.ts";
import { assertGraph, type Graph, inputOf, type Layer, layerOf } from "../../graph/graph.ts";
import { readersOf } from "../../graph/traverse.ts";
import type { Conv2dLayer } from "../../layers/conv2d.ts";
import type { DepthwiseConv2dLayer } from "../../layers/depthwise-conv2d.ts";
import { keepsChannels } from "../../layers/pad.ts";

/** A convolution's weights, with the norm of each filter. */
export interface Filters {
  readonly layer: string;
  /** [kh, kw, inputs, outputs]; a depthwise convolution has one input a filter. */
  readonly shape: readonly [kh: number, kw: number, inputs: number, outputs: number];
  /** Weights as the model file has them: before any batch norm. */
  readonly w: Float32Array;
  /** True where the filters look at the image itself, of 1 or 3 channels. */
  readonly first: boolean;
  /** Largest |w| of the layer. */
  readonly largest: number;
  /** L2 norm of each filter. */
  readonly norms: Float32Array;
  /**
   * Filters that do next to nothing: whose norm is at most `threshold` of the layer's largest, or, times the scale of the
   * batch norm that follows, of the layer's median.
   */
  readonly dead: readonly number[];
  readonly threshold: number;
}

export interface FiltersOptions {
  /** Default: the first convolution. */
  readonly layer?: string | undefined;
  /** Share of the largest norm up to which a filter counts as dead. Default 0.01. */
  readonly threshold?: number | undefined;
}

const FILTERS: Fields<FiltersOptions> = { layer: "may", threshold: "may" };

/**
 * The weights of a convolution by filter. Needs no GPU.
 * @throws InputError for a layer that is no convolution, or a threshold out of range.
 */
export function filtersOf(graph: Graph, options: FiltersOptions = {}): Filters {
  assertGraph("filters", graph);
  assertFields("filters", options, FILTERS);
  const { layer: name, threshold = 0.01 } = options;
  if (!(threshold >= 0 && threshold < 1)) {
    throw new InputError(
      `filters: expected a threshold of 0 up to 1 (a share of the largest norm), got ${threshold}`,
    );
  }
  const layer = name === undefined ? graph.layers.find(isConvolution) : layerOf(graph, name);
  if (!layer || !isConvolution(layer)) {
    const known = graph.layers.filter(isConvolution).map((convolution) => convolution.name);
    throw new InputError(
      `filters: expected a convolution (${known.slice(0, 8).join(", ")}${known.length > 8 ? ", …" : ""}), got ${layer ? `${layer.op} "${layer.name}"` : "none"}`,
    );
  }
  const shape = filterShape(layer);
  const [kh, kw, inputs, outputs] = shape;
  const { data: w } = layer.w;
  const squares = new Float64Array(outputs);
  for (const [i, value] of w.entries()) squares[i % outputs] = (squares[i % outputs] ?? 0) + value * value;
  const norms = Float32Array.from(squares, Math.sqrt);
  const scale = scaleAfter(graph, layer);
  const scaled = norms.map((norm, k) => norm * Math.abs(scale?.[k] ?? 1));
  const most = norms.reduce((a, b) => Math.max(a, b), 0);
  const usual = scaled.toSorted()[Math.floor(outputs / 2)] ?? 0;
  const from = inputOf(graph);
  const [source] = layer.inputs;
  const dead = [...norms.keys()].filter(
    (k) => (norms[k] ?? 0) <= threshold * most || (scaled[k] ?? 0) <= threshold * usual,
  );
  return {
    layer: layer.name,
    shape: [kh, kw, inputs, outputs],
    w,
    first:
      beginsAt(graph, source ?? "", from.name) && (inputs === 1 || inputs === 3) && layer.op === "conv2d",
    largest: w.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
    norms,
    dead,
    threshold,
  };
}

/** A layer with filters. */
export type Convolution = Conv2dLayer | DepthwiseConv2dLayer;

/** Tells whether a layer has filters. */
export function isConvolution(layer: Layer): layer is Convolution {
  return layer.op === "conv2d" || layer.op === "depthwiseConv2d";
}

/** A depthwise kernel [kh, kw, channels, multiplier] is a filter of one input for each of its last two axes. */
function filterShape({ op, w }: Convolution): Filters["shape"] {
  const [kh = 1, kw = 1, inputs = 1, outputs = 1] = w.shape;
  return op === "conv2d" ? [kh, kw, inputs, outputs] : [kh, kw, 1, inputs * outputs];
}

/** Tells whether nothing but padding and identities stands between a layer and the image. */
function beginsAt(graph: Graph, name: string, input: string): boolean {
  if (name === input) return true;
  const layer = layerOf(graph, name);
  return layer.op === "pad" && keepsChannels(layer) && beginsAt(graph, layer.inputs[0] ?? "", input);
}

/** The scale of a batch norm that alone reads a layer. */
function scaleAfter(graph: Graph, { name }: Layer): Float32Array | undefined {
  const [reader, ...others] = readersOf(graph.layers).get(name) ?? [];
  return others.length === 0 && reader?.op === "batchNorm" ? reader.scale : undefined;
}
