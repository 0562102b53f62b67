import { test } from "vitest";
import { readTensor } from "../../../src/gpu/tensor.ts";
import { loadOnnxModel } from "../../../src/models/load-onnx-model.ts";
import { createNetwork } from "../../../src/network/create-network.ts";
import { testDevice } from "../../gpu.ts";
import { expectClose, numbers } from "../../reference/numbers.ts";
import { floats, type GraphInit, node, onnxBytes, onnxFiles, valueInfo, whole } from "./written.ts";

/** What a graph makes of N×C×H×W, its first output as it is stored. */
async function valuesOf(
  graph: GraphInit,
  x: Float32Array,
  [n, c, h, w]: readonly [number, number, number, number],
) {
  const input = [valueInfo("x", ["N", c, h, w])];
  const bytes = onnxBytes({ name: "g", input, output: [valueInfo("y", ["N"])], ...graph } as GraphInit);
  const device = await testDevice();
  const options = { preprocessing: "none" } as const;
  using network = await createNetwork(device, await loadOnnxModel(onnxFiles(bytes), options), {
    batch: n,
    gradients: false,
  });
  const stored = x.map(
    (_, i) =>
      x[Math.floor(i / (c * h * w)) * c * h * w + (i % c) * h * w + (Math.floor(i / c) % (h * w))] ?? 0,
  );
  device.queue.writeBuffer(network.input.buffer, 0, stored);
  const encoder = device.createCommandEncoder();
  network.forward(encoder);
  device.queue.submit([encoder.finish()]);
  return readTensor(device, network.activation(network.graph.output));
}

const X = numbers(2 * 4 * 4 * 6, 7);
const SHAPE = [2, 4, 4, 6] as const;
const at = (n: number, c: number, h: number, w: number) => X[((n * 4 + c) * 4 + h) * 6 + w] ?? Number.NaN;

/** Values for each place of N×H×W×C, as networks store them. */
function each(compute: (n: number, c: number, h: number, w: number) => number): number[] {
  const values: number[] = [];
  for (let n = 0; n < 2; n++)
    for (let h = 0; h < 4; h++)
      for (let w = 0; w < 6; w++) for (let c = 0; c < 4; c++) values.push(compute(n, c, h, w));
  return values;
}

test("a softmax over the pixels of windows, whose rows do not lie together", async () => {
  const graph = {
    initializer: [
      whole("parts", [-1, 4, 2, 2, 2, 3]),
      whole("flat", [-1, 6, 4]),
      whole("back", [-1, 2, 2, 2, 3, 4]),
      whole("whole", [-1, 4, 4, 6]),
    ],
    node: [
      node("Reshape", ["x", "parts"], ["a"]),
      node("Transpose", ["a"], ["b"], { perm: [0, 2, 4, 3, 5, 1] }),
      node("Reshape", ["b", "flat"], ["rows"]),
      node("Softmax", ["rows"], ["s"], { axis: 1 }),
      node("Reshape", ["s", "back"], ["c"]),
      node("Transpose", ["c"], ["d"], { perm: [0, 5, 1, 3, 2, 4] }),
      node("Reshape", ["d", "whole"], ["y"]),
    ],
  };
  const expected = each((n, c, h, w) => {
    let sum = 0;
    const [top, left] = [h - (h % 2), w - (w % 3)];
    for (let i = 0; i < 2; i++) for (let j = 0; j < 3; j++) sum += Math.exp(at(n, c, top + i, left + j));
    return Math.exp(at(n, c, h, w)) / sum;
  });
  expectClose(await valuesOf(graph, X, SHAPE), Float32Array.from(expected));
});

test("a choice by what a layer gives, by comparisons and truths", async () => {
  const graph = {
    initializer: [
      floats("zero", [], [0]),
      floats("half", [], [0.5]),
      floats("low", [], [-0.5]),
      floats("slope", [], [0.2]),
    ],
    node: [
      node("Less", ["zero", "x"], ["above"]),
      node("LessOrEqual", ["x", "half"], ["below"]),
      node("And", ["above", "below"], ["between"]),
      node("Not", ["between"], ["outside"]),
      node("GreaterOrEqual", ["low", "x"], ["far"]),
      node("Mul", ["x", "slope"], ["m"]),
      node("Where", ["outside", "m", "x"], ["chosen"]),
      node("Where", ["far", "slope", "chosen"], ["y"]),
    ],
  };
  const expected = each((n, c, h, w) => {
    const x = at(n, c, h, w);
    if (x <= -0.5) return 0.2;
    return x > 0 && x <= 0.5 ? x : 0.2 * x;
  });
  expectClose(await valuesOf(graph, X, SHAPE), Float32Array.from(expected));
});

test("products by letters of axes: of two layers, and of weights that stand first", async () => {
  const row = (name: string, start: number) => [whole(`${name}0`, [start]), whole(`${name}1`, [start + 1])];
  const graph = {
    initializer: [...row("p", 0), ...row("q", 1), whole("axis", [2]), floats("w", [3, 6], numbers(18, 8))],
    node: [
      node("Slice", ["x", "p0", "p1", "axis"], ["p4"]),
      node("Slice", ["x", "q0", "q1", "axis"], ["q4"]),
      node("Squeeze", ["p4", "axis"], ["p"]),
      node("Squeeze", ["q4", "axis"], ["q"]),
      node("Einsum", ["p", "q"], ["pairs"], { equation: "bcp, bcq -> bqp" }),
      node("Einsum", ["w", "pairs"], ["y"], { equation: "op,...qp->...qo" }),
    ],
  };
  const w = numbers(18, 8);
  const expected: number[] = [];
  for (let n = 0; n < 2; n++) {
    for (let q = 0; q < 6; q++) {
      for (let o = 0; o < 3; o++) {
        let sum = 0;
        for (let p = 0; p < 6; p++)
          for (let c = 0; c < 4; c++) sum += (w[o * 6 + p] ?? 0) * at(n, c, 0, p) * at(n, c, 1, q);
        expected.push(sum);
      }
    }
  }
  expectClose(await valuesOf(graph, X, SHAPE), Float32Array.from(expected));
});

test("a mean over neighbouring channels, as one of three axes", async () => {
  const graph = {
    initializer: [
      whole("one", [1]),
      floats(
        "same",
        [4, 4, 1, 1],
        Array.from({ length: 16 }, (_, i) => Number(i % 5 === 0)),
      ),
    ],
    node: [
      node("Unsqueeze", ["x", "one"], ["a"]),
      node("AveragePool", ["a"], ["b"], {
        kernel_shape: [3, 1, 1],
        strides: [1, 1, 1],
        pads: [1, 0, 0, 1, 0, 0],
        count_include_pad: 1,
      }),
      node("Squeeze", ["b", "one"], ["c"]),
      node("Conv", ["c", "same"], ["y"]),
    ],
  };
  const channel = (n: number, c: number, h: number, w: number) => (c < 0 || c > 3 ? 0 : at(n, c, h, w));
  const expected = each(
    (n, c, h, w) => [c - 1, c, c + 1].reduce((sum, k) => sum + channel(n, k, h, w), 0) / 3,
  );
  expectClose(await valuesOf(graph, X, SHAPE), Float32Array.from(expected));
});

test("weights divided by a norm that the file computes", async () => {
  const graph = {
    initializer: [
      floats("w", [2, 4, 1, 1], numbers(8, 9)),
      floats("m", [2, 2], [1, 2, 3, 4]),
      floats("u", [2], [1, -1]),
      floats("v", [2], [3, 5]),
    ],
    node: [
      node("MatMul", ["m", "v"], ["mv"]),
      node("MatMul", ["u", "mv"], ["sigma"]),
      node("ReduceL2", ["w"], ["norm"], { axes: [1, 2, 3] }),
      node("Div", ["w", "norm"], ["unit"]),
      node("Div", ["unit", "sigma"], ["scaled"]),
      node("Conv", ["x", "scaled"], ["y"]),
    ],
  };
  const w = numbers(8, 9);
  // (1, −1)·(13, 29)
  const scale = [0, 1].map((o) => -16 * Math.hypot(...w.slice(4 * o, 4 * o + 4)));
  const expected: number[] = [];
  for (let n = 0; n < 2; n++)
    for (let pixel = 0; pixel < 24; pixel++)
      for (let o = 0; o < 2; o++) {
        const sum = [0, 1, 2, 3].reduce(
          (all, c) => all + (w[4 * o + c] ?? 0) * at(n, c, Math.floor(pixel / 6), pixel % 6),
          0,
        );
        expected.push(sum / (scale[o] ?? 1));
      }
  expectClose(await valuesOf(graph, X, SHAPE), Float32Array.from(expected));
});
