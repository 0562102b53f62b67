import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { readTensor, sizeOf } from "../../src/gpu/tensor.ts";
import { shapesOf } from "../../src/graph/graph.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import { testDevice } from "../gpu.ts";
import { kerasLayer, modelOf, sequential } from "./fixtures.ts";
import { randomize, savedByTfjs } from "./saved-by-tfjs.ts";
import { TFJS_MODELS } from "./tfjs-models.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

/** A layer's output shape in tfjs, where it has only one. */
function shapeOf(layer: tf.layers.Layer): readonly number[] | undefined {
  const { outputShape } = layer;
  return outputShape.every((axis) => typeof axis === "number" || axis === null)
    ? outputShape.map((axis) => (axis as number | null) ?? 1)
    : undefined;
}

describe.each(Object.entries(TFJS_MODELS))("a %s model that tfjs saved", (name, build) => {
  test("has tfjs's shapes and outputs", async () => {
    const model = build();
    randomize(model, 1);
    const graph = await loadLayersModel(await savedByTfjs(model));

    const shapes = shapesOf(graph);
    for (const layer of model.layers) {
      const softmax = `${layer.name}/softmax`;
      const shape = shapes.get(shapes.has(softmax) ? softmax : layer.name);
      if (shape && layer.getClassName() !== "InputLayer")
        expect([layer.name, shape]).toEqual([layer.name, shapeOf(layer)]);
    }

    const [input] = graph.layers;
    if (input?.op !== "input") throw new Error("expected an input layer");
    const x = tf.randomUniform([2, ...input.shape], -1, 1, "float32", 3);
    const predicted = model.predict(x);
    const expected = Array.isArray(predicted) ? predicted[0] : predicted;
    if (!expected) throw new Error("expected a prediction");

    const device = await testDevice();
    using network = await createNetwork(device, graph, { batch: 2, gradients: false });
    device.queue.writeBuffer(network.input.buffer, 0, await x.data());
    const encoder = device.createCommandEncoder();
    network.forward(encoder);
    device.queue.submit([encoder.finish()]);
    const y = network.activation(graph.output);
    expect(y.shape).toEqual(expected.shape);
    const [ours, theirs] = [await readTensor(device, y), await expected.data()];
    expect(ours.length).toBe(sizeOf(expected.shape));
    for (const [i, value] of theirs.entries()) expect.soft(ours[i], `${name}[${i}]`).toBeCloseTo(value, 4);
  });
});

test("a nested model's layers are named outer/inner, a shared layer's later calls name:1", async () => {
  const names = async (model: tf.LayersModel) =>
    (await loadLayersModel(await savedByTfjs(model))).layers.map((layer) => layer.name);
  expect(await names(TFJS_MODELS.nested?.() ?? tf.sequential())).toEqual([
    "input",
    "eyes/conv",
    "head/mean",
    "head/out",
    "head/out/softmax",
  ]);
  expect(await names(TFJS_MODELS.shared?.() ?? tf.sequential())).toEqual([
    "image",
    "conv",
    "conv:1",
    "block/mix",
    "block/mix/softmax",
    "block/normal",
    "block:1/mix",
    "block:1/mix/softmax",
    "block:1/normal",
    "sum",
  ]);
});

test("who wrote a file says where a bilinear enlargement takes its pixels from", async () => {
  const enlarge = kerasLayer("UpSampling2D", "up", { interpolation: "bilinear" });
  const { model_config } = sequential([enlarge]);
  const up = async (keras_version: string | undefined, extra: Record<string, unknown> = {}) => {
    const { layers } = await loadLayersModel(modelOf({ model_config, keras_version }, [], { extra }));
    return layers.find(({ name }) => name === "up");
  };
  const asymmetric = { mode: "linear", coordinates: "asymmetric" };
  expect(await up("tfjs-layers 4.22.0")).toMatchObject(asymmetric);
  expect(await up(undefined, { generatedBy: "TensorFlow.js tfjs-layers v4.22.0" })).toMatchObject(asymmetric);
  expect(await up(undefined, { modelTopology: { model_config, backend: "tensor_flow.js" } })).toMatchObject(
    asymmetric,
  );
  for (const extra of [{}, { generatedBy: "keras v2.4.0", convertedBy: "TensorFlow.js Converter v3.9.0" }]) {
    expect(await up("2.4.0", extra)).toMatchObject({ mode: "linear", coordinates: "half-pixel" });
  }
});

test("calls of a shared layer share their arrays", async () => {
  const model = TFJS_MODELS.shared?.() ?? tf.sequential();
  randomize(model, 1);
  const { layers } = await loadLayersModel(await savedByTfjs(model));
  const weights = (name: string) => {
    const layer = layers.find((candidate) => candidate.name === name);
    return layer?.op === "conv2d" ? layer.w.data : layer?.op === "batchNorm" ? layer.scale : undefined;
  };
  expect(weights("conv")).toBeDefined();
  expect(weights("conv:1")).toBe(weights("conv"));
  expect(weights("block:1/normal")).toBe(weights("block/normal"));
  expect(weights("block:1/mix")).toBe(weights("block/mix"));
});
