import { logitsOf, shapesOf } from "../../src/graph.ts";
import { createNetwork, type Graph } from "../../src/index.ts";
import type { Bench, Case, Contender, Prepared, Task } from "../case.ts";
import { difference } from "../compare.ts";
import { vggLike } from "../graphs/vgg-like.ts";
import { workOf } from "../graphs/work.ts";
import { ortHasNone, tfjsContender } from "../peers/contenders.ts";
import { recordedRunner } from "../peers/ours.ts";
import { tfjsGraph } from "../peers/tfjs-graph.ts";
import type { Runner } from "../runner.ts";
import { imagesFor } from "./forward.ts";
import { formatScale, PUBLISHED, shippedNetwork, shippedOutline } from "./networks.ts";

type Rule = "gradient" | "guided";

/** The class whose score is differentiated, summed over the batch. */
const CHANNEL = 1;

/** A network and the images that go through it. */
interface Subject {
  readonly bench: Bench;
  readonly graph: Graph;
  readonly batch: number;
  readonly x: Float32Array<ArrayBuffer>;
}

/** Our passes; without a forward pass of its own, the backward pass uses one made beforehand. */
async function passes(
  { bench: { device }, graph, batch, x }: Subject,
  { forward, rule }: { readonly forward: boolean; readonly rule?: Rule },
): Promise<Runner> {
  const network = await createNetwork(device, graph, { batch, keep: [] });
  device.queue.writeBuffer(network.input.buffer, 0, x);
  if (!forward) {
    const encoder = device.createCommandEncoder();
    network.forward(encoder);
    device.queue.submit([encoder.finish()]);
  }
  const target = { layer: logitsOf(graph), channel: CHANNEL };
  const input = network.graph.layers[0]?.name ?? "";
  return recordedRunner(device, {
    record(encoder) {
      if (forward) network.forward(encoder);
      if (rule) network.backward(encoder, target, { rule });
    },
    y: rule ? network.gradient(input) : network.activation(network.graph.output),
    destroy: () => network.destroy(),
  });
}

/** tfjs's gradient, which runs forward again every time. */
function tfjsGradient({ bench, graph, batch, x }: Subject, rule: Rule): Contender {
  return tfjsContender(bench, async ({ tf, runner }) => {
    const { apply, dispose } = tfjsGraph(tf, graph, rule);
    const shape = shapesOf(graph, batch).get(graph.layers[0]?.name ?? "") ?? [];
    const resident = tf.tensor(x, [...shape]);
    const gradient = tf.grad((image) =>
      tf.sum(tf.slice(apply(image, logitsOf(graph)), [0, CHANNEL], [batch, 1])),
    );
    return runner(
      () => gradient(resident),
      () => {
        dispose();
        resident.dispose();
      },
    );
  });
}

/** Forward and back to the image, by a rule; the other rule stands beside it, and the same computed by other graphs. */
export function bothWays(
  bench: Bench,
  graph: Graph,
  batch: number,
  rule: Rule,
  others: readonly { readonly name: string; readonly graph: Graph }[] = [],
): Prepared {
  const subject = { bench, graph, batch, x: imagesFor(graph, batch) };
  const other = rule === "guided" ? "gradient" : "guided";
  const contenders: Contender[] = [
    { name: "vitrine", kind: "ours", create: () => passes(subject, { forward: true, rule }) },
    tfjsGradient(subject, rule),
    ortHasNone("it has no gradients"),
    {
      name: `${other === "gradient" ? "plain" : other} gradient`,
      kind: "variant",
      other: true,
      create: () => passes(subject, { forward: true, rule: other }),
    },
    ...others.map(
      ({ name, graph }): Contender => ({
        name,
        kind: "variant",
        create: () => passes({ ...subject, graph }, { forward: true, rule }),
      }),
    ),
  ];
  return { contenders, reference: "peer", check: difference };
}

/** The backward pass alone, from a forward pass made once, beside what that pass takes; tfjs cannot leave that out. */
function backAlone(bench: Bench, graph: Graph, batch: number): Prepared {
  const subject = { bench, graph, batch, x: imagesFor(graph, batch) };
  return {
    contenders: [
      { name: "vitrine", kind: "ours", create: () => passes(subject, { forward: false, rule: "gradient" }) },
      tfjsGradient(subject, "gradient"),
      {
        name: "forward pass",
        kind: "variant",
        other: true,
        create: () => passes(subject, { forward: true }),
      },
    ],
    reference: "peer",
    check: difference,
    note: () => "tfjs runs forward every time",
  };
}

/** Differences of ReLUs that open or close by a rounding error show more in a gradient than in a score. */
const TOLERANCE = 1e-3;

function twice({ flops, bytes }: Task["work"]): Task["work"] {
  return { flops: 2 * flops, bytes: 2 * bytes };
}

/** The six convolutions at their size, and at a smaller one; `passes` of them, a backward pass counted as one. */
function vggLikeTasks(
  passes: number,
  prepare: (bench: Bench, graph: Graph, batch: number) => Prepared,
): [Task, Task] {
  const task = (side: number): Task => {
    const { flops, bytes } = workOf(vggLike(side, { outline: true }), 1);
    return {
      size: `${side}×${side}, 32 to 128 channels`,
      work: { flops: passes * flops, bytes: passes * bytes },
      tolerance: TOLERANCE,
      prepare: (bench) => prepare(bench, vggLike(side), 1),
    };
  };
  return [task(64), task(32)];
}

function shippedTask(batch: number): Task {
  return {
    size: `${batch} × 96×96`,
    work: twice(workOf(shippedOutline(), batch)),
    tolerance: TOLERANCE,
    prepare: async (bench) => bothWays(bench, await shippedNetwork(bench), batch, "gradient"),
  };
}

/** From an image to the gradient of a class to it. */
export const gradientCases: readonly Case[] = [
  ...(["gradient", "guided"] as const).map(
    (rule): Case => ({
      id: `gradient/vgg-like-${rule === "guided" ? "guided" : "plain"}`,
      title: `six convolutions, forward and ${rule === "guided" ? "guided " : ""}back to the image`,
      goals: [{ of: "tfjs", least: 4 }, ...(rule === "guided" ? [{ of: "plain gradient", most: 1.03 }] : [])],
      tasks: vggLikeTasks(2, (bench, graph, batch) => bothWays(bench, graph, batch, rule)),
    }),
  ),
  {
    id: "gradient/vgg-like-back-alone",
    title: "six convolutions, back to the image alone",
    goals: [{ of: "forward pass", most: 1.15 }],
    tasks: vggLikeTasks(1, backAlone),
  },
  {
    id: "gradient/shipped",
    title: "shipped network, forward and back to the image",
    tasks: [shippedTask(8), shippedTask(1)],
  },
  ...PUBLISHED.map(({ name, title, build, batch = 1, scales: [real, ...smaller] }): Case => {
    const task = (scale: typeof real): Task => ({
      size: formatScale(scale, batch),
      work: twice(workOf(build(scale, { outline: true }), batch)),
      tolerance: TOLERANCE,
      prepare: (bench) => bothWays(bench, build(scale), batch, "guided"),
    });
    return {
      id: `gradient/${name}`,
      title: `${title}, forward and guided back to the image`,
      tasks: [task(real), ...smaller.map(task)],
    };
  }),
];
