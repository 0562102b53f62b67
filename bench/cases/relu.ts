import { createTensor, recordCommands } from "../../src/index.ts";
import { createRelu, createReluGradient, reluMaskShape } from "../../src/kernels.ts";
import type { Case, Task } from "../case.ts";
import { difference } from "../compare.ts";
import { ortContender, tfjsContender } from "../peers/contenders.ts";
import { OnnxModel } from "../peers/onnx.ts";
import { commandRunner } from "../peers/ours.ts";
import { noise } from "../random.ts";
import type { Runner } from "../runner.ts";
import { formatShape, type Shape, sizeOf } from "../shape.ts";

/** Code of the guided rule in a kernel's table. */
const GUIDED = 1;

/** Our kernel, from the ReLU's output or from a mask of its bits, which is packed beforehand. */
async function ours(
  device: GPUDevice,
  shape: Shape,
  output: Float32Array,
  signal: Float32Array,
  packed: boolean,
): Promise<Runner> {
  const a = createTensor(device, shape, { data: output });
  const dy = createTensor(device, shape, { data: signal });
  const dx = createTensor(device, shape);
  const mask = createTensor(device, reluMaskShape(shape), { dtype: "u32" });
  const rule = device.createBuffer({ size: 4, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST });
  device.queue.writeBuffer(rule, 0, Uint32Array.of(GUIDED));
  if (packed) {
    const pack = await createRelu(device, { x: a, y: dx, mask });
    const encoder = device.createCommandEncoder();
    recordCommands(encoder, [pack]);
    device.queue.submit([encoder.finish()]);
    pack.destroy();
  }
  const command = await createReluGradient(device, { dy, dx, rule, ...(packed ? { mask } : { a }) });
  return commandRunner(device, command, dx, () => {
    for (const buffer of [rule, ...[a, dy, dx, mask].map((tensor) => tensor.buffer)]) buffer.destroy();
  });
}

/** dx = dy where both the ReLU's output and the signal are positive. */
function guided(shape: Shape): Task {
  return {
    size: formatShape(shape),
    work: { flops: 2 * sizeOf(shape), bytes: 12 * sizeOf(shape) },
    async prepare(bench) {
      const { device } = bench;
      const a = noise(shape, 11).map((value) => Math.max(0, value));
      const dy = noise(shape, 12);
      const expected = dy.map((value, index) => ((a[index] ?? 0) > 0 ? Math.max(0, value) : 0));
      return {
        contenders: [
          { name: "vitrine", kind: "ours", create: () => ours(device, shape, a, dy, false) },
          tfjsContender(bench, async ({ tf, runner }) => {
            const [output, signal] = [tf.tensor(a, [...shape]), tf.tensor(dy, [...shape])];
            return runner(
              () => tf.mul(tf.relu(signal), tf.step(output)),
              () => tf.dispose([output, signal]),
            );
          }),
          ortContender(bench, async (ort) => {
            const model = new OnnxModel();
            const [output, signal] = [model.input("a", shape), model.input("dy", shape)];
            // The sign of a rectified value is the mask itself.
            model.node("Mul", [model.node("Relu", [signal]), model.node("Sign", [output])], {}, "dx");
            model.output("dx", shape);
            const session = await ort.session(model.encode());
            const [ga, gdy, gdx] = [ort.tensor(shape, a), ort.tensor(shape, dy), ort.tensor(shape)];
            return {
              async submit(times) {
                for (let index = 0; index < times; index++)
                  await session.run({ a: ga.tensor, dy: gdy.tensor }, { dx: gdx.tensor });
              },
              read: () => ort.read(gdx),
              destroy() {
                void session.release();
                for (const { buffer } of [ga, gdy, gdx]) buffer.destroy();
              },
            };
          }),
          { name: "packed mask", kind: "variant", create: () => ours(device, shape, a, dy, true) },
        ],
        reference: "the rule in plain JavaScript",
        check: (y) => difference(y, expected),
      };
    },
  };
}

/** The guided rule at a ReLU, standing alone. */
export const reluCases: readonly Case[] = [
  {
    id: "relu/guided",
    title: "guided ReLU, backward",
    tasks: [guided([1, 112, 112, 128])],
  },
];
