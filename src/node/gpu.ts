import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findSwiftShader } from "./chrome.ts";
import { missingPackage } from "./packages.ts";

// Exact timestamps; Dawn rounds them to 0.1 ms otherwise.
const DAWN_OPTIONS = ["disable-dawn-features=timestamp_quantization"];

// Dawn's instances must outlive everything made from them; once one is collected, the process dies.
const instances: GPU[] = [];
let opened: Promise<GPU> | undefined;

/**
 * WebGPU in Node: Dawn through the `webgpu` package, with the globals that WebGPU code expects and exact timestamps.
 * If the machine has no driver of its own, SwiftShader stands in, the software driver that every Chrome carries. If
 * `VK_DRIVER_FILES` (or `VK_ICD_FILENAMES`) names a driver, only that one is tried. Later calls return the same GPU.
 * @throws UnsupportedError when the `webgpu` package is not installed. A missing adapter is an error of `requestDevice`.
 */
export function createGpu(): Promise<GPU> {
  opened ??= open();
  opened.catch(() => {
    opened = undefined;
  });
  return opened;
}

async function open(): Promise<GPU> {
  // Vulkan's loader complains without a runtime directory.
  process.env.XDG_RUNTIME_DIR ??= mkdtempSync(join(tmpdir(), "vitrine-"));
  let dawn: typeof import("webgpu");
  try {
    dawn = await import("webgpu");
  } catch (error) {
    throw missingPackage("createGpu", "webgpu", error as Error);
  }
  Object.assign(globalThis, dawn.globals);
  const create = (): GPU => {
    const gpu = dawn.create(DAWN_OPTIONS);
    instances.push(gpu);
    return gpu;
  };
  const gpu = create();
  if ((await gpu.requestAdapter()) || process.env.VK_DRIVER_FILES || process.env.VK_ICD_FILENAMES) return gpu;
  const driver = findSwiftShader();
  if (!driver) return gpu;
  // The Vulkan loader reads this for each instance, so that a second one finds what the first did not.
  process.env.VK_DRIVER_FILES = driver;
  return create();
}
