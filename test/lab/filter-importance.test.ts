import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { arraySource } from "../../src/dataset/array-source.ts";
import type { Source } from "../../src/dataset/source.ts";
import { InputError, UnsupportedError } from "../../src/gpu/errors.ts";
import type { Graph, Layer } from "../../src/graph/graph.ts";
import { filterImportance } from "../../src/lab/filter-importance.ts";
import { pruningCurve } from "../../src/lab/pruning.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import { createNetworks, type Networks } from "../../src/network/pool.ts";
import { predict } from "../../src/techniques/predict.ts";
import { activations } from "../../src/techniques/units/activations.ts";
import { testDevice } from "../gpu.ts";
import { chain, random } from "../graph/graphs.ts";
import { liveBytes } from "../live-bytes.ts";

/** The chain on pixels of 0…255, with a first layer that brings them to its own scale. */
const graph: Graph = {
  ...chain(),
  labels: ["a", "b", "c", "d"],
  layers: chain().layers.map((layer) =>
    layer.name === "conv1" && layer.op === "conv2d"
      ? { ...layer, w: { ...layer.w, data: Float32Array.from(layer.w.data, (v) => v / 100) } }
      : layer,
  ),
};
const CHANNELS = 4;
const COUNT = 30;
const CLASSES = 4;

let device: GPUDevice;
let networks: Networks;
let source: Source;
const labels: number[] = [];
const pictures: { width: number; height: number; data: Uint8Array }[] = [];
beforeAll(async () => {
  device = await testDevice();
  networks = createNetworks(device, graph);
  const next = random(11);
  for (let i = 0; i < COUNT; i++) {
    const data = Uint8Array.from({ length: 8 * 6 * 3 }, () => Math.round((next() + 1) * 127));
    pictures.push({ width: 6, height: 8, data });
  }
  // Mostly what the network says, so that there is something to lose.
  const said = await answers(graph);
  for (const [i, { index }] of said.entries()) labels.push(i % 4 === 0 ? i % CLASSES : index);
  source = arraySource(pictures.map((pixels, i) => ({ pixels, label: "abcd"[labels[i] ?? 0] })));
});
afterAll(() => networks.destroy());

/** What a network says of each picture, one at a time. */
async function answers(of: Graph): Promise<{ index: number; probabilities: number[] }[]> {
  const network = await createNetwork(device, of);
  const found = [];
  for (const pixels of pictures) {
    const all = await predict(network, pixels, { top: CLASSES });
    const probabilities = Array<number>(CLASSES).fill(0);
    for (const { index, probability } of all) probabilities[index] = probability ?? Number.NaN;
    found.push({ index: all[0]?.index ?? -1, probabilities });
  }
  network.destroy();
  return found;
}

/** The network with filters of conv1 times a factor, their biases too. */
function scaled(channels: readonly number[], factor: number): Graph {
  const times = <T extends { data: ArrayLike<number> }>(constant: T): T => ({
    ...constant,
    data: Float32Array.from(constant.data, (v, i) => (channels.includes(i % CHANNELS) ? v * factor : v)),
  });
  const layers = graph.layers.map(
    (layer): Layer =>
      layer.name === "conv1" && layer.op === "conv2d"
        ? { ...layer, w: times(layer.w), ...(layer.b ? { b: times(layer.b) } : {}) }
        : layer,
  );
  return { ...graph, layers };
}

async function accuracyWithout(channels: readonly number[]): Promise<number> {
  const said = await answers(scaled(channels, 0));
  return said.filter(({ index }, i) => index === labels[i]).length / COUNT;
}

describe("filter importance", () => {
  test("by removal is what the network with the filter's weights set to zero loses", async () => {
    const { car, carByClass, accuracy, pictures } = await filterImportance(networks, source, {
      ...{ layer: "conv1", criteria: ["car"], batch: 7 },
    });
    expect(pictures).toBe(COUNT);
    const whole = await accuracyWithout([]);
    expect(accuracy).toBeCloseTo(whole, 12);
    const lost: number[] = [];
    for (let c = 0; c < CHANNELS; c++) lost.push(whole - (await accuracyWithout([c])));
    expect(lost.some((value) => value !== 0)).toBe(true);
    for (const [c, value] of lost.entries()) {
      expect(car?.[c]).toBeCloseTo(value, 12);
      const counts = Array.from({ length: CLASSES }, (_, k) => labels.filter((label) => label === k).length);
      const sum = counts.reduce((all, count, k) => all + count * (carByClass?.[c]?.[k] ?? Number.NaN), 0);
      expect(sum / COUNT).toBeCloseTo(value, 12);
    }
  });

  test("by Taylor's first term is the slope of the loss along the filter's scale", async () => {
    const { taylor } = await filterImportance(networks, source, {
      layer: "relu1",
      criteria: ["taylor"],
      batch: 8,
    });
    const loss = async (channel: number, factor: number) =>
      (await answers(scaled([channel], factor))).map(
        ({ probabilities }, i) => -Math.log(probabilities[labels[i] ?? 0] ?? 0),
      );
    const h = 1e-3;
    const [example, end]: [number[], number[]] = [[], []];
    for (let c = 0; c < CHANNELS; c++) {
      const [up, down] = [await loss(c, 1 + h), await loss(c, 1 - h)];
      const slopes = up.map((value, i) => (value - (down[i] ?? 0)) / (2 * h));
      example.push(slopes.reduce((sum, slope) => sum + Math.abs(slope), 0));
      end.push(Math.abs(slopes.reduce((sum, slope) => sum + slope, 0)));
    }
    const unit = (values: readonly number[]) => values.map((value) => value / Math.hypot(...values));
    for (const [c, value] of unit(example).entries()) expect(taylor?.example[c]).toBeCloseTo(value, 2);
    for (const [c, value] of unit(end).entries()) expect(taylor?.end[c]).toBeCloseTo(value, 2);
    for (const form of ["example", "element", "end"] as const) {
      expect(Math.hypot(...(taylor?.[form] ?? []))).toBeCloseTo(1, 6);
    }
  });

  test("by Taylor's first term takes magnitudes where the form says", async () => {
    const { taylor } = await filterImportance(networks, source, {
      layer: "conv2",
      criteria: ["taylor"],
      batch: 8,
    });
    const dense = graph.layers.find(({ name }) => name === "logits");
    if (dense?.op !== "dense") throw new Error("expected a dense layer");
    const { data: w } = dense.w;
    const said = await answers(graph);
    const network = await createNetwork(device, graph);
    const sums = { example: Array(5).fill(0), element: Array(5).fill(0), end: Array(5).fill(0) };
    for (const [n, pixels] of pictures.entries()) {
      const { data } = await activations(network, pixels, { layer: "conv2" });
      // Behind conv2 there is a dense layer and a softmax: the slope of the loss is w·(p − label).
      const slope = said[n]?.probabilities.map((p, k) => p - Number(k === labels[n])) ?? [];
      const own = Array(5).fill(0);
      for (const [i, a] of data.entries()) {
        const g = slope.reduce((sum, value, k) => sum + value * (w[i * CLASSES + k] ?? 0), 0);
        own[i % 5] += a * g;
        sums.element[i % 5] += Math.abs(a * g);
      }
      for (const [c, value] of own.entries()) {
        sums.example[c] += Math.abs(value);
        sums.end[c] += value;
      }
    }
    network.destroy();
    for (const form of ["example", "element", "end"] as const) {
      const norm = Math.hypot(...sums[form]);
      for (const [c, value] of sums[form].entries())
        expect(taylor?.[form][c]).toBeCloseTo(Math.abs(value) / norm, 4);
    }
  });

  test("by L1 sums a filter's weights, before its activation and behind it", async () => {
    const { l1, weightsOf } = await filterImportance(networks, source, { layer: "relu1", criteria: ["l1"] });
    const conv = graph.layers.find(({ name }) => name === "conv1");
    if (conv?.op !== "conv2d") throw new Error("expected a convolution");
    const sums = Array<number>(CHANNELS).fill(0);
    for (const [i, w] of conv.w.data.entries()) sums[i % CHANNELS] = (sums[i % CHANNELS] ?? 0) + Math.abs(w);
    expect(weightsOf).toBe("conv1");
    for (const [c, sum] of sums.entries()) expect(l1?.[c]).toBeCloseTo(sum, 6);
  });

  test("compares every two criteria", async () => {
    const { correlations } = await filterImportance(networks, source, { layer: "conv1", batch: 16 });
    expect(correlations).toHaveLength(10);
    for (const { correlation } of correlations) expect(Math.abs(correlation)).toBeLessThanOrEqual(1);
  });
});

describe("pruning", () => {
  test("in a given order is right as often as the network without these filters", async () => {
    const order = [2, 0, 3];
    const { accuracy, removed, after } = await pruningCurve(networks, source, {
      layer: "conv1",
      order,
      batch: 4,
    });
    expect(removed).toEqual(order);
    for (let n = 0; n <= order.length; n++) {
      expect(accuracy[n]).toBeCloseTo(await accuracyWithout(order.slice(0, n)), 12);
    }
    const kept = after.map((share, k) => (share ?? 0) * labels.filter((label) => label === k).length);
    expect(kept.reduce((a, b) => a + b) / COUNT).toBeCloseTo(accuracy.at(-1) ?? Number.NaN, 12);
  });

  test("greedily removes each time what costs least", async () => {
    const { removed, accuracy } = await pruningCurve(networks, source, {
      layer: "conv1",
      count: 3,
      batch: 30,
    });
    const gone: number[] = [];
    for (const [n, channel] of removed.entries()) {
      const left = [0, 1, 2, 3].filter((c) => !gone.includes(c));
      const found = await Promise.all(left.map((c) => accuracyWithout([...gone, c])));
      const best = Math.max(...found);
      expect(channel).toBe(left[found.indexOf(best)]);
      expect(accuracy[n + 1]).toBeCloseTo(best, 12);
      gone.push(channel);
    }
  });

  test("leaves nothing behind", async () => {
    const { left, objects } = await liveBytes(device, async () => {
      await pruningCurve(networks, source, { layer: "conv1", order: [1] });
      await filterImportance(networks, source, { layer: "conv1" });
    });
    expect([left, objects]).toEqual([0, 0]);
  });

  test.each([
    ["a layer behind the answer", { layer: "softmax" }, /expected a layer before "logits", got "softmax"/],
    ["a layer that is not there", { layer: "conv9" }, /conv9/],
    ["a channel twice", { layer: "conv1", order: [1, 1] }, /a list of different channels/],
    ["a channel that is not there", { layer: "conv1", order: [4] }, /channels of 0 to 3 of "conv1", got 4/],
    ["more channels than there are", { layer: "conv1", count: 5 }, /a count of 1 to 4 channels/],
  ])("refuses %s", async (_, options, words) => {
    const found = pruningCurve(networks, source, options);
    await expect(found).rejects.toThrow(InputError);
    await expect(found).rejects.toThrow(words);
  });

  test("refuses pictures without labels, and networks without classes", async () => {
    const bare = arraySource(pictures.map((pixels) => ({ pixels })));
    await expect(pruningCurve(networks, bare, { layer: "conv1" })).rejects.toThrow(
      /pictures in pictures whose label is a class of chain, got none/,
    );
    const { labels: _, ...unnamed } = graph;
    const values = createNetworks(device, {
      ...unnamed,
      output: "logits",
      layers: graph.layers.filter(({ op }) => op !== "softmax"),
      heads: { logits: "values" },
    } as Graph);
    await expect(filterImportance(values, source, { layer: "conv1" })).rejects.toThrow(UnsupportedError);
    await expect(
      filterImportance(networks, source, { layer: "pool1", criteria: ["weights"] as never }),
    ).rejects.toThrow(/criteria of l1, taylor, car, got weights/);
    values.destroy();
  });
});
