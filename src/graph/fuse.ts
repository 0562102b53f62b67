import type { BatchNormLayer } from "../layers/batch-norm.ts";
import type { Conv2dLayer } from "../layers/conv2d.ts";
import type { DenseLayer } from "../layers/dense.ts";
import type { DepthwiseConv2dLayer } from "../layers/depthwise-conv2d.ts";
import { type Graph, inputOf, type Layer, layerOf } from "./graph.ts";
import { answersOf } from "./heads.ts";
import { readersOf } from "./traverse.ts";

type Weighted = Conv2dLayer | DepthwiseConv2dLayer | DenseLayer;

/**
 * The same network with fewer layers: batch norm folded into the weights before it, activations and zero padding taken
 * into the layers beside them. A pair becomes one layer under the later one's name. Layers named in `keep`, the input,
 * the outputs and their logits stay as they are.
 * @throws InputError when `keep` names a layer that the graph does not have.
 */
export function fuse(graph: Graph, keep: readonly string[]): Graph {
  for (const name of keep) layerOf(graph, name);
  const kept = new Set([...keep, inputOf(graph).name, ...answersOf(graph)]);
  const readers = readersOf(graph.layers);

  const fused = new Map<string, Layer>();
  for (const layer of graph.layers) {
    const [source] = layer.inputs;
    const before = source === undefined ? undefined : fused.get(source);
    const hidden =
      before && layer.inputs.length === 1 && !kept.has(before.name) && readers.get(before.name)?.length === 1;
    const pair = hidden ? merge(before, layer) : undefined;
    if (pair && before) fused.delete(before.name);
    fused.set(layer.name, pair ?? layer);
  }
  return { ...graph, layers: [...fused.values()] };
}

/** Two layers as one, under the later one's name, where that computes the same. */
function merge(before: Layer, after: Layer): Layer | undefined {
  const { name } = after;
  if (after.op === "batchNorm" && isWeighted(before) && !before.activation) {
    return { ...fold(before, after), name, ...(after.activation ? { activation: after.activation } : {}) };
  }
  const { activation } = after.op === "activation" ? after : { activation: undefined };
  if (activation && activation.kind !== "swish" && takesActivation(before) && !before.activation) {
    return { ...before, name, activation: { ...activation, kind: activation.kind } };
  }
  if (
    before.op === "zeroPad" &&
    (after.op === "conv2d" || after.op === "depthwiseConv2d") &&
    after.padding !== "same"
  ) {
    const inner = after.padding === "valid" ? { top: 0, bottom: 0, left: 0, right: 0 } : after.padding;
    const { top, bottom, left, right } = before.border;
    const padding = {
      top: top + inner.top,
      bottom: bottom + inner.bottom,
      left: left + inner.left,
      right: right + inner.right,
    };
    return { ...after, inputs: before.inputs, padding };
  }
  return undefined;
}

function isWeighted(layer: Layer): layer is Weighted {
  return layer.op === "conv2d" || layer.op === "depthwiseConv2d" || layer.op === "dense";
}

function takesActivation(layer: Layer): layer is Weighted | BatchNormLayer | Extract<Layer, { op: "add" }> {
  return isWeighted(layer) || layer.op === "batchNorm" || layer.op === "add";
}

/** Weights and bias with a batch norm's scale and offset in them. Output channels are the weights' last axes. */
function fold(layer: Weighted, { scale, offset }: BatchNormLayer): Weighted {
  const channels = scale.length;
  const w = layer.w.data.map((weight, index) => weight * (scale[index % channels] ?? 0));
  const b = offset.map((shift, channel) => (layer.b?.data[channel] ?? 0) * (scale[channel] ?? 0) + shift);
  return { ...layer, w: { shape: layer.w.shape, data: w }, b: { shape: [channels], data: b } };
}
