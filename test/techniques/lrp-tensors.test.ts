import { afterAll, beforeAll, expect, test } from "vitest";
import { UnsupportedError } from "../../src/gpu/errors.ts";
import type { Graph, Layer } from "../../src/graph/graph.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network } from "../../src/network/network.ts";
import { type LrpOptions, lrp } from "../../src/techniques/attribution/lrp.ts";
import { testDevice } from "../gpu.ts";
import { constant, graph, random, values } from "../graph/graphs.ts";

// Relevance through layers that reorder and reduce axes.

let device: GPUDevice;
const made: Network[] = [];
beforeAll(async () => {
  device = await testDevice();
});
afterAll(() => {
  for (const network of made) network.destroy();
});

const CONV = { strides: [1, 1], dilations: [1, 1], padding: "same" } as const;
const IMAGE = values(6 * 5 * 3, random(23), 2);

/** A convolution of six channels, whatever stands between, a dense layer of its six numbers. */
function between(...layers: readonly Layer[]): Graph {
  const next = random(31);
  return graph("between", [
    { op: "input", name: "image", inputs: [], shape: [6, 5, 3] },
    {
      ...{ op: "conv2d", name: "conv", inputs: ["image"], ...CONV },
      ...{ w: constant([3, 3, 3, 6], next), b: constant([6], next), activation: { kind: "relu" } },
    },
    ...layers,
    {
      ...{ op: "dense", name: "logits", inputs: [layers.at(-1)?.name ?? ""] },
      ...{ w: constant([6, 4], next), b: constant([4], next) },
    },
  ]);
}

async function explain(of: Graph, options: LrpOptions = { target: 1 }) {
  const network = await createNetwork(device, of);
  made.push(network);
  return lrp(network, IMAGE, options);
}

const mean: Layer = { op: "globalPool", name: "mean", inputs: ["conv"], mode: "average" };

test.each(["composite", "epsilon", "gamma", "z-plus"] as const)(
  "a mean over rows and columns shares by %s as the global mean does, and channels find their way back",
  async (rules) => {
    const expected = await explain(between(mean), { target: 1, rules });
    const shuffle = { op: "permute", axes: [0, 1, 2, 4, 3] } as const;
    const found = await explain(
      between(
        { op: "reshape", name: "split", inputs: ["conv"], shape: [6, 5, 2, 3] },
        { ...shuffle, name: "there", inputs: ["split"] },
        { ...shuffle, name: "back", inputs: ["there"] },
        { op: "reduce", name: "reduced", inputs: ["back"], mode: "mean", axes: [1, 2], keepDims: true },
        { op: "reshape", name: "flat", inputs: ["reduced"], shape: [6] },
      ),
      { target: 1, rules },
    );
    const most = Math.max(...expected.data.map(Math.abs));
    const worst = Math.max(...found.data.map((v, i) => Math.abs(v - (expected.data[i] ?? Number.NaN))));
    expect(worst / most).toBeLessThan(1e-5);
    expect(Math.abs(found.conservation.residual / found.conservation.score)).toBeLessThan(1e-5);
  },
);

test.each(["sum", "max", "min"] as const)("a %s loses no relevance", async (mode) => {
  const { conservation } = await explain(
    between({ op: "reduce", name: "reduced", inputs: ["conv"], mode, axes: [1, 2], keepDims: false }),
  );
  expect(Math.abs(conservation.residual / conservation.score)).toBeLessThan(1e-5);
});

test.each(["l2", "product", "logSumExp"] as const)(
  "a %s has no rule, and none can be asked for",
  async (mode) => {
    const of = between({ op: "reduce", name: "bent", inputs: ["conv"], mode, axes: [1, 2], keepDims: false });
    for (const pass of [[], ["bent"]]) {
      const asked = explain(of, { target: 1, pass });
      await expect(asked).rejects.toThrow(UnsupportedError);
      await expect(asked).rejects.toThrow(
        /LRP: expected layers through which relevance has a way, got reduce "bent"/,
      );
    }
  },
);

test("a dense layer of every token shares as the convolution of one pixel does", async () => {
  const next = random(5);
  const [w, b] = [constant([6, 7], next), constant([7], next)];
  const [pooled, wide] = [
    constant([7, 6], next),
    { strides: [1, 1], dilations: [1, 1], padding: "valid" } as const,
  ];
  const mixed = (kernel: typeof w) => ({ ...kernel, shape: [1, 1, ...kernel.shape] });
  const expected = await explain(
    between(
      { op: "conv2d", name: "mix", inputs: ["conv"], ...wide, w: mixed(w), b, activation: { kind: "relu" } },
      { op: "conv2d", name: "back", inputs: ["mix"], ...wide, w: mixed(pooled) },
      { op: "globalPool", name: "mean", inputs: ["back"], mode: "average" },
    ),
    { target: 1, rules: "epsilon" },
  );
  const found = await explain(
    between(
      { op: "reshape", name: "tokens", inputs: ["conv"], shape: [30, 6] },
      { op: "dense", name: "mix", inputs: ["tokens"], w, b, activation: { kind: "relu" } },
      { op: "dense", name: "back", inputs: ["mix"], w: pooled },
      { op: "reduce", name: "mean", inputs: ["back"], mode: "mean", axes: [1], keepDims: false },
    ),
    { target: 1, rules: "epsilon" },
  );
  const most = Math.max(...expected.data.map(Math.abs));
  const worst = Math.max(...found.data.map((v, i) => Math.abs(v - (expected.data[i] ?? Number.NaN))));
  expect(worst / most).toBeLessThan(1e-5);
});

test("a normalisation passes relevance on unchanged where that is asked for", async () => {
  const norm: Layer = { op: "normalization", name: "norm", inputs: ["conv"], axes: [1, 2], epsilon: 1e-3 };
  const of = between(norm, { ...mean, inputs: ["norm"] });
  await expect(explain(of)).rejects.toThrow(
    /got normalization at layer "norm"; .* give \{ pass: \["norm"\] \}/,
  );
  const { conservation } = await explain(of, { target: 1, pass: ["norm"] });
  expect(Math.abs(conservation.residual / conservation.score)).toBeLessThan(1e-5);
});
