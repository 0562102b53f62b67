import { shapesOf } from "../../src/graph.ts";
import type { Case, Goal, Task } from "../case.ts";
import { sampledDifference } from "../compare.ts";
import { convolutionAt } from "../graphs/convolution-reference.ts";
import { type Groups, groupedLayer, groupedNetwork, groupsApart } from "../graphs/grouped.ts";
import { workOf } from "../graphs/work.ts";
import { sizeOf } from "../shape.ts";
import { forwardContenders, forwardPass, imagesFor } from "./forward.ts";
import { bothWays } from "./gradients.ts";

/** Convolutions in groups of published networks, and the side of their square input; smaller ones for slow adapters. */
const LAYERS: readonly (Groups & {
  readonly id: string;
  readonly title: string;
  readonly sides: [number, ...number[]];
})[] = [
  { id: "resnext-conv2", title: "ResNeXt50 conv2, 32 groups of 4", sides: [56, 28], ...same(128, 32) },
  { id: "resnext-conv3", title: "ResNeXt50 conv3, 32 groups of 8", sides: [28, 14], ...same(256, 32) },
  { id: "resnext-conv4", title: "ResNeXt50 conv4, 32 groups of 16", sides: [14], ...same(512, 32) },
  { id: "resnext-conv5", title: "ResNeXt50 conv5, 32 groups of 32", sides: [7], ...same(1024, 32) },
  { id: "regnet", title: "RegNetX, 10 groups of 24", sides: [14], ...same(240, 10) },
  {
    ...{ id: "shufflenet", title: "ShuffleNet stage 2, 3 groups of 80 to 20" },
    ...{ sides: [28, 14], channels: 240, filters: 60, groups: 3, kernel: 1 },
  },
  {
    ...{ id: "alexnet", title: "AlexNet conv2, 2 groups of 48 to 128" },
    ...{ sides: [27, 13], channels: 96, filters: 256, groups: 2, kernel: 5 },
  },
];

function same(channels: number, groups: number): Groups {
  return { channels, filters: channels, groups, kernel: 3 };
}

const APART = "groups apart";

const GOALS: readonly Goal[] = [
  { of: APART, least: 1 },
  { of: "tfjs", least: 1 },
  { of: "onnxruntime", least: 1 },
];

function sizeText({ channels, filters, groups, kernel }: Groups, side: number): string {
  return `${side}×${side}, ${kernel}×${kernel}, ${channels} → ${filters} in ${groups}`;
}

function forwardTask(groups: Groups, side: number): Task {
  return {
    size: sizeText(groups, side),
    work: workOf(groupedLayer(groups, side, { outline: true }), 1),
    prepare(bench) {
      const graph = groupedLayer(groups, side);
      const x = imagesFor(graph, 1);
      const count = sizeOf(shapesOf(graph).get("y") ?? []);
      const at = convolutionAt(graph, x, 1);
      const apart = () => forwardPass(bench, groupsApart(graph), x, { keep: [] });
      return {
        contenders: [
          ...forwardContenders(bench, graph, 1, x),
          { name: APART, kind: "variant", create: apart },
        ],
        reference: "sum in f64 at 512 places",
        check: (y) => sampledDifference(y, count, at),
      };
    },
  };
}

function gradientTask(groups: Groups, side: number): Task {
  const { flops, bytes } = workOf(groupedNetwork(groups, side, { outline: true }), 1);
  return {
    size: sizeText(groups, side),
    work: { flops: 2 * flops, bytes: 2 * bytes },
    tolerance: 1e-3,
    prepare(bench) {
      const graph = groupedNetwork(groups, side);
      return bothWays(bench, graph, 1, "gradient", [{ name: APART, graph: groupsApart(graph) }]);
    },
  };
}

/** Convolutions in groups, forward, and two of them forward and back, against a convolution for each group. */
export const groupCases: readonly Case[] = [
  ...LAYERS.map(
    ({ id, title, sides: [side, ...smaller], ...groups }): Case => ({
      id: `groups/${id}`,
      title,
      goals: GOALS,
      tasks: [forwardTask(groups, side), ...smaller.map((one) => forwardTask(groups, one))],
    }),
  ),
  ...LAYERS.filter(({ channels, filters }) => channels === filters).map(
    ({ id, title, sides: [side, ...smaller], ...groups }): Case => ({
      id: `groups/${id}-gradient`,
      title: `two of ${title}, forward and back to the image`,
      goals: GOALS.filter(({ of }) => of !== "onnxruntime"),
      tasks: [gradientTask(groups, side), ...smaller.map((one) => gradientTask(groups, one))],
    }),
  ),
];
