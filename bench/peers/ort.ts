import type * as Ort from "onnxruntime-web/webgpu";
import type { Runner } from "../runner.ts";
import { type Shape, sizeOf } from "../shape.ts";

/** A tensor that lives on the GPU for ONNX Runtime to read or write. */
export interface OrtTensor {
  readonly buffer: GPUBuffer;
  readonly tensor: Ort.Tensor;
  readonly shape: Shape;
}

/** ONNX Runtime Web, its WebGPU execution provider on our own device. */
export interface OrtPeer {
  readonly version: string;
  /** A resident tensor, with contents or for output. */
  tensor(shape: Shape, data?: Float32Array<ArrayBuffer>): OrtTensor;
  session(model: Uint8Array): Promise<Ort.InferenceSession>;
  /** Runs a model from a resident "x" into a resident "y". */
  modelRunner(model: Uint8Array, x: OrtTensor, y: OrtTensor): Promise<Runner>;
  /** Runs somebody's file of one input from resident values of it; the first output is allocated by each run. */
  fileRunner(file: Uint8Array, shape: Shape, x: Float32Array<ArrayBuffer>): Promise<Runner>;
  read(tensor: OrtTensor): Promise<Float32Array>;
}

/**
 * Starts ONNX Runtime Web on a device.
 * @param wasm where the page finds its WebAssembly; in Node the package knows.
 */
export async function createOrtPeer(device: GPUDevice, wasm?: string): Promise<OrtPeer> {
  const ort = await import("onnxruntime-web/webgpu");
  // One thread of WebAssembly: it only schedules here, and more would need a page isolated from all others.
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  if (wasm !== undefined) ort.env.wasm.wasmPaths = { wasm };
  acceptSharedMemory(device.queue);

  const session = (model: Uint8Array): Promise<Ort.InferenceSession> =>
    ort.InferenceSession.create(model, {
      executionProviders: [{ name: "webgpu", device }],
      graphOptimizationLevel: "all",
      logSeverityLevel: 3,
      preferredOutputLocation: "gpu-buffer",
    });
  const tensor: OrtPeer["tensor"] = (shape, data) => {
    const buffer = device.createBuffer({
      label: "onnxruntime",
      size: Math.ceil(sizeOf(shape) / 4) * 16,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
    if (data) device.queue.writeBuffer(buffer, 0, data);
    return {
      buffer,
      shape,
      tensor: ort.Tensor.fromGpuBuffer(buffer, { dataType: "float32", dims: [...shape] }),
    };
  };
  const read: OrtPeer["read"] = async ({ buffer, shape }) => {
    const size = sizeOf(shape) * 4;
    const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
    const staging = device.createBuffer({ size, usage });
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, 0, staging, 0, size);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    const values = new Float32Array(staging.getMappedRange().slice(0));
    staging.destroy();
    return values;
  };
  return {
    version: ort.env.versions.web ?? "",
    tensor,
    read,
    session,
    async modelRunner(model, x, y) {
      const opened = await session(model);
      return {
        async submit(times) {
          for (let index = 0; index < times; index++) await opened.run({ x: x.tensor }, { y: y.tensor });
        },
        read: () => read(y),
        destroy() {
          void opened.release();
          x.buffer.destroy();
          y.buffer.destroy();
        },
      };
    },
    async fileRunner(file, shape, values) {
      const opened = await session(file);
      const [input = "", output = ""] = [opened.inputNames[0], opened.outputNames[0]];
      const x = tensor(shape, values);
      let last: Ort.InferenceSession.ReturnType = {};
      const release = (): void => {
        for (const tensor of Object.values(last)) tensor.dispose();
      };
      return {
        async submit(times) {
          for (let index = 0; index < times; index++) {
            release();
            last = await opened.run({ [input]: x.tensor });
          }
        },
        async read() {
          const { [output]: y } = last;
          if (!y) throw new Error("onnxruntime: read before run");
          return Float32Array.from((await y.getData()) as Float32Array);
        },
        destroy() {
          release();
          void opened.release();
          x.buffer.destroy();
        },
      };
    },
  };
}

/**
 * ONNX Runtime writes its uniforms straight from memory that threads may share; browsers take that, Dawn for Node does
 * not, and gets a copy of those few bytes.
 */
function acceptSharedMemory(queue: GPUQueue): void {
  if (typeof process === "undefined" || typeof SharedArrayBuffer === "undefined") return;
  const write = queue.writeBuffer.bind(queue);
  queue.writeBuffer = ((buffer, offset, data, ...range) => {
    const shared = ArrayBuffer.isView(data) && data.buffer instanceof SharedArrayBuffer;
    write(buffer, offset, shared ? (data as Uint8Array).slice() : (data as BufferSource), ...range);
  }) as typeof write;
}
