import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";

/** tfjs on our own device, at its best: everything on the GPU, nothing forwarded to the CPU. */
export async function startTfjs(device: GPUDevice): Promise<typeof tf> {
  if (!globalThis.navigator?.gpu) {
    // tfjs looks for WebGPU here and nowhere else, also in Node.
    Object.defineProperty(globalThis, "navigator", {
      value: { gpu: {}, userAgent: "node" },
      configurable: true,
    });
  }
  const backend = new WebGPUBackend(device, device.adapterInfo);
  if (tf.findBackendFactory("webgpu")) tf.removeBackend("webgpu");
  tf.registerBackend("webgpu", () => backend, 3);
  await tf.setBackend("webgpu");
  tf.env().set("WEBGPU_CPU_FORWARD", false);
  return tf;
}

/** A LayersModel from disk, as tfjs itself loads it. */
export function loadTfjsModel(manifestPath: string): Promise<tf.LayersModel> {
  const { modelTopology, weightsManifest, format } = JSON.parse(readFileSync(manifestPath, "utf8"));
  const groups: { paths: string[]; weights: tf.io.WeightsManifestEntry[] }[] = weightsManifest;
  const shards = groups
    .flatMap(({ paths }) => paths)
    .map((path) => readFileSync(join(dirname(manifestPath), path)));
  const weightData = new Uint8Array(Buffer.concat(shards)).buffer;
  const weightSpecs = groups.flatMap(({ weights }) => weights);
  return tf.loadLayersModel({ load: async () => ({ modelTopology, weightSpecs, weightData, format }) });
}
