import { createTensor, recordCommands, type Tensor } from "../../src/index.ts";
import { createCast, createGram } from "../../src/kernels.ts";
import type { Bench, Case, Contender, Goal, Prepared, Task } from "../case.ts";
import { sampledDifference } from "../compare.ts";
import { ortContender, tfjsContender } from "../peers/contenders.ts";
import { OnnxModel } from "../peers/onnx.ts";
import { commandRunner } from "../peers/ours.ts";
import { noise } from "../random.ts";
import type { Runner } from "../runner.ts";
import type { Shape } from "../shape.ts";

interface Size {
  readonly images: number;
  readonly pixels: number;
  readonly channels: number;
}

/** Activations on the GPU, stored as halves if told so. */
async function activations(
  device: GPUDevice,
  shape: Shape,
  data: Float32Array,
  halves: boolean,
): Promise<Tensor> {
  const x = createTensor(device, shape, { data });
  if (!halves) return x;
  const y = createTensor(device, shape, { dtype: "f16" });
  const cast = await createCast(device, { x, y });
  const encoder = device.createCommandEncoder();
  recordCommands(encoder, [cast]);
  device.queue.submit([encoder.finish()]);
  cast.destroy();
  x.buffer.destroy();
  return y;
}

function ours(
  { device }: Bench,
  { images, pixels, channels }: Size,
  data: Float32Array,
  { full = false, halves = false } = {},
): () => Promise<Runner> {
  return async () => {
    const x = await activations(device, [images, pixels, channels], data, halves);
    const y = createTensor(device, [images, channels, channels]);
    const gram = await createGram(device, { x, y, full });
    return commandRunner(device, gram, y, () => {
      x.buffer.destroy();
      y.buffer.destroy();
    });
  };
}

/** Xᵀ·X of each image: a transpose that ONNX Runtime fuses into the product, or Gemm's own flag for a single image. */
function onnxGram({ images, pixels, channels }: Size): Uint8Array {
  const model = new OnnxModel();
  const x = model.input("x", images === 1 ? [pixels, channels] : [images, pixels, channels]);
  if (images === 1) model.node("Gemm", [x, x], { transA: 1 }, "y");
  else model.node("MatMul", [model.node("Transpose", [x], { perm: [0, 2, 1] }), x], {}, "y");
  model.output("y", images === 1 ? [channels, channels] : [images, channels, channels]);
  return model.encode();
}

async function prepare(bench: Bench, size: Size, halves: boolean): Promise<Prepared> {
  const { images, pixels, channels } = size;
  const shape = [images, pixels, channels] as const;
  const single = images === 1;
  const x = noise(shape, 3).map((value) => Math.max(0, value + 0.25));
  const at = (index: number): number => {
    const j = index % channels;
    const i = Math.floor(index / channels) % channels;
    const start = Math.floor(index / (channels * channels)) * pixels * channels;
    let sum = 0;
    for (let p = 0; p < pixels; p++) {
      const pixel = start + p * channels;
      sum += (x[pixel + i] ?? 0) * (x[pixel + j] ?? 0);
    }
    return sum;
  };
  const head = { name: "halves", kind: "variant" } as const;
  const storedAsHalves: Contender = bench.device.features.has("shader-f16")
    ? { ...head, create: ours(bench, size, x, { halves: true }) }
    : { ...head, absent: "this device has no halves" };
  return {
    contenders: [
      { name: "vitrine", kind: "ours", create: ours(bench, size, x) },
      tfjsContender(bench, async ({ tf, runner }) => {
        const resident = tf.tensor(x, single ? [pixels, channels] : [...shape]);
        return runner(
          () => tf.matMul(resident, resident, true, false),
          () => resident.dispose(),
        );
      }),
      ortContender(bench, (ort) =>
        ort.modelRunner(
          onnxGram(size),
          ort.tensor(single ? [pixels, channels] : shape, x),
          ort.tensor(single ? [channels, channels] : [images, channels, channels]),
        ),
      ),
      { name: "full product", kind: "variant", create: ours(bench, size, x, { full: true }) },
      ...(halves ? [storedAsHalves] : []),
    ],
    reference: "sum in f64 at 512 places",
    check: (y) => sampledDifference(y, images * channels * channels, at),
  };
}

/** @param halves whether the same from activations stored as halves stands beside it. */
function taskOf(size: Size, halves = false): Task {
  const { images, pixels, channels } = size;
  return {
    size: `${images > 1 ? `${images} × ` : ""}${pixels} pixels, ${channels} channels`,
    work: {
      flops: 2 * images * pixels * channels * channels,
      bytes: 4 * images * (pixels * channels + channels * channels),
    },
    prepare: (bench) => prepare(bench, size, halves),
  };
}

/** Layers whose Gram matrices style transfer takes, as in VGG16 at 224. */
const LAYERS = [
  { name: "block1", pixels: 224 ** 2, fewer: 112 ** 2, channels: 64 },
  { name: "block2", pixels: 112 ** 2, fewer: 56 ** 2, channels: 128 },
  { name: "block3", pixels: 56 ** 2, fewer: 28 ** 2, channels: 256 },
  { name: "block4", pixels: 28 ** 2, fewer: 14 ** 2, channels: 512 },
] as const;

/** Beyond 256 channels two times tfjs will do. */
function goalsOf(channels: number): Goal[] {
  return [
    { of: "tfjs", least: channels <= 256 ? 3 : 2 },
    { of: "onnxruntime", least: 2 },
    { of: "full product", least: 1.7 },
  ];
}

/** Gram matrices of activations. */
export const gramCases: readonly Case[] = [
  ...LAYERS.map(
    ({ name, pixels, fewer, channels }): Case => ({
      id: `gram/${name}`,
      title: `Gram matrix, VGG16 ${name}`,
      goals: goalsOf(channels),
      tasks: [
        taskOf({ images: 1, pixels, channels }, channels === 128),
        taskOf({ images: 1, pixels: fewer, channels }, channels === 128),
      ],
    }),
  ),
  {
    id: "gram/batch",
    title: "Gram matrices of a batch",
    goals: goalsOf(128),
    tasks: [taskOf({ images: 4, pixels: 784, channels: 128 })],
  },
  ...[16, 32, 64, 128, 256].map(
    (channels): Case => ({
      id: `growth/gram-${channels}`,
      title: `Gram matrix of ${channels} channels`,
      tasks: [taskOf({ images: 1, pixels: 784, channels })],
      growth: { series: "Gram matrix of 784 pixels", axis: "channels", at: channels },
    }),
  ),
];
