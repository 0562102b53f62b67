// The three ways back through a ReLU, on buffers of one's own:
//   node examples/guided-relu.ts

import { createActivationGradient } from "vitrine/layers";
import { createGpu, createTensor, readTensor, recordCommands, requestDevice } from "vitrine/node";

const device = await requestDevice(await createGpu());

const a = createTensor(device, [4], { data: new Float32Array([2, 2, 0, 0]) }); // the ReLU's output
const dy = createTensor(device, [4], { data: new Float32Array([5, -5, 5, -5]) }); // the signal from above
const dx = createTensor(device, [4]);
const rule = device.createBuffer({ size: 16, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST });

const relu = await createActivationGradient(device, { activation: { kind: "relu" }, a, dy, dx, rule });
for (const [code, name] of ["gradient", "guided", "deconvnet"].entries()) {
  device.queue.writeBuffer(rule, 0, new Uint32Array([code]));
  const encoder = device.createCommandEncoder();
  recordCommands(encoder, [relu]);
  device.queue.submit([encoder.finish()]);
  console.log(`${name} ${(await readTensor(device, dx)).join(" ")}`);
}

relu.destroy();
for (const buffer of [a.buffer, dy.buffer, dx.buffer, rule]) buffer.destroy();
