import { afterAll, beforeAll, expect, test } from "vitest";
import { UnsupportedError } from "../../src/gpu/errors.ts";
import { readTensors } from "../../src/gpu/tensor.ts";
import { headOf } from "../../src/graph/heads.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network } from "../../src/network/network.ts";
import { lrp } from "../../src/techniques/attribution/lrp.ts";
import { predict } from "../../src/techniques/predict.ts";
import { testDevice } from "../gpu.ts";
import { attention, random, values } from "../graph/graphs.ts";
import { type Array64, upTo } from "../reference/array.ts";
import { build, element, permuted, reduced } from "../reference/axes.ts";
import { expectClose, inner } from "../reference/numbers.ts";

// A small vision transformer against the same in double precision, layer by layer, and finite differences of that.

const graph = attention();
const SIZE = 6 * 8 * 2;

function constantOf(layer: string, field: "w" | "b" | "scale" | "offset"): Array64 {
  const found = graph.layers.find(({ name }) => name === layer) as unknown as Record<string, Array64>;
  const { shape, data } = found[field] as Array64;
  return { shape, data: Float64Array.from(data) };
}

/** Scores, attention maps and logs of probabilities of one image. */
function transformer(image: Float64Array): { logits: Array64; maps: Array64; logs: Array64 } {
  const x = { shape: [6, 8, 2], data: image };
  const sum = (count: number, term: (i: number) => number) =>
    upTo(count).reduce((total, i) => total + term(i), 0);
  const dense = (name: string, of: Array64): Array64 => {
    const [w, b] = [constantOf(name, "w"), constantOf(name, "b")];
    const [features = 0, units = 0] = w.shape;
    return build([...of.shape.slice(0, -1), units], (at) => {
      const unit = at.at(-1) ?? 0;
      const products = sum(features, (f) => element(of, [...at.slice(0, -1), f]) * element(w, [f, unit]));
      return element(b, [unit]) + products;
    });
  };
  const norm = (name: string, of: Array64): Array64 => {
    const [scale, offset] = [constantOf(name, "scale"), constantOf(name, "offset")];
    const mean = reduced(of, { axes: [1], keepDims: true }, (v) => v.reduce((a, b) => a + b) / v.length);
    const squares = build(of.shape, (at) => (element(of, at) - element(mean, at)) ** 2);
    const spread = reduced(
      squares,
      { axes: [1], keepDims: true },
      (v) => v.reduce((a, b) => a + b) / v.length,
    );
    return build(of.shape, (at) => {
      const straight = (element(of, at) - element(mean, at)) / Math.sqrt(element(spread, at) + 1e-3);
      return straight * element(scale, at.slice(1)) + element(offset, at.slice(1));
    });
  };
  const plus = (a: Array64, b: Array64) => build(a.shape, (at) => element(a, at) + element(b, at));
  const heads = (of: Array64) => permuted({ ...of, shape: [12, 2, 4] }, [1, 0, 2]);

  const [w, b] = [constantOf("conv2", "w"), constantOf("conv2", "b")];
  const tokens = build([12, 8], ([token = 0, unit = 0]) => {
    const [row, column] = [2 * Math.floor(token / 4), 2 * (token % 4)];
    const taps = sum(8, (i) => {
      const [v, u, c] = [i >> 2, (i >> 1) & 1, i & 1];
      return element(x, [row + v, column + u, c]) * element(w, [v, u, c, unit]);
    });
    return element(b, [unit]) + taps;
  });
  const first = norm("norm1", tokens);
  const [q, k, v] = ["query", "key", "value"].map((name) => heads(dense(name, first))) as [
    Array64,
    Array64,
    Array64,
  ];
  const scores = build(
    [2, 12, 12],
    ([h = 0, i = 0, j = 0]) => sum(4, (d) => element(q, [h, i, d]) * element(k, [h, j, d])) / 2,
  );
  const totals = reduced(scores, { axes: [2], keepDims: true }, (row) =>
    sum(12, (j) => Math.exp(row[j] ?? 0)),
  );
  const maps = build(scores.shape, (at) => Math.exp(element(scores, at)) / element(totals, at));
  const mixed = build([12, 8], ([i = 0, unit = 0]) => {
    const h = Math.floor(unit / 4);
    return sum(12, (j) => element(maps, [h, i, j]) * element(v, [h, j, unit % 4]));
  });
  const sum1 = plus(tokens, dense("project", mixed));
  const wide = dense("wide", norm("norm2", sum1));
  const sum2 = plus(sum1, dense("narrow", { ...wide, data: wide.data.map(Math.tanh) }));
  const mean = reduced(
    sum2,
    { axes: [0], keepDims: true },
    (row) => row.reduce((a, c) => a + c) / row.length,
  );
  const logits = dense("logits", mean);
  const total = Math.log(logits.data.reduce((all, score) => all + Math.exp(score), 0));
  return { logits, maps, logs: { ...logits, data: logits.data.map((score) => score - total) } };
}

let device: GPUDevice;
const made: Network[] = [];
beforeAll(async () => {
  device = await testDevice();
});
afterAll(() => {
  for (const network of made) network.destroy();
});

async function on(options: Parameters<typeof createNetwork>[2] = {}): Promise<Network> {
  const network = await createNetwork(device, graph, options);
  made.push(network);
  return network;
}

test.each([1, 3])("scores, attention maps and the gradient to %i images", async (batch) => {
  const network = await on({ batch, keep: "all" });
  const images = values(batch * SIZE, random(4));
  device.queue.writeBuffer(network.input.buffer, 0, images);
  const encoder = device.createCommandEncoder();
  network.forward(encoder);
  network.backward(encoder, { layer: "logs", channel: 1 });
  device.queue.submit([encoder.finish()]);
  const [maps, logs, gradient] = await readTensors(device, [
    network.activation("attention"),
    network.activation("logs"),
    network.gradient("image"),
  ]);
  expect(network.activation("attention").shape).toEqual([batch, 2, 12, 12]);
  const each = upTo(batch).map((n) => Float64Array.from(images.subarray(n * SIZE, (n + 1) * SIZE)));
  const right = each.map(transformer);
  expectClose(
    maps,
    right.flatMap((one) => [...one.maps.data]),
    1e-5,
  );
  expectClose(
    logs,
    right.flatMap((one) => [...one.logs.data]),
    1e-5,
  );
  const slopes = each.flatMap((image) =>
    upTo(SIZE).map((i) => {
      const moved = (by: number) => transformer(image.map((value, j) => (j === i ? value + by : value))).logs;
      return inner(moved(1e-5).data, [0, 1, 0]) / 2e-5 - inner(moved(-1e-5).data, [0, 1, 0]) / 2e-5;
    }),
  );
  expectClose(gradient, slopes, 2e-5);
});

test("the log of a softmax is a head of classes that exclude each other, whose logits stand before it", async () => {
  expect(headOf(graph)).toMatchObject({ kind: "softmax", logits: "logits", classes: 3, known: "found" });
  const image = values(SIZE, random(4));
  const { logits, logs } = transformer(Float64Array.from(image));
  for (const { index, logit, probability } of await predict(await on(), image)) {
    expect(logit).toBeCloseTo(logits.data[index] ?? Number.NaN, 4);
    expect(probability).toBeCloseTo(Math.exp(logs.data[index] ?? Number.NaN), 5);
  }
});

test("LRP through a product of two activations is refused by name, and cannot be asked for", async () => {
  const network = await on();
  for (const pass of [[], ["norm1", "norm2", "bent", "likeness", "mixed"]]) {
    const asked = lrp(network, values(SIZE, random(4)), { target: 1, pass });
    await expect(asked).rejects.toThrow(UnsupportedError);
    await expect(asked).rejects.toThrow(/LRP: expected .*, got .*(norm1|matmul "likeness")/);
  }
  const all = { target: 1, pass: ["norm1", "norm2", "bent"] };
  await expect(lrp(network, values(SIZE, random(4)), all)).rejects.toThrow(/got matmul "likeness"/);
});
