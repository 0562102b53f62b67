import { shapesOf } from "../../src/graph.ts";
import type { Graph } from "../../src/index.ts";
import { sizeOf } from "../shape.ts";

/**
 * One element, by its index, of the output of a graph that is a single convolution with "same" padding, dense or
 * depthwise: the plain sum in double precision.
 */
export function convolutionAt(graph: Graph, x: Float32Array, batch: number): (index: number) => number {
  const [input, layer] = graph.layers;
  if (
    !input ||
    (layer?.op !== "conv2d" && layer?.op !== "depthwiseConv2d") ||
    layer.padding !== "same" ||
    layer.activation?.kind !== "relu"
  ) {
    throw new Error(`reference: expected one "same" convolution with a ReLU, got ${layer?.op ?? "nothing"}`);
  }
  const shapes = shapesOf(graph, batch);
  const [, height = 1, width = 1, channels = 1] = shapes.get(input.name) ?? [];
  const [, outHeight = 1, outWidth = 1, outChannels = 1] = shapes.get(layer.name) ?? [];
  const [kh = 1, kw = 1, , last = 1] = layer.w.shape;
  const [sy, sx] = layer.strides;
  const top = Math.floor(Math.max(0, (outHeight - 1) * sy + kh - height) / 2);
  const left = Math.floor(Math.max(0, (outWidth - 1) * sx + kw - width) / 2);
  const depthwise = layer.op === "depthwiseConv2d";
  const groups = layer.op === "conv2d" ? (layer.groups ?? 1) : 1;
  const inputs = channels / groups;
  return (index) => {
    const o = index % outChannels;
    const column = Math.floor(index / outChannels) % outWidth;
    const row = Math.floor(index / (outChannels * outWidth)) % outHeight;
    const n = Math.floor(index / sizeOf([outChannels, outWidth, outHeight]));
    let sum = layer.b?.data[o] ?? 0;
    for (let i = 0; i < kh; i++) {
      const y = row * sy + i - top;
      if (y < 0 || y >= height) continue;
      for (let j = 0; j < kw; j++) {
        const column2 = column * sx + j - left;
        if (column2 < 0 || column2 >= width) continue;
        const pixel = ((n * height + y) * width + column2) * channels;
        const tap = (i * kw + j) * inputs;
        if (depthwise) {
          const c = Math.floor(o / last);
          sum += (x[pixel + c] ?? 0) * (layer.w.data[(tap + c) * last + (o % last)] ?? 0);
          continue;
        }
        const first = pixel + Math.floor(o / (last / groups)) * inputs;
        for (let c = 0; c < inputs; c++)
          sum += (x[first + c] ?? 0) * (layer.w.data[(tap + c) * last + o] ?? 0);
      }
    }
    return Math.max(0, sum);
  };
}
