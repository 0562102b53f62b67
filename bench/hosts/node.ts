import { setFlagsFromString } from "node:v8";
import { adapterName, isSoftwareAdapter, requestDevice } from "../../src/index.ts";
import { createGpu, modelFromDisk } from "../../src/node.ts";
import type { AdapterChoice } from "../options.ts";
import { type Progress, runSuite, type SuiteOptions } from "../suite.ts";
import { createBench } from "./host.ts";
import { commit, packageVersion, system } from "./machine.ts";

/**
 * Node 20's V8 stops for half a minute when it optimises ONNX Runtime's largest functions. Compiled once, not twice, they
 * only schedule: a run's cost on the CPU was the same 0.2 to 0.3 ms either way.
 */
export const ONE_COMPILATION = "--wasm-tiering-budget=100000000";

/** Runs the suite in this process, on Dawn. */
export async function runInNode(
  { adapter, ...options }: SuiteOptions & { readonly adapter?: AdapterChoice | undefined },
  tell: (progress: Progress) => void,
): Promise<void> {
  setFlagsFromString(ONE_COMPILATION);
  const gpu = await createGpu();
  // The peers look for WebGPU where a browser has it, and nowhere else.
  const navigator = { gpu, userAgent: "node" };
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
  const device = await requestDevice(gpu, adapter === "low-power" ? { powerPreference: adapter } : {});
  if (adapter === "software" && !isSoftwareAdapter(device)) {
    throw new Error(
      `--adapter software: expected a software adapter, got ${adapterName(device)}; name one's driver in VK_DRIVER_FILES`,
    );
  }
  const bench = await createBench(device, { shipped: () => modelFromDisk("models/vitrine") });
  const facts = {
    host: `Node ${process.version}, Dawn (webgpu ${packageVersion("webgpu")})`,
    system: system(),
    commit: commit(),
    versions: { vitrine: packageVersion(), "jax-js": packageVersion("@jax-js/jax") },
  };
  await runSuite(bench, facts, options, tell);
  device.destroy();
}
