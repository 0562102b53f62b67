import { requestDevice } from "../../src/index.ts";
import { createGpu, modelFromDisk } from "../../src/node.ts";
import type { Progress, SuiteOptions } from "../suite.ts";
import { runSuite } from "../suite.ts";
import { createBench } from "./host.ts";
import { commit, packageVersion, system } from "./machine.ts";

/** Runs the suite in this process, on Dawn. */
export async function runInNode(
  options: SuiteOptions & { readonly adapter?: GPUPowerPreference },
  tell: (progress: Progress) => void,
): Promise<void> {
  const gpu = await createGpu();
  // The peers look for WebGPU where a browser has it, and nowhere else.
  const navigator = { gpu, userAgent: "node" };
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
  const device = await requestDevice(gpu, options.adapter ? { powerPreference: options.adapter } : {});
  const bench = await createBench(device, { shipped: () => modelFromDisk("models/vitrine") });
  const facts = {
    host: `Node ${process.version}, Dawn (webgpu ${packageVersion("webgpu")})`,
    system: system(),
    commit: commit(),
    versions: { vitrine: packageVersion() },
  };
  await runSuite(bench, facts, options, tell);
  device.destroy();
}
