import type { Graph, Layer } from "../../src/graph/graph.ts";
import { namedPreprocessing } from "../../src/graph/preprocessing.ts";
import type { Constant } from "../../src/layers/op.ts";

/** A generator of numbers in [-1, 1): mulberry32, so that a test sees the same network every time. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * 2 - 1;
  };
}

/** Random values for `count` elements. */
export function values(count: number, next: () => number, scale = 1): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, () => next() * scale);
}

/** Random weights of a shape, scaled as He has it. */
export function constant(shape: readonly number[], next: () => number): Constant {
  const count = shape.reduce((size, axis) => size * axis, 1);
  const fanIn = Math.max(1, count / (shape.at(-1) ?? 1));
  return { shape, data: values(count, next, Math.sqrt(6 / fanIn)) };
}

export function graph(name: string, layers: readonly Layer[], labels?: readonly string[]): Graph {
  return {
    name,
    layers,
    output: layers.at(-1)?.name ?? "",
    preprocessing: namedPreprocessing("none"),
    ...(labels ? { labels } : {}),
  };
}

const CONV = { strides: [1, 1], dilations: [1, 1], padding: "same" } as const;

/** Convolution, ReLU, max pooling, dense, softmax: every layer of its own. */
export function chain(seed = 1): Graph {
  const next = random(seed);
  return graph("chain", [
    { op: "input", name: "image", inputs: [], shape: [8, 6, 3] },
    {
      op: "conv2d",
      name: "conv1",
      inputs: ["image"],
      ...CONV,
      w: constant([3, 3, 3, 4], next),
      b: constant([4], next),
    },
    { op: "activation", name: "relu1", inputs: ["conv1"], activation: { kind: "relu" } },
    {
      op: "pool",
      name: "pool1",
      inputs: ["relu1"],
      mode: "max",
      size: [2, 2],
      strides: [2, 2],
      padding: "valid",
    },
    {
      op: "conv2d",
      name: "conv2",
      inputs: ["pool1"],
      ...CONV,
      w: constant([3, 3, 4, 5], next),
      activation: { kind: "relu" },
    },
    { op: "reshape", name: "flatten", inputs: ["conv2"], shape: [4 * 3 * 5] },
    { op: "dense", name: "logits", inputs: ["flatten"], w: constant([60, 4], next), b: constant([4], next) },
    { op: "softmax", name: "softmax", inputs: ["logits"] },
  ]);
}

/** Batch norm, residual adds, concatenation, zero padding, views with several readers: everything that branches. */
export function branches(seed = 2): Graph {
  const next = random(seed);
  const norm = (channels: number) => ({
    scale: values(channels, next).map((v) => 1 + v / 2),
    offset: values(channels, next, 0.2),
  });
  return graph("branches", [
    { op: "input", name: "image", inputs: [], shape: [7, 7, 2] },
    { op: "pad", name: "pad", inputs: ["image"], before: [0, 1, 0], after: [1, 0, 0], mode: "constant" },
    {
      op: "conv2d",
      name: "conv1",
      inputs: ["pad"],
      ...CONV,
      padding: "valid",
      w: constant([2, 2, 2, 4], next),
    },
    { op: "batchNorm", name: "norm1", inputs: ["conv1"], ...norm(4) },
    { op: "activation", name: "tanh1", inputs: ["norm1"], activation: { kind: "tanh" } },
    { op: "conv2d", name: "conv2", inputs: ["tanh1"], ...CONV, w: constant([3, 3, 4, 4], next) },
    { op: "batchNorm", name: "norm2", inputs: ["conv2"], ...norm(4) },
    { op: "add", name: "add", inputs: ["norm2", "tanh1"] },
    { op: "activation", name: "sigmoid", inputs: ["add"], activation: { kind: "sigmoid" } },
    { op: "reshape", name: "drop", inputs: ["sigmoid"] },
    { op: "concat", name: "concat", inputs: ["drop", "sigmoid", "tanh1"], axis: 3 },
    { op: "globalPool", name: "gap", inputs: ["concat"], mode: "average" },
    { op: "dense", name: "logits", inputs: ["gap"], w: constant([12, 3], next), b: constant([3], next) },
  ]);
}

/**
 * A small vision transformer: patches of 2 × 2 pixels as 12 tokens of 8 numbers, one block of attention with two heads, its
 * maps the layer "attention", one of dense layers, the mean token, the log of a softmax.
 */
export function attention(seed = 8): Graph {
  const next = random(seed);
  const dense = (name: string, from: string, shape: [number, number]): Layer => ({
    ...{ op: "dense", name, inputs: [from] },
    ...{ w: constant(shape, next), b: constant([shape[1]], next) },
  });
  const norm = (name: string, from: string): Layer => ({
    ...{ op: "normalization", name, inputs: [from], axes: [2], epsilon: 1e-3 },
    ...{ scale: constant([8], next), offset: constant([8], next) },
  });
  const heads = (name: string): Layer[] => [
    { op: "reshape", name: `${name}/split`, inputs: [name], shape: [12, 2, 4] },
    { op: "permute", name: `${name}/heads`, inputs: [`${name}/split`], axes: [0, 2, 1, 3] },
  ];
  return graph("attention", [
    { op: "input", name: "image", inputs: [], shape: [6, 8, 2] },
    {
      ...{ op: "conv2d", name: "conv2", inputs: ["image"], ...CONV, strides: [2, 2], padding: "valid" },
      ...{ w: constant([2, 2, 2, 8], next), b: constant([8], next) },
    },
    { op: "reshape", name: "tokens", inputs: ["conv2"], shape: [12, 8] },
    norm("norm1", "tokens"),
    dense("query", "norm1", [8, 8]),
    ...heads("query"),
    dense("key", "norm1", [8, 8]),
    ...heads("key"),
    dense("value", "norm1", [8, 8]),
    ...heads("value"),
    { op: "matmul", name: "likeness", inputs: ["query/heads", "key/heads"], transposeB: true },
    {
      ...{ op: "binary", name: "scaled", inputs: ["likeness"], operator: "divide" },
      constant: { shape: [], data: Float32Array.of(2) },
    },
    { op: "softmax", name: "attention", inputs: ["scaled"] },
    { op: "matmul", name: "mixed", inputs: ["attention", "value/heads"] },
    { op: "permute", name: "beside", inputs: ["mixed"], axes: [0, 2, 1, 3] },
    { op: "reshape", name: "joined", inputs: ["beside"], shape: [12, 8] },
    dense("project", "joined", [8, 8]),
    { op: "add", name: "sum1", inputs: ["tokens", "project"] },
    norm("norm2", "sum1"),
    dense("wide", "norm2", [8, 12]),
    { op: "activation", name: "bent", inputs: ["wide"], activation: { kind: "tanh" } },
    dense("narrow", "bent", [12, 8]),
    { op: "add", name: "sum2", inputs: ["sum1", "narrow"] },
    { op: "reduce", name: "mean", inputs: ["sum2"], mode: "mean", axes: [1], keepDims: false },
    dense("logits", "mean", [8, 3]),
    { op: "softmax", name: "logs", inputs: ["logits"], log: true },
  ]);
}
