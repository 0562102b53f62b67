import type * as jax from "@jax-js/jax";
import type { Runner } from "../runner.ts";
import type { Shape } from "../shape.ts";

/** An ONNX file opened by jax-js. */
export interface JaxModel {
  /** Runs the file from a resident input, NCHW as the file has it. */
  forward(x: Float32Array<ArrayBuffer>, shape: Shape): Promise<Runner>;
  /** Runs forward, and back to the input from one channel of the output, summed over the batch and all places. */
  gradient(x: Float32Array<ArrayBuffer>, shape: Shape, channel: number): Promise<Runner>;
}

/** jax-js on our own device, each pass compiled whole by its `jit`. */
export interface JaxPeer {
  readonly open: (file: Uint8Array<ArrayBuffer>) => Promise<JaxModel>;
}

/**
 * Starts jax-js on a device. It asks `navigator.gpu` for a device of its own, and has no other way to be given one: while it
 * starts, that is where it finds ours.
 * @throws Error where jax-js runs on another device already, for it has one in a lifetime.
 */
export async function createJaxPeer(device: GPUDevice): Promise<JaxPeer> {
  const { init, defaultDevice, getWebGPUDevice, grad, jit, numpy } = await import("@jax-js/jax");
  await whileAdapterGives(device, () => init("webgpu"));
  if (getWebGPUDevice() !== device) throw new Error("jax-js already runs on another device");
  defaultDevice("webgpu");

  /** @param compute takes an array over, as functions of jax-js do. */
  const runner = async (
    x: jax.numpy.Array,
    compute: (x: jax.numpy.Array) => jax.numpy.Array,
    dispose: () => void,
  ): Promise<Runner> => {
    await x.blockUntilReady();
    let last: jax.numpy.Array | undefined;
    return {
      async submit(times) {
        for (let index = 0; index < times; index++) {
          last?.dispose();
          last = compute(x.ref);
          // It computes when it is asked for: this brings all of it onto the queue.
          await last.ref.gpuBuffer();
        }
      },
      async read() {
        if (!last) throw new Error("jax-js: read before run");
        return Float32Array.from(await last.ref.data());
      },
      destroy() {
        last?.dispose();
        x.dispose();
        dispose();
      },
    };
  };

  return {
    async open(file) {
      const { ONNXModel } = await import("@jax-js/onnx");
      const model = new ONNXModel(file);
      const { graph } = model.model;
      const weights = new Set(graph?.initializer.map(({ name }) => name));
      const input = graph?.input.find(({ name }) => !weights.has(name))?.name ?? "";
      const output = graph?.output[0]?.name ?? "";
      const run = jit(model.run);
      const scores = (x: jax.numpy.Array): jax.numpy.Array => {
        const { [output]: y } = run({ [input]: x });
        if (!y) throw new Error(`jax-js: no output "${output}"`);
        return y;
      };
      const resident = (x: Float32Array<ArrayBuffer>, shape: Shape): jax.numpy.Array =>
        numpy.array(x).reshape([...shape]);
      const dispose = (): void => model.dispose();
      return {
        forward: (x, shape) => runner(resident(x, shape), scores, dispose),
        gradient(x, shape, channel) {
          // A product with ones and zeros, for jax-js 0.1.25 compiles the gradient of a slice to something else.
          const loss = (image: jax.numpy.Array): jax.numpy.Array => {
            const y = scores(image);
            const [, channels = 1, ...places] = y.shape;
            const chosen = Float32Array.from({ length: channels }, (_, index) => Number(index === channel));
            return numpy.sum(y.mul(numpy.array(chosen).reshape([channels, ...places.map(() => 1)])));
          };
          const back = jit(grad(loss));
          return runner(resident(x, shape), back, dispose);
        },
      };
    },
  };
}

/** Has whoever asks `navigator.gpu` for an adapter, and that for a device, get ours while some work runs. */
async function whileAdapterGives(device: GPUDevice, work: () => Promise<unknown>): Promise<void> {
  const { gpu } = navigator;
  const adapter = {
    limits: device.limits,
    features: device.features,
    info: device.adapterInfo,
    requestDevice: async () => device,
  };
  Object.defineProperty(gpu, "requestAdapter", { value: async () => adapter, configurable: true });
  try {
    await work();
  } finally {
    // The method of its prototype again.
    Reflect.deleteProperty(gpu, "requestAdapter");
  }
}
