import { requestDevice } from "../src/gpu/device.ts";
import { createGpu } from "../src/node/gpu.ts";

let shared: Promise<GPUDevice> | undefined;

/** The one device that the tests of a process share. */
export function testDevice(): Promise<GPUDevice> {
  shared ??= createGpu().then((gpu) => requestDevice(gpu));
  return shared;
}

/** A device without optional features and with WebGPU's default limits, as many browsers have it. The caller destroys it. */
export async function plainDevice(): Promise<GPUDevice> {
  const adapter = await (await createGpu()).requestAdapter();
  if (!adapter) throw new Error("expected an adapter; npm run setup finds one");
  return adapter.requestDevice({ label: "plain" });
}

/** The same device, but for limits that it says it has: at most those that it really has. */
export function withLimits(device: GPUDevice, limits: Partial<GPUSupportedLimits>): GPUDevice {
  const said = new Proxy(device.limits, {
    get: (whole, key) => Reflect.get(limits, key) ?? Reflect.get(whole, key, whole),
  });
  return new Proxy(device, {
    get(whole, key) {
      if (key === "limits") return said;
      const value: unknown = Reflect.get(whole, key, whole);
      return typeof value === "function" ? value.bind(whole) : value;
    },
  });
}
