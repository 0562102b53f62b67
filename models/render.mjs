// Renders pictures of the synthetic data set to a raw file, for training without a browser.
//
//   node models/render.mjs <file> <first> <count> [size=96] [seed=1] [supersample=2] [pair=0]
//
// writes uint8 RGB, [count, size, size, 3], the pictures of indices [first, first + count).
// Labels follow from the index: shaders/synthetic.wgsl says how. It is read as it is built: npm run build:library.

import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { create, globals } from "webgpu";

const PIXELS_A_DISPATCH = 2 ** 19; // keeps buffers and dispatches small on any adapter

const [file, ...numbers] = process.argv.slice(2);
const [first, count, size = 96, seed = 1, supersample = 2, pair = 0] = numbers.map(Number);
if (!file || !Number.isInteger(first) || !Number.isInteger(count)) {
  console.error("usage: node models/render.mjs <file> <first> <count> [size] [seed] [supersample] [pair]");
  process.exit(1);
}

Object.assign(globalThis, globals);
const gpu = create([]);
const adapter = await gpu.requestAdapter();
if (!adapter) throw new Error("no WebGPU adapter: install a Vulkan driver (Debian: mesa-vulkan-drivers)");
const device = await adapter.requestDevice();
device.addEventListener("uncapturederror", ({ error }) => {
  console.error(error.message);
  process.exit(1);
});

const code = readFileSync(new URL("../dist/shaders/synthetic.wgsl", import.meta.url), "utf8");
const pipeline = await device.createComputePipelineAsync({
  label: "synthetic",
  layout: "auto",
  compute: { module: device.createShaderModule({ code }), entryPoint: "main" },
});

const batch = Math.max(1, Math.floor(PIXELS_A_DISPATCH / size ** 2));
const bytes = batch * size * size * 3 * 4;
const params = device.createBuffer({ size: 24, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
const y = device.createBuffer({ size: bytes, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
const staging = device.createBuffer({
  size: bytes,
  usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
});
const bindings = device.createBindGroup({
  layout: pipeline.getBindGroupLayout(0),
  entries: [
    { binding: 0, resource: { buffer: params } },
    { binding: 1, resource: { buffer: y } },
  ],
});

const output = openSync(file, "w");
for (let done = 0; done < count; done += batch) {
  const n = Math.min(batch, count - done);
  device.queue.writeBuffer(params, 0, new Uint32Array([seed, first + done, n, size, supersample, pair]));
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindings);
  pass.dispatchWorkgroups(Math.ceil(size / 8), Math.ceil(size / 8), n);
  pass.end();
  encoder.copyBufferToBuffer(y, 0, staging, 0, bytes);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const values = new Float32Array(staging.getMappedRange(), 0, n * size * size * 3);
  writeSync(
    output,
    Uint8Array.from(values, (v) => Math.round(255 * v)),
  );
  staging.unmap();
}
closeSync(output);
device.destroy();
