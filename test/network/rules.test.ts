import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { InputError, UnsupportedError } from "../../src/gpu/errors.ts";
import { createTensor, readTensor, sizeOf } from "../../src/gpu/tensor.ts";
import type { Graph } from "../../src/graph/graph.ts";
import type { BackwardRule } from "../../src/layers/activation-gradient.ts";
import type { FusedActivation } from "../../src/layers/activation-kinds.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { BackwardOptions, Network } from "../../src/network/network.ts";
import type { LayerRules } from "../../src/network/rules.ts";
import { createObjective } from "../../src/objectives/commands.ts";
import { channelObjective, logit } from "../../src/objectives/objective.ts";
import { testDevice } from "../gpu.ts";
import { constant, graph, random, values } from "../graph/graphs.ts";
import { expectClose } from "../reference/numbers.ts";

const RULES = ["gradient", "guided", "deconvnet", "redirected"] as const;
const KEEPS: ["all" | string[]][] = [["all"], [[]]];

let device: GPUDevice;
const owned: Network[] = [];

async function networkOf(of: Graph, keep: "all" | readonly string[], batch = 2): Promise<Network> {
  const network = await createNetwork(device, of, { batch, keep });
  owned.push(network);
  return network;
}

function submit(recording: (encoder: GPUCommandEncoder) => void): void {
  const encoder = device.createCommandEncoder();
  recording(encoder);
  device.queue.submit([encoder.finish()]);
}

/** The gradient to a layer, after a forward pass. */
async function gradientOf(
  network: Network,
  x: Float32Array<ArrayBuffer>,
  from: Parameters<Network["backward"]>[1],
  options: BackwardOptions,
): Promise<Float32Array> {
  device.queue.writeBuffer(network.input.buffer, 0, x);
  submit((encoder) => {
    network.forward(encoder);
    network.backward(encoder, from, options);
  });
  return readTensor(device, network.gradient(options.to ?? "image"));
}

beforeAll(async () => {
  device = await testDevice();
});
afterAll(() => {
  for (const network of owned) network.destroy();
});

describe.each(KEEPS)("worked by hand, keeping %s", (keep) => {
  // R = (−1, 3, 2) comes down to a hidden layer of W's.
  const W = [1, -1, 2, -1, -2, 1];
  const byHand = (kind: FusedActivation["kind"]): Graph =>
    graph("by hand", [
      { op: "input", name: "image", inputs: [], shape: [1, 1, 2] },
      {
        op: "dense",
        name: "hidden",
        inputs: ["image"],
        w: { shape: [2, 3], data: new Float32Array(W) },
        activation: { kind },
      },
      {
        op: "dense",
        name: "score",
        inputs: ["hidden"],
        w: { shape: [3, 1], data: new Float32Array([-1, 3, 2]) },
      },
    ]);
  const outcomes = async (network: Network, x: Float32Array<ArrayBuffer>) => {
    const found: Record<string, number[]> = {};
    for (const rule of RULES) {
      found[rule] = [...(await gradientOf(network, x, { layer: "score" }, { rule }))].map((v) => v + 0);
    }
    return found;
  };

  test("four rules at a ReLU, an image at a time", async () => {
    const network = await networkOf(byHand("relu"), keep);
    // z = (1, −4, 5): some of R passes. z = (−2, −1, −1): none does.
    expect(await outcomes(network, new Float32Array([2, 1, -1, 1]))).toEqual({
      gradient: [-1 * 1 + 2 * 2, -1 * -1 + 2 * 1, 0, 0], // (−1, 0, 2) and (0, 0, 0)
      guided: [2 * 2, 2 * 1, 0, 0], // (0, 0, 2) and (0, 0, 0)
      deconvnet: [3 * -1 + 2 * 2, 3 * -2 + 2 * 1, 3 * -1 + 2 * 2, 3 * -2 + 2 * 1], // (0, 3, 2) twice
      redirected: [-1 * 1 + 2 * 2, -1 * -1 + 2 * 1, 3 * -1 + 2 * 2, 3 * -2 + 2 * 1], // (−1, 0, 2) and (0, 3, 2)
    });
  });

  test("four rules at a ReLU6, below zero and at the ceiling", async () => {
    const network = await networkOf(byHand("relu6"), keep);
    // z = (9, −18, 27): none of R passes. z = (1, −4, 5): some does.
    expect(await outcomes(network, new Float32Array([12, 3, 2, 1]))).toEqual({
      gradient: [0, 0, -1 * 1 + 2 * 2, -1 * -1 + 2 * 1],
      guided: [0, 0, 2 * 2, 2 * 1],
      deconvnet: [3 * -1 + 2 * 2, 3 * -2 + 2 * 1, 3 * -1 + 2 * 2, 3 * -2 + 2 * 1],
      // (−1, 3, 0): down from above the ceiling, up from below zero, not up from above the ceiling.
      redirected: [-1 * 1 + 3 * -1, -1 * -1 + 3 * -2, -1 * 1 + 2 * 2, -1 * -1 + 2 * 1],
    });
  });
});

/** Every op that takes a gradient through the activation below it, an add that cannot, and layers with two readers. */
function mixed(): Graph {
  const next = random(5);
  const window = { strides: [1, 1], dilations: [1, 1], padding: "same" } as const;
  const conv = (name: string, input: string, cin: number, cout: number, kind: FusedActivation["kind"]) =>
    ({
      op: "conv2d",
      name,
      inputs: [input],
      ...window,
      w: constant([3, 3, cin, cout], next),
      b: constant([cout], next),
      activation: { kind },
    }) as const;
  return graph("mixed", [
    { op: "input", name: "image", inputs: [], shape: [6, 6, 3] },
    conv("c1", "image", 3, 8, "relu"),
    conv("c2", "c1", 8, 8, "relu6"),
    {
      op: "pool",
      name: "p",
      inputs: ["c2"],
      mode: "max",
      size: [2, 2],
      strides: [2, 2],
      padding: "valid",
    },
    conv("c3", "p", 8, 4, "relu"),
    {
      op: "depthwiseConv2d",
      name: "d",
      inputs: ["c3"],
      ...window,
      w: constant([3, 3, 4, 1], next),
      activation: { kind: "relu" },
    },
    conv("c4", "d", 4, 4, "relu"),
    { op: "add", name: "sum", inputs: ["c4", "d"], activation: { kind: "relu" } },
    { op: "globalPool", name: "gap", inputs: ["sum"], mode: "average" },
    {
      op: "dense",
      name: "f1",
      inputs: ["gap"],
      w: constant([4, 12], next),
      activation: { kind: "relu" },
    },
    { op: "dense", name: "logits", inputs: ["f1"], w: constant([12, 3], next) },
  ]);
}

describe("an activation passed by the kernel above it", () => {
  const x = values(2 * 6 * 6 * 3, random(9), 2);
  const pair = async (): Promise<[Network, Network]> => {
    const [whole, fused] = [await networkOf(mixed(), "all"), await networkOf(mixed(), [])];
    return [whole, fused];
  };
  let networks: Promise<[Network, Network]> | undefined;

  test.each<BackwardOptions>([
    ...RULES.map((rule) => ({ rule })),
    { rule: { default: "guided", layers: { c2: "gradient", d: "deconvnet" } } },
    { rule: { layers: { c1: "redirected", f1: "guided" } } },
    ...RULES.flatMap((rule) => ["c1", "c3", "d", "c4", "f1"].map((to) => ({ rule, to }))),
  ])("gives what a pass of its own gives: %o", async (options) => {
    networks ??= pair();
    const [a = [], b = []] = await Promise.all(
      (await networks).map((network) => gradientOf(network, x, { layer: "logits", channel: 1 }, options)),
    );
    expect(Math.max(...a.map(Math.abs))).toBeGreaterThan(0);
    expectClose(Float32Array.from(b), a, 1e-6);
  });

  test("takes no pass of its own", async () => {
    networks ??= pair();
    const dispatches = (await networks).map((network) => {
      let count = 0;
      const pass = {
        setPipeline: () => {},
        setBindGroup: () => {},
        end: () => {},
        dispatchWorkgroups: () => count++,
      } as unknown as GPUComputePassEncoder;
      const encoder = device.createCommandEncoder();
      vi.spyOn(encoder, "beginComputePass").mockReturnValue(pass);
      network.backward(encoder, { layer: "logits" }, { rule: "guided" });
      return count;
    });
    // A seed, eleven inputs, seven activations; c1, c2, c3 and f1 have one reader each, which takes theirs along.
    expect(dispatches).toEqual([1 + 11 + 7, 1 + 11 + 3]);
  });

  test("leaves room for a signal that starts in between", async () => {
    networks ??= pair();
    for (const rule of RULES) {
      const outcomes: Float32Array[] = [];
      for (const network of await networks) {
        const objective = await createObjective(network, logit(1).plus(channelObjective("c2", 2).times(0.1)));
        device.queue.writeBuffer(network.input.buffer, 0, x);
        submit((encoder) => {
          network.forward(encoder);
          network.backward(encoder, objective.outputGradients, { rule });
        });
        outcomes.push(await readTensor(device, network.gradient("image")));
        objective.destroy();
      }
      expectClose(outcomes[1] ?? new Float32Array(), outcomes[0] ?? []);
    }
  });

  test("leaves every gradient as it was where all are asked for", async () => {
    networks ??= pair();
    const [whole, fused] = await networks;
    await gradientOf(whole, x, { layer: "logits" }, { rule: "guided" });
    await gradientOf(fused, x, { layer: "logits" }, { rule: "guided", gradients: "all" });
    for (const layer of ["image", "c1", "c2", "c3", "f1"]) {
      expectClose(
        await readTensor(device, fused.gradient(layer)),
        await readTensor(device, whole.gradient(layer)),
        1e-6,
      );
    }
    await gradientOf(fused, x, { layer: "logits" }, { rule: "guided" });
    const [early, late] = [fused.gradient("c3"), whole.gradient("c3")];
    expect(await readTensor(device, early)).not.toEqual(await readTensor(device, late));
  });

  test("leaves the gradient of kept layers as it was", async () => {
    networks ??= pair();
    const kept = await networkOf(mixed(), ["c1", "d"]);
    const options = { rule: "guided" } as const;
    const [whole] = await networks;
    for (const network of [whole, kept]) await gradientOf(network, x, { layer: "logits" }, options);
    for (const layer of ["c1", "d"]) {
      expectClose(
        await readTensor(device, kept.gradient(layer)),
        await readTensor(device, whole.gradient(layer)),
        1e-6,
      );
    }
  });
});

describe("rules for layers", () => {
  const sizes = [5, 7, 6, 4];
  const next = random(3);
  const weights = sizes.slice(1).map((units, i) => constant([sizes[i] ?? 0, units], next));
  const stack = (): Graph =>
    graph("stack", [
      { op: "input", name: "image", inputs: [], shape: [1, 1, sizes[0] ?? 0] },
      ...weights.map(
        (w, i) =>
          ({
            op: "dense",
            name: `f${i}`,
            inputs: [i === 0 ? "image" : `f${i - 1}`],
            w,
            activation: { kind: "relu" },
          }) as const,
      ),
    ]);

  /** The rule of each layer written out, from a signal of ones at the last. */
  function reference(x: ArrayLike<number>, rules: readonly BackwardRule[]): number[] {
    const activations: number[][] = [];
    let input = Array.from(x);
    for (const { shape, data } of weights) {
      const [, units = 0] = shape;
      input = Array.from({ length: units }, (_, u) =>
        Math.max(
          0,
          input.reduce((sum, v, f) => sum + v * (data[f * units + u] ?? 0), 0),
        ),
      );
      activations.push(input);
    }
    let signal = Array<number>(sizes.at(-1) ?? 0).fill(1);
    for (const [i, { shape, data }] of [...weights.entries()].reverse()) {
      const [features = 0, units = 0] = shape;
      const a = activations[i] ?? [];
      signal = signal.map((s, u) => {
        const open = (a[u] ?? 0) > 0;
        if (rules[i] === "guided") return open ? Math.max(0, s) : 0;
        if (rules[i] === "deconvnet") return Math.max(0, s);
        return open ? s : 0;
      });
      signal = Array.from({ length: features }, (_, f) =>
        signal.reduce((sum, s, u) => sum + s * (data[f * units + u] ?? 0), 0),
      );
    }
    return signal;
  }

  test.each(KEEPS)("hold where they are named, keeping %s", async (keep) => {
    const network = await networkOf(stack(), keep, 1);
    const x = values(5, random(8));
    const cases: [BackwardOptions["rule"], BackwardRule[]][] = [
      [{ layers: { f1: "guided" } }, ["gradient", "guided", "gradient"]],
      [{ default: "deconvnet", layers: { f0: "gradient" } }, ["gradient", "deconvnet", "deconvnet"]],
      [
        { default: "guided", layers: { f2: "deconvnet", f0: "gradient" } },
        ["gradient", "guided", "deconvnet"],
      ],
    ];
    const seen = new Set<string>();
    for (const [rule = "gradient", each] of cases) {
      const dx = await gradientOf(network, x, { layer: "f2" }, { rule });
      expectClose(dx, reference(x, each));
      seen.add(String([...dx]));
    }
    expect(seen.size).toBe(cases.length);
  });

  test("are recorded without a write to the queue, each pass with its own", async () => {
    const network = await networkOf(stack(), [], 1);
    const x = values(5, random(8));
    const rules: BackwardOptions["rule"][] = ["redirected", { layers: { f1: "guided" } }, "deconvnet"];
    const alone = [];
    for (const rule of rules)
      alone.push(await gradientOf(network, x, { layer: "f2" }, { rule: rule ?? "gradient" }));
    const copies = rules.map(() => createTensor(device, network.input.shape));
    const spies = [vi.spyOn(device.queue, "writeBuffer"), vi.spyOn(device, "createBuffer")];
    const encoder = device.createCommandEncoder();
    network.forward(encoder);
    for (const [i, rule] of rules.entries()) {
      network.backward(encoder, { layer: "f2" }, { rule: rule ?? "gradient" });
      const { buffer } = network.gradient("image");
      encoder.copyBufferToBuffer(buffer, 0, copies[i]?.buffer ?? buffer, 0, 4 * sizeOf(network.input.shape));
    }
    device.queue.submit([encoder.finish()]);
    for (const spy of spies) {
      expect(spy).not.toHaveBeenCalled();
      spy.mockRestore();
    }
    for (const [i, copy] of copies.entries()) {
      expect(await readTensor(device, copy)).toEqual(alone[i]);
      copy.buffer.destroy();
    }
  });

  test("let an activation without a ReLU take the gradient where the others are guided", async () => {
    const layers = stack().layers.map((layer) =>
      layer.name === "f1" && layer.op === "dense"
        ? { ...layer, activation: { kind: "leakyRelu", alpha: 0.1 } as const }
        : layer,
    );
    const network = await networkOf({ ...stack(), layers }, [], 1);
    const backward = (rule: BackwardOptions["rule"]) => () =>
      network.backward(device.createCommandEncoder(), { layer: "f2" }, { rule: rule ?? "gradient" });
    for (const rule of ["guided", "deconvnet", "redirected"] as const) {
      expect(backward(rule)).toThrow(UnsupportedError);
      expect(backward(rule)).toThrow(
        `expected ReLU, ReLU6 or a clip from 0, got leakyRelu at layer "f1"; use the rule`,
      );
      expect(backward({ default: rule, layers: { f1: "gradient" } })).not.toThrow();
    }
  });

  test.each<[BackwardOptions["rule"], RegExp]>([
    [{ layers: { f9: "guided" } }, /expected a layer's name \(image, f0, f1, f2\), got "f9"/],
    [{ layers: { image: "guided" } }, /expected a layer with an activation \(f0, f1, f2\), got "image"/],
    [{ layers: { f1: "lrp" as "guided" } }, /expected one of gradient, guided, .*got "lrp"/],
    [{ f1: "guided" } as unknown as LayerRules, /backward rule: expected default, layers, got "f1"/],
    [{ default: "guided" } as LayerRules, /backward rule: expected layers, got none/],
    [{ default: "toString" as "guided", layers: {} }, /expected one of .*got "toString"/],
    ["Guided" as "guided", /expected one of .*got "Guided"/],
  ])("refuse %o", async (rule = "gradient", message) => {
    const network = owned.find((one) => one.graph.name === "stack") ?? (await networkOf(stack(), "all", 1));
    const backward = () => network.backward(device.createCommandEncoder(), { layer: "f2" }, { rule });
    expect(backward).toThrow(InputError);
    expect(backward).toThrow(message);
  });
});
