import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { InputError, UnsupportedError } from "../../src/gpu/errors.ts";
import type { Graph, Layer } from "../../src/graph/graph.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network, NetworkOptions } from "../../src/network/network.ts";
import { createObjective } from "../../src/objectives/commands.ts";
import {
  channelObjective,
  logit,
  neuronObjective,
  type Objective,
  probability,
} from "../../src/objectives/objective.ts";
import { createRelevance } from "../../src/relevance/relevance.ts";
import { COMPOSITES, type Composite, type RelevanceRule } from "../../src/relevance/rules.ts";
import { gradientTimesInput } from "../../src/techniques/attribution/gradient-input.ts";
import { type Conservation, type LrpOptions, lrp } from "../../src/techniques/attribution/lrp.ts";
import { testDevice } from "../gpu.ts";
import { branches, chain, constant, graph, random, values } from "../graph/graphs.ts";
import { liveBytes } from "../live-bytes.ts";

let device: GPUDevice;
const made: Network[] = [];
beforeAll(async () => {
  device = await testDevice();
});
afterAll(() => {
  for (const network of made) network.destroy();
});

async function on(graph: Graph, options: NetworkOptions = {}): Promise<Network> {
  const network = await createNetwork(device, graph, options);
  made.push(network);
  return network;
}

const everywhere = (rule: RelevanceRule): Composite => [{ at: "any", rule }];

/** x = (1, 2), h = ReLU((3, 1) + (1, 0)) = (4, 1), S = 2·4 + 3·1 − 1 = 10. */
function byHand(): Graph {
  const array = (shape: number[], ...data: number[]) => ({ shape, data: Float32Array.from(data) });
  return graph("by hand", [
    { op: "input", name: "image", inputs: [], shape: [1, 1, 2] },
    { op: "reshape", name: "flat", inputs: ["image"], shape: [2] },
    {
      op: "dense",
      name: "hidden",
      inputs: ["flat"],
      w: array([2, 2], 1, -1, 1, 1),
      b: array([2], 1, 0),
      activation: { kind: "relu" },
    },
    { op: "dense", name: "score", inputs: ["hidden"], w: array([2, 1], 2, 3), b: array([1], -1) },
  ]);
}

describe("worked by hand: two layers", () => {
  const exact = { kind: "epsilon", epsilon: 0 } as const;
  test.each<[string, Composite, [number, number], bias: number, stabiliser: number]>([
    ["ε = 0", everywhere(exact), [-1, 10], 1, 0],
    // Scores: 10/11 each of 8, 3 and −1; hidden: by 4 + 1 and 1 + 1.
    [
      "ε = 1",
      everywhere({ kind: "epsilon", epsilon: 1 }),
      [(80 / 11) * (1 / 5) - (30 / 11) * (1 / 2), (80 / 11) * (2 / 5) + (30 / 11) * (2 / 2)],
      -10 / 11 + (80 / 11) * (1 / 5),
      10 / 11 + (80 / 11) * (1 / 5) + (30 / 11) * (1 / 2),
    ],
    ["z⁺", COMPOSITES["z-plus"], [80 / 33, 250 / 33], 0, 0],
    ["γ = 1", everywhere({ kind: "gamma", gamma: 1 }), [20 / 21, 160 / 21], 30 / 21, 0],
    [
      "z-box of 0 to 4 below ε = 0",
      [
        { at: ["hidden"], rule: { kind: "zBox", low: [0, 0], high: [4, 4] } },
        { at: "output", rule: exact },
      ],
      [8 / 3 + 9 / 5, 16 / 3 + 6 / 5],
      -1,
      0,
    ],
  ])("%s", async (_, rules, map, bias, stabiliser) => {
    const network = await on(byHand());
    // The z-box reads an image; here a view of it does.
    const straight = rules.some(({ rule }) => rule.kind === "zBox");
    const of = straight ? await on(withoutFlat()) : network;
    const found = await lrp(of, Float32Array.of(1, 2), { target: 0, rules });
    expect(found.shape).toEqual([1, 1, 2]);
    expect(found.data[0]).toBeCloseTo(map[0], 5);
    expect(found.data[1]).toBeCloseTo(map[1], 5);
    expect(found.conservation.score).toBe(10);
    expect(found.conservation.bias).toBeCloseTo(bias, 5);
    expect(found.conservation.stabiliser).toBeCloseTo(stabiliser, 5);
    expect(found.conservation.residual).toBeCloseTo(0, 5);
  });

  test("a saturated ReLU6 shares by what stands before it, and not by its ceiling", async () => {
    // x = (5, 2): z = (5 + 2 + 1, 2 − 5) = (8, −3), h = ReLU6(z) = (6, 0), S = 2·6 − 1 = 11.
    const layers = byHand().layers.map(
      (layer): Layer =>
        layer.name === "hidden" && layer.op === "dense" ? { ...layer, activation: { kind: "relu6" } } : layer,
    );
    for (const options of [{}, { keep: [] }]) {
      const network = await on({ ...byHand(), layers }, options);
      const { data, conservation } = await lrp(network, Float32Array.of(5, 2), {
        target: { layer: "score", channel: 0 },
        rules: everywhere(exact),
      });
      // 12 of the score comes by h₁, of which 5/8 and 2/8 by x and 1/8 by the bias.
      expect(data[0]).toBeCloseTo(7.5, 5);
      expect(data[1]).toBeCloseTo(3, 5);
      expect(conservation.score).toBeCloseTo(11, 5);
      expect(conservation.bias).toBeCloseTo(1.5 - 1, 5);
      expect(conservation.residual).toBeCloseTo(0, 5);
    }
  });

  test("γ = 1 of a negative score and input favours what is negative", async () => {
    // −3·1 − ½·(−2) + ½ = −1½, shared by −6, 1 and ½.
    const array = (shape: number[], ...data: number[]) => ({ shape, data: Float32Array.from(data) });
    const network = await on(
      graph("negative", [
        { op: "input", name: "image", inputs: [], shape: [1, 1, 2] },
        { op: "dense", name: "score", inputs: ["image"], w: array([2, 1], -3, -0.5), b: array([1], 0.5) },
      ]),
    );
    const rules = everywhere({ kind: "gamma", gamma: 1 });
    const { data, conservation } = await lrp(network, Float32Array.of(1, -2), { target: 0, rules });
    expect(conservation.score).toBe(-1.5);
    expect(data[0]).toBeCloseTo(-2, 5);
    expect(data[1]).toBeCloseTo(1 / 3, 5);
    expect(conservation.bias).toBeCloseTo(1 / 6, 5);
  });

  test("γ = 1 behind a sigmoid goes by the sign before it, where zero is positive", async () => {
    // S = 2·sigmoid(x₁ − x₂) is passed on whole, and shared by 2·x₁ and −x₂ or by x₁ and −2·x₂.
    const array = (shape: number[], ...data: number[]) => ({ shape, data: Float32Array.from(data) });
    const network = await on(
      graph("nought", [
        { op: "input", name: "image", inputs: [], shape: [1, 1, 2] },
        { op: "dense", name: "hidden", inputs: ["image"], w: array([2, 1], 1, -1) },
        { op: "activation", name: "bent", inputs: ["hidden"], activation: { kind: "sigmoid" } },
        { op: "dense", name: "score", inputs: ["bent"], w: array([1, 1], 2) },
      ]),
    );
    for (const [x, shares] of [
      [
        [1, 1],
        [2, -1],
      ],
      [
        [3, 1],
        [6 / 5, -1 / 5],
      ],
      [
        [1, 2],
        [-1 / 3, 4 / 3],
      ],
    ] as const) {
      const { data, conservation } = await lrp(network, Float32Array.from(x), {
        target: { layer: "score", channel: 0 },
        rules: everywhere({ kind: "gamma", gamma: 1 }),
        pass: ["bent"],
      });
      const score = 2 / (1 + Math.exp(x[1] - x[0]));
      expect(conservation.score).toBeCloseTo(score, 5);
      expect(conservation.residual).toBeCloseTo(0, 5);
      for (const i of [0, 1] as const) expect(data[i]).toBeCloseTo(shares[i] * score, 5);
    }
  });

  function withoutFlat(): Graph {
    const { layers, ...rest } = byHand();
    return {
      ...rest,
      layers: layers
        .filter(({ name }) => name !== "flat")
        .map((layer) => (layer.name === "hidden" ? ({ ...layer, inputs: ["image"] } as Layer) : layer)),
    };
  }
});

const CONV = { strides: [1, 1], dilations: [1, 1], padding: "same" } as const;

/** Every op that relevance passes, with a bias everywhere or nowhere, ReLUs or what else is linear piece by piece. */
function everything({ bias, kind }: { bias: boolean; kind: "relu" | "mixed" }): Graph {
  const next = random(17);
  const b = (channels: number) => (bias ? { b: constant([channels], next) } : {});
  const norm = (channels: number) => ({
    scale: values(channels, next).map((v) => 1 + v / 2),
    offset: bias ? values(channels, next, 0.4) : new Float32Array(channels),
  });
  const relu = { kind: "relu" } as const;
  const bent = kind === "relu" ? relu : ({ kind: "leakyRelu", alpha: 0.2 } as const);
  const clipped = kind === "relu" ? relu : ({ kind: "relu6" } as const);
  return graph("everything", [
    { op: "input", name: "image", inputs: [], shape: [8, 6, 3] },
    { op: "pad", name: "pad", inputs: ["image"], before: [1, 0, 0], after: [0, 1, 0], mode: "constant" },
    {
      op: "conv2d",
      name: "conv1",
      inputs: ["pad"],
      ...CONV,
      padding: "valid",
      w: constant([2, 2, 3, 4], next),
      ...b(4),
    },
    { op: "batchNorm", name: "norm1", inputs: ["conv1"], ...norm(4) },
    { op: "activation", name: "act1", inputs: ["norm1"], activation: bent },
    {
      op: "depthwiseConv2d",
      name: "depth",
      inputs: ["act1"],
      ...CONV,
      w: constant([3, 3, 4, 1], next),
      ...b(4),
      activation: clipped,
    },
    { op: "batchNorm", name: "alone", inputs: ["depth"], ...norm(4) },
    { op: "add", name: "sum", inputs: ["alone", "act1"] },
    { op: "activation", name: "act2", inputs: ["sum"], activation: relu },
    {
      op: "pool",
      name: "mean",
      inputs: ["alone"],
      mode: "average",
      size: [3, 2],
      strides: [2, 2],
      padding: { top: 1, bottom: 0, left: 0, right: 0 },
      countPadding: true,
    },
    {
      op: "resize",
      name: "large",
      inputs: ["mean"],
      to: { factor: [2, 2] },
      mode: "linear",
      coordinates: "half-pixel",
    },
    {
      op: "pool",
      name: "max",
      inputs: ["act2"],
      mode: "max",
      size: [3, 3],
      strides: [2, 2],
      padding: "same",
    },
    {
      op: "resize",
      name: "copied",
      inputs: ["max"],
      to: { factor: [2, 2] },
      mode: "nearest",
      coordinates: "half-pixel",
    },
    {
      op: "conv2dTranspose",
      name: "spread",
      inputs: ["max"],
      ...CONV,
      strides: [2, 2],
      w: constant([3, 3, 4, 2], next),
      ...b(4),
      groups: 2,
      activation: bent,
    },
    {
      op: "conv2d",
      name: "grouped",
      inputs: ["copied"],
      ...CONV,
      w: constant([3, 3, 2, 4], next),
      ...b(4),
      groups: 2,
      activation: clipped,
    },
    { op: "concat", name: "both", inputs: ["large", "spread", "grouped", "image"], axis: 3 },
    {
      op: "conv2d",
      name: "conv2",
      inputs: ["both"],
      ...CONV,
      strides: [2, 2],
      w: constant([3, 3, 15, 5], next),
      ...b(5),
      activation: bent,
    },
    { op: "globalPool", name: "gap", inputs: ["conv2"], mode: "average" },
    { op: "globalPool", name: "gmp", inputs: ["conv2"], mode: "max" },
    { op: "concat", name: "pooled", inputs: ["gap", "gmp"], axis: 1 },
    { op: "dense", name: "logits", inputs: ["pooled"], w: constant([10, 4], next), ...b(4) },
    { op: "softmax", name: "softmax", inputs: ["logits"] },
  ]);
}

const IMAGE = values(8 * 6 * 3, random(23), 2);

/** What is missing, against all that was shared out. */
function missing({ conservation, data }: { conservation: Conservation; data: Float32Array }): number {
  const { score, bias, stabiliser, residual } = conservation;
  const all =
    data.reduce((sum, v) => sum + Math.abs(v), 0) + Math.abs(score) + Math.abs(bias) + Math.abs(stabiliser);
  return Math.abs(residual) / all;
}

describe("relevance is conserved", () => {
  const objectives: readonly (number | Objective)[] = [
    0,
    logit(1)
      .minus(logit(3).times(2))
      .plus(channelObjective("act2", 1))
      .plus(neuronObjective("conv1", 2, 3, 0)),
  ];
  const graphs = [
    everything({ bias: true, kind: "relu" }),
    everything({ bias: true, kind: "mixed" }),
    chain(),
  ];
  test.each(Object.entries(COMPOSITES))(
    "by the rules %s, with what biases and stabilisers took",
    async (_, rules) => {
      for (const graph of graphs) {
        const maps: Float32Array[] = [];
        for (const options of [
          {},
          { keep: [] },
          { keep: ["conv1", "act2"].filter((n) => graph.layers.some(({ name }) => name === n)), batch: 2 },
        ]) {
          const network = await on(graph, options);
          for (const target of graph.name === "chain" || ("keep" in options && options.keep.length === 0)
            ? [0, 2]
            : objectives) {
            const found = await lrp(network, IMAGE, { target, rules });
            expect(found.data.some((v) => v !== 0)).toBe(true);
            expect(missing(found)).toBeLessThan(2e-6);
            if (target === 0) maps.push(found.data);
          }
        }
        // However the network was fused, it is the same map.
        const most = Math.max(...(maps[0] ?? []).map(Math.abs));
        for (const map of maps) {
          expect(Math.max(...map.map((v, i) => Math.abs(v - (maps[0]?.[i] ?? 0)))) / most).toBeLessThan(1e-3);
        }
      }
    },
  );

  test("z-plus leaves nothing negative of a positive score, and all of it where biases do not matter", async () => {
    for (const bias of [true, false]) {
      const network = await on(everything({ bias, kind: "relu" }));
      const scores = [];
      for (const target of [0, 1, 2, 3]) {
        const { data, conservation } = await lrp(network, IMAGE, { target, rules: "z-plus" });
        scores.push(conservation.score);
        expect(Math.min(...data.map((v) => v * Math.sign(conservation.score)))).toBeGreaterThanOrEqual(0);
        expect(conservation.bias).toBe(0);
        if (!bias) expect(conservation.input / conservation.score).toBeCloseTo(1, 5);
      }
      expect(scores.some((score) => score > 0)).toBe(true);
    }
  });
});

test("without biases, ε → 0 is gradient × input on a network of ReLUs", async () => {
  for (const options of [{}, { keep: [] }]) {
    const network = await on(everything({ bias: false, kind: "relu" }), options);
    for (const target of [0, 2]) {
      const exact = await gradientTimesInput(network, IMAGE, { target });
      const most = Math.max(...exact.data.map(Math.abs));
      const apart = async (epsilon: number): Promise<number> => {
        const { data, conservation } = await lrp(network, IMAGE, {
          target,
          rules: everywhere({ kind: "epsilon", epsilon }),
        });
        if (epsilon === 0) {
          expect(conservation.bias).toBe(0);
          expect(conservation.input).toBeCloseTo(conservation.score, 4);
        }
        return Math.max(...data.map((v, i) => Math.abs(v - (exact.data[i] ?? 0)))) / most;
      };
      expect(await apart(0)).toBeLessThan(1e-4);
      expect(await apart(1)).toBeGreaterThan(0.1);
    }
  }
});

test("rules are found by name, by function and by place, the first that fits first", async () => {
  const network = await on(everything({ bias: true, kind: "relu" }));
  const objective = await createObjective(network, logit(0));
  const relevance = await createRelevance(network, {
    rules: [
      // What was folded is known by any of its names.
      { at: ["conv1"], rule: { kind: "zPlus" } },
      { at: ({ op }) => op === "depthwiseConv2d", rule: { kind: "gamma", gamma: 3 } },
      ...COMPOSITES.composite,
    ],
  });
  expect(relevance.rules.map(({ layer, rule }) => `${layer} ${rule.kind}`)).toEqual([
    "logits epsilon",
    "gap epsilon",
    "conv2 gamma",
    "grouped gamma",
    "spread gamma",
    "large epsilon",
    "mean epsilon",
    "act2 epsilon",
    "alone epsilon",
    "depth gamma",
    "act1 zPlus",
  ]);
  relevance.destroy();
  objective.destroy();
});

test("a pass allocates nothing, writes no queue, repeats to the bit, and leaves nothing behind", async () => {
  const network = await on(everything({ bias: true, kind: "relu" }));
  const { left, result } = await liveBytes(device, async () => [
    (await lrp(network, IMAGE, { target: 1 })).data,
    (await lrp(network, IMAGE, { target: 1 })).data,
  ]);
  expect(left).toBe(0);
  expect(result[0]).toEqual(result[1]);

  const objective = await createObjective(network, logit(0));
  const relevance = await createRelevance(network);
  const queue = vi.spyOn(device.queue, "writeBuffer");
  const { peak } = await liveBytes(device, async () => {
    const encoder = device.createCommandEncoder();
    network.forward(encoder);
    for (let run = 0; run < 1000; run++) relevance.record(encoder, objective.outputGradients);
    encoder.finish();
  });
  expect(peak).toBe(0);
  expect(queue).not.toHaveBeenCalled();
  queue.mockRestore();
  relevance.destroy();
  objective.destroy();

  const failed = await liveBytes(device, () =>
    lrp(network, IMAGE, { target: 1, rules: everywhere({ kind: "gamma", gamma: -1 }) }).catch(String),
  );
  expect(failed.result).toMatch(/expected a gamma of at least 0, got -1/);
  expect(failed.left).toBe(0);
});

describe("refuses in words", () => {
  let network: Network;
  beforeAll(async () => {
    network = await on(everything({ bias: true, kind: "relu" }));
  });
  const refused = (options: LrpOptions, kind: new () => Error, message: RegExp) =>
    test(String(message), async () => {
      const run = lrp(network, IMAGE, { target: 0, ...options });
      await expect(run).rejects.toThrow(kind);
      await expect(run).rejects.toThrow(message);
    });

  const epsilon = { kind: "epsilon" } as const;
  refused({ target: probability(0) }, InputError, /LRP: .* got a probability; ask for the logit/);
  refused(
    { target: { layer: "softmax", channel: 0 } },
    UnsupportedError,
    /before the softmax.*layer "logits"/,
  );
  refused(
    { rules: "delta" as "gamma" },
    InputError,
    /rules of composite, epsilon, gamma, z-plus, got "delta"/,
  );
  refused(
    { rules: [{ at: "dense", rule: epsilon }] },
    InputError,
    /a rule for layer "act1" .* end the rules with/,
  );
  refused({ rules: [{ at: ["nobody"], rule: epsilon }] }, InputError, /a layer's name .* got "nobody"/);
  refused(
    {
      rules: [
        { at: ["max"], rule: epsilon },
        { at: "any", rule: epsilon },
      ],
    },
    InputError,
    /redistribute.* got "max"/,
  );
  refused({ rules: everywhere({ kind: "zBox" }) }, InputError, /reads the image, got "depth"/);
  refused(
    { rules: everywhere({ kind: "epsilon", epsilon: Number.NaN }) },
    InputError,
    /epsilon of at least 0, got NaN/,
  );
  refused({ pass: ["nobody"] }, InputError, /a layer's name .* got "nobody"/);

  test("a network without gradients", async () => {
    const forward = await on(chain(), { gradients: false });
    await expect(lrp(forward, IMAGE)).rejects.toThrow(/created without gradients; create it with/);
  });

  test("starts at other layers than it was made for", async () => {
    const objective = await createObjective(network, channelObjective("act2", 0));
    const relevance = await createRelevance(network);
    const encoder = device.createCommandEncoder();
    expect(() => relevance.record(encoder, objective.outputGradients)).toThrow(
      /start at logits, got act2; create it with/,
    );
    relevance.destroy();
    objective.destroy();
  });

  test("layers for which LRP is not defined, until they are told to pass it on", async () => {
    const next = random(5);
    const curved = branches();
    const image = values(7 * 7 * 2, random(3));
    for (const options of [{}, { keep: [] }]) {
      const other = await on(curved, options);
      await expect(lrp(other, image, { target: 0 })).rejects.toThrow(UnsupportedError);
      await expect(lrp(other, image, { target: 0 })).rejects.toThrow(
        /got (sigmoid at layer "sigmoid"|tanh at layer "tanh1").*{ pass: \["/,
      );
      const found = await lrp(other, image, { target: 0, pass: ["sigmoid", "tanh1"] });
      expect(missing(found)).toBeLessThan(2e-6);
    }
    const gated = await on(
      graph("gated", [
        { op: "input", name: "image", inputs: [], shape: [7, 7, 2] },
        { op: "conv2d", name: "conv", inputs: ["image"], ...CONV, w: constant([3, 3, 2, 4], next) },
        { op: "lrn", name: "lrn", inputs: ["conv"], radius: 2, bias: 1, alpha: 0.1, beta: 0.75 },
        { op: "globalPool", name: "pool", inputs: ["lrn"], mode: "average", keepDims: true },
        {
          op: "conv2d",
          name: "gate",
          inputs: ["pool"],
          ...CONV,
          w: constant([1, 1, 4, 4], next),
          activation: { kind: "sigmoid" },
        },
        { op: "multiply", name: "product", inputs: ["gate", "lrn"] },
        { op: "globalPool", name: "end", inputs: ["product"], mode: "average" },
      ]),
    );
    await expect(lrp(gated, image, { target: 0 })).rejects.toThrow(/got (multiply|sigmoid|lrn) at layer/);
    const pass = ["lrn", "gate", "product"];
    const found = await lrp(gated, image, { target: 0, pass });
    expect(missing(found)).toBeLessThan(2e-6);
    expect(found.data.some((v) => v !== 0)).toBe(true);
  });
});
