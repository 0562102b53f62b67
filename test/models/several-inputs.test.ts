import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { UnsupportedError } from "../../src/gpu/errors.ts";
import { inputOf, inputsOf } from "../../src/graph/graph.ts";
import { headOf } from "../../src/graph/heads.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import { integratedGradients } from "../../src/techniques/attribution/integrated-gradients.ts";
import { ATTRIBUTIONS } from "../../src/techniques/attribution/list.ts";
import { saliency } from "../../src/techniques/attribution/saliency.ts";
import { predict } from "../../src/techniques/predict.ts";
import { activations } from "../../src/techniques/units/activations.ts";
import { testDevice } from "../gpu.ts";
import { expectClose, numbers } from "../reference/numbers.ts";
import { randomize, savedByTfjs } from "./saved-by-tfjs.ts";

const { layers } = tf;

beforeAll(async () => {
  await tf.setBackend("cpu");
});

const apply = (layer: tf.layers.Layer, x: tf.SymbolicTensor | tf.SymbolicTensor[]) =>
  layer.apply(x) as tf.SymbolicTensor;

/** A vector, a picture and one number in; classes, a picture and rows of numbers out. */
function several(): tf.LayersModel {
  const meta = tf.input({ shape: [4], name: "meta" });
  const image = tf.input({ shape: [6, 5, 3], name: "image" });
  const age = tf.input({ shape: [1], name: "age" });
  const eyes = apply(
    layers.conv2d({ filters: 4, kernelSize: 3, padding: "same", activation: "relu", name: "eyes" }),
    image,
  );
  const pooled = apply(layers.globalAveragePooling2d({ name: "pooled" }), eyes);
  const all = apply(layers.concatenate({ name: "all" }), [pooled, meta, age]);
  const classes = apply(layers.dense({ units: 3, activation: "softmax", name: "classes" }), all);
  const drawn = apply(layers.conv2d({ filters: 3, kernelSize: 1, activation: "tanh", name: "drawn" }), eyes);
  const rows = apply(
    layers.reshape({ targetShape: [5, 2], name: "rows" }),
    apply(layers.dense({ units: 10, name: "ten" }), all),
  );
  return tf.model({ inputs: [meta, image, age], outputs: [classes, drawn, rows], name: "several" });
}

/** A latent in, a picture out. */
function generator(): tf.LayersModel {
  return tf.sequential({
    name: "generator",
    layers: [
      layers.dense({ inputShape: [7], units: 24, activation: "relu", name: "seed" }),
      layers.reshape({ targetShape: [2, 3, 4], name: "small" }),
      layers.upSampling2d({ size: [2, 2], name: "large" }),
      layers.conv2d({ filters: 3, kernelSize: 3, padding: "same", activation: "tanh", name: "picture" }),
    ],
  });
}

describe("a functional model of several inputs and outputs", () => {
  const model = several();
  randomize(model, 3);
  const inputs = { meta: numbers(4, 1), age: [0.5] };
  const image = numbers(90, 2);
  const asked = () =>
    model.predict([
      tf.tensor([...inputs.meta], [1, 4]),
      tf.tensor([...image], [1, 6, 5, 3]),
      tf.tensor([0.5], [1, 1]),
    ]) as tf.Tensor[];

  test("has its inputs in order, each of its own shape", async () => {
    const graph = await loadLayersModel(await savedByTfjs(model));
    expect(inputsOf(graph).map(({ name, shape }) => [name, shape])).toEqual([
      ["meta", [4]],
      ["image", [6, 5, 3]],
      ["age", [1]],
    ]);
    expect(inputOf(graph).name).toBe("image");
    expect(graph.preprocessing.source).toMatch(/guessed/);
  });

  test("gives what tfjs gives, each output by its name", async () => {
    using network = await createNetwork(await testDevice(), await loadLayersModel(await savedByTfjs(model)));
    const expected = asked();
    for (const [i, name] of ["classes/softmax", "drawn", "rows"].entries()) {
      const { data } = await activations(network, image, { layer: name, inputs });
      expectClose(data, await (expected[i] as tf.Tensor).data());
    }
    const probabilities = await (expected[0] as tf.Tensor).data();
    for (const { index, probability } of await predict(network, image, { inputs })) {
      expect(probability).toBeCloseTo(probabilities[index] ?? Number.NaN, 5);
    }
    const means = (tensor: tf.Tensor, channels: number) => tensor.reshape([-1, channels]).mean(0).data();
    for (const [name, channels, i] of [
      ["drawn", 3, 1],
      ["rows", 2, 2],
    ] as const) {
      const found = await predict(network, image, { inputs, output: name, top: Number.POSITIVE_INFINITY });
      expect(found.map(({ head }) => head)).toEqual(Array(channels).fill("places"));
      const numbers = found
        .sort((a, b) => a.index - b.index)
        .map(({ value, logit }) => value ?? logit ?? Number.NaN);
      expectClose(Float32Array.from(numbers), await means(expected[i] as tf.Tensor, channels), 1e-4);
    }
  });
});

describe("a model of a latent", () => {
  const model = generator();
  randomize(model, 4);
  const latent = numbers(7, 5);

  test("gives tfjs's picture and the latent's gradient, and refuses what needs pixels", async () => {
    const graph = await loadLayersModel(await savedByTfjs(model));
    expect(inputOf(graph).shape).toEqual([7]);
    expect(headOf(graph)).toMatchObject({ kind: "places", scores: "values" });
    using network = await createNetwork(await testDevice(), graph);
    const x = tf.tensor([...latent], [1, 7]);
    const { data } = await activations(network, latent, { layer: "picture" });
    expectClose(data, await (model.predict(x) as tf.Tensor).data());

    const red = (at: tf.Tensor) => (model.predict(at) as tf.Tensor).gather([0], 3).sum() as tf.Scalar;
    const { data: slope, shape } = await saliency(network, latent, {
      target: { layer: "picture", channel: 0 },
    });
    expect(shape).toEqual([7]);
    expectClose(slope, await tf.grad(red)(x).data(), 1e-4);

    const target = { target: { layer: "picture", channel: 0 } };
    const options = { ...target, samples: 4, patch: 1, stride: 1 };
    const refused: string[] = [];
    for (const { name, run } of ATTRIBUTIONS) {
      try {
        const map = await run(network, latent, options);
        expect([name, map.data.length]).toEqual([name, map.shape.reduce((size, axis) => size * axis, 1)]);
      } catch (error) {
        expect([name, (error as Error).name]).toEqual([name, UnsupportedError.name]);
        refused.push(name);
      }
    }
    const tanh = ["local-linear", "lrp", "guided-backprop", "deconvnet", "guided-grad-cam"];
    const pixels = [
      "numerical-saliency",
      "saliency-mask",
      "integrated-gradients",
      "score-cam",
      "occlusion",
      "rise",
      "lime",
    ];
    expect(refused.toSorted()).toEqual([...tanh, ...pixels, "cam"].toSorted());
    const { data: shares } = await integratedGradients(network, latent, {
      ...target,
      baseline: 0,
      steps: 400,
    });
    const difference =
      red(x)
        .sub(red(tf.zeros([1, 7])))
        .dataSync()[0] ?? Number.NaN;
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(difference, 2);
  });
});
