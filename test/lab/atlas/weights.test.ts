import { describe, expect, test } from "vitest";
import { jointsOf, readersOfUnit, readsOf } from "../../../src/lab/atlas/weights.ts";
import { branches, chain, constant, graph, random } from "../../graph/graphs.ts";

/** Sum and norm of the weights from an input to a filter of a convolution, by plain loops. */
function between(
  { shape, data }: { shape: readonly number[]; data: ArrayLike<number> },
  from: number,
  to: number,
) {
  const [kh = 1, kw = 1, inputs = 1, outputs = 1] = shape;
  let [sum, squares] = [0, 0];
  for (let tap = 0; tap < kh * kw; tap++) {
    const w = data[(tap * inputs + from) * outputs + to] ?? 0;
    sum += w;
    squares += w * w;
  }
  return { sum, norm: Math.sqrt(squares) };
}

describe("weights between units", () => {
  test("are those of the convolution between, through activations and poolings", () => {
    const network = chain();
    const joints = jointsOf(network, ["relu1", "conv2", "logits"]);
    // The dense layer reads places, not channels: it joins nothing.
    expect(joints.map(({ from, to }) => [from, to])).toEqual([["relu1", "conv2"]]);
    const conv2 = network.layers.find(({ name }) => name === "conv2");
    if (conv2?.op !== "conv2d") throw new Error("expected a convolution");
    const expected = [0, 1, 2, 3].map((channel) => ({
      layer: "relu1",
      channel,
      ...between(conv2.w, channel, 3),
    }));
    const found = readsOf(joints, "conv2", 3);
    expect(found.map(({ channel }) => channel)).toEqual(
      expected.toSorted((a, b) => b.norm - a.norm).map(({ channel }) => channel),
    );
    for (const { channel, sum, norm } of found) {
      expect(sum).toBeCloseTo(expected[channel]?.sum ?? Number.NaN, 10);
      expect(norm).toBeCloseTo(expected[channel]?.norm ?? Number.NaN, 10);
    }
    const back = readersOfUnit(joints, "relu1", 2).find(({ channel }) => channel === 3);
    expect(back?.norm).toBeCloseTo(expected[2]?.norm ?? Number.NaN, 10);
    expect(back?.layer).toBe("conv2");
  });

  test("of a depthwise convolution join each filter to its own channel alone", () => {
    const w = constant([3, 3, 2, 3], random(5));
    const window = { strides: [1, 1], dilations: [1, 1], padding: "same" } as const;
    const network = graph("depthwise", [
      { op: "input", name: "image", inputs: [], shape: [6, 6, 3] },
      { op: "conv2d", name: "first", inputs: ["image"], ...window, w: constant([1, 1, 3, 2], random(6)) },
      { op: "depthwiseConv2d", name: "second", inputs: ["first"], ...window, w },
    ]);
    const joints = jointsOf(network, ["first", "second"]);
    const [read, ...none] = readsOf(joints, "second", 4);
    expect(none).toEqual([]);
    expect(read).toMatchObject({ layer: "first", channel: 1 });
    let squares = 0;
    for (let tap = 0; tap < 9; tap++) squares += (w.data[tap * 6 + 1 * 3 + 1] ?? 0) ** 2;
    expect(read?.norm).toBeCloseTo(Math.sqrt(squares), 10);
  });

  test("stop at sums and concatenations, whose channels are of several layers", () => {
    const joints = jointsOf(branches(), ["tanh1", "sigmoid", "concat", "logits"]);
    expect(joints.map(({ from, to }) => [from, to])).toEqual([["concat", "logits"]]);
  });
});
