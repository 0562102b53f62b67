// The Gram matrix of activations in a buffer of one's own, recorded into an encoder of one's own:
//   node examples/gram.ts

import { createGram, gramShape } from "vitrine/kernels";
import { createGpu, createTensor, readTensor, recordCommands, requestDevice } from "vitrine/node";

const device = await requestDevice(await createGpu());

// Any storage buffer will do; this one holds 8 × 8 pixels of 3 channels, the second twice the first.
const data = Float32Array.from({ length: 8 * 8 * 3 }, (_, i) => [1, 2, (i % 2) * 2 - 1][i % 3] ?? 0);
const x = createTensor(device, [1, 8, 8, 3], { data });
const y = createTensor(device, gramShape(x.shape));

const gram = await createGram(device, { x, y, normalise: "pixels" });
const encoder = device.createCommandEncoder();
recordCommands(encoder, [gram]);
device.queue.submit([encoder.finish()]);

const values = await readTensor(device, y);
for (let row = 0; row < 3; row++) console.log(values.subarray(row * 3, row * 3 + 3).join(" "));

gram.destroy();
for (const { buffer } of [x, y]) buffer.destroy();
