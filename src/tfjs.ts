import "./gpu/platform.ts";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import { recordCommands } from "./gpu/command.ts";
import { InputError, UnsupportedError } from "./gpu/errors.ts";
import { createStepsNow, type Plan } from "./gpu/steps.ts";
import { createTensor, type Shape, sizeOf, type Tensor } from "./gpu/tensor.ts";
import { type GramOptions, gramShape, planGram, planGramGradient } from "./kernels/gram.ts";
import { planRelu, planReluGradient } from "./kernels/guided-relu.ts";
import { planMoments, planStatistics, rowsOf } from "./kernels/statistics.ts";
import { RULE_CODES } from "./layers/activation-gradient.ts";

/** tfjs's WebGPU backend as far as the bridge needs it. */
type Backend = Pick<
  WebGPUBackend,
  | "device"
  | "tensorMap"
  | "uploadToGPU"
  | "makeTensorInfo"
  | "ensureCommandEncoderReady"
  | "endComputePassEncoder"
  | "submitQueue"
>;

function backend(): Backend {
  if (tf.getBackend() !== "webgpu") {
    throw new UnsupportedError(
      `tfjs bridge: expected tfjs's backend "webgpu", got "${tf.getBackend()}"; call tf.setBackend("webgpu") first`,
    );
  }
  return tf.backend() as unknown as Backend;
}

/** The GPU device that tfjs computes on: networks that are to share tensors with it are created there. */
export function deviceOfTfjs(): GPUDevice {
  return backend().device;
}

/**
 * Submits what tfjs has recorded and not yet submitted, so that work submitted afterwards finds its results.
 * {@link fromTfjs} does it by itself.
 */
export function flushTfjs(): void {
  const tfjs = backend();
  tfjs.ensureCommandEncoderReady();
  tfjs.endComputePassEncoder();
  tfjs.submitQueue();
}

/**
 * A tfjs tensor as a tensor of ours, over the same buffer. It is borrowed: it lives until the tfjs tensor is disposed,
 * whose buffer tfjs then hands to another.
 * @throws InputError when it holds no f32; UnsupportedError when tfjs does not run on WebGPU.
 */
export function fromTfjs(x: tf.Tensor): Tensor<"f32"> {
  const shared = view(x);
  flushTfjs();
  return shared;
}

/**
 * A tensor of ours as a tfjs tensor, over the same buffer. The buffer still belongs to whoever made it, outlives the tfjs
 * tensor's disposal and must outlive its use. Its work must have been submitted before tfjs is asked for anything; once
 * read with `data()`, tfjs remembers the values and does not see later ones.
 * @throws InputError when the tensor is not f32 or its buffer is not exactly of its size.
 */
export function toTfjs(x: Tensor): tf.Tensor {
  const bytes = sizeOf(x.shape) * 4;
  if (x.dtype !== "f32" || x.buffer.size !== bytes) {
    throw new InputError(
      `toTfjs: expected an f32 tensor that fills its buffer, got ${x.dtype} of ${bytes} bytes in ${x.buffer.size}`,
    );
  }
  backend();
  return tf.tensor({ buffer: x.buffer, zeroCopy: true }, [...x.shape]);
}

/**
 * Gram matrices as a tfjs op: x [N, H, W, C] or [N, P, C] gives [N, C, C], symmetric and the same to the bit in every run;
 * see `createGram`. It has a gradient, which has none itself.
 */
export function gram(x: tf.Tensor, options: GramOptions = {}): tf.Tensor3D {
  const of = tf.customGrad((...args) => {
    const [input, save] = args as [tf.Tensor, tf.GradSaveFunc];
    save([input]);
    return {
      value: run(gramShape(input.shape), (y) => planGram({ ...options, x: view(input), y })),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [seen = input] = saved;
        return run(seen.shape, (dx) => planGramGradient({ ...options, x: view(seen), dy: view(dy), dx }));
      },
    };
  });
  return of(x) as tf.Tensor3D;
}

/**
 * ReLU as a tfjs op whose gradient is guided: only positive signals pass, and only where x is positive (Springenberg et al.,
 * "Striving for Simplicity", 2014).
 */
export function guidedRelu<T extends tf.Tensor>(x: T): T {
  const of = tf.customGrad((...args) => {
    const [input, save] = args as [tf.Tensor, tf.GradSaveFunc];
    const value = run(input.shape, (y) => planRelu({ x: view(input), y }));
    save([value]);
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [a = value] = saved;
        const rule = guidedRule(backend().device);
        return run(a.shape, (dx) => planReluGradient({ a: view(a), dy: view(dy), dx, rule }));
      },
    };
  });
  return of(x) as T;
}

/** Result of {@link channelStatistics}, each [C]. */
export interface TfjsStatistics {
  readonly mean: tf.Tensor1D;
  /** Variance of the population, not of a sample. */
  readonly variance: tf.Tensor1D;
  readonly min: tf.Tensor1D;
  readonly max: tf.Tensor1D;
  /** Fraction of values that are exactly zero; it has no gradient. */
  readonly zeros: tf.Tensor1D;
}

/**
 * Statistics of each channel as a tfjs op, over all axes of x [N, …, C] but the last, in one pass; see `createStatistics`.
 * Mean and variance have gradients, and minimum and maximum pass theirs to every value that attains them, as tfjs has it.
 */
export function channelStatistics(x: tf.Tensor): TfjsStatistics {
  const of = tf.customGrad((...args) => {
    const [input, save] = args as [tf.Tensor, tf.GradSaveFunc];
    const { rows, channels } = rowsOf(input.shape, "channelStatistics");
    const value = run([5, channels], (y) => (scratch) => {
      const { device } = backend();
      const summary = scratch([10, channels], "statistics", { dtype: "u32" });
      return [
        ...planStatistics(device, { x: view(input), summary, accumulate: false })(scratch),
        ...planMoments({ summary, y })(scratch),
      ];
    });
    save([input, value]);
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [seen = input, found = value] = saved;
        return tf.tidy(() => {
          const [mean, , min, max] = tf.unstack(found) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
          const [dMean, dVariance, dMin, dMax] = tf.unstack(dy) as [
            tf.Tensor,
            tf.Tensor,
            tf.Tensor,
            tf.Tensor,
          ];
          const spread = tf.mul(tf.sub(seen, mean), tf.mul(dVariance, 2 / rows));
          const ends = tf.add(
            tf.mul(tf.cast(tf.equal(seen, min), "float32"), dMin),
            tf.mul(tf.cast(tf.equal(seen, max), "float32"), dMax),
          );
          return tf.add(tf.add(tf.div(dMean, rows), spread), ends);
        });
      },
    };
  });
  return tf.tidy(() => {
    const [mean, variance, min, max, zeros] = tf.unstack(of(x)) as tf.Tensor1D[];
    return { mean, variance, min, max, zeros } as TfjsStatistics & tf.NamedTensorMap;
  });
}

/** A tfjs tensor's buffer, without a look at what tfjs has yet to submit. */
function view(x: tf.Tensor): Tensor<"f32"> {
  if (x.dtype !== "float32") {
    throw new InputError(`tfjs bridge: expected a float32 tensor, got ${x.dtype}; cast it first`);
  }
  const tfjs = backend();
  tfjs.uploadToGPU(x.dataId);
  const { resource } = tfjs.tensorMap.get(x.dataId);
  return { buffer: resource as GPUBuffer, shape: x.shape, dtype: "f32" };
}

/** Runs a plan after what tfjs has recorded, into a tensor of tfjs's own. */
function run(shape: Shape, planInto: (y: Tensor<"f32">) => Plan): tf.Tensor {
  const tfjs = backend();
  const info = tfjs.makeTensorInfo([...shape], "float32");
  const result = tf.engine().makeTensorFromTensorInfo(info);
  const command = createStepsNow(tfjs.device, "tfjs bridge", planInto(view(result)));
  // Views are taken by now: an upload may itself have been recorded.
  flushTfjs();
  const encoder = tfjs.device.createCommandEncoder({ label: "vitrine tfjs" });
  recordCommands(encoder, [command]);
  tfjs.device.queue.submit([encoder.finish()]);
  // Buffers that submitted work uses live on until it is done.
  command.destroy();
  return result;
}

const rules = new WeakMap<GPUDevice, GPUBuffer>();

/** The code of the guided rule in a buffer, one a device. */
function guidedRule(device: GPUDevice): GPUBuffer {
  const known = rules.get(device);
  if (known) return known;
  const data = Uint32Array.of(RULE_CODES.guided);
  const { buffer } = createTensor(device, [1], { dtype: "u32", data, label: "guided rule" });
  rules.set(device, buffer);
  return buffer;
}
