import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { InputError } from "../../../src/gpu/errors.ts";
import type { Graph } from "../../../src/graph/graph.ts";
import { createNetwork } from "../../../src/network/create-network.ts";
import { createNetworks, type Networks } from "../../../src/network/pool.ts";
import { channelMean, neuronObjective } from "../../../src/objectives/objective.ts";
import { createAscent } from "../../../src/optimise/ascent.ts";
import { climb } from "../../../src/optimise/climb.ts";
import { latentImage } from "../../../src/optimise/image/latent.ts";
import { langevin } from "../../../src/optimise/optimisers/langevin.ts";
import type { SynthesisOptions } from "../../../src/techniques/synthesis/options.ts";
import { unitSamples } from "../../../src/techniques/synthesis/unit-samples.ts";
import type { Wanted } from "../../../src/techniques/synthesis/wanted.ts";
import { testDevice } from "../../gpu.ts";
import { constant, graph, random } from "../../graph/graphs.ts";

/** A generator that hands its code on as pixels: 4 numbers as a row of one channel. */
const identity: Graph = {
  ...graph("identity", [
    { op: "input", name: "code", inputs: [], shape: [1, 4, 1] },
    {
      op: "batchNorm",
      name: "pixels",
      inputs: ["code"],
      scale: Float32Array.of(1),
      offset: Float32Array.of(0),
    },
  ] as Parameters<typeof graph>[1]),
  outputRange: [0, 1],
};

/** A graph that takes pixels as they are. */
const plain = (name: string, layers: readonly unknown[]): Graph => ({
  ...graph(name, layers as Parameters<typeof graph>[1]),
  preprocessing: { range: 255, mean: [0, 0, 0], std: [1, 1, 1], source: "test" },
});

/** A linear unit of these pixels. */
const SLOPE = [1.5, -1, 0.25, 0];
const linear = plain("linear", [
  { op: "input", name: "image", inputs: [], shape: [1, 4, 1] },
  { op: "reshape", name: "flat", inputs: ["image"], shape: [4] },
  {
    ...{ op: "dense", name: "unit", inputs: ["flat"] },
    ...{ w: { shape: [4, 1], data: Float32Array.from(SLOPE) }, b: { shape: [1], data: new Float32Array(1) } },
  },
]);

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value / values.length, 0);

describe("langevin", () => {
  /** Codes of many chains after so many steps, number by number. */
  async function codes(
    options: { rate: number; temperature?: number; sd?: number },
    chains: number,
    steps: number,
  ) {
    const network = await createNetwork(await testDevice(), linear, { batch: chains });
    try {
      const ascent = await createAscent(network, {
        objective: channelMean("unit", 0),
        image: latentImage(identity),
        optimiser: langevin(options),
        seed: 3,
      });
      try {
        const { pixels } = await climb(ascent, { steps });
        return SLOPE.map((_, c) => Array.from({ length: chains }, (_, n) => pixels[4 * n + c] ?? Number.NaN));
      } finally {
        ascent.destroy();
      }
    } finally {
      network.destroy();
    }
  }

  test.each([
    { rate: 0.4, temperature: 2, sd: 1 },
    { rate: 0.8, temperature: 1, sd: 1.5 },
  ])("comes to the normal distribution of a linear unit: %j", async ({ rate, temperature, sd }) => {
    const chains = 1500;
    const found = await codes({ rate, temperature, sd }, chains, 60);
    // A linear recursion x = (1 − rate/2sd²)·x + rate/2T·w + √rate·ε has these moments, whatever it began with.
    const kept = 1 - rate / (2 * sd ** 2);
    const variance = rate / (1 - kept ** 2);
    for (const [c, slope] of SLOPE.entries()) {
      const values = found[c] ?? [];
      const mean = meanOf(values);
      const spread = meanOf(values.map((value) => (value - mean) ** 2));
      // Five standard errors.
      expect(Math.abs(mean - (slope * sd ** 2) / temperature)).toBeLessThan(5 * Math.sqrt(variance / chains));
      expect(Math.abs(spread / variance - 1)).toBeLessThan(5 * Math.sqrt(2 / chains));
      const beside = found[(c + 1) % 4] ?? [];
      const shared = meanOf(values.map((value, n) => (value - mean) * ((beside[n] ?? 0) - meanOf(beside))));
      expect(Math.abs(shared / variance)).toBeLessThan(5 / Math.sqrt(chains));
    }
  });

  test("forgets what was: steps are drawn anew", async () => {
    const [first = []] = await codes({ rate: 0.4 }, 800, 40);
    const [later = []] = await codes({ rate: 0.4 }, 800, 80);
    const [a, b] = [meanOf(first), meanOf(later)];
    const shared = meanOf(first.map((value, n) => (value - a) * ((later[n] ?? 0) - b)));
    expect(Math.abs(shared)).toBeLessThan(5 / Math.sqrt(800));
  });

  test("refuses what is out of range", async () => {
    for (const wrong of [
      { rate: 0 },
      { rate: 1, temperature: 0 },
      { rate: 1, sd: -1 },
      { rate: 1, sd: Number.NaN },
    ]) {
      expect(() => langevin(wrong)).toThrow(InputError);
    }
    const device = await testDevice();
    const none = {} as never;
    const made = langevin({ rate: 1 }).create({
      device,
      parameters: none,
      gradient: none,
      values: none,
      step: none,
    });
    await expect(made).rejects.toThrow(/numbers of images/);
  });
});

describe("unitSamples", () => {
  const next = random(2);
  /** A convolution of colored pictures, and classes. */
  const network = plain("colored", [
    { op: "input", name: "image", inputs: [], shape: [4, 4, 3] },
    {
      ...{
        op: "conv2d",
        name: "conv",
        inputs: ["image"],
        strides: [1, 1],
        dilations: [1, 1],
        padding: "same",
      },
      ...{ w: constant([3, 3, 3, 5], next), b: constant([5], next) },
    },
    { op: "reshape", name: "flat", inputs: ["conv"], shape: [80] },
    { op: "dense", name: "logits", inputs: ["flat"], w: constant([80, 3], next), b: constant([3], next) },
    { op: "softmax", name: "softmax", inputs: ["logits"] },
  ]);
  const generator: Graph = {
    ...graph("generator", [
      { op: "input", name: "code", inputs: [], shape: [6] },
      { op: "dense", name: "dense", inputs: ["code"], w: constant([6, 48], next), b: constant([48], next) },
      { op: "reshape", name: "maps", inputs: ["dense"], shape: [4, 4, 3] },
      { op: "activation", name: "picture", inputs: ["maps"], activation: { kind: "tanh" } },
    ] as Parameters<typeof graph>[1]),
    outputRange: [-1, 1],
  };
  let networks: Networks;
  beforeAll(async () => {
    networks = createNetworks(await testDevice(), network);
  });
  afterAll(() => networks.destroy());

  const samples = async (
    options: SynthesisOptions,
    wanted: Wanted | Wanted[] = { layer: "conv", channel: 2 },
  ) => {
    const { pictures } = await unitSamples(networks, wanted, generator, { steps: 12, ...options });
    return pictures;
  };

  test("are several of each unit, every one the same whatever is beside it", async () => {
    const three = await samples({ samples: 3 });
    expect(three.map(({ name }) => name)).toEqual([1, 2, 3].map((n) => `conv channel 2, sample ${n}`));
    expect(three[0]?.data).not.toEqual(three[1]?.data);
    const one = await samples({ samples: 1 });
    expect(one).toEqual(three.slice(0, 1));
    const more = await samples({ samples: 3 }, [
      { layer: "conv", channel: 0 },
      { layer: "conv", channel: 2 },
    ]);
    expect(more.slice(3)).toEqual(three);
    expect(more[0]?.data).not.toEqual(more[3]?.data);
    expect(await samples({ samples: 3 })).toEqual(three);
    expect((await samples({ samples: 1, seed: 4 }))[0]?.data).not.toEqual(one[0]?.data);
  });

  test("excite the unit more, the colder it is", async () => {
    const wanted = neuronObjective("conv", 1, 1, 2);
    const mean = async (temperature: number) =>
      meanOf((await samples({ samples: 16, steps: 60, temperature }, wanted)).map(({ value }) => value));
    const [cold, warm] = [await mean(0.1), await mean(100)];
    expect(cold).toBeGreaterThan(warm);
  });

  test.each<[SynthesisOptions, RegExp]>([
    [{ samples: 0 }, /1 to 64 samples, got 0/],
    [{ samples: 65 }, /1 to 64 samples/],
    [{ temperature: 0 }, /temperature above 0/],
    [{ rate: -1 }, /rate above 0/],
    [{ size: [8, 8] }, /pictures of at least 8×8×3/],
  ])("refuses %j", async (options, message) => {
    await expect(samples(options)).rejects.toThrow(message);
    await expect(samples(options)).rejects.toBeInstanceOf(InputError);
  });
});
