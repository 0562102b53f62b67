import { shapesOf } from "../../src/graph.ts";
import type { Graph, Layer } from "../../src/index.ts";
import { type BuilderOptions, GraphBuilder } from "./builder.ts";

/** Convolutions in groups, as a published network has them. */
export interface Groups {
  readonly channels: number;
  readonly filters: number;
  readonly groups: number;
  readonly kernel: number;
}

/** One convolution in groups, with bias and ReLU. */
export function groupedLayer(
  { channels, filters, groups, kernel }: Groups,
  side: number,
  options?: BuilderOptions,
) {
  return new GraphBuilder("layer", [side, side, channels], options)
    .conv("y", filters, kernel, { groups })
    .build();
}

/** Two of them, one after the other, and ten classes: a gradient to pass through. */
export function groupedNetwork(
  { channels, filters, groups, kernel }: Groups,
  side: number,
  options?: BuilderOptions,
) {
  return new GraphBuilder("grouped", [side, side, channels], options)
    .conv("first", filters, kernel, { groups })
    .conv("second", filters, kernel, { groups })
    .globalAverage("pooled")
    .dense("logits", 10)
    .build();
}

/** The same graph with a convolution for each group, between a slice of the channels and their concatenation. */
export function groupsApart(graph: Graph): Graph {
  const shapes = shapesOf(graph);
  return {
    ...graph,
    layers: graph.layers.flatMap((layer) => apart(layer, shapes.get(layer.inputs[0] ?? "") ?? [])),
  };
}

function apart(layer: Layer, x: readonly number[]): Layer[] {
  if (layer.op !== "conv2d" || layer.groups === undefined) return [layer];
  const { groups, w, b, ...rest } = layer;
  const [, height = 1, width = 1] = x;
  const [kh = 1, kw = 1, inputs = 1, all = 1] = w.shape;
  const outputs = all / groups;
  const partOf = (values: Float32Array, group: number) =>
    values.filter((_, i) => Math.floor((i % all) / outputs) === group);
  const names = Array.from({ length: groups }, (_, group) => `${layer.name} ${group}`);
  return [
    ...names.flatMap((name, group): Layer[] => [
      {
        op: "slice",
        name: `${name} in`,
        inputs: layer.inputs,
        starts: [0, 0, group * inputs],
        sizes: [height, width, inputs],
      },
      {
        ...rest,
        name,
        inputs: [`${name} in`],
        w: { shape: [kh, kw, inputs, outputs], data: partOf(w.data, group) },
        ...(b ? { b: { shape: [outputs], data: partOf(b.data, group) } } : {}),
      },
    ]),
    { op: "concat", name: layer.name, inputs: names, axis: 3 },
  ];
}
