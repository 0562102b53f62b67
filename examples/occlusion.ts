// An occlusion sweep recorded step by step, over a network made of plain data:
//   node examples/occlusion.ts

import { namedPreprocessing } from "vitrine/images";
import {
  createGpu,
  createNetwork,
  createOcclusion,
  type Graph,
  readTensor,
  requestDevice,
} from "vitrine/node";

const device = await requestDevice(await createGpu());

// A network that answers with the sum of a 4 × 4 image's pixels.
const graph: Graph = {
  name: "sum",
  preprocessing: namedPreprocessing("none"),
  output: "sum",
  layers: [
    { op: "input", name: "image", inputs: [], shape: [4, 4, 1] },
    { op: "reshape", name: "pixels", inputs: ["image"], shape: [16] },
    {
      op: "dense",
      name: "sum",
      inputs: ["pixels"],
      w: { shape: [16, 1], data: new Float32Array(16).fill(1) },
    },
  ],
};
const network = await createNetwork(device, graph, { gradients: false });

const sweep = await createOcclusion(network, { layer: "sum", channel: 0 }, { patch: 2, stride: 2 });
device.queue.writeBuffer(
  sweep.image.buffer,
  0,
  Float32Array.from({ length: 16 }, (_, i) => i),
);
const encoder = device.createCommandEncoder();
sweep.recordStart(encoder);
for (let step = 0; step < sweep.steps; step++) sweep.recordStep(encoder);
sweep.recordMap(encoder);
device.queue.submit([encoder.finish()]);

// Covered with black, each quarter takes its own sum away.
const map = await readTensor(device, sweep.map);
for (let row = 0; row < 4; row++) console.log(map.subarray(row * 4, row * 4 + 4).join(" "));

sweep.destroy();
network.destroy();
