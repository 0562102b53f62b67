import { logitsOf, shapesOf } from "../../src/graph.ts";
import { createNetwork, createOcclusion, type Graph, readTensor } from "../../src/index.ts";
import type { Bench, Case, Contender, Goal, Prepared, Task } from "../case.ts";
import { difference } from "../compare.ts";
import { WHOLE_IMAGES } from "../goals.ts";
import type { Scale } from "../graphs/vgg16.ts";
import { workOf } from "../graphs/work.ts";
import { ortContender, tfjsContender } from "../peers/contenders.ts";
import { OnnxModel } from "../peers/onnx.ts";
import { appendGraph } from "../peers/onnx-graph.ts";
import { tfjsGraph } from "../peers/tfjs-graph.ts";
import { noise } from "../random.ts";
import type { Runner } from "../runner.ts";
import { type Covering, coveringOf, dropsOf, inBoth, laidOut, masksOf } from "./covering.ts";
import { formatScale, PUBLISHED, shippedNetwork, shippedOutline } from "./networks.ts";

/** The class whose score every covered image gets. */
const CHANNEL = 1;
const FILL = [0.25, -0.5, 0.125];
/** Images in a batch of whoever runs whole ones; on a GPU, enough to fill it. */
const BATCH = { software: 8, hardware: 32 };
/** Batches of those that are timed, where all of them would take minutes. */
const BATCHES = { software: 2, hardware: 8 };
/** Drops are small differences of scores, and their rounding errors are the scores'. */
const TOLERANCE = 1e-3;

interface Subject {
  readonly bench: Bench;
  readonly graph: Graph;
  /** [side, side, 3] */
  readonly x: Float32Array<ArrayBuffer>;
  readonly covering: Covering;
}

/** Our sweep; `tell` hears how much of the work it is exact to leave out. */
async function sweep(
  { bench: { device }, graph, x, covering }: Subject,
  incremental: boolean,
  tell: (saving: number) => void = () => {},
): Promise<Runner> {
  const batch = incremental ? 1 : covering.batch;
  const network = await createNetwork(device, graph, { batch, keep: [], gradients: false });
  const { patch, stride } = covering;
  const target = { layer: logitsOf(graph), channel: CHANNEL };
  const occlusion = await createOcclusion(network, target, { patch, stride, incremental });
  tell(occlusion.saving);
  const steps = incremental ? occlusion.steps : covering.run.length;
  device.queue.writeBuffer(occlusion.image.buffer, 0, x);
  device.queue.writeBuffer(occlusion.fill.buffer, 0, Float32Array.from(FILL));
  const submit = (record: (encoder: GPUCommandEncoder) => void): void => {
    const encoder = device.createCommandEncoder();
    record(encoder);
    device.queue.submit([encoder.finish()]);
  };
  return {
    submit(times) {
      for (let index = 0; index < times; index++) {
        submit(occlusion.recordStart);
        for (let step = 0; step < steps; step++) submit(occlusion.recordStep);
      }
    },
    async read() {
      const scores = await readTensor(device, occlusion.scores);
      // Whole images run in order.
      const ran = { ...covering, run: Array.from({ length: steps }, (_, step) => step) };
      return incremental ? scores : laidOut(ran, scores);
    },
    destroy() {
      occlusion.destroy();
      network.destroy();
    },
  };
}

/** The image above the fill, so that masking is one product and one sum. */
function aboveFill(x: Float32Array): Float32Array<ArrayBuffer> {
  return Float32Array.from(x, (value, index) => value - (FILL[index % FILL.length] ?? 0));
}

/** Somebody who runs whole covered images, a part of them. */
function partOf(covering: Covering, contender: Contender): Contender {
  return covering.run.length < covering.batches
    ? { ...contender, share: covering.run.length / covering.batches }
    : contender;
}

/** tfjs, batch after batch of covered images, the masks resident. */
function tfjsSweep({ bench, graph, x, covering }: Subject): Contender {
  return partOf(
    covering,
    tfjsContender(bench, async ({ tf, runner }) => {
      const { side, batch, run } = covering;
      const { apply, dispose } = tfjsGraph(tf, graph);
      const image = tf.tensor(aboveFill(x), [1, side, side, 3]);
      const fill = tf.tensor(FILL, [1, 1, 1, 3]);
      const masks = run.map((index) => tf.tensor(masksOf(covering, index), [batch, side, side, 1]));
      const sweeping = runner(
        () => {
          const scores = masks.map((mask) =>
            tf.tidy(() => {
              const covered = tf.add(tf.mul(image, mask), fill);
              return tf.slice(apply(covered, logitsOf(graph)), [0, CHANNEL], [batch, 1]);
            }),
          );
          return tf.concat(scores);
        },
        () => {
          dispose();
          tf.dispose([image, fill, ...masks]);
        },
      );
      return { ...sweeping, read: async () => laidOut(covering, await sweeping.read()) };
    }),
  );
}

/** ONNX Runtime, batch after batch; masking is part of its model, masks and scores are resident. */
function ortSweep({ bench, graph, x, covering }: Subject): Contender {
  return partOf(
    covering,
    ortContender(bench, async (ort) => {
      const { side, batch, run } = covering;
      const output = logitsOf(graph);
      const shape = shapesOf(graph, batch).get(output) ?? [];
      const classes = shape.at(-1) ?? 1;
      const model = new OnnxModel();
      const masked = model.node("Mul", [
        model.input("x", [1, side, side, 3]),
        model.input("mask", [batch, side, side, 1]),
      ]);
      const covered = model.node("Add", [masked, model.constant([1, 1, 1, 3], Float32Array.from(FILL))]);
      model.node("Identity", [appendGraph(model, { ...graph, output }, covered, batch)], {}, "y");
      model.output("y", shape);
      const session = await ort.session(model.encode());
      const image = ort.tensor([1, side, side, 3], aboveFill(x));
      const rounds = run.map((index) => ({
        mask: ort.tensor([batch, side, side, 1], masksOf(covering, index)),
        y: ort.tensor(shape),
      }));
      return {
        async submit(times) {
          for (let index = 0; index < times; index++) {
            for (const { mask, y } of rounds) {
              await session.run({ x: image.tensor, mask: mask.tensor }, { y: y.tensor });
            }
          }
        },
        async read() {
          const logits = await Promise.all(rounds.map(({ y }) => ort.read(y)));
          const ran = Float32Array.from(
            { length: batch * run.length },
            (_, one) => logits[Math.floor(one / batch)]?.[(one % batch) * classes + CHANNEL] ?? Number.NaN,
          );
          return laidOut(covering, ran);
        },
        destroy() {
          void session.release();
          for (const { buffer } of [image, ...rounds.flatMap(({ mask, y }) => [mask, y])]) buffer.destroy();
        },
      };
    }),
  );
}

function prepare(bench: Bench, graph: Graph, patch: number, stride: number): Prepared {
  const [, side = 0] = shapesOf(graph).get(graph.layers[0]?.name ?? "") ?? [];
  const adapter = bench.software ? "software" : "hardware";
  const covering = coveringOf(side, patch, stride, BATCH[adapter], BATCHES[adapter]);
  const subject: Subject = { bench, graph, x: noise([side, side, 3], 7, 1.5), covering };
  let exact = 1;
  const contenders: Contender[] = [
    {
      name: "vitrine",
      kind: "ours",
      create: () =>
        sweep(subject, true, (saving) => {
          exact = saving;
        }),
    },
    tfjsSweep(subject),
    ortSweep(subject),
    partOf(covering, { name: WHOLE_IMAGES, kind: "variant", create: () => sweep(subject, false) }),
  ];
  return {
    contenders,
    reference: "peer",
    check(scores, witness) {
      const [ours, theirs] = inBoth(covering, scores, witness);
      return difference(dropsOf(ours), dropsOf(theirs));
    },
    saving: () => exact,
  };
}

/** A sweep over a graph, counted as whole covered images would cost. */
function taskOf(
  size: string,
  [patch, stride, saving]: readonly [patch: number, stride: number, saving: number],
  outline: Graph,
  build: (bench: Bench) => Promise<Graph>,
): Task {
  const [, side = 0] = shapesOf(outline).get(outline.layers[0]?.name ?? "") ?? [];
  const covering = coveringOf(side, patch, stride, BATCH.software, BATCHES.software);
  const { images } = covering;
  const { flops, bytes } = workOf(outline, 1);
  return {
    size: `${size}, patch ${patch}, stride ${stride}`,
    work: { flops: flops * images, bytes: bytes * images },
    cost: {
      ours: (flops * images) / saving,
      others: flops * Math.min(images, covering.batch * covering.run.length),
    },
    tolerance: TOLERANCE,
    prepare: async (bench) => prepare(bench, await build(bench), patch, stride),
  };
}

interface Reduced {
  readonly scale: Scale;
  readonly stride: number;
  /** About how many times less work it is exact to do, to choose sizes by; a row tells it to the digit. */
  readonly saving: number;
}

/** For slow adapters narrower networks and fewer patches, for the slowest smaller images, though the saving hangs on them. */
const REDUCED: Readonly<Record<string, readonly Reduced[]>> = {
  vgg16: [
    { scale: { side: 224, width: 1 / 8 }, stride: 8, saving: 9.5 },
    { scale: { side: 160, width: 1 / 8 }, stride: 8, saving: 7 },
    { scale: { side: 160, width: 1 / 8 }, stride: 36, saving: 7 },
    { scale: { side: 96, width: 1 / 8 }, stride: 40, saving: 4 },
    { scale: { side: 96, width: 1 / 8 }, stride: 80, saving: 4 },
    { scale: { side: 64, width: 1 / 8 }, stride: 48, saving: 2.5 },
  ],
  resnet50: [
    { scale: { side: 224, width: 1 / 8 }, stride: 16, saving: 2.7 },
    { scale: { side: 224, width: 1 / 8 }, stride: 52, saving: 2.7 },
    { scale: { side: 224, width: 1 / 8 }, stride: 104, saving: 2.7 },
    { scale: { side: 128, width: 1 / 8 }, stride: 112, saving: 2.5 },
    { scale: { side: 96, width: 1 / 8 }, stride: 80, saving: 2 },
  ],
  mobilenet_v1: [
    { scale: { side: 224, width: 1 / 4 }, stride: 16, saving: 3.2 },
    { scale: { side: 224, width: 1 / 4 }, stride: 52, saving: 3.2 },
    { scale: { side: 224, width: 1 / 4 }, stride: 104, saving: 3.2 },
    { scale: { side: 128, width: 1 / 4 }, stride: 112, saving: 2.8 },
    { scale: { side: 96, width: 1 / 4 }, stride: 80, saving: 2 },
  ],
};

/** A sweep of few patches shows little of what sweeps are about. */
const WEIGHT = 4;

/** Goals of a sweep: speed-ups over tfjs and ONNX Runtime, and three quarters of the exact saving. */
function goalsOf(tfjs: number, onnxruntime: number): Goal[] {
  return [
    { of: "tfjs", least: tfjs },
    { of: "onnxruntime", least: onnxruntime },
    { of: "saving", least: 0.75 },
  ];
}

const GOALS: Readonly<Record<string, readonly Goal[]>> = {
  vgg16: goalsOf(12, 7),
  resnet50: goalsOf(3.5, 2),
  mobilenet_v1: goalsOf(4, 2),
};

/** Sweeps of patches over an image, and what each does to the score of a class. */
export const occlusionCases: readonly Case[] = [
  {
    id: "occlusion/shipped",
    title: "shipped network, occlusion",
    weight: WEIGHT,
    goals: goalsOf(15, 8),
    tasks: [
      taskOf("96×96", [8, 4, 8], shippedOutline(), shippedNetwork),
      taskOf("96×96", [8, 8, 7], shippedOutline(), shippedNetwork),
      taskOf("96×96", [8, 22, 4.6], shippedOutline(), shippedNetwork),
    ],
  },
  ...PUBLISHED.filter(({ name }) => name in REDUCED).map(({ name, title, build, scales: [real] }): Case => {
    const task = ({ scale, stride, saving }: Reduced): Task =>
      taskOf(formatScale(scale), [16, stride, saving], build(scale, { outline: true }), async () =>
        build(scale),
      );
    return {
      id: `occlusion/${name}`,
      title: `${title}, occlusion`,
      goals: GOALS[name] ?? [],
      weight: WEIGHT,
      tasks: [task({ scale: real, stride: 8, saving: 1 }), ...(REDUCED[name] ?? []).map(task)],
    };
  }),
];
