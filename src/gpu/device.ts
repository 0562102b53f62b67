import { DeviceLostError, OutOfMemoryError, UnsupportedError, VitrineError } from "./errors.ts";

/** Features that Vitrine uses where the adapter has them; none is required. */
export const WANTED_FEATURES: readonly GPUFeatureName[] = [
  "core-features-and-limits" as GPUFeatureName,
  "shader-f16",
  "subgroups" as GPUFeatureName,
  "timestamp-query",
];

/** Limits that Vitrine asks for in full; the WebGPU defaults suffice for small networks. */
const WANTED_LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupsPerDimension",
] as const;

export interface DeviceOptions {
  readonly powerPreference?: GPUPowerPreference;
  readonly label?: string;
}

/**
 * Requests a device with the adapter's full limits and the features that Vitrine can use. The caller owns it.
 * An app that has a device of its own passes that one to Vitrine instead and never needs this.
 * @throws UnsupportedError when there is no WebGPU or no adapter.
 */
export async function requestDevice(
  gpu: GPU | undefined = globalThis.navigator?.gpu,
  { powerPreference = "high-performance", label = "vitrine" }: DeviceOptions = {},
): Promise<GPUDevice> {
  if (!gpu) {
    throw new UnsupportedError(
      "requestDevice: expected WebGPU, got none; use a browser with WebGPU, or createGpu() in Node",
    );
  }
  const adapter = await gpu.requestAdapter({ powerPreference });
  if (!adapter) {
    throw new UnsupportedError(
      "requestDevice: expected a GPU adapter, got none; install a Vulkan, Metal or D3D12 driver, or a software one such as Mesa's lavapipe",
    );
  }
  const requiredFeatures = WANTED_FEATURES.filter((feature) => adapter.features.has(feature));
  const requiredLimits = Object.fromEntries(WANTED_LIMITS.map((limit) => [limit, adapter.limits[limit]]));
  return adapter.requestDevice({ label, requiredFeatures, requiredLimits });
}

/** A device's name for people: vendor, architecture and description, as far as the adapter tells. */
export function adapterName(device: GPUDevice): string {
  const { vendor, architecture, device: model, description } = device.adapterInfo;
  return description || [vendor, architecture, model].filter(Boolean).join(" ") || "unknown adapter";
}

/** Whether the adapter computes on the CPU; its absolute times mean nothing. */
export function isSoftwareAdapter(device: GPUDevice): boolean {
  const { vendor, architecture } = device.adapterInfo;
  return /swiftshader|llvmpipe|lavapipe|basic render/i.test(
    `${vendor} ${architecture} ${adapterName(device)}`,
  );
}

const lost = new WeakMap<GPUDevice, Promise<never>>();

/**
 * Waits for GPU work and fails promptly with a DeviceLostError if the device goes away meanwhile.
 * @param who the caller, for the error's message.
 */
export function whileAlive<T>(device: GPUDevice, who: string, work: Promise<T>): Promise<T> {
  let loss = lost.get(device);
  if (!loss) {
    loss = device.lost.then((info) => {
      throw new DeviceLostError(`the GPU device was lost (${info.reason || "unknown"}): ${info.message}`);
    });
    loss.catch(() => {});
    lost.set(device, loss);
  }
  const named = loss.catch((error: unknown): never => {
    throw new DeviceLostError(
      `${who}: ${(error as Error).message}; request a new device and create the network again`,
    );
  });
  named.catch(() => {});
  // Work that the loss itself aborts may fail a moment before the device reports it.
  const settled = work.catch(async (error: unknown): Promise<never> => {
    await Promise.race([named, new Promise((resolve) => setTimeout(resolve, 20))]);
    throw error;
  });
  return Promise.race([settled, named]);
}

/**
 * Runs synchronous GPU object creation and turns what the device says about it into errors.
 * @throws OutOfMemoryError, or VitrineError with the device's validation message.
 */
export async function checked<T>(device: GPUDevice, who: string, create: () => T): Promise<T> {
  device.pushErrorScope("validation");
  device.pushErrorScope("out-of-memory");
  let made: T;
  try {
    made = create();
  } finally {
    const memory = device.popErrorScope();
    const validation = device.popErrorScope();
    const [noMemory, invalid] = await whileAlive(device, who, Promise.all([memory, validation]));
    if (noMemory) {
      // biome-ignore lint/correctness/noUnsafeFinally: the device's own word is the better error
      throw new OutOfMemoryError(
        `${who}: the device has no memory left: ${noMemory.message}; use a smaller batch`,
      );
    }
    // biome-ignore lint/correctness/noUnsafeFinally: the device's own word is the better error
    if (invalid) throw new VitrineError(`${who}: ${invalid.message}`);
  }
  return made;
}
