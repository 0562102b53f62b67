import { existsSync } from "node:fs";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadTfjsModel, startTfjs } from "../../bench/tfjs.ts";
import { readTensor, sizeOf } from "../../src/gpu/tensor.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import { modelFromDisk } from "../../src/node/files.ts";
import { testDevice } from "../gpu.ts";
import { random, values } from "../graph/graphs.ts";

// tfjs runs on our device: one device serves both, and each is the other's witness.

let device: GPUDevice;

beforeAll(async () => {
  device = await testDevice();
  await startTfjs(device);
});
afterAll(() => tf.removeBackend("webgpu"));

const MODELS: [path: string, keep: "all" | string[]][] = [
  ["models/vitrine", "all"],
  ["../shared/models/tinyvgg", []],
  ["../shared/models/cifar10_resnet20", []],
  ["../shared/models/mobilenet_v1_0.25_224", []],
  ["../shared/models/squeezenet_v1_1", "all"],
  ["../shared/models/darknettiny", []],
];

for (const [path, keep] of MODELS) {
  test.skipIf(!existsSync(path))(`${path}: outputs and image gradients are tfjs's within 1e-4`, async () => {
    const graph = await loadLayersModel(await modelFromDisk(path));
    const network = await createNetwork(device, graph, { keep });
    const model = await loadTfjsModel(`${path}/model.json`);
    const x = values(sizeOf(network.input.shape), random(1), 1.5);
    const [n = 1, height = 1, width = 1, channels = 1] = network.input.shape;
    const input = tf.tensor4d(x, [n, height, width, channels]);

    device.queue.writeBuffer(network.input.buffer, 0, x);
    const forward = device.createCommandEncoder();
    network.forward(forward);
    device.queue.submit([forward.finish()]);
    const y = await readTensor(device, network.activation(graph.output));
    const expected = model.predict(input) as tf.Tensor;
    expectClose(y, await expected.data());

    const channel = y.indexOf(Math.max(...y));
    const backward = device.createCommandEncoder();
    network.backward(backward, { layer: graph.output, channel });
    device.queue.submit([backward.finish()]);
    const dx = await readTensor(device, network.gradient(graph.layers[0]?.name ?? ""));
    const gradientOf = tf.grad((image: tf.Tensor) =>
      (model.apply(image) as tf.Tensor).slice([0, channel], [1, 1]).sum(),
    );
    const gradient = gradientOf(input);
    expectClose(dx, await gradient.data());

    for (const tensor of [input, expected, gradient]) tensor.dispose();
    model.dispose();
    network.destroy();
  });
}

function expectClose(ours: Float32Array, theirs: ArrayLike<number>): void {
  expect(ours.length).toBe(theirs.length);
  const scale = ours.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(scale).toBeGreaterThan(0);
  const worst = ours.reduce(
    (most, value, index) => Math.max(most, Math.abs(value - (theirs[index] ?? 0))),
    0,
  );
  expect(worst / scale).toBeLessThan(1e-4);
}
