import { type Graph, loadLayersModel } from "../../src/index.ts";
import type { Bench, Case, Task } from "../case.ts";
import { type BuilderOptions, GraphBuilder } from "../graphs/builder.ts";
import { mobilenetV1 } from "../graphs/mobilenet-v1.ts";
import { resnet50 } from "../graphs/resnet50.ts";
import { squeezenet } from "../graphs/squeezenet.ts";
import { type Scale, vgg16 } from "../graphs/vgg16.ts";
import { workOf } from "../graphs/work.ts";
import { forwardAgainstPeer } from "./forward.ts";

/** A published network, at its published size and at smaller ones. */
export interface Published {
  readonly name: string;
  readonly title: string;
  readonly build: (scale: Scale, options?: BuilderOptions) => Graph;
  readonly scales: readonly [Scale, ...Scale[]];
  /** Images a pass. Default 1. */
  readonly batch?: number;
}

export const PUBLISHED: readonly Published[] = [
  {
    name: "vgg16",
    title: "VGG16",
    build: vgg16,
    scales: [
      { side: 224, width: 1 },
      { side: 128, width: 1 / 4 },
      { side: 96, width: 1 / 8 },
    ],
  },
  {
    name: "resnet50",
    title: "ResNet50",
    build: resnet50,
    scales: [
      { side: 224, width: 1 },
      { side: 128, width: 1 / 2 },
      { side: 96, width: 1 / 4 },
    ],
  },
  {
    name: "mobilenet_v1",
    title: "MobileNetV1",
    build: mobilenetV1,
    scales: [
      { side: 224, width: 1 },
      { side: 224, width: 1 / 4 },
      { side: 96, width: 1 / 4 },
    ],
  },
  {
    name: "squeezenet_v1_1",
    title: "SqueezeNet 1.1",
    build: squeezenet,
    batch: 8,
    scales: [
      { side: 224, width: 1 },
      { side: 96, width: 1 },
      { side: 64, width: 1 / 2 },
    ],
  },
];

/** For people: "8 × 128×128, 1/4 width". */
export function formatScale({ side, width }: Scale, batch = 1): string {
  return `${batch > 1 ? `${batch} × ` : ""}${side}×${side}${width === 1 ? "" : `, 1/${1 / width} width`}`;
}

/** The network that ships with the project; its shape where only the cost is asked for. */
export async function shippedNetwork({ shipped }: Bench): Promise<Graph> {
  return loadLayersModel(await shipped());
}

/** The layers of the shipped network, without its weights: enough to count what it costs. */
export function shippedOutline(): Graph {
  return new GraphBuilder("vitrine", [96, 96, 3], { outline: true })
    .conv("conv1", 24, 7, { stride: 2 })
    .pool("pool1", "max", 2, 2)
    .conv("conv2_1", 48, 3)
    .conv("conv2_2", 48, 3)
    .pool("pool2", "max", 2, 2)
    .conv("conv3_1", 96, 3)
    .conv("conv3_2", 96, 3)
    .conv("conv3_3", 128, 3)
    .globalAverage("gap")
    .dense("logits", 16)
    .build();
}

const SMALL_LAYERS = 64;

/** Many small layers, so that what is measured is what a layer costs beside its arithmetic. */
function manySmallLayers(): Graph {
  const graph = new GraphBuilder("small layers", [8, 8, 4]);
  for (let layer = 1; layer <= SMALL_LAYERS; layer++) graph.conv(`conv${layer}`, 4, 1);
  return graph.build();
}

function shippedTask(batch: number): Task {
  return {
    size: `${batch} × 96×96`,
    work: workOf(shippedOutline(), batch),
    prepare: async (bench) => forwardAgainstPeer(bench, await shippedNetwork(bench), batch),
  };
}

/** Forward passes of whole networks. */
export const forwardCases: readonly Case[] = [
  {
    id: "forward/shipped",
    title: "shipped network, forward",
    tasks: [shippedTask(8), shippedTask(1)],
  },
  ...PUBLISHED.map(({ name, title, build, batch = 1, scales: [real, ...smaller] }): Case => {
    const task = (scale: Scale): Task => ({
      size: formatScale(scale, batch),
      work: workOf(build(scale, { outline: true }), batch),
      prepare: (bench) => forwardAgainstPeer(bench, build(scale), batch),
    });
    return { id: `forward/${name}`, title: `${title}, forward`, tasks: [task(real), ...smaller.map(task)] };
  }),
  ...(["wall", "submit"] as const).map(
    (clock): Case => ({
      id: clock === "wall" ? "launch/small-layers" : "launch/recording",
      title:
        clock === "wall"
          ? "64 small layers, by the wall's clock"
          : "64 small layers, until they are submitted",
      clock,
      goals: clock === "submit" ? [{ of: "tfjs", least: 8 }] : [],
      tasks: [
        {
          size: `8×8, 1×1, 4 → 4, ${SMALL_LAYERS} layers`,
          work: workOf(manySmallLayers(), 1),
          prepare: (bench) => forwardAgainstPeer(bench, manySmallLayers(), 1),
        },
      ],
    }),
  ),
];
