import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { InputError, UnsupportedError } from "../../../src/gpu/errors.ts";
import type { Pixels } from "../../../src/images/pixels.ts";
import { createNetwork } from "../../../src/network/create-network.ts";
import type { Network } from "../../../src/network/network.ts";
import { createNetworks, type Networks } from "../../../src/network/pool.ts";
import { predict } from "../../../src/techniques/predict.ts";
import { type FoolingAscentOptions, foolingImages } from "../../../src/techniques/robustness/fooling.ts";
import { testDevice } from "../../gpu.ts";
import { chain, random, values } from "../../graph/graphs.ts";
import { liveBytes } from "../../live-bytes.ts";

const graph = {
  ...chain(),
  labels: ["cat", "dog", "owl", "eel"],
  preprocessing: { range: 255, mean: [0.4, 0.5, 0.6], std: [0.25, 0.25, 0.25], source: "given" } as const,
};
let device: GPUDevice;
let networks: Networks;
let network: Network;

beforeAll(async () => {
  device = await testDevice();
  networks = createNetworks(device, graph);
  network = await createNetwork(device, graph, { gradients: false });
});
afterAll(() => {
  network.destroy();
  networks.destroy();
});

async function probabilityOf(pixels: Pixels, index: number): Promise<number | undefined> {
  return (await predict(network, pixels)).find((answer) => answer.index === index)?.probability;
}

const QUICK = { confidence: 0.6, steps: 200 };

describe("foolingImages", () => {
  test("climbs from noise until the 8-bit picture is above the confidence", async () => {
    const fractions: number[] = [];
    const found = await foolingImages(networks, { ...QUICK, onProgress: (f) => fractions.push(f) });
    expect(found.map(({ index, label }) => [index, label])).toEqual([
      [0, "cat"],
      [1, "dog"],
      [2, "owl"],
      [3, "eel"],
    ]);
    const climbed = found.filter(({ probability }) => probability > 0.6);
    expect(climbed.length).toBeGreaterThan(0);
    expect(climbed.some(({ steps }) => steps > 10 && steps < 200)).toBe(true);
    for (const { index, pixels, probability, steps } of found) {
      expect(probability).toBeCloseTo((await probabilityOf(pixels, index)) ?? 0, 6);
      expect(probability > 0.6 || steps === 200).toBe(true);
    }
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions.at(-1)).toBe(1);
  });

  test("begins with the picture that it is given, and goes no farther from it than it must", async () => {
    const data = Uint8ClampedArray.from(values(8 * 6 * 3, random(7)), (v) => 128 + 100 * v);
    const from = { width: 6, height: 8, data };
    const started = await probabilityOf(from, 1);
    const [one] = await foolingImages(networks, { classes: ["dog"], from, steps: 1, confidence: 0.999 });
    const gain = (one?.probability ?? 0) - (started ?? 0);
    // A step should add a tenth of what is missing, or 0.03; it is straight where the network is nearly so.
    expect(gain).toBeGreaterThan(0.003);
    expect(gain).toBeLessThan(0.06);
    const far = Math.max(...data.map((v, i) => Math.abs(v - (one?.pixels.data[i] ?? 0))));
    expect(far).toBeLessThan(40);
  });

  test("gives the same pictures for the same seed", async () => {
    const climbed = (seed: number) => foolingImages(networks, { classes: [2], steps: 5, seed });
    expect(await climbed(3)).toEqual(await climbed(3));
    expect(await climbed(3)).not.toEqual(await climbed(4));
  });

  test("stops when it is told to, and leaves nothing behind", async () => {
    await foolingImages(networks, { classes: [0], steps: 1 });
    const controller = new AbortController();
    const own = await liveBytes(device, async () => {
      const pool = createNetworks(device, graph);
      const stopped = foolingImages(pool, {
        ...{ steps: 100_000, confidence: 0.9999999, signal: controller.signal },
        onProgress: () => controller.abort(new Error("enough")),
      });
      await expect(stopped).rejects.toThrow("enough");
      await foolingImages(pool, { classes: [0], steps: 3 });
      pool.destroy();
    });
    expect([own.left, own.objects]).toEqual([0, 0]);
  });

  test.each<[FoolingAscentOptions, RegExp]>([
    [{ steps: 0 }, /expected steps to be a whole number of 1 to 100000, got 0/],
    [{ confidence: 1.5 }, /expected a confidence between 0 and 1/],
    [{ classes: [9] }, /expected a class of 0 to 3/],
    [{ seed: 2 ** 32 }, /expected a seed/],
    [{ from: new Float32Array(5) }, /5/],
  ])("refuses %j", async (options, message) => {
    const refused = foolingImages(networks, options);
    await expect(refused).rejects.toThrow(InputError);
    await expect(refused).rejects.toThrow(message);
  });

  test("refuses a network in place of a pool, and an output without classes", async () => {
    await expect(foolingImages(network as never)).rejects.toThrow(/createNetworks/);
    const pool = createNetworks(device, { ...graph, output: "logits", heads: { logits: "values" } });
    await expect(foolingImages(pool)).rejects.toThrow(UnsupportedError);
    pool.destroy();
  });
});
