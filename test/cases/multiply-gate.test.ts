import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { receptiveField } from "../../src/graph/receptive-field.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network } from "../../src/network/network.ts";
import { modelFromDisk } from "../../src/node/files.ts";
import { readNpy } from "../../src/node/npy.ts";
import { gradientTimesInput } from "../../src/techniques/attribution/gradient-input.ts";
import { lrp } from "../../src/techniques/attribution/lrp.ts";
import { occlusion } from "../../src/techniques/attribution/occlusion.ts";
import { saliency } from "../../src/techniques/attribution/saliency.ts";
import { activations } from "../../src/techniques/units/activations.ts";
import { testDevice } from "../gpu.ts";
import { constant, graph, random } from "../graph/graphs.ts";
import { randomize, savedByTfjs } from "../models/saved-by-tfjs.ts";
import { expectClose, numbers } from "../reference/numbers.ts";

// Squeeze and excite as people write it: the gate comes from a dense layer, [N, C], and meets [N, H, W, C]. Keras widens the
// shorter shape after the batch, so that C meets C. tfjs on the CPU says what is right.

const { layers } = tf;
const SHAPE = [10, 10, 3] as const;

type Symbolic = tf.SymbolicTensor;

/** conv → join(conv, dense of its mean) → conv → mean → dense. */
function model(
  join: tf.layers.Layer,
  gate: "sigmoid" | "relu",
  first: "maps" | "gate",
  useBias = true,
): tf.LayersModel {
  const image = tf.input({ shape: [...SHAPE], name: "image" });
  const apply = (layer: tf.layers.Layer, x: Symbolic | Symbolic[]) => layer.apply(x) as Symbolic;
  const maps = apply(
    layers.conv2d({ filters: 5, kernelSize: 3, activation: "relu", useBias, name: "conv" }),
    image,
  );
  const mean = apply(layers.globalAveragePooling2d({ name: "squeeze" }), maps);
  const gated = apply(layers.dense({ units: 5, activation: gate, useBias, name: "gate" }), mean);
  const joined = apply(join, first === "maps" ? [maps, gated] : [gated, maps]);
  const bent = apply(layers.reLU({ name: "bent" }), joined);
  const after = apply(layers.conv2d({ filters: 4, kernelSize: 2, useBias, name: "after" }), bent);
  const pooled = apply(layers.globalAveragePooling2d({ name: "mean" }), after);
  return tf.model({
    inputs: image,
    outputs: apply(layers.dense({ units: 3, useBias, name: "out" }), pooled),
  });
}

const x = numbers(300, 11);
const TARGET = { layer: "out", channel: 1 };

/** What tfjs's CPU backend makes of an image: the outputs, or the gradient of the one asked for. */
const outputs = (of: tf.LayersModel, image: Float32Array): Float32Array =>
  tf.tidy(() => (of.predict(tf.tensor4d(image, [1, ...SHAPE])) as tf.Tensor).dataSync<"float32">());
const gradient = (of: tf.LayersModel, image: Float32Array): Float32Array =>
  tf.tidy(() =>
    tf
      .grad((value) => (of.apply(value) as tf.Tensor2D).slice([0, 1], [1, 1]).sum())(
        tf.tensor4d(image, [1, ...SHAPE]),
      )
      .dataSync<"float32">(),
  );

beforeAll(async () => {
  await tf.setBackend("cpu");
});

describe.each([
  ["multiply", "maps"],
  ["multiply", "gate"],
  ["add", "maps"],
  ["add", "gate"],
] as const)("%s of maps and a vector, the %s first", (op, first) => {
  let right: tf.LayersModel;
  let network: Network;
  let fused: Network;
  beforeAll(async () => {
    right = model(layers[op]({ name: "join" }), "sigmoid", first);
    randomize(right, 5);
    const graph = await loadLayersModel(await savedByTfjs(right));
    network = await createNetwork(await testDevice(), graph);
    fused = await createNetwork(await testDevice(), graph, { keep: [] });
  });
  afterAll(() => {
    network?.destroy();
    fused?.destroy();
    right?.dispose();
  });

  test("gives tfjs's outputs, fused or not", async () => {
    for (const one of [network, fused]) {
      expectClose((await activations(one, x, { layer: "out" })).data, outputs(right, x));
    }
  });

  test("gives tfjs's gradient", async () => {
    for (const one of [network, fused]) {
      const { data } = await gradientTimesInput(one, x, { target: TARGET });
      expectClose(
        data,
        gradient(right, x).map((slope, i) => slope * (x[i] ?? 0)),
      );
    }
  });

  test("covers patches with tfjs's scores", async () => {
    const { data } = await occlusion(network, x, { patch: 5, stride: 5, fill: 0, target: TARGET });
    const [, score = 0] = outputs(right, x);
    const expected = Array.from({ length: 100 }, (_, pixel) => {
      const corner = [pixel / 10, pixel % 10].map((at) => 5 * Math.floor(at / 5));
      const covered = x.map((value, i) => {
        const place = [Math.floor(i / 30), Math.floor(i / 3) % 10];
        return place.every((at, axis) => at >= (corner[axis] ?? 0) && at < (corner[axis] ?? 0) + 5)
          ? 0
          : value;
      });
      return score - (outputs(right, covered)[1] ?? 0);
    });
    expectClose(data, expected, 1e-4);
  });

  test("sees the whole image behind every pixel", () => {
    expect(receptiveField(network.graph, { layer: "join", y: 1, x: 2 }).inside).toEqual({
      top: 0,
      left: 0,
      bottom: 10,
      right: 10,
    });
  });
});

test("relevance passes a gate to the maps, whichever is named first", async () => {
  const maps: Float32Array[] = [];
  for (const first of ["maps", "gate"] as const) {
    const right = model(layers.multiply({ name: "join" }), "sigmoid", first);
    randomize(right, 5);
    using network = await createNetwork(await testDevice(), await loadLayersModel(await savedByTfjs(right)));
    const found = await lrp(network, x, { target: TARGET, rules: "epsilon", pass: ["join", "gate"] });
    const { score, input, bias, stabiliser } = found.conservation;
    expect(Math.abs(score - input - bias - stabiliser)).toBeLessThan(1e-4 * Math.abs(score));
    await expect(lrp(network, x, { target: TARGET, pass: ["gate"] })).rejects.toThrow(
      /multiply at layer "join"/,
    );
    maps.push(found.data);
    right.dispose();
  }
  expect(maps[0]?.some((value) => value !== 0)).toBe(true);
  expect(maps[1]).toEqual(maps[0]);
});

test("relevance of a sum with a vector is gradient × input where there is no bias and no stabiliser", async () => {
  const right = model(layers.add({ name: "join" }), "relu", "gate", false);
  randomize(right, 7);
  using network = await createNetwork(await testDevice(), await loadLayersModel(await savedByTfjs(right)));
  const rules = [{ at: "any", rule: { kind: "epsilon", epsilon: 1e-7 } }] as const;
  const { data } = await lrp(network, x, { target: TARGET, rules });
  expectClose(data, (await gradientTimesInput(network, x, { target: TARGET })).data, 1e-4);
  expect(Math.max(...(await saliency(network, x, { target: TARGET })).data)).toBeGreaterThan(0);
  right.dispose();
});

test("relevance of a sum with a vector is conserved by every composite", async () => {
  const right = model(layers.add({ name: "join" }), "relu", "maps");
  randomize(right, 9);
  using network = await createNetwork(await testDevice(), await loadLayersModel(await savedByTfjs(right)));
  for (const rules of ["composite", "epsilon", "gamma", "z-plus"] as const) {
    const { score, residual } = (await lrp(network, x, { target: TARGET, rules })).conservation;
    expect(Math.abs(residual)).toBeLessThan(1e-4 * Math.abs(score));
  }
  right.dispose();
});

test.each(["multiply", "add"] as const)(
  "%s with one pixel that a convolution of a corner makes",
  async (op) => {
    const next = random(17);
    const conv = (name: string, stride: number, padding: "same" | "valid") =>
      ({
        op: "conv2d",
        name,
        inputs: ["image"],
        strides: [stride, stride],
        dilations: [1, 1],
        padding,
        w: constant([3, 3, 3, 4], next),
      }) as const;
    const layers = [
      { op: "input", name: "image", inputs: [], shape: [9, 9, 3] },
      conv("maps", 1, "same"),
      conv("pixel", 9, "valid"),
      { op, name: "join", inputs: ["maps", "pixel"] },
      { op: "activation", name: "bent", inputs: ["join"], activation: { kind: "tanh" } },
      { op: "globalPool", name: "out", inputs: ["bent"], mode: "average" },
    ] as const;
    using network = await createNetwork(await testDevice(), graph("pixel", layers));
    const image = numbers(243, 3);
    const patches = { patch: 3, stride: 2, fill: 0, target: TARGET };
    // What changes the one pixel changes all of the maps, and most patches do not.
    const whole = await occlusion(network, image, { ...patches, incremental: false });
    expectClose((await occlusion(network, image, patches)).data, whole.data, 1e-4);
    expect(receptiveField(network.graph, { layer: "join", y: 1, x: 7 }).inside).toEqual({
      top: 0,
      left: 0,
      bottom: 3,
      right: 9,
    });
    expect(receptiveField(network.graph, { layer: "maps", y: 1, x: 7 }).inside).toEqual({
      top: 0,
      left: 6,
      bottom: 3,
      right: 9,
    });
  },
);

const SHARED = "../shared/cases/multiply-gate-rank-2";

test.skipIf(!existsSync(SHARED))("the case's own model gives what Keras and tfjs give", async () => {
  using network = await createNetwork(await testDevice(), await loadLayersModel(await modelFromDisk(SHARED)));
  const { probability } = JSON.parse(await readFile(`${SHARED}/expected.json`, "utf8"));
  const { data } = await activations(network, (await readNpy(`${SHARED}/x.npy`)).data, {
    layer: network.graph.output,
  });
  expectClose(data, probability, 1e-5);
});
