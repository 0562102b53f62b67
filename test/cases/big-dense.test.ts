import { expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import { guidedBackprop } from "../../src/techniques/attribution/guided-backprop.ts";
import { lrp } from "../../src/techniques/attribution/lrp.ts";
import { saliency } from "../../src/techniques/attribution/saliency.ts";
import { activations } from "../../src/techniques/units/activations.ts";
import { testDevice, withLimits } from "../gpu.ts";
import { constant, graph, random, values } from "../graph/graphs.ts";
import { expectClose, numbers } from "../reference/numbers.ts";

// Dense weights larger than a device binds at once, 128 MiB by WebGPU's default: they run in parts.

const TARGET = { layer: "out", channel: 1 };

test("157 MB of dense weights run on a device that binds 128 MiB at once", async () => {
  const [features, units] = [64 * 64 * 12, 800];
  const next = random(3);
  const data = numbers(features * units, 4).map((v) => v / 100);
  const out = constant([units, 3], next);
  const bias = values(units, next);
  const big: Graph = graph("big", [
    { op: "input", name: "image", inputs: [], shape: [64, 64, 12] },
    { op: "reshape", name: "flatten", inputs: ["image"], shape: [features] },
    {
      op: "dense",
      name: "big",
      inputs: ["flatten"],
      w: { shape: [features, units], data },
      b: { shape: [units], data: bias },
    },
    { op: "activation", name: "relu", inputs: ["big"], activation: { kind: "relu" } },
    { op: "dense", name: "out", inputs: ["relu"], w: out },
  ]);
  // A device with larger limits says that it has the default ones.
  const device = withLimits(await testDevice(), { maxStorageBufferBindingSize: 2 ** 27 });
  using network = await createNetwork(device, big);
  const x = numbers(features, 5);

  const hidden = Float64Array.from(bias);
  for (let f = 0; f < features; f++) {
    const value = x[f] ?? 0;
    for (let u = 0; u < units; u++) hidden[u] = (hidden[u] ?? 0) + value * (data[f * units + u] ?? 0);
  }
  expect(hidden.some((v) => v < 0)).toBe(true);
  expectClose((await activations(network, x, { layer: "big" })).data, hidden, 1e-5);

  const dy = hidden.map((v, u) => (v > 0 ? (out.data[3 * u + 1] ?? 0) : 0));
  const slopes = Float64Array.from({ length: features }, (_, f) => {
    let sum = 0;
    for (let u = 0; u < units; u++) sum += (dy[u] ?? 0) * (data[f * units + u] ?? 0);
    return sum;
  });
  const { data: found } = await saliency(network, x, { target: TARGET });
  expectClose(found, slopes, 1e-5);
});

const SMALL: Graph = (() => {
  const next = random(8);
  return graph("small", [
    { op: "input", name: "image", inputs: [], shape: [4, 3, 2] },
    {
      op: "conv2d",
      name: "conv",
      inputs: ["image"],
      strides: [1, 1],
      dilations: [1, 1],
      padding: "same",
      w: constant([3, 3, 2, 5], next),
      activation: { kind: "relu" },
    },
    { op: "reshape", name: "flatten", inputs: ["conv"], shape: [60] },
    {
      op: "dense",
      name: "big",
      inputs: ["flatten"],
      w: constant([60, 12], next),
      b: constant([12], next),
      activation: { kind: "relu6" },
    },
    { op: "dense", name: "out", inputs: ["big"], w: constant([12, 3], next), b: constant([3], next) },
  ]);
})();

test.each([{}, { keep: [] }, { batch: 3 }])("parts make what the whole makes, with %j", async (options) => {
  const whole = await testDevice();
  // 17 rows of the 60 at once: four parts, the last of nine.
  const small = withLimits(whole, { maxStorageBufferBindingSize: 4 * 12 * 17 });
  using right = await createNetwork(whole, SMALL, options);
  using parts = await createNetwork(small, SMALL, options);
  expect(Object.keys(parts.constants.get("big") ?? {})).toEqual(["w", "w 1", "w 2", "w 3", "b"]);
  const x = numbers(24, 5);
  expectClose(
    (await activations(parts, x, { layer: "big" })).data,
    (await activations(right, x, { layer: "big" })).data,
    1e-6,
  );
  for (const technique of [saliency, guidedBackprop, lrp]) {
    expectClose(
      (await technique(parts, x, { target: TARGET })).data,
      (await technique(right, x, { target: TARGET })).data,
      1e-5,
    );
  }
});

test("weights that cannot be cut are refused with what would help, and not with a batch", async () => {
  const small = withLimits(await testDevice(), { maxStorageBufferBindingSize: 300 });
  const made = createNetwork(small, SMALL);
  await expect(made).rejects.toThrow(InputError);
  await expect(made).rejects.toThrow(
    /^conv2d "conv": expected weights of at most 300 bytes.*got 576 .*maxStorageBufferBindingSize/,
  );
});
