import { expect, test, vi } from "vitest";
import { reflectShader } from "../../build/wgsl.ts";
import { recordCommands, sequence } from "../../src/gpu/command.ts";
import { createDispatch, type DispatchOptions, gridOf } from "../../src/gpu/dispatch.ts";
import { CompileError, InputError, VitrineError } from "../../src/gpu/errors.ts";
import { compileKernel } from "../../src/gpu/kernel.ts";
import { createTensor, readTensor } from "../../src/gpu/tensor.ts";
import { testDevice } from "../gpu.ts";

const SCALE = `
struct Params { count: u32, factor: f32, shift: vec2<i32> }
override offset: f32 = 0.0;
const TIMES = 1u;
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= params.count) { return; }
  y[id.x] = x[id.x] * params.factor * f32(TIMES) + offset + f32(params.shift.x - params.shift.y);
}
`;

const scale = reflectShader(SCALE, "scale");

async function site() {
  const device = await testDevice();
  const x = createTensor(device, [3], { data: new Float32Array([1, 2, 3]) });
  const y = createTensor(device, [3]);
  const options = {
    label: "l1",
    params: { count: 3, factor: 2, shift: [5, -2] },
    bindings: { x, y },
    workgroups: [1],
  } satisfies DispatchOptions;
  return { device, x, y, options };
}

test("binds buffers, parameters, overrides and redeclared constants by name", async () => {
  const { device, y, options } = await site();
  const command = await createDispatch(device, scale, {
    ...options,
    constants: { offset: 0.5 },
    redeclare: { TIMES: "10u" },
  });
  const encoder = device.createCommandEncoder();
  recordCommands(encoder, [command]);
  device.queue.submit([encoder.finish()]);
  expect([...(await readTensor(device, y))]).toEqual([27.5, 47.5, 67.5]);
  command.destroy();
});

test.each<[mistake: string, change: (options: DispatchOptions) => DispatchOptions, message: RegExp]>([
  [
    "a binding left out",
    (o) => ({ ...o, bindings: { x: o.bindings.x as GPUBuffer } }),
    /"l1".*"y", got none/,
  ],
  ["an unknown binding", (o) => ({ ...o, bindings: { ...o.bindings, z: o.bindings.x as GPUBuffer } }), /"z"/],
  [
    "params as a binding",
    (o) => ({ ...o, bindings: { ...o.bindings, params: o.bindings.x as GPUBuffer } }),
    /"params"/,
  ],
  [
    "a parameter left out",
    (o) => ({ ...o, params: { count: 3, shift: [0, 0] } }),
    /params\.factor.*got nothing/,
  ],
  ["an unknown parameter", (o) => ({ ...o, params: { ...o.params, power: 2 } }), /"power"/],
  [
    "a fraction where an integer belongs",
    (o) => ({ ...o, params: { ...o.params, count: 1.5 } }),
    /params\.count.*1\.5/,
  ],
  ["a negative u32", (o) => ({ ...o, params: { ...o.params, count: -1 } }), /params\.count.*u32, got -1/],
  ["a u32 that overflows", (o) => ({ ...o, params: { ...o.params, count: 2 ** 32 } }), /params\.count/],
  ["not a number", (o) => ({ ...o, params: { ...o.params, factor: Number.NaN } }), /params\.factor.*NaN/],
  [
    "a vector of another length",
    (o) => ({ ...o, params: { ...o.params, shift: [1] } }),
    /params\.shift.*2 × i32/,
  ],
  ["no workgroups", (o) => ({ ...o, workgroups: [0] }), /1 to \d+ workgroups.*0×1×1/],
  ["a grid beyond the device's limit", (o) => ({ ...o, workgroups: [1, 2 ** 24] }), /1×16777216×1/],
])("a dispatch refuses %s and allocates nothing", async (_, change, message) => {
  const { device, options } = await site();
  const allocate = vi.spyOn(device, "createBuffer");
  const failure = await createDispatch(device, scale, change(options)).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(InputError);
  expect(String(failure)).toMatch(message);
  expect(allocate).not.toHaveBeenCalled();
  allocate.mockRestore();
});

test("a buffer that the device refuses fails by the dispatch's name and frees its parameters", async () => {
  const { device, x, options } = await site();
  const plain = device.createBuffer({ size: 12, usage: GPUBufferUsage.COPY_DST });
  const made: GPUBuffer[] = [];
  const create = device.createBuffer.bind(device);
  const allocate = vi.spyOn(device, "createBuffer").mockImplementation((descriptor) => {
    const buffer = create(descriptor);
    vi.spyOn(buffer, "destroy");
    made.push(buffer);
    return buffer;
  });
  const failure = await createDispatch(device, scale, { ...options, bindings: { x, y: plain } }).catch(
    (error: unknown) => error,
  );
  allocate.mockRestore();
  expect(failure).toBeInstanceOf(VitrineError);
  expect(String(failure)).toMatch(/vitrine scale "l1".*usage/is);
  expect(made).toHaveLength(1);
  expect(made[0]?.destroy).toHaveBeenCalled();
});

test("an override or a constant that the kernel lacks is named, and later mistakes still surface", async () => {
  const device = await testDevice();
  await expect(compileKernel(device, scale, { constants: { ofset: 1 } })).rejects.toThrow(
    /"scale".*override "ofset".*\[offset\]/,
  );
  await expect(compileKernel(device, scale, { redeclare: { TILE: 4 } })).rejects.toThrow(
    /"scale".*const or alias "TILE"/,
  );
  // An error scope left open by the refusals above would swallow this.
  const uncaptured = new Promise<string>((resolve, reject) => {
    setTimeout(() => reject(new Error("swallowed")), 1000);
    device.addEventListener("uncapturederror", (event) => resolve(event.error.message), { once: true });
  });
  device.createBuffer({ size: 4, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.MAP_WRITE });
  expect(await uncaptured).toMatch(/usage/i);
});

test("a compile error carries file and line, and is not remembered as a kernel", async () => {
  const device = await testDevice();
  const broken = { ...scale, name: "broken", code: SCALE.replace("params.factor", "params.faktor") };
  const line = SCALE.split("\n").findIndex((text) => text.includes("params.factor")) + 1;
  const failure = await compileKernel(device, broken).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(CompileError);
  expect(String(failure)).toMatch(
    new RegExp(`"broken" does not compile: broken\\.wgsl:${line}:\\d+ .*faktor.*, in: .*params\\.faktor`),
  );
  const compile = vi.spyOn(device, "createShaderModule");
  await expect(compileKernel(device, broken)).rejects.toThrow(CompileError);
  expect(compile).toHaveBeenCalledTimes(1);
  compile.mockRestore();
});

test("a pipeline that the device refuses is a compile error", async () => {
  const device = await testDevice();
  const code = SCALE.replace("@workgroup_size(4)", "@workgroup_size(100000)");
  await expect(compileKernel(device, { ...scale, name: "wide", code })).rejects.toThrow(
    /"wide" does not compile: .*workgroup/i,
  );
});

test("asking for a kernel that is being compiled joins the compilation", async () => {
  const device = await testDevice();
  const shader = { ...scale, name: "joined" };
  const compile = vi.spyOn(device, "createComputePipelineAsync");
  const [a, b] = await Promise.all([
    compileKernel(device, shader, { constants: { offset: 1 } }),
    compileKernel(device, shader, { constants: { offset: 1 } }),
  ]);
  const c = await compileKernel(device, shader, { constants: { offset: 1 } });
  const other = await compileKernel(device, shader, { constants: { offset: 2 } });
  expect(b).toBe(a);
  expect(c).toBe(a);
  expect(other).not.toBe(a);
  expect(compile).toHaveBeenCalledTimes(2);
  compile.mockRestore();
});

test("recording allocates, submits and writes nothing", async () => {
  const { device, options } = await site();
  const command = sequence([await createDispatch(device, scale, options)]);
  const encoder = device.createCommandEncoder();
  const spies = [
    vi.spyOn(device, "createBuffer"),
    vi.spyOn(device, "createBindGroup"),
    vi.spyOn(device, "createComputePipelineAsync"),
    vi.spyOn(device.queue, "writeBuffer"),
    vi.spyOn(device.queue, "submit"),
  ];
  for (let run = 0; run < 3; run++) recordCommands(encoder, [command]);
  for (const spy of spies) {
    expect(spy).not.toHaveBeenCalled();
    spy.mockRestore();
  }
  command.destroy();
});

test("a long row of workgroups folds into a grid that covers it within the limit", () => {
  for (const count of [1, 7, 65535, 65536, 200001, 65535 * 3]) {
    const [x, y] = gridOf(count);
    expect(x * y).toBeGreaterThanOrEqual(count);
    expect(x * y - count).toBeLessThan(y);
    expect(Math.max(x, y)).toBeLessThanOrEqual(65535);
  }
});
