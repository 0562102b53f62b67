import { arraySource } from "../../src/dataset/array-source.ts";
import type { Source } from "../../src/dataset/source.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { constant, graph, random } from "../graph/graphs.ts";

export const SIDE = 8;

export interface MirrorsOptions {
  /** Filters that are their own mirror images. */
  readonly symmetric?: boolean;
  readonly strides?: readonly [number, number];
  readonly side?: number;
  /** The order of the channels of the first layer. */
  readonly order?: readonly number[];
}

/** Two convolutions and the mean of their maps. */
export function mirrors({
  symmetric = false,
  strides = [1, 1],
  side = SIDE,
  order = [0, 1, 2, 3],
}: MirrorsOptions = {}): Graph {
  const next = random(4);
  const filters = (inputs: number, outputs: number) => {
    const w = constant([3, 3, inputs, outputs], next);
    const data = w.data.slice();
    const block = inputs * outputs;
    for (let row = 0; symmetric && row < 3; row++) {
      data.copyWithin((row * 3 + 2) * block, row * 3 * block, (row * 3 + 1) * block);
    }
    return { ...w, data };
  };
  const [first, second] = [filters(3, 4), filters(4, 5)];
  const w1 = { ...first, data: first.data.map((_, i) => first.data[i - (i % 4) + (order[i % 4] ?? 0)] ?? 0) };
  const w2 = {
    ...second,
    data: second.data.map((_, i) => {
      const [k, c, tap] = [i % 5, Math.floor(i / 5) % 4, Math.floor(i / 20)];
      return second.data[(tap * 4 + (order[c] ?? 0)) * 5 + k] ?? 0;
    }),
  };
  const conv = { op: "conv2d", dilations: [1, 1], padding: "same", activation: { kind: "relu" } } as const;
  return graph("mirrors", [
    { op: "input", name: "image", inputs: [], shape: [side, side, 3] },
    { ...conv, strides, name: "conv1", inputs: ["image"], w: w1 },
    { ...conv, strides: [1, 1], name: "conv2", inputs: ["conv1"], w: w2 },
    { op: "globalPool", name: "gap", inputs: ["conv2"], mode: "average" },
    { op: "dense", name: "logits", inputs: ["gap"], w: constant([5, 3], random(11)), b: constant([3], next) },
    { op: "softmax", name: "softmax", inputs: ["logits"] },
  ]);
}

/** Pictures of noise, each of another color, with the labels 0, 1, 2 in turn. */
export function noise(count: number, [height, width]: readonly [number, number] = [SIDE, SIDE]): Source {
  const next = random(7);
  return arraySource(
    Array.from({ length: count }, (_, i) => {
      const color = [next(), next(), next()].map((value) => 60 + 60 * value);
      const data = Uint8Array.from({ length: height * width * 3 }, (_, k) =>
        Math.round((color[k % 3] ?? 0) + (next() + 1) * 67),
      );
      return { pixels: { width, height, data }, label: String(i % 3) };
    }),
  );
}
