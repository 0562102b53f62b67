import * as tf from "@tensorflow/tfjs";
import { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type { Runner } from "../runner.ts";

/** tfjs on our own device. */
export interface TfjsPeer {
  readonly tf: typeof tf;
  readonly version: string;
  /** Runs a function of resident tensors; its outcome stays on the GPU until it is read. */
  runner(compute: () => tf.Tensor, dispose?: () => void): Runner;
}

/** tfjs at its best: everything on the GPU, nothing forwarded to the CPU. */
export async function startTfjs(device: GPUDevice): Promise<typeof tf> {
  await startBackend(device);
  return tf;
}

/** tfjs as a contender. */
export async function createTfjsPeer(device: GPUDevice): Promise<TfjsPeer> {
  const backend = await startBackend(device);
  return {
    tf,
    version: tf.version_core,
    runner(compute, dispose) {
      let last: tf.Tensor | undefined;
      return {
        submit(times) {
          for (let index = 0; index < times; index++) {
            last?.dispose();
            last = tf.tidy(compute);
          }
          flush(backend);
        },
        async read() {
          if (!last) throw new Error("tfjs: read before run");
          const copy = tf.tidy(() => last?.clone() ?? tf.scalar(0));
          return (await copy.data()) as Float32Array;
        },
        destroy() {
          last?.dispose();
          dispose?.();
        },
      };
    },
  };
}

async function startBackend(device: GPUDevice): Promise<WebGPUBackend> {
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
  return backend;
}

/** Submits what tfjs still holds back: it does so itself after every fifteenth dispatch and before every read. */
function flush(backend: WebGPUBackend): void {
  const inner = backend as unknown as Record<
    "ensureCommandEncoderReady" | "endComputePassEncoder" | "submitQueue",
    () => void
  >;
  inner.ensureCommandEncoderReady();
  inner.endComputePassEncoder();
  inner.submitQueue();
}
