import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { InputError, UnsupportedError } from "../../src/gpu/errors.ts";
import type { Graph, Layer } from "../../src/graph/graph.ts";
import { resized } from "../../src/graph/resize.ts";
import { sweepOver } from "../../src/kernels/occlusion.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import { dirtyRegionsOf } from "../../src/network/incremental/dirty-regions.ts";
import type { Network } from "../../src/network/network.ts";
import { lrp } from "../../src/techniques/attribution/lrp.ts";
import { occlusion } from "../../src/techniques/attribution/occlusion.ts";
import { testDevice } from "../gpu.ts";
import { constant, graph, random, values } from "../graph/graphs.ts";

// Networks whose layers meet other shapes, and constants.

let device: GPUDevice;
const made: Network[] = [];
const networkOf = async (of: Graph): Promise<Network> => {
  const network = await createNetwork(device, of);
  made.push(network);
  return network;
};
beforeAll(async () => {
  device = await testDevice();
});
afterAll(() => {
  for (const network of made) network.destroy();
});

const CONV = { op: "conv2d", strides: [1, 1], dilations: [1, 1], padding: "same" } as const;
const IMAGE = values(7 * 6 * 3, random(23), 2);

/** A convolution of five channels and one of a single one, whatever takes them together, the scores. */
function between(...layers: readonly Layer[]): Graph {
  const next = random(31);
  const relu = { activation: { kind: "relu" } } as const;
  return graph("between", [
    { op: "input", name: "image", inputs: [], shape: [7, 6, 3] },
    {
      ...CONV,
      name: "conv",
      inputs: ["image"],
      w: constant([3, 3, 3, 5], next),
      b: constant([5], next),
      ...relu,
    },
    { ...CONV, name: "one", inputs: ["conv"], w: constant([1, 1, 5, 1], next), ...relu },
    ...layers,
    { op: "globalPool", name: "mean", inputs: [layers.at(-1)?.name ?? ""], mode: "average" },
    { op: "dense", name: "logits", inputs: ["mean"], w: constant([5, 4], next), b: constant([4], next) },
  ]);
}

/** A spatial gate, a constant over places, a difference to a channel, PReLU by places. */
function mixed(): Graph {
  const next = random(5);
  return between(
    {
      op: "activation",
      name: "gate",
      inputs: ["one"],
      activation: { kind: "hardSigmoid", alpha: 0.2, beta: 0.5 },
    },
    { op: "multiply", name: "gated", inputs: ["conv", "gate"] },
    { op: "add", name: "placed", inputs: ["gated"], constant: constant([7, 1, 5], next) },
    { op: "binary", name: "less", inputs: ["placed", "one"], operator: "subtract" },
    { op: "prelu", name: "bent", inputs: ["less"], slope: constant([6, 5], next) },
  );
}

describe("a spatial gate, constants and PReLU", () => {
  test("patches change rectangles of them, with the answer of whole images", async () => {
    const network = await networkOf(mixed());
    const sweep = sweepOver([7, 6, 3], [2, 2], [2, 2]);
    expect([...dirtyRegionsOf(mixed(), sweep).keys()]).toContain("bent");
    const found = await occlusion(network, IMAGE, { target: 1, patch: 2, stride: 2 });
    const full = await occlusion(network, IMAGE, { target: 1, patch: 2, stride: 2, incremental: false });
    for (const [i, value] of found.data.entries()) expect(value).toBeCloseTo(full.data[i] ?? Number.NaN, 5);
  });

  test("hold a network to its size where a constant has places", async () => {
    expect(() => resized(mixed(), [8, 8])).toThrow(InputError);
    expect(() => resized(mixed(), [8, 8])).toThrow(/"placed"/);
    // One row would be repeated to the constant's seven.
    expect(() => resized(mixed(), [1, 6])).toThrow(/"placed"/);
    const next = random(5);
    const free = between(
      { op: "add", name: "shifted", inputs: ["conv"], constant: constant([5], next) },
      { op: "prelu", name: "bent", inputs: ["shifted"], slope: constant([1, 1, 5], next) },
    );
    expect(resized(free, [8, 9]).layers[0]).toMatchObject({ shape: [8, 9, 3] });
  });

  test("PReLU has no backward rule but the gradient", async () => {
    const bent = { op: "prelu", name: "bent", inputs: ["conv"], slope: constant([5], random(5)) } as const;
    const network = await networkOf(between(bent));
    const plan = (rule: "guided" | "gradient") => () => network.planBackward({ layer: "logits" }, { rule });
    expect(plan("guided")).toThrow(UnsupportedError);
    expect(plan("guided")).toThrow(/got PReLU at layer "bent"; use the rule "gradient"/);
    expect(plan("gradient")).not.toThrow();
  });
});

describe("relevance", () => {
  test("of a sum goes to what is repeated over channels too, and none is lost", async () => {
    const of = between({ op: "add", name: "sum", inputs: ["conv", "one"] });
    const { conservation } = await lrp(await networkOf(of), IMAGE, { target: 1, rules: "epsilon" });
    expect(Math.abs(conservation.residual / conservation.score)).toBeLessThan(1e-5);
  });

  test("passes a factor known in advance unchanged, and through a gate to the signal", async () => {
    const next = random(5);
    const plain = between({
      op: "multiply",
      name: "scaled",
      inputs: ["conv"],
      constant: constant([7, 6, 1], next),
    });
    const { conservation } = await lrp(await networkOf(plain), IMAGE, { target: 1, rules: "epsilon" });
    expect(Math.abs(conservation.residual / conservation.score)).toBeLessThan(1e-5);
    const gated = between({ op: "multiply", name: "gated", inputs: ["one", "conv"] });
    const network = await networkOf(gated);
    await expect(lrp(network, IMAGE, { target: 1 })).rejects.toThrow(
      /"gated".*to the factor that is no gate/,
    );
    const through = await lrp(network, IMAGE, { target: 1, rules: "epsilon", pass: ["gated"] });
    expect(Math.abs(through.conservation.residual / through.conservation.score)).toBeLessThan(1e-5);
  });

  test("is refused where a constant of any shape is added, by name", async () => {
    await expect(lrp(await networkOf(mixed()), IMAGE, { target: 1 })).rejects.toThrow(UnsupportedError);
  });
});
