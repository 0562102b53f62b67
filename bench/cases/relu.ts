import { createActivationGradient, createTensor } from "../../src/index.ts";
import type { Case, Task } from "../case.ts";
import { difference } from "../compare.ts";
import { ortContender, tfjsContender } from "../peers/contenders.ts";
import { OnnxModel } from "../peers/onnx.ts";
import { commandRunner } from "../peers/ours.ts";
import { noise } from "../random.ts";
import { formatShape, type Shape, sizeOf } from "../shape.ts";

/** Code of the guided rule in a kernel's table. */
const GUIDED = 1;

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
          {
            name: "vitrine",
            kind: "ours",
            async create() {
              const tensors = [
                createTensor(device, shape, { data: a }),
                createTensor(device, shape, { data: dy }),
                createTensor(device, shape),
              ] as const;
              const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
              const rule = device.createBuffer({ size: 16, usage });
              device.queue.writeBuffer(rule, 0, new Uint32Array([GUIDED]));
              const command = await createActivationGradient(device, {
                activation: { kind: "relu" },
                a: tensors[0],
                dy: tensors[1],
                dx: tensors[2],
                rule,
              });
              return commandRunner(device, command, tensors[2], () => {
                for (const buffer of [rule, ...tensors.map((tensor) => tensor.buffer)]) buffer.destroy();
              });
            },
          },
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
