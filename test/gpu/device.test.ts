import { expect, test, vi } from "vitest";
import {
  checked,
  isSoftwareAdapter,
  requestDevice,
  WANTED_FEATURES,
  whileAlive,
} from "../../src/gpu/device.ts";
import { DeviceLostError, OutOfMemoryError, UnsupportedError, VitrineError } from "../../src/gpu/errors.ts";
import { createTensor, readTensor } from "../../src/gpu/tensor.ts";
import { createGpu } from "../../src/node/gpu.ts";
import { testDevice } from "../gpu.ts";

const pending = (): Promise<never> => new Promise(() => {});

test("a device has every wanted feature and limit of its adapter", async () => {
  const gpu = await createGpu();
  const adapter = await gpu.requestAdapter();
  const device = await requestDevice(gpu);
  for (const feature of WANTED_FEATURES) {
    expect([feature, device.features.has(feature)]).toEqual([feature, adapter?.features.has(feature)]);
  }
  expect(device.limits.maxBufferSize).toBe(adapter?.limits.maxBufferSize);
  expect(device.limits.maxStorageBufferBindingSize).toBe(adapter?.limits.maxStorageBufferBindingSize);
  device.destroy();
});

test("no WebGPU and no adapter are two clear sentences", async () => {
  vi.stubGlobal("navigator", undefined); // tfjs's tests, in this process too, leave one behind
  await expect(requestDevice(undefined)).rejects.toThrow(UnsupportedError);
  await expect(requestDevice(undefined)).rejects.toThrow(/expected WebGPU, got none; use .*createGpu/);
  const bare = { requestAdapter: async () => null } as unknown as GPU;
  await expect(requestDevice(bare)).rejects.toThrow(UnsupportedError);
  await expect(requestDevice(bare)).rejects.toThrow(/expected a GPU adapter, got none; install/);
  vi.unstubAllGlobals();
});

test.each([
  [{ vendor: "mesa", architecture: "", description: "llvmpipe: Mesa 25" }, true],
  [{ vendor: "google", architecture: "swiftshader", description: "" }, true],
  [{ vendor: "x", architecture: "", description: "", isFallbackAdapter: true }, true],
  [{ vendor: "nvidia", architecture: "hopper", description: "NVIDIA H200" }, false],
  [undefined, false],
])("tells a software adapter: %j", (adapterInfo, software) => {
  expect(isSoftwareAdapter({ adapterInfo } as unknown as GPUDevice)).toBe(software);
});

test("waiting ends when the device goes away, before, during and after the loss", async () => {
  const device = await requestDevice(await createGpu());
  const tensor = createTensor(device, [4]);
  const waiting = whileAlive(device, "grad-cam", pending());
  device.destroy();
  await expect(waiting).rejects.toThrow(DeviceLostError);
  await expect(waiting).rejects.toThrow(
    /grad-cam: the GPU device was lost \(destroyed\).*create the network again/,
  );
  await expect(whileAlive(device, "late", pending())).rejects.toThrow(/late: the GPU device was lost/);
  await expect(readTensor(device, tensor)).rejects.toThrow(DeviceLostError);
  await expect(checked(device, "create", () => createTensor(device, [4]))).rejects.toThrow(DeviceLostError);
});

test("work that the loss aborts fails as the loss, not as its symptom", async () => {
  let lose: (info: GPUDeviceLostInfo) => void = () => {};
  const lost = new Promise<GPUDeviceLostInfo>((resolve) => {
    lose = resolve;
  });
  const waiting = whileAlive({ lost } as GPUDevice, "read", Promise.reject(new Error("AbortError")));
  setTimeout(() => lose({ reason: "unknown", message: "driver reset" } as GPUDeviceLostInfo), 5);
  await expect(waiting).rejects.toThrow(/driver reset/);
});

test("work that succeeds or fails on its own passes through, and leaves nothing behind on the device", async () => {
  const device = { lost: pending() } as unknown as GPUDevice;
  const watch = vi.spyOn(device.lost, "then");
  expect(await whileAlive(device, "a", Promise.resolve(3))).toBe(3);
  await expect(whileAlive(device, "b", Promise.reject(new Error("own")))).rejects.toThrow(/^own$/);
  for (let call = 0; call < 50; call++) await whileAlive(device, "c", Promise.resolve());
  expect(watch).toHaveBeenCalledTimes(1);
});

test("what the device refuses becomes an error by the caller's name", async () => {
  const device = await testDevice();
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.MAP_WRITE;
  const invalid = checked(device, 'network "tiny"', () => device.createBuffer({ size: 4, usage }));
  await expect(invalid).rejects.toThrow(VitrineError);
  await expect(invalid).rejects.toThrow(/network "tiny": .*usage/is);
});

test("a full device is an OutOfMemoryError", async ({ skip }) => {
  const device = await testDevice();
  skip(!isSoftwareAdapter(device), "filling a real GPU would disturb whoever uses it");
  const size = device.limits.maxBufferSize;
  const hoard: GPUBuffer[] = [];
  const fill = async (): Promise<void> => {
    while (hoard.length < 64) {
      const usage = GPUBufferUsage.STORAGE;
      hoard.push(await checked(device, "network", () => device.createBuffer({ size, usage })));
    }
  };
  const full = fill();
  await expect(full).rejects.toThrow(OutOfMemoryError);
  await expect(full).rejects.toThrow(/network: the device has no memory left: .*use a smaller batch/s);
  for (const buffer of hoard) buffer.destroy();
});

test("so is the bare RangeError of a buffer that is mapped at creation", async () => {
  const device = {
    lost: pending(),
    pushErrorScope: () => {},
    popErrorScope: vi.fn().mockResolvedValueOnce({ message: "none left" }).mockResolvedValueOnce(null),
  } as unknown as GPUDevice;
  const full = checked(device, "network", () => {
    throw new RangeError("createBuffer failed");
  });
  await expect(full).rejects.toThrow(OutOfMemoryError);
});

test("what creation itself throws comes through, and no scope stays open behind it", async () => {
  const device = await testDevice();
  const push = vi.spyOn(device, "pushErrorScope");
  const pop = vi.spyOn(device, "popErrorScope");
  const own = checked(device, "network", () => {
    throw new TypeError("own");
  });
  await expect(own).rejects.toThrow(/^own$/);
  expect(pop.mock.calls.length).toBe(push.mock.calls.length);
  push.mockRestore();
  pop.mockRestore();
});
