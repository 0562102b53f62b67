import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { startTfjs } from "../bench/tfjs.ts";
import { InputError, UnsupportedError } from "../src/gpu/errors.ts";
import { createTensor, readTensor, sizeOf } from "../src/gpu/tensor.ts";
import {
  channelStatistics,
  deviceOfTfjs,
  fromTfjs,
  gram,
  guidedRelu,
  type TfjsStatistics,
  toTfjs,
} from "../src/tfjs.ts";
import { testDevice } from "./gpu.ts";
import { expectClose, numbers } from "./reference/numbers.ts";

const SHAPE: [number, number, number, number] = [2, 5, 4, 6];

function random(seed: number, shape = SHAPE): tf.Tensor4D {
  return tf.tensor4d(numbers(sizeOf(shape), seed), shape);
}

/** x as a result of tfjs that it has recorded and not submitted. */
function pending(seed: number): tf.Tensor4D {
  return tf.tidy(() => random(seed).mul(2).sub(random(seed)));
}

async function values(x: tf.Tensor): Promise<Float32Array> {
  return (await x.data()) as Float32Array;
}

beforeAll(async () => {
  await startTfjs(await testDevice());
});

/** What tfjs itself makes of a Gram matrix. */
function plainGram(x: tf.Tensor): tf.Tensor {
  const flat = tf.reshape(x, [SHAPE[0], SHAPE[1] * SHAPE[2], SHAPE[3]]);
  return tf.matMul(flat, flat, true);
}

function plainStatistics(x: tf.Tensor): TfjsStatistics {
  const { mean, variance } = tf.moments(x, [0, 1, 2]);
  const [min, max] = [tf.min(x, [0, 1, 2]), tf.max(x, [0, 1, 2])];
  // tfjs's WebGPU backend transposes no comparisons: a step instead, for x of at least 0.
  const zeros = tf.sub(1, tf.mean(tf.step(x), [0, 1, 2]));
  return { mean, variance, min, max, zeros } as TfjsStatistics;
}

describe("tensors", () => {
  test("cross over without a copy, after what tfjs has recorded", async () => {
    const device = deviceOfTfjs();
    expect(device).toBe(await testDevice());
    const x = pending(1);
    const shared = fromTfjs(x);
    expect(shared.shape).toEqual(SHAPE);
    expect(await readTensor(device, shared)).toEqual(numbers(sizeOf(SHAPE), 1));
    // What we write there, tfjs reads.
    device.queue.writeBuffer(shared.buffer, 0, new Float32Array([42]));
    expect((await values(x))[0]).toBe(42);
  });

  test("cross back without a copy, and the buffer stays ours", async () => {
    const device = deviceOfTfjs();
    const ours = createTensor(device, [2, 3], { data: new Float32Array([1, 2, 3, 4, 5, 6]) });
    const theirs = toTfjs(ours);
    expect([...(await values(theirs.mul(10)))]).toEqual([10, 20, 30, 40, 50, 60]);
    theirs.dispose();
    expect([...(await readTensor(device, ours))]).toEqual([1, 2, 3, 4, 5, 6]);
    ours.buffer.destroy();
  });

  test("that cannot cross are refused", async () => {
    expect(() => fromTfjs(tf.tensor1d([1, 2], "int32"))).toThrow(InputError);
    const counts = createTensor(deviceOfTfjs(), [2], { dtype: "u32" });
    expect(() => toTfjs(counts)).toThrow(/expected an f32 tensor that fills its buffer/);
    counts.buffer.destroy();
    await tf.setBackend("cpu");
    try {
      expect(() => deviceOfTfjs()).toThrow(UnsupportedError);
    } finally {
      await tf.setBackend("webgpu");
    }
  });
});

describe("gram", () => {
  test("and its gradient agree with tfjs's own", async () => {
    const x = pending(2);
    expectClose(await values(gram(x)), await values(plainGram(x)));
    const weights = tf.tensor3d(numbers(2 * 36, 3), [2, 6, 6]);
    const ours = tf.grad((input) => gram(input, { normalise: "pixels" }).mul(weights).sum())(x);
    const theirs = tf.grad((input) => plainGram(input).mul(weights).div(20).sum())(x);
    expectClose(await values(ours), await values(theirs));
  });
});

describe("guidedRelu", () => {
  test("is a ReLU, and lets only positive signals pass where it does", async () => {
    const [x, dy] = [pending(4), pending(5)];
    const [z, signal] = [await values(x), await values(dy)];
    expect(await values(guidedRelu(x))).toEqual(z.map((v) => Math.max(v, 0)));
    const dx = await values(tf.grad((input) => guidedRelu(input).mul(dy).sum())(x));
    expect([...dx]).toEqual(Array.from(z, (v, i) => (v > 0 ? Math.max(signal[i] ?? 0, 0) : 0)));
    expect(dx.some((v) => v > 0)).toBe(true);
  });
});

describe("channelStatistics", () => {
  const NAMES = ["mean", "variance", "min", "max", "zeros"] as const;

  test("and their gradients agree with tfjs's own", async () => {
    const x = tf.relu(pending(6));
    const [ours, theirs] = [channelStatistics(x), plainStatistics(x)];
    for (const name of NAMES) expectClose(await values(ours[name]), await values(theirs[name]));
    expect((await values(ours.zeros)).every((v) => v > 0.2 && v < 0.8)).toBe(true);

    const free = pending(7);
    for (const name of ["mean", "variance", "min", "max"] as const) {
      const weights = tf.tensor1d(numbers(6, 8));
      const slope = (of: (input: tf.Tensor) => TfjsStatistics) =>
        tf.grad((input) => of(input)[name].mul(weights).sum())(free);
      expectClose(await values(slope(channelStatistics)), await values(slope(plainStatistics)));
    }
  });
});

test("ops leave nothing behind", async () => {
  const device = deviceOfTfjs();
  const x = pending(9);
  const live = new Set<GPUBuffer>();
  const create = device.createBuffer;
  const round = async (): Promise<void> => {
    const all = tf.tidy(() => {
      const { mean } = channelStatistics(x);
      return tf.grad((input) => gram(guidedRelu(input)).sum().add(mean.sum()))(x);
    });
    await values(all);
    all.dispose();
  };
  await round();
  const tensors = tf.memory().numTensors;
  device.createBuffer = function (this: GPUDevice, descriptor: GPUBufferDescriptor): GPUBuffer {
    const buffer = create.call(this, descriptor);
    const destroy = buffer.destroy;
    live.add(buffer);
    buffer.destroy = () => {
      live.delete(buffer);
      return destroy.call(buffer);
    };
    return buffer;
  };
  try {
    await round();
    const after = live.size;
    for (let i = 0; i < 5; i++) await round();
    // tfjs keeps a pool of its own; what it grew to once, it needs no more of.
    expect(live.size).toBe(after);
    expect(tf.memory().numTensors).toBe(tensors);
  } finally {
    device.createBuffer = create;
  }
});
