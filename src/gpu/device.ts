import { DeviceLostError, InputError, OutOfMemoryError, UnsupportedError, VitrineError } from "./errors.ts";
import { assertFields, describe, type Fields } from "./options.ts";

/** Features that Vitrine uses where the adapter has them; none is required. */
export const WANTED_FEATURES = [
  "core-features-and-limits",
  "shader-f16",
  "subgroups",
  "timestamp-query",
] as const;

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
  readonly powerPreference?: "low-power" | "high-performance" | undefined;
  readonly label?: string | undefined;
}

const DEVICE: Fields<DeviceOptions> = { powerPreference: ["low-power", "high-performance"], label: "may" };

/**
 * Requests a device with the adapter's full limits and the features that Vitrine can use. The caller owns it.
 * An app that has a device of its own passes that one to Vitrine instead and never needs this.
 * @throws UnsupportedError when there is no WebGPU or no adapter.
 * @example
 * ```ts
 * import { requestDevice } from "vitrine";
 *
 * const device = await requestDevice(); // in Node: await requestDevice(await createGpu())
 * device.destroy(); // when it is no longer needed
 * ```
 */
export async function requestDevice(
  gpu: GPU | undefined = globalThis.navigator?.gpu,
  options: DeviceOptions = {},
): Promise<GPUDevice> {
  assertFields("requestDevice", options, DEVICE);
  const { powerPreference = "high-performance", label = "vitrine" } = options;
  if (!gpu) {
    throw new UnsupportedError(
      "requestDevice: expected WebGPU, got none; use a browser with WebGPU, or createGpu() in Node",
    );
  }
  if (typeof (gpu as Partial<GPU>).requestAdapter !== "function") {
    throw new InputError(`requestDevice: expected a GPU, as navigator.gpu is one, got ${describe(gpu)}`);
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

/** @throws InputError when that is no device, with where one comes from. */
export function assertDevice(who: string, device: GPUDevice): void {
  const { createBuffer, queue } = (device ?? {}) as Partial<GPUDevice>;
  if (typeof createBuffer === "function" && queue) return;
  throw new InputError(
    `${who}: expected a GPUDevice, got ${describe(device)}; await requestDevice() gives one${typeof device === "string" ? ", and an address belongs to modelFromUrl()" : ""}`,
  );
}

/** A device's name for people: vendor, architecture and description, as far as the adapter tells. */
export function adapterName(device: GPUDevice): string {
  const { vendor, architecture, device: model, description } = adapterInfo(device);
  return description || [vendor, architecture, model].filter(Boolean).join(" ") || "unknown adapter";
}

/** True if the adapter computes on the CPU; its absolute times mean nothing. */
export function isSoftwareAdapter(device: GPUDevice): boolean {
  const { vendor = "", architecture = "", isFallbackAdapter = false } = adapterInfo(device);
  return (
    isFallbackAdapter ||
    /swiftshader|llvmpipe|lavapipe|basic render/i.test(`${vendor} ${architecture} ${adapterName(device)}`)
  );
}

/** Browsers that shipped WebGPU early have no `adapterInfo` on the device. */
function adapterInfo(device: GPUDevice): Partial<GPUAdapterInfo> {
  return (device.adapterInfo as GPUAdapterInfo | undefined) ?? {};
}

interface Vigil {
  lost: GPUDeviceLostInfo | undefined;
  readonly waiting: Set<(info: GPUDeviceLostInfo) => void>;
}

const vigils = new WeakMap<GPUDevice, Vigil>();

/** One watch a device: a `then` on `device.lost` for every call would pile up for as long as the device lives. */
function vigilOf(device: GPUDevice): Vigil {
  const known = vigils.get(device);
  if (known) return known;
  const vigil: Vigil = { lost: undefined, waiting: new Set() };
  vigils.set(device, vigil);
  device.lost.then((info) => {
    vigil.lost = info;
    for (const tell of vigil.waiting) tell(info);
    vigil.waiting.clear();
  });
  return vigil;
}

/** Milliseconds that failed work may wait to learn that the loss of the device was the reason. */
const GRACE_MS = 20;

/**
 * Waits for GPU work and fails promptly with a DeviceLostError if the device goes away meanwhile.
 * @param who the caller, for the error's message.
 */
export function whileAlive<T>(device: GPUDevice, who: string, work: Promise<T>): Promise<T> {
  const vigil = vigilOf(device);
  return new Promise<T>((resolve, reject) => {
    const tell = (info: GPUDeviceLostInfo): void =>
      reject(
        new DeviceLostError(
          `${who}: the GPU device was lost (${info.reason || "unknown"}): ${info.message || "no reason given"}; request a new device and create the network again`,
        ),
      );
    const leave = (): void => {
      vigil.waiting.delete(tell);
    };
    if (vigil.lost) tell(vigil.lost);
    else vigil.waiting.add(tell);
    work.then(
      (value) => {
        leave();
        resolve(value);
      },
      (error: unknown) => {
        // Work that the loss itself aborts may fail a moment before the device reports it.
        setTimeout(() => {
          leave();
          reject(error);
        }, GRACE_MS);
      },
    );
  });
}

/** The error for what the device says when it has no memory left. */
export function outOfMemory(who: string, error: GPUError): OutOfMemoryError {
  return new OutOfMemoryError(`${who}: the device has no memory left: ${error.message}; use a smaller batch`);
}

/**
 * Runs synchronous GPU object creation and turns what the device says about it into errors.
 * @throws OutOfMemoryError, or VitrineError with the device's validation message, or whatever `create` throws.
 */
export async function checked<T>(device: GPUDevice, who: string, create: () => T): Promise<T> {
  device.pushErrorScope("validation");
  device.pushErrorScope("out-of-memory");
  let outcome: { readonly made: T } | { readonly thrown: unknown };
  try {
    outcome = { made: create() };
  } catch (thrown) {
    outcome = { thrown };
  }
  const scopes = Promise.all([device.popErrorScope(), device.popErrorScope()]);
  const [noMemory, invalid] = await whileAlive(device, who, scopes);
  // The device's own word is the better error: a buffer that is mapped at creation throws a bare RangeError.
  if (noMemory) throw outOfMemory(who, noMemory);
  if (invalid) throw new VitrineError(`${who}: ${invalid.message}`);
  if ("thrown" in outcome) throw outcome.thrown;
  return outcome.made;
}
