import type { Graph } from "../../src/graph/graph.ts";
import { constant, graph, random } from "./graphs.ts";

const CONV = { strides: [1, 1], dilations: [1, 1], padding: "same" } as const;

/**
 * A network of four inputs: a picture, a feature map beside it, a vector that gates channels, and one number. The map has
 * a branch of its own. With "add" it has no gate, and is linear piece by piece.
 */
export function severalInputs(joined: "multiply" | "add" = "multiply", seed = 11): Graph {
  const next = random(seed);
  return graph("several", [
    { op: "input", name: "meta", inputs: [], shape: [5] },
    { op: "input", name: "image", inputs: [], shape: [9, 7, 3] },
    { op: "input", name: "map", inputs: [], shape: [9, 7, 2] },
    { op: "input", name: "age", inputs: [], shape: [] },
    { op: "concat", name: "both", inputs: ["image", "map"], axis: 3 },
    {
      ...CONV,
      op: "conv2d",
      name: "conv",
      inputs: ["both"],
      w: constant([3, 3, 5, 4], next),
      b: constant([4], next),
      activation: { kind: "relu" },
    },
    {
      op: "dense",
      name: "gate",
      inputs: ["meta"],
      w: constant([5, 4], next),
      b: constant([4], next),
      activation: { kind: joined === "add" ? "relu" : "sigmoid" },
    },
    { op: joined, name: "gated", inputs: ["conv", "gate"] },
    {
      ...CONV,
      op: "conv2d",
      name: "mapped",
      inputs: ["map"],
      w: constant([3, 3, 2, 4], next),
      activation: { kind: "relu" },
    },
    { op: "add", name: "sum", inputs: ["gated", "mapped"] },
    { op: "globalPool", name: "pooled", inputs: ["sum"], mode: "average" },
    { op: "reshape", name: "aged", inputs: ["age"], shape: [1] },
    { op: "concat", name: "features", inputs: ["pooled", "aged"], axis: 1 },
    { op: "dense", name: "logits", inputs: ["features"], w: constant([5, 3], next), b: constant([3], next) },
    { op: "softmax", name: "softmax", inputs: ["logits"] },
  ]);
}
