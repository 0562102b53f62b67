import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UnsupportedError } from "../gpu/errors.ts";

// Dawn's instance must outlive everything made from it; once collected, the process dies.
let instance: GPU | undefined;

/**
 * WebGPU in Node: Dawn through the `webgpu` package, with the globals that WebGPU code expects and exact timestamps.
 * @throws UnsupportedError when the package is not installed.
 */
export async function createGpu(): Promise<GPU> {
  if (instance) return instance;
  // Vulkan's loader complains without a runtime directory.
  process.env.XDG_RUNTIME_DIR ??= mkdtempSync(join(tmpdir(), "vitrine-"));
  let dawn: typeof import("webgpu");
  try {
    dawn = await import("webgpu");
  } catch (error) {
    throw new UnsupportedError(`createGpu: expected the package "webgpu", got ${(error as Error).message}; run npm install webgpu`);
  }
  Object.assign(globalThis, dawn.globals);
  instance = dawn.create(["disable-dawn-features=timestamp_quantization"]);
  return instance;
}
