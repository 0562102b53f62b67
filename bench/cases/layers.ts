import { shapesOf } from "../../src/graph.ts";
import { createTensor, type Graph } from "../../src/index.ts";
import { createStatisticsSummary } from "../../src/kernels.ts";
import { createLayer, type StatisticsOf } from "../../src/layers.ts";
import type { Bench, Case, Contender, Goal, Task } from "../case.ts";
import { sampledDifference } from "../compare.ts";
import { GraphBuilder } from "../graphs/builder.ts";
import { convolutionAt } from "../graphs/convolution-reference.ts";
import { workOf } from "../graphs/work.ts";
import { commandRunner } from "../peers/ours.ts";
import type { Runner } from "../runner.ts";
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

const ALONE = "convolution alone";

/** A convolution and the statistics of its output: as ours would, in the convolution's kernel, in a pass after it. */
function withStatistics(layer: Layer, side: number): Task {
  const plain = taskOf(layer, side);
  return {
    ...plain,
    async prepare(bench) {
      const graph = graphOf(layer, side);
      const x = imagesFor(graph, 1);
      const count = sizeOf(shapesOf(graph).get("y") ?? []);
      const at = convolutionAt(graph, x, 1);
      const variant = (name: string, statistics: Gathering): Contender => ({
        name,
        kind: "variant",
        create: () => layerPass(bench, graph, x, statistics),
      });
      return {
        contenders: [
          { name: "vitrine", kind: "ours", create: () => layerPass(bench, graph, x, {}) },
          variant("in its kernel", { fused: true }),
          variant("in a pass after it", { fused: false }),
          variant(ALONE, undefined),
        ],
        reference: "sum in f64 at 512 places",
        check: (y) => sampledDifference(y, count, at),
      };
    },
  };
}

/** Way of gathering statistics, if any. */
type Gathering = Pick<StatisticsOf, "fused"> | undefined;

async function layerPass(
  { device }: Bench,
  graph: Graph,
  data: Float32Array<ArrayBuffer>,
  gathering: Gathering,
): Promise<Runner> {
  const [input, layer] = graph.layers;
  if (!input || !layer || layer.op === "input") throw new Error("expected a graph of one layer");
  const shapes = shapesOf(graph);
  const x = createTensor(device, shapes.get(input.name) ?? [], { data });
  const y = createTensor(device, shapes.get(layer.name) ?? []);
  const summary = createStatisticsSummary(device, y.shape.at(-1) ?? 1);
  const statistics = gathering && { ...gathering, summary, accumulate: false };
  const command = await createLayer(device, layer, { x: [x], y, statistics });
  return commandRunner(device, command, y, () => {
    for (const { buffer } of [x, y, summary]) buffer.destroy();
  });
}

/** Single convolutions, forward, with bias and ReLU. */
export const layerCases: readonly Case[] = [
  {
    id: "conv/statistics",
    title: "VGG16 block2_conv2 and its output's statistics",
    goals: [{ of: ALONE, most: 1.03 }],
    tasks: mapFirst([112, 28], (side) => withStatistics({ ...SMALL, channels: 128, filters: 128 }, side)),
  },
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

/** Goals of layers with long sums, where the arithmetic alone should decide. */
function goalsOf({ channels, filters = 0, kernel }: Layer): Goal[] {
  if (kernel * kernel * channels < 576 || filters < 64) return [];
  return [
    { of: "tfjs", least: 1.5 },
    { of: "onnxruntime", least: 1.3 },
    { of: "limit", least: 0.55 },
  ];
}

function graphOf({ channels, filters, kernel, stride = 1 }: Layer, side: number, outline = false): Graph {
  const builder = new GraphBuilder("layer", [side, side, channels], { outline });
  if (filters === undefined) builder.depthwise("y", kernel, { stride });
  else builder.conv("y", filters, kernel, { stride });
  return builder.build();
}

function taskOf(layer: Layer, side: number): Task {
  const { channels, filters, kernel, stride = 1 } = layer;
  const size = `${side}×${side}, ${kernel}×${kernel}, ${channels}${filters === undefined ? "" : ` → ${filters}`}${stride > 1 ? `, stride ${stride}` : ""}`;
  return {
    size,
    work: workOf(graphOf(layer, side, true), 1),
    async prepare(bench) {
      const graph = graphOf(layer, side);
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
