import { type Graph, loadLayersModel } from "../../src/index.ts";
import type { Bench, Case, Task } from "../case.ts";
import type { BuilderOptions } from "../graphs/builder.ts";
import { mobilenetV1 } from "../graphs/mobilenet-v1.ts";
import { resnet50 } from "../graphs/resnet50.ts";
import { type Scale, vgg16 } from "../graphs/vgg16.ts";
import { workOf } from "../graphs/work.ts";
import { forwardAgainstPeer } from "./forward.ts";

/** A published network, at its published size and smaller ones. */
export interface Published {
  readonly name: string;
  readonly title: string;
  readonly build: (scale: Scale, options?: BuilderOptions) => Graph;
  readonly scales: readonly [Scale, ...Scale[]];
}

export const PUBLISHED: readonly Published[] = [
  {
    name: "vgg16",
    title: "VGG16",
    build: vgg16,
    scales: [
      { side: 224, width: 1 },
      { side: 224, width: 1 / 4 },
      { side: 96, width: 1 / 4 },
      { side: 64, width: 1 / 8 },
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
];

/** For people: "224×224, width ¼". */
export function formatScale({ side, width }: Scale, batch = 1): string {
  return `${batch > 1 ? `${batch} × ` : ""}${side}×${side}${width === 1 ? "" : `, 1/${1 / width} width`}`;
}

/** Forward passes of whole networks. */
export const forwardCases: readonly Case[] = PUBLISHED.map(({ name, title, build, scales }): Case => {
  const task = (scale: Scale): Task => ({
    size: formatScale(scale),
    work: workOf(build(scale, { outline: true }), 1),
    prepare: (bench) => forwardAgainstPeer(bench, build(scale), 1),
  });
  const [real, ...smaller] = scales;
  return { id: `forward/${name}`, title: `${title}, forward`, tasks: [task(real), ...smaller.map(task)] };
});

/** The network that ships with the project. */
export async function shippedNetwork({ shipped }: Bench): Promise<Graph> {
  return loadLayersModel(await shipped());
}
