import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { readTensors } from "../../../src/gpu/tensor.ts";
import { inputOf } from "../../../src/graph/graph.ts";
import { loadOnnxModel } from "../../../src/models/load-onnx-model.ts";
import { createNetwork } from "../../../src/network/create-network.ts";
import { modelFromDisk } from "../../../src/node/files.ts";
import { readNpy } from "../../../src/node/npy.ts";
import { testDevice } from "../../gpu.ts";

/** Networks as PyTorch exports them, with what PyTorch computes of them; not part of this project. */
const FOLDER = fileURLToPath(new URL("../../../../shared/onnx/", import.meta.url));

const NAMES = [
  "cifar10_resnet20_real",
  "densenet_small",
  "mnasnet0_5",
  "mobilenet_v2_quarter",
  "mobilenet_v3_small",
  "shufflenet_v2_x0_5",
  "squeezenet_v1_1_real",
  "toy_everything",
  "vgg11_bn_small",
];

/** The largest difference, as a share of the largest of the right values. */
function difference(found: Float32Array, right: Float32Array): number {
  let [most, scale] = [0, 0];
  for (const [i, value] of right.entries()) {
    most = Math.max(most, Math.abs((found[i] ?? Number.NaN) - value));
    scale = Math.max(scale, Math.abs(value));
  }
  return most / scale;
}

// Golden values beside each: shared/onnx/make.py computes them with PyTorch in double precision.
describe.skipIf(!existsSync(FOLDER)).each(NAMES)("%s as PyTorch exports it", (name) => {
  const read = async (file: string) => (await readNpy(`${FOLDER}${name}/${file}.npy`)).data;

  test.each([1, 3])(
    "logits within 1e-4 and the gradient within 1e-3 of PyTorch's, batch %i",
    async (batch) => {
      const graph = await loadOnnxModel(await modelFromDisk(`${FOLDER}${name}/model.onnx`));
      const [x, logits, gradient] = [await read("x"), await read("logits"), await read("gradient")];
      const { top } = JSON.parse(readFileSync(`${FOLDER}${name}/top.json`, "utf8"));
      const device = await testDevice();
      using network = await createNetwork(device, graph, { batch, keep: [] });
      const images = new Float32Array(batch * x.length);
      // The image is the last of the batch, those before it are others.
      for (let i = 0; i < images.length; i++)
        images[i] = (x[i % x.length] ?? 0) * (i < images.length - x.length ? 0.5 : 1);
      device.queue.writeBuffer(network.input.buffer, 0, images);
      const encoder = device.createCommandEncoder();
      network.forward(encoder);
      network.backward(encoder, { layer: graph.output, channel: top });
      device.queue.submit([encoder.finish()]);
      const [found, slopes] = await readTensors(device, [
        network.activation(graph.output),
        network.gradient(inputOf(graph).name),
      ]);
      expect(difference(found.subarray(found.length - logits.length), logits)).toBeLessThan(1e-4);
      expect(difference(slopes.subarray(slopes.length - x.length), gradient)).toBeLessThan(1e-3);
    },
  );
});
