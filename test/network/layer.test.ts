import { expect, test, vi } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { createTensor, readTensor, type Tensor } from "../../src/gpu/tensor.ts";
import { createStatisticsSummary, readStatistics } from "../../src/kernels/statistics.ts";
import type { OpLayer } from "../../src/layers/ops.ts";
import { createLayer } from "../../src/network/layer.ts";
import { testDevice } from "../gpu.ts";

const SUM = {
  op: "conv2d",
  name: "sum",
  inputs: ["x"],
  strides: [1, 1],
  dilations: [1, 1],
  padding: "valid",
  w: { shape: [2, 2, 1, 1], data: new Float32Array([1, 1, 1, 1]) },
  b: { shape: [1], data: new Float32Array([-10]) },
  activation: { kind: "relu" },
} as const;

test("a layer runs between buffers of the caller's, in the caller's encoder, and frees its weights", async () => {
  const device = await testDevice();
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const x = {
    buffer: device.createBuffer({ size: 9 * 4, usage }),
    shape: [1, 3, 3, 1],
    dtype: "f32",
  } as const;
  const y = {
    buffer: device.createBuffer({ size: 4 * 4, usage }),
    shape: [1, 2, 2, 1],
    dtype: "f32",
  } as const;
  const made = vi.spyOn(device, "createBuffer");
  const layer = await createLayer(device, SUM, { x: [x], y });
  const buffers = made.mock.results.map(({ value }) => value as GPUBuffer);
  made.mockRestore();

  device.queue.writeBuffer(x.buffer, 0, new Float32Array([1, 2, 3, 4, 5, 6, 7, 8, 9]));
  const encoder = device.createCommandEncoder();
  layer.record(encoder);
  device.queue.submit([encoder.finish()]);
  expect([...(await readTensor(device, y))]).toEqual([2, 6, 14, 18]);

  const destroyed = buffers.map((buffer) => vi.spyOn(buffer, "destroy"));
  layer.destroy();
  expect(destroyed.length).toBe(3); // weights, bias, parameters
  for (const destroy of destroyed) expect(destroy).toHaveBeenCalledOnce();
  expect([...(await readTensor(device, y))]).toEqual([2, 6, 14, 18]);
  for (const { buffer } of [x, y]) buffer.destroy();
});

test("a layer gathers the statistics of its output as well, in its own kernel or after it", async () => {
  const device = await testDevice();
  const RELU = { op: "activation", name: "relu", inputs: ["x"], activation: { kind: "relu" } } as const;
  const nine = createTensor(device, [1, 3, 3, 1], { data: new Float32Array([1, 2, 3, 4, 5, 6, 7, 8, 9]) });
  const four = createTensor(device, [1, 2, 2, 1], { data: new Float32Array([2, -6, 14, 18]) });
  const y = createTensor(device, [1, 2, 2, 1]);
  const summary = createStatisticsSummary(device, 1);
  const of = async (layer: OpLayer, x: Tensor, fused?: boolean) => {
    device.queue.writeBuffer(y.buffer, 0, new Float32Array(4).fill(Number.NaN));
    const statistics = { summary, accumulate: false, ...(fused === undefined ? {} : { fused }) };
    const command = await createLayer(device, layer, { x: [x], y, statistics });
    const encoder = device.createCommandEncoder();
    command.record(encoder);
    device.queue.submit([encoder.finish()]);
    const found = await readStatistics(device, summary);
    command.destroy();
    return found;
  };
  const sums = {
    count: 4,
    mean: [10],
    m2: [8 ** 2 + 4 ** 2 + 4 ** 2 + 8 ** 2],
    min: [2],
    max: [18],
    zeros: [0],
  };
  for (const fused of [true, false, undefined]) expect(await of(SUM, nine, fused)).toEqual(sums);
  expect(await of(RELU, four)).toMatchObject({ count: 4, mean: [8.5], min: [0], max: [18], zeros: [1] });
  await expect(of(SUM, { ...nine, shape: [3, 3, 1, 1] })).rejects.toThrow(InputError);
  for (const { buffer } of [nine, four, y, summary]) buffer.destroy();
});

test("a layer refuses tensors that do not fit", async () => {
  const device = await testDevice();
  const tensor = (shape: number[]) =>
    ({
      buffer: device.createBuffer({ size: 64, usage: GPUBufferUsage.STORAGE }),
      shape,
      dtype: "f32",
    }) as const;
  const [x, y] = [tensor([1, 3, 3, 1]), tensor([1, 3, 2, 1])];
  await expect(createLayer(device, SUM, { x: [x], y })).rejects.toThrow(InputError);
  await expect(createLayer(device, SUM, { x: [x], y })).rejects.toThrow(
    /expected y of shape 1×2×2×1, got 1×3×2×1/,
  );
  await expect(
    createLayer(
      device,
      { op: "reshape", name: "flat", inputs: ["x"], shape: [9] },
      { x: [x], y: tensor([1, 9]) },
    ),
  ).rejects.toThrow(/view needs no kernel/);
});
