import { expect, test } from "vitest";
import { type Graph, inputOf, type Layer } from "../../src/graph/graph.ts";
import { sweepOver } from "../../src/kernels/occlusion.ts";
import type { PadLayer } from "../../src/layers/pad.ts";
import type { Resampling } from "../../src/layers/resampling-taps.ts";
import type { ResizeLayer } from "../../src/layers/resize.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import { planIncremental } from "../../src/network/incremental/plan.ts";
import { occlusion } from "../../src/techniques/attribution/occlusion.ts";
import { testDevice } from "../gpu.ts";
import { constant, graph, random, values } from "../graph/graphs.ts";
import { expectClose } from "../reference/numbers.ts";

// Layers that move pixels and channels: followed by rectangles, or computed in full, with the same answer.

const CONV = { strides: [1, 1], dilations: [1, 1], padding: "same" } as const;

const MAPS = [18, 16, 8] as const;

/** A convolution to eight channels, layers that read it, and a convolution's scores of what they make. */
function around(layers: readonly Layer[], channels: number): Graph {
  const next = random(7);
  const last = layers.at(-1)?.name ?? "";
  return graph("around", [
    { op: "input", name: "image", inputs: [], shape: [18, 16, 2] },
    {
      ...{ op: "conv2d", name: "x", inputs: ["image"], ...CONV },
      ...{ w: constant([3, 3, 2, 8], next), activation: { kind: "tanh" } },
    },
    ...layers,
    { op: "conv2d", name: "after", inputs: [last], ...CONV, w: constant([3, 3, channels, 3], next) },
    { op: "globalPool", name: "logits", inputs: ["after"], mode: "average" },
  ]);
}

const padOf = (mode: PadLayer["mode"], before: number[], after: number[], value?: number): Layer => ({
  ...{ op: "pad", name: "pad", inputs: ["x"], mode, before, after },
  ...(value === undefined ? {} : { value }),
});

const resizeOf = (to: ResizeLayer["to"], how: Resampling): Layer => ({
  ...{ op: "resize", name: "resize", inputs: ["x"], to, ...how },
});

const part = (name: string, starts: number[], sizes: number[], steps?: number[]): Layer => ({
  ...{ op: "slice", name, inputs: ["x"], starts, sizes },
  ...(steps ? { steps } : {}),
});

/** Layers, the channels that the last one has, and those that rectangles follow. */
type Case = readonly [layers: readonly Layer[], channels: number, followed: string[]];

const CASES: Readonly<Record<string, Case>> = {
  "halves of the channels, exchanged": [
    [
      part("first", [0, 0, 0], [18, 16, 4]),
      part("second", [0, 0, 4], [18, 16, 4]),
      { op: "concat", name: "both", inputs: ["second", "first"], axis: 3 },
    ],
    8,
    ["first", "second", "both", "after"],
  ],
  "a crop of odd channels": [[part("crop", [3, 2, 1], [11, 13, 5])], 5, ["crop", "after"]],
  "channels turned around": [[part("turned", [0, 0, 7], MAPS.slice(), [1, 1, -1])], 8, []],
  "rows in steps": [[part("rows", [1, 0, 0], [6, 16, 8], [3, 1, 1])], 8, []],
  "a border of one value": [[padOf("constant", [2, 1, 0], [0, 3, 0], 0.5)], 8, ["pad", "after"]],
  "a border of channels": [[padOf("constant", [0, 0, 3], [1, 0, 2], -1)], 13, ["pad", "after"]],
  "a border of channels in fours": [[padOf("constant", [0, 1, 4], [0, 0, 4])], 16, ["pad", "after"]],
  "a mirrored border": [[padOf("reflect", [4, 3, 0], [5, 2, 0])], 8, ["pad", "after"]],
  "a mirrored border of channels": [[padOf("symmetric", [0, 3, 4], [5, 0, 0])], 12, ["pad", "after"]],
  "a resized image": [
    [resizeOf({ size: [13, 21] }, { mode: "linear", coordinates: "align-corners" })],
    8,
    ["resize", "after"],
  ],
  "the nearest pixels of a smaller image": [
    [resizeOf({ factor: [0.4, 1.3] }, { mode: "nearest", coordinates: "half-pixel" })],
    8,
    ["resize", "after"],
  ],
  ...Object.fromEntries(
    (["depth-first", "column-first"] as const).flatMap((order): [string, Case][] => [
      [
        `channels as pixels, ${order}`,
        [[{ op: "depthToSpace", name: "wide", inputs: ["x"], block: 2, order }], 2, ["wide", "after"]],
      ],
      [
        `pixels as channels, ${order}`,
        [[{ op: "spaceToDepth", name: "deep", inputs: ["x"], block: 2, order }], 32, ["deep", "after"]],
      ],
    ]),
  ),
  "the edge again": [[padOf("edge", [2, 0, 0], [0, 3, 0])], 8, ["pad", "after"]],
};

test.each(Object.entries(CASES))("%s", async (_, [layers, channels, followed]) => {
  const of = around(layers, channels);
  const shape = inputOf(of).shape;
  const plan = planIncremental(of, sweepOver([18, 16, 2], [3, 3], [3, 3]), of.output);
  const moved = [...(plan?.partial.keys() ?? [])].filter((name) => name !== "image" && name !== "x");
  expect(moved).toEqual(followed);
  const network = await createNetwork(await testDevice(), of, { gradients: false });
  const image = values(
    shape.reduce((size, axis) => size * axis, 1),
    random(3),
  );
  const [found, full] = await Promise.all(
    [true, false].map((incremental) =>
      occlusion(network, image, { target: 1, patch: 3, stride: 3, incremental }),
    ),
  );
  network.destroy();
  expect(new Set(full?.data).size).toBeGreaterThan(3);
  expectClose(found?.data ?? new Float32Array(), full?.data ?? new Float32Array());
});
