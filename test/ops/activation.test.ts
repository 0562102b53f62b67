import { expect, test } from "vitest";
import { record } from "../../src/gpu/kernel.ts";
import { createTensor, readTensor } from "../../src/gpu/tensor.ts";
import { activation } from "../../src/ops/activation.ts";
import { testDevice } from "../gpu.ts";

test("relu6 clamps", async () => {
  const device = await testDevice();
  const x = createTensor(device, [1, 4], { data: new Float32Array([-1, 0.5, 6.5, 3]) });
  const y = createTensor(device, [1, 4]);
  const command = await activation.forward(device, {
    layer: { name: "a", inputs: ["x"], op: "activation", activation: { kind: "relu6" } },
    x: [x], y, constants: {}, saved: {},
  });
  const encoder = device.createCommandEncoder();
  record(encoder, [command]);
  device.queue.submit([encoder.finish()]);
  expect([...(await readTensor(device, y))]).toEqual([0, 0.5, 6, 3]);
});
