import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { InputError, VitrineError } from "../../src/gpu/errors.ts";
import {
  asNhwc,
  createTensor,
  formatShape,
  readTensor,
  readTensors,
  type Tensor,
} from "../../src/gpu/tensor.ts";
import { testDevice } from "../gpu.ts";

/** The device with another limit than it has. */
function limited(device: GPUDevice, limits: Partial<Record<keyof GPUSupportedLimits, number>>): GPUDevice {
  const all = new Proxy(device.limits, {
    get: (real, name) => Reflect.get({ [name]: Reflect.get(real, name), ...limits }, name),
  });
  return new Proxy(device, {
    get(real, name) {
      if (name === "limits") return all;
      const value = Reflect.get(real, name, real);
      return typeof value === "function" ? value.bind(real) : value;
    },
  });
}

describe("creating", () => {
  test.each([[[0]], [[2, -1]], [[-2, -2]], [[1.5, 2]], [[Number.NaN]], [[Number.POSITIVE_INFINITY]]])(
    "refuses the shape %j",
    async (shape) => {
      const device = await testDevice();
      expect(() => createTensor(device, shape, { label: "odd" })).toThrow(InputError);
      expect(() => createTensor(device, shape, { label: "odd" })).toThrow(
        /tensor "odd".*at least one element/,
      );
    },
  );

  test("refuses more bytes than the device binds, and says so in bytes", async () => {
    const device = limited(await testDevice(), { maxStorageBufferBindingSize: 64 });
    expect(() => createTensor(device, [17], { label: "big" })).toThrow(
      /tensor "big".*at most 64 bytes.*got 68 for 17/,
    );
    createTensor(device, [16]).buffer.destroy();
  });

  test("refuses data of another length or type", async () => {
    const device = await testDevice();
    expect(() => createTensor(device, [2, 3], { data: new Float32Array(5) })).toThrow(
      /expected 6 values for 2×3, got 5/,
    );
    expect(() => createTensor(device, [2], { data: new Uint32Array(2) })).toThrow(
      /Float32Array for f32, got Uint32Array/,
    );
    expect(() => createTensor(device, [2], { dtype: "u32", data: new Float32Array(2) })).toThrow(
      /Uint32Array for u32, got Float32Array/,
    );
  });

  test("is zero without data", async () => {
    const device = await testDevice();
    const tensor = createTensor(device, [5]);
    expect([...(await readTensor(device, tensor))]).toEqual([0, 0, 0, 0, 0]);
    tensor.buffer.destroy();
  });
});

describe("reading", () => {
  test("gives back what was written, whatever the sizes, in one buffer or many", async () => {
    const device = await testDevice();
    const numbers = fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 9 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(numbers, { maxLength: 5 }),
        fc.constantFrom(36, 48, 1000),
        async (lists, most) => {
          const written = lists.map((list) => Float32Array.from(list));
          const tensors = written.map((data) => createTensor(device, [data.length], { data }));
          expect(await readTensors(limited(device, { maxBufferSize: most }), tensors)).toEqual(written);
          for (const tensor of tensors) tensor.buffer.destroy();
        },
      ),
      { numRuns: 25 },
    );
  });

  test("cuts the copies at the device's largest buffer", async () => {
    const device = await testDevice();
    const tensors = [3, 3, 4, 9].map((size) => createTensor(device, [size]));
    const sizes: number[] = [];
    const create = device.createBuffer.bind(device);
    const allocate = vi.spyOn(device, "createBuffer").mockImplementation((descriptor) => {
      sizes.push(descriptor.size);
      return create(descriptor);
    });
    await readTensors(limited(device, { maxBufferSize: 36 }), tensors);
    allocate.mockRestore();
    expect(sizes).toEqual([24, 16, 36]);
    for (const tensor of tensors) tensor.buffer.destroy();
  });

  test("keeps whole numbers whole", async () => {
    const device = await testDevice();
    const tensor = createTensor(device, [2], { dtype: "u32", data: new Uint32Array([7, 2 ** 32 - 1]) });
    const values: Uint32Array = await readTensor(device, tensor);
    expect(values).toEqual(new Uint32Array([7, 2 ** 32 - 1]));
    tensor.buffer.destroy();
  });

  test("a tensor that was destroyed is an error, never zeros", async () => {
    const device = await testDevice();
    const tensor = createTensor(device, [2], { label: "gone", data: new Float32Array([1, 2]) });
    tensor.buffer.destroy();
    const failure = await readTensor(device, tensor).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(VitrineError);
    expect(String(failure)).toMatch(/read: .*gone/s);
  });

  test("so is one whose buffer cannot be copied or is too small", async () => {
    const device = await testDevice();
    const buffer = device.createBuffer({ label: "closed", size: 8, usage: GPUBufferUsage.STORAGE });
    const closed: Tensor = { buffer, shape: [2], dtype: "f32" };
    await expect(readTensor(device, closed)).rejects.toThrow(VitrineError);
    const { buffer: small } = createTensor(device, [2]);
    await expect(readTensor(device, { buffer: small, shape: [3], dtype: "f32" })).rejects.toThrow(
      VitrineError,
    );
  });
});

test("shapes of any rank are seen as N, H, W, C", () => {
  expect(asNhwc([2, 3, 4, 5])).toEqual([2, 3, 4, 5]);
  expect(asNhwc([2, 7])).toEqual([2, 1, 1, 7]);
  expect(asNhwc([])).toEqual([1, 1, 1, 1]);
  expect(asNhwc([2, 3, 4])).toEqual([2, 1, 3, 4]);
  expect(asNhwc([1, 2, 3, 4, 5])).toEqual([1, 6, 4, 5]);
  expect(formatShape([])).toBe("scalar");
});
