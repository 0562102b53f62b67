import { afterAll, expect, test } from "vitest";
import { UnsupportedError } from "../../src/gpu/errors.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network } from "../../src/network/network.ts";
import { modelFromDisk } from "../../src/node/files.ts";
import { readNpy } from "../../src/node/npy.ts";
import { logit, probability } from "../../src/objectives/objective.ts";
import { gradientTimesInput } from "../../src/techniques/attribution/gradient-input.ts";
import { localLinear } from "../../src/techniques/attribution/local-linear.ts";
import { testDevice } from "../gpu.ts";
import { branches, chain, random, values } from "../graph/graphs.ts";

const made: Network[] = [];
afterAll(() => {
  for (const network of made) network.destroy();
});

async function on(graph: Graph, options = {}): Promise<Network> {
  const network = await createNetwork(await testDevice(), graph, options);
  made.push(network);
  return network;
}

/** Branches, batch norm, a bias everywhere, and every activation that is linear piece by piece. */
function piecewise(): Graph {
  const graph = branches();
  const layers = graph.layers.map((layer) => {
    if (layer.name === "sigmoid") return { ...layer, activation: { kind: "relu6" } } as typeof layer;
    if (layer.name === "tanh1")
      return { ...layer, activation: { kind: "leakyRelu", alpha: 0.2 } } as typeof layer;
    if (layer.op === "batchNorm") return { ...layer, offset: layer.offset.map((v) => 5 * v + 1) };
    return layer;
  });
  return { ...graph, layers };
}

test.each<[string, () => Graph, number]>([
  ["a chain", chain, 8 * 6 * 3],
  ["branches with ReLU6 and leaky ReLU", piecewise, 7 * 7 * 2],
])("the account of %s adds up", async (_, make, size) => {
  for (const options of [{}, { keep: [] }, { batch: 2 }]) {
    const network = await on(make(), options);
    const image = values(size, random(21), 3);
    const objective = logit(0).minus(logit(2).times(2));
    for (const target of [1, objective]) {
      const found = await localLinear(network, image, { target });
      expect(Math.abs(found.bias)).toBeGreaterThan(0.05);
      expect(Math.abs(found.linear)).toBeGreaterThan(0.05);
      expect(Math.abs(found.residual) / (Math.abs(found.bias) + Math.abs(found.linear))).toBeLessThan(2e-6);
      expect(found.data).toEqual((await gradientTimesInput(network, image, { target })).data);
    }
  }
});

test("the account of the shipped network adds up, on a picture", async () => {
  const network = await on(await loadLayersModel(await modelFromDisk("models/vitrine")));
  const { data: input } = await readNpy("test/golden/vitrine/input.npy");
  const { score, linear, bias, residual } = await localLinear(network, input);
  const { data: logits } = await readNpy("test/golden/vitrine/logits.npy");
  expect(score).toBeCloseTo(Math.max(...logits), 4);
  expect(linear + bias + residual).toBeCloseTo(score, 10);
  expect(Math.abs(residual) / score).toBeLessThan(1e-4);
});

test("what bends is refused", async () => {
  const curved = await on(branches());
  const input = values(7 * 7 * 2, random(3));
  await expect(localLinear(curved, input)).rejects.toThrow(UnsupportedError);
  await expect(localLinear(curved, input)).rejects.toThrow(/got tanh at layer "tanh1"/);
  const straight = await on(chain());
  const image = values(8 * 6 * 3, random(3));
  await expect(localLinear(straight, image, { target: probability(1) })).rejects.toThrow(/got a probability/);
});
