import { type Graph, shapesOf } from "../../src/index.ts";
import type { Case, Goal, Task } from "../case.ts";
import { sampledDifference } from "../compare.ts";
import { GraphBuilder } from "../graphs/builder.ts";
import { convolutionAt } from "../graphs/convolution-reference.ts";
import { workOf } from "../graphs/work.ts";
import { sizeOf } from "../shape.ts";
import { forwardContenders, imagesFor } from "./forward.ts";

/** A convolution as a published network has it. */
interface Layer {
  readonly network: string;
  readonly name: string;
  /** Side of the square input; smaller ones for slow adapters. */
  readonly sides: readonly [number, ...number[]];
  readonly channels: number;
  /** Absent: depthwise. */
  readonly filters?: number;
  readonly kernel: number;
  readonly stride?: number;
}

const LAYERS: readonly Layer[] = [
  { network: "VGG16", name: "block1_conv2", sides: [224, 56], channels: 64, filters: 64, kernel: 3 },
  { network: "VGG16", name: "block2_conv2", sides: [112, 28], channels: 128, filters: 128, kernel: 3 },
  { network: "VGG16", name: "block3_conv2", sides: [56, 28, 14], channels: 256, filters: 256, kernel: 3 },
  { network: "VGG16", name: "block4_conv2", sides: [28, 14, 7], channels: 512, filters: 512, kernel: 3 },
  { network: "VGG16", name: "block5_conv2", sides: [14, 7], channels: 512, filters: 512, kernel: 3 },
  { network: "ResNet50", name: "conv1", sides: [224, 112], channels: 3, filters: 64, kernel: 7, stride: 2 },
  { network: "ResNet50", name: "conv2_1", sides: [56, 28], channels: 256, filters: 64, kernel: 1 },
  { network: "ResNet50", name: "conv3_2", sides: [28, 14], channels: 128, filters: 128, kernel: 3 },
  { network: "ResNet50", name: "conv4_3", sides: [14, 7], channels: 256, filters: 1024, kernel: 1 },
  { network: "MobileNetV1", name: "conv_pw_7", sides: [14, 7], channels: 512, filters: 512, kernel: 1 },
  { network: "MobileNetV1", name: "conv_dw_4", sides: [56, 28], channels: 128, kernel: 3, stride: 2 },
  { network: "MobileNetV1", name: "conv_dw_7", sides: [14], channels: 512, kernel: 3 },
  { network: "shipped", name: "conv2_2", sides: [24], channels: 48, filters: 48, kernel: 3 },
  { network: "shipped", name: "conv3_3", sides: [12], channels: 96, filters: 128, kernel: 3 },
];

const SMALL: Layer = { network: "", name: "", sides: [14], channels: 64, filters: 64, kernel: 3 };

/** A convolution that any device runs at once: how fast the contenders are on it tells how fast they will be. */
export const paceTask: Task = taskOf(SMALL, 14);

/** Sides of images in the sweep over size. */
const GROWTH = [7, 14, 28, 56, 112];

/** Single convolutions, forward, with bias and ReLU. */
export const layerCases: readonly Case[] = [
  ...LAYERS.map(
    (layer): Case => ({
      id: `conv/${layer.network.toLowerCase()}-${layer.name}`,
      title: `${layer.network} ${layer.name}${layer.filters === undefined ? ", depthwise" : ""}`,
      goals: goalsOf(layer),
      tasks: mapFirst(layer.sides, (side) => taskOf(layer, side)),
    }),
  ),
  ...GROWTH.map(
    (side): Case => ({
      id: `growth/conv-${side}`,
      title: `3×3 convolution at ${side}×${side}`,
      tasks: [taskOf(SMALL, side)],
      growth: { series: "3×3 convolution, 64 → 64", axis: "pixels", at: side * side },
    }),
  ),
];

/** Where the sums are long, the arithmetic alone should decide. */
function goalsOf({ channels, filters = 0, kernel }: Layer): Goal[] {
  if (kernel * kernel * channels < 576 || filters < 64) return [];
  return [
    { of: "tfjs", least: 1.5 },
    { of: "onnxruntime", least: 1.3 },
    { of: "limit", least: 0.55 },
  ];
}

function taskOf({ channels, filters, kernel, stride = 1 }: Layer, side: number): Task {
  const size = `${side}×${side}, ${kernel}×${kernel}, ${channels}${filters === undefined ? "" : ` → ${filters}`}${stride > 1 ? `, stride ${stride}` : ""}`;
  const build = (outline: boolean): Graph => {
    const builder = new GraphBuilder("layer", [side, side, channels], { outline });
    if (filters === undefined) builder.depthwise("y", kernel, { stride });
    else builder.conv("y", filters, kernel, { stride });
    return builder.build();
  };
  return {
    size,
    work: workOf(build(true), 1),
    async prepare(bench) {
      const graph = build(false);
      const x = imagesFor(graph, 1);
      const count = sizeOf(shapesOf(graph).get("y") ?? []);
      const at = convolutionAt(graph, x, 1);
      return {
        contenders: forwardContenders(bench, graph, 1, x),
        reference: "sum in f64 at 512 places",
        check: (y) => sampledDifference(y, count, at),
      };
    },
  };
}

function mapFirst<A, B>([first, ...rest]: readonly [A, ...A[]], change: (value: A) => B): [B, ...B[]] {
  return [change(first), ...rest.map(change)];
}
