import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { InputError, UnsupportedError } from "../../../src/gpu/errors.ts";
import { createNetwork } from "../../../src/network/create-network.ts";
import type { Network } from "../../../src/network/network.ts";
import { predict } from "../../../src/techniques/predict.ts";
import {
  evolveFoolingImages,
  type FoolingEvolutionOptions,
} from "../../../src/techniques/robustness/evolution/evolve.ts";
import type { EvolutionState } from "../../../src/techniques/robustness/fooling-picture.ts";
import { testDevice } from "../../gpu.ts";
import { chain } from "../../graph/graphs.ts";
import { liveBytes } from "../../live-bytes.ts";

const graph = {
  ...chain(),
  labels: ["cat", "dog", "owl", "eel"],
  preprocessing: { range: 255, mean: [0.4, 0.5, 0.6], std: [0.5, 0.25, 0.5], source: "given" } as const,
};
let network: Network;
let device: GPUDevice;

beforeAll(async () => {
  device = await testDevice();
  network = await createNetwork(device, graph, { batch: 3, gradients: false });
});
afterAll(() => network.destroy());

const QUICK = { generations: 6, children: 8, confidence: 0.9999 };

describe.each(["cppn", "direct"] as const)("evolution of %s genomes", (encoding) => {
  test("gives every class a picture whose probability the network confirms for the 8-bit pixels", async () => {
    const states: EvolutionState[] = [];
    const fractions: number[] = [];
    const found = await evolveFoolingImages(network, {
      ...QUICK,
      encoding,
      onProgress: (fraction, state) => {
        fractions.push(fraction);
        states.push(state);
      },
    });
    expect(found.pictures.map(({ index, label }) => [index, label])).toEqual([
      [0, "cat"],
      [1, "dog"],
      [2, "owl"],
      [3, "eel"],
    ]);
    expect([found.generations, found.evaluations]).toEqual([6, 48]);
    for (const { index, pixels, probability } of found.pictures) {
      expect([pixels.width, pixels.height]).toEqual([6, 8]);
      const answers = await predict(network, pixels);
      expect(probability).toBe(answers.find((answer) => answer.index === index)?.probability);
    }
    const means = states.map(({ mean }) => mean);
    expect(means).toEqual([...means].sort((a, b) => a - b));
    expect(means[5]).toBeGreaterThan(means[0] ?? 1);
    // What was selected on the way is what the end confirms, up to the rounding of the preprocessing.
    const mean = found.pictures.reduce((sum, { probability }) => sum + probability, 0) / 4;
    expect(mean).toBeCloseTo(means[5] ?? 0, 4);
    expect(fractions.at(-1)).toBe(1);
  });

  test("gives the same pictures for the same seed, in whatever batch, and others for another", async () => {
    const found = await evolveFoolingImages(network, { ...QUICK, encoding, seed: 7 });
    const other = await evolveFoolingImages(network, { ...QUICK, encoding, seed: 8 });
    expect(other.pictures).not.toEqual(found.pictures);
    const wide = await createNetwork(device, graph, { batch: 8, gradients: false });
    try {
      const again = await evolveFoolingImages(wide, { ...QUICK, encoding, seed: 7 });
      expect(again).toEqual(found);
    } finally {
      wide.destroy();
    }
  });
});

describe("evolution", () => {
  test("ends as soon as every class is above the confidence, and not before", async () => {
    const fooled: number[] = [];
    const found = await evolveFoolingImages(network, {
      ...{ generations: 50, children: 2, confidence: 0.4, classes: ["owl", 1, 0] },
      onProgress: (_, state) => {
        fooled.push(state.fooled);
      },
    });
    expect(found.generations).toBeLessThan(50);
    expect(found.pictures.map(({ index }) => index)).toEqual([2, 1, 0]);
    for (const { probability } of found.pictures) expect(probability).toBeGreaterThan(0.4);
    expect(fooled.indexOf(3)).toBe(found.generations - 1);
    expect(fooled.some((count) => count === 1 || count === 2)).toBe(true);
  });

  test("shows its pictures on the way, and goes on as if nobody had looked", async () => {
    const plain = await evolveFoolingImages(network, QUICK);
    let seen = 0;
    const looked = await evolveFoolingImages(network, {
      ...QUICK,
      onProgress: async (_, { pictures }) => {
        seen += (await pictures()).length;
      },
    });
    expect(seen).toBe(24);
    expect(looked).toEqual(plain);
  });

  test("fools labels by themselves and a yes or no, by their sigmoids", async () => {
    const sigmoids = { ...graph, output: "logits", heads: { logits: "sigmoid" } } as const;
    const own = await createNetwork(device, sigmoids, { batch: 4, gradients: false });
    try {
      const { pictures } = await evolveFoolingImages(own, QUICK);
      const [first] = pictures;
      const answers = await predict(own, first?.pixels ?? new Float32Array());
      expect(first?.probability).toBe(answers.find(({ index }) => index === 0)?.probability);
    } finally {
      own.destroy();
    }
  });

  test("stops when it is told to, leaves nothing behind, and leaves the network free", async () => {
    const controller = new AbortController();
    const { left, objects } = await liveBytes(device, async () => {
      const stopped = evolveFoolingImages(network, {
        ...QUICK,
        generations: 1000,
        signal: controller.signal,
        onProgress: (_, { generation }) => {
          if (generation === 2) controller.abort(new Error("enough"));
        },
      });
      await expect(stopped).rejects.toThrow("enough");
      await evolveFoolingImages(network, { ...QUICK, encoding: "direct" });
    });
    expect([left, objects]).toEqual([0, 0]);
  });

  test.each<[FoolingEvolutionOptions, RegExp]>([
    [{ generations: 0 }, /expected generations to be a whole number of 1 to/],
    [{ children: 1.5 }, /expected children to be a whole number/],
    [{ confidence: 1 }, /expected a confidence between 0 and 1, got 1/],
    [{ seed: -1 }, /expected a seed of 0 to/],
    [{ classes: [] }, /expected a list of at least one class/],
    [{ classes: ["fox"] }, /"fox"/],
    [{ encoding: "jpeg" as "cppn" }, /expected encoding of "cppn", "direct"/],
  ])("refuses %j", async (options, message) => {
    const refused = evolveFoolingImages(network, options);
    await expect(refused).rejects.toThrow(InputError);
    await expect(refused).rejects.toThrow(message);
  });

  test("refuses an output without probabilities", async () => {
    const values = { ...graph, output: "logits", heads: { logits: "values" } } as const;
    const own = await createNetwork(device, values, { gradients: false });
    try {
      await expect(evolveFoolingImages(own, QUICK)).rejects.toThrow(UnsupportedError);
    } finally {
      own.destroy();
    }
  });
});
