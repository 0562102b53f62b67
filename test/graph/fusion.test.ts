import { expect, test } from "vitest";
import type { Graph, Layer } from "../../src/graph/graph.ts";
import type { FusedActivation } from "../../src/layers/activation-kinds.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import { guidedBackprop } from "../../src/techniques/attribution/guided-backprop.ts";
import { saliency } from "../../src/techniques/attribution/saliency.ts";
import { activations } from "../../src/techniques/units/activations.ts";
import { testDevice } from "../gpu.ts";
import { expectClose } from "../reference/numbers.ts";
import { constant, graph, random, values } from "./graphs.ts";

// Fewer layers that compute the same: outputs and gradients of the whole network and of the fused one.

const CONV = { strides: [1, 1], dilations: [1, 1], padding: "same" } as const;
const next = random(31);

const conv = (name: string, input: string, from: number, to: number, more: Partial<Layer> = {}): Layer =>
  ({
    op: "conv2d",
    name,
    inputs: [input],
    ...CONV,
    w: constant([3, 2, from, to], next),
    b: constant([to], next),
    ...more,
  }) as Layer;
const norm = (name: string, input: string, channels: number, activation?: FusedActivation): Layer => ({
  op: "batchNorm",
  name,
  inputs: [input],
  // Negative scales too: a batch norm may turn what a ReLU left below zero.
  scale: values(channels, next).map((v) => 1.5 * v),
  offset: values(channels, next, 0.5),
  ...(activation ? { activation } : {}),
});
const act = (name: string, input: string, activation: FusedActivation): Layer => ({
  op: "activation",
  name,
  inputs: [input],
  activation,
});
const RELU = { kind: "relu" } as const;
const LEAKY = { kind: "leakyRelu", alpha: 0.3 } as const;
const border = (top: number, bottom: number, left: number, right: number) => ({ top, bottom, left, right });

const GRAPHS: readonly (readonly [what: string, layers: readonly Layer[], fused: number])[] = [
  [
    "an activation before a batch norm, as Keras's examples have it",
    [conv("c", "image", 2, 3), act("relu", "c", RELU), norm("n", "relu", 3), act("after", "n", LEAKY)],
    2,
  ],
  [
    "a layer's own activation before a batch norm",
    [conv("c", "image", 2, 3, { activation: RELU } as Partial<Layer>), norm("n", "c", 3)],
    2,
  ],
  [
    "a batch norm with an activation behind a convolution, and an activation behind that",
    [conv("c", "image", 2, 3), norm("n", "c", 3, LEAKY), act("a", "n", { kind: "tanh" })],
    2,
  ],
  [
    "an activation after an activation",
    [
      conv("c", "image", 2, 3),
      act("a", "c", LEAKY),
      act("b", "a", { kind: "sigmoid" }),
      act("d", "b", { kind: "relu6" }),
    ],
    3,
  ],
  [
    "two batch norms, one behind the other",
    [conv("c", "image", 2, 3), norm("n", "c", 3), norm("m", "n", 3, RELU)],
    1,
  ],
  [
    "explicit padding behind zero padding",
    [
      { op: "pad", name: "pad", inputs: ["image"], before: [1, 2, 0], after: [0, 0, 0], mode: "constant" },
      conv("c", "pad", 2, 3, { padding: border(0, 2, 1, 3) } as Partial<Layer>),
      { op: "pad", name: "pad2", inputs: ["c"], before: [0, 0, 0], after: [3, 1, 0], mode: "constant" },
      {
        op: "depthwiseConv2d",
        name: "d",
        inputs: ["pad2"],
        ...CONV,
        strides: [2, 2],
        padding: "valid",
        w: constant([3, 3, 3, 2], next),
      },
    ],
    2,
  ],
  [
    "zero padding before a convolution that pads by itself",
    [
      { op: "pad", name: "pad", inputs: ["image"], before: [0, 0, 0], after: [1, 1, 0], mode: "constant" },
      conv("c", "pad", 2, 3, { strides: [2, 2] } as Partial<Layer>),
    ],
    2,
  ],
  [
    "a depthwise convolution with a multiplier before a batch norm",
    [
      { op: "depthwiseConv2d", name: "d", inputs: ["image"], ...CONV, w: constant([3, 3, 2, 3], next) },
      norm("n", "d", 6),
      act("a", "n", { kind: "relu6" }),
    ],
    1,
  ],
  [
    "a sum before an activation, with a term that others read",
    [
      conv("c", "image", 2, 3),
      norm("n", "c", 3),
      { op: "add", name: "sum", inputs: ["n", "c"] },
      act("a", "sum", RELU),
      act("b", "a", LEAKY),
    ],
    4,
  ],
  [
    "a dense layer before a batch norm",
    [
      { op: "globalPool", name: "mean", inputs: ["image"], mode: "average" },
      { op: "dense", name: "dense", inputs: ["mean"], w: constant([2, 5], next), b: constant([5], next) },
      norm("n", "dense", 5),
      act("a", "n", RELU),
    ],
    2,
  ],
  ...[
    { before: [1, 2, 0], after: [0, 1, 0], mode: "constant", value: 3 } as const,
    { before: [1, 2, 0], after: [0, 1, 0], mode: "reflect" } as const,
    { before: [0, 1, 1], after: [0, 0, 1], mode: "constant" } as const,
  ].map((sides): [string, Layer[], number] => [
    `a border that is no zeros around an image: ${JSON.stringify(sides)}`,
    [
      { op: "pad", name: "pad", inputs: ["image"], ...sides },
      conv("c", "pad", 2 + (sides.before[2] ?? 0) + (sides.after[2] ?? 0), 3, {
        padding: "valid",
      } as Partial<Layer>),
    ],
    2,
  ]),
];

const INPUT = { op: "input", name: "image", inputs: [], shape: [6, 5, 2] } as const;

/** Reads every element of the last layer with weights of its own. */
function whole(layers: readonly Layer[]): Graph {
  const last = layers.at(-1)?.name ?? "";
  return graph("fusion", [INPUT, ...layers, { op: "reshape", name: "end", inputs: [last] }]);
}

test.each(GRAPHS)("fusion changes nothing: %s", async (_, layers, left) => {
  const device = await testDevice();
  const of = whole(layers);
  const image = values(60, random(7), 2);
  using plain = await createNetwork(device, of);
  using fused = await createNetwork(device, of, { keep: [] });
  // The input, the output, and what is left between.
  expect(fused.graph.layers.length).toBe(left + 2);
  const at = { layer: "end" };
  expectClose((await activations(fused, image, at)).data, (await activations(plain, image, at)).data, 2e-6);
  const target = { layer: "end", channel: 1 };
  // The rule of guided backpropagation is defined at ReLUs only.
  const curved = layers.some(
    (layer) => "activation" in layer && !["relu", "relu6"].includes(layer.activation?.kind ?? "relu"),
  );
  for (const technique of curved ? [saliency] : [saliency, guidedBackprop]) {
    const right = (await technique(plain, image, { target })).data;
    expect(right.some((v) => v !== 0)).toBe(true);
    expectClose((await technique(fused, image, { target })).data, right, 5e-6);
  }
});
