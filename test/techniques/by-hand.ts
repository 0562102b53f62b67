import type { Graph, Layer } from "../../src/graph/graph.ts";
import type { ActivationKind, FusedActivation } from "../../src/layers/activation-kinds.ts";
import { graph } from "../graph/graphs.ts";

/** Layers of networks small enough to be worked by hand: every convolution is 1×1, weights as [from, to]. */

export const image = (shape: readonly [number, number, number]): Layer => ({
  op: "input",
  name: "image",
  inputs: [],
  shape,
});

interface More {
  readonly b?: readonly number[];
  readonly activation?: FusedActivation;
}

const constant = (shape: readonly number[], values: readonly number[]) => ({
  shape,
  data: Float32Array.from(values),
});

/** A 1×1 convolution. */
export const mix = (
  name: string,
  input: string,
  [from, to]: readonly [number, number],
  w: readonly number[],
  { b, activation }: More = {},
): Layer => ({
  op: "conv2d",
  name,
  inputs: [input],
  strides: [1, 1],
  dilations: [1, 1],
  padding: "same",
  w: constant([1, 1, from, to], w),
  ...(b ? { b: constant([to], b) } : {}),
  ...(activation ? { activation } : {}),
});

export const act = (name: string, input: string, kind: ActivationKind): Layer => ({
  op: "activation",
  name,
  inputs: [input],
  activation: { kind, ...(kind === "leakyRelu" ? { alpha: 0.1 } : {}) },
});

/** Global average pooling, then a linear layer "scores" with a column a class. */
export const ending = (
  input: string,
  [from, classes]: readonly [number, number],
  w: readonly number[],
): Layer[] => [
  { op: "globalPool", name: "gap", inputs: [input], mode: "average" },
  { op: "dense", name: "scores", inputs: ["gap"], w: constant([from, classes], w) },
];

export const byHand = (...layers: readonly (Layer | readonly Layer[])[]): Graph =>
  graph("by hand", layers.flat());
