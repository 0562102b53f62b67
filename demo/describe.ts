import type { Graph, Layer } from "../src/index.ts";

const pair = ([a, b]: readonly [number, number]): string => `${a} × ${b}`;
const stride = (strides: readonly [number, number]): string =>
  strides[0] === 1 && strides[1] === 1
    ? ""
    : `, stride ${strides[0] === strides[1] ? strides[0] : pair(strides)}`;

const ACTIVATIONS: Readonly<Record<string, string>> = {
  linear: "",
  relu: "ReLU",
  relu6: "ReLU6",
  leakyRelu: "leaky ReLU",
  sigmoid: "sigmoid",
  tanh: "tanh",
  swish: "swish",
};

/** What a layer computes, in a few words. */
export function describe(layer: Layer): string {
  const activation =
    "activation" in layer && layer.activation
      ? (ACTIVATIONS[layer.activation.kind] ?? layer.activation.kind)
      : "";
  const after = activation ? `, ${activation}` : "";
  switch (layer.op) {
    case "input":
      return "the image";
    case "conv2d": {
      const [height = 1, width = 1] = layer.w.shape;
      const dilated = layer.dilations.some((dilation) => dilation > 1) ? ", dilated" : "";
      return `${pair([height, width])} convolution${stride(layer.strides)}${dilated}${after}`;
    }
    case "depthwiseConv2d": {
      const [height = 1, width = 1] = layer.w.shape;
      return `${pair([height, width])} depthwise convolution${stride(layer.strides)}${after}`;
    }
    case "pool":
      return `${layer.mode === "max" ? "maximum" : "mean"} of ${pair(layer.size)}${stride(layer.strides)}`;
    case "globalPool":
      return `${layer.mode === "max" ? "maximum" : "mean"} of each map`;
    case "dense":
      return `fully connected${after}`;
    case "batchNorm":
      return `batch normalisation${after}`;
    case "activation":
      return activation || "activation";
    case "add":
      return `sum of ${layer.inputs.length}${after}`;
    case "multiply":
      return "product";
    case "concat":
      return `${layer.inputs.length} side by side`;
    case "lrn":
      return "local response normalisation";
    case "upsample":
      return `enlarged ${pair(layer.factor)}`;
    case "zeroPad":
      return "border of zeros";
    default:
      return layer.op;
  }
}

/** Numbers that were learned in a layer. */
export function parametersOf(layer: Layer): number {
  let count = 0;
  if ("w" in layer && layer.w) count += layer.w.data.length;
  if ("b" in layer && layer.b) count += layer.b.data.length;
  if (layer.op === "batchNorm") count += layer.scale.length + layer.offset.length;
  return count;
}

/** The same of a whole network. */
export function parametersIn(graph: Graph): number {
  return graph.layers.reduce((sum, layer) => sum + parametersOf(layer), 0);
}

/** A whole number with thin spaces. */
export function grouped(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, "\u2009");
}
