import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { InputError, UnsupportedError } from "../../src/gpu/errors.ts";
import { createTimer } from "../../src/gpu/timer.ts";
import { testDevice } from "../gpu.ts";

let device: GPUDevice;
let busy: (encoder: GPUCommandEncoder, rounds: number, timing?: GPUComputePassTimestampWrites) => void;
let buffer: GPUBuffer;

beforeAll(async () => {
  device = await testDevice();
  const module = device.createShaderModule({
    code: `
      @group(0) @binding(0) var<storage, read_write> y: array<f32>;
      @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
        var a = y[id.x];
        for (var i = 0u; i < 2000u; i++) { a = a * 0.999 + 0.5; }
        y[id.x] = a;
      }`,
  });
  const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module } });
  buffer = device.createBuffer({ size: 4 * 4096, usage: GPUBufferUsage.STORAGE });
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [{ binding: 0, resource: { buffer } }],
  });
  busy = (encoder, rounds, timestampWrites) => {
    const pass = encoder.beginComputePass(timestampWrites ? { timestampWrites } : {});
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    for (let round = 0; round < rounds; round++) pass.dispatchWorkgroups(64);
    pass.end();
  };
});
afterAll(() => buffer.destroy());

describe("a timer", () => {
  test("tells long work from short, in one pass and over several submits, read at once", async ({ skip }) => {
    skip(!device.features.has("timestamp-query"), "this adapter has no timestamps");
    // Other programs may hold up any one of the short spans, hardly all of them.
    const shorts = Array.from({ length: 10 }, (_, index) => `short ${index}`);
    const timer = await createTimer(device, { capacity: shorts.length + 2 });
    const warm = device.createCommandEncoder();
    busy(warm, 1);
    device.queue.submit([warm.finish()]);

    const encoder = device.createCommandEncoder();
    for (const label of shorts) busy(encoder, 1, timer.span(label).writes);
    busy(encoder, 40, timer.span("long").writes);
    const span = timer.span("both");
    span.begin(encoder);
    device.queue.submit([encoder.finish()]);
    for (let index = 0; index < 2; index++) {
      const more = device.createCommandEncoder();
      busy(more, 40);
      if (index === 1) span.end(more);
      device.queue.submit([more.finish()]);
    }
    const timings = await timer.read();
    expect(timings.map(({ label }) => label)).toEqual([...shorts, "long", "both"]);
    const [long, both] = timings.slice(shorts.length);
    const short = Math.min(...timings.slice(0, shorts.length).map(({ nanoseconds }) => nanoseconds));
    // Forty times the work: a factor of four is safe.
    expect(long?.nanoseconds).toBeGreaterThan(4 * short);
    expect(both?.nanoseconds).toBeGreaterThan(4 * short);
    expect(both?.begin).toBeGreaterThanOrEqual((long?.begin ?? 0) + (long?.nanoseconds ?? 0));
    timer.destroy();
  });

  test("starts afresh after a read", async ({ skip }) => {
    skip(!device.features.has("timestamp-query"), "this adapter has no timestamps");
    const timer = await createTimer(device, { capacity: 1 });
    for (const label of ["first", "second"]) {
      const encoder = device.createCommandEncoder();
      busy(encoder, 2, timer.span(label).writes);
      device.queue.submit([encoder.finish()]);
      const timings = await timer.read();
      expect(timings.map((timing) => timing.label)).toEqual([label]);
      expect(timings[0]?.nanoseconds).toBeGreaterThan(0);
    }
    expect(await timer.read()).toEqual([]);
    timer.destroy();
  });

  test("refuses more spans than it holds, a bad capacity, and a device without timestamps", async ({
    skip,
  }) => {
    await expect(createTimer({ features: new Set() } as unknown as GPUDevice)).rejects.toThrow(
      UnsupportedError,
    );
    skip(!device.features.has("timestamp-query"), "this adapter has no timestamps");
    await expect(createTimer(device, { capacity: 0 })).rejects.toThrow(InputError);
    await expect(createTimer(device, { capacity: 5000 })).rejects.toThrow(/1 to 2048/);
    const timer = await createTimer(device, { capacity: 1 });
    timer.span();
    expect(() => timer.span()).toThrow(/at most 1 spans/);
    timer.destroy();
  });
});
