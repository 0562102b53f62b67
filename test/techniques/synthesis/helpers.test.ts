import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { syntheticPictures } from "../../../src/dataset/synthetic.ts";
import { InputError } from "../../../src/gpu/errors.ts";
import { readTensor, sizeOf } from "../../../src/gpu/tensor.ts";
import type { Graph } from "../../../src/graph/graph.ts";
import type { Pixels } from "../../../src/images/pixels.ts";
import { loadModel } from "../../../src/models/load-model.ts";
import { createNetwork } from "../../../src/network/create-network.ts";
import { createNetworks, type Networks } from "../../../src/network/pool.ts";
import { modelFromDisk } from "../../../src/node/files.ts";
import { arraysOf } from "../../../src/node/npz.ts";
import { ganPrior } from "../../../src/techniques/synthesis/gan-prior.ts";
import { inversionByNetwork } from "../../../src/techniques/synthesis/inversion-by-network.ts";
import { stylize } from "../../../src/techniques/synthesis/stylize.ts";
import { testDevice } from "../../gpu.ts";
import { liveBytes } from "../../live-bytes.ts";

// The networks that models/helpers.py trained: PyTorch's own results are in test/golden/helpers.npz.

const golden = arraysOf(readFileSync("test/golden/helpers.npz"), "helpers.npz");
const goldenOf = (name: string) => golden.find((one) => one.name.endsWith(name))?.array.data as Float32Array;
const helper = async (name: string): Promise<Graph> =>
  loadModel(await modelFromDisk(`models/helpers/${name}`));

let device: GPUDevice;
let networks: Networks;
beforeAll(async () => {
  device = await testDevice();
  networks = createNetworks(device, await loadModel(await modelFromDisk("models/vitrine")));
});
afterAll(() => networks.destroy());

/** Every sixth pixel of every sixth row. */
function sampled(data: ArrayLike<number>): number[] {
  return Array.from({ length: 16 * 16 * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return data[3 * (6 * Math.floor(pixel / 16) * 96 + 6 * (pixel % 16)) + (i % 3)] ?? Number.NaN;
  });
}

function worst(ours: ArrayLike<number>, theirs: ArrayLike<number>): number {
  expect(ours.length).toBe(theirs.length);
  let most = 0;
  for (let i = 0; i < ours.length; i++) {
    const apart = Math.abs((ours[i] ?? 0) - (theirs[i] ?? 0));
    // NaN counts as infinitely far.
    most = Math.max(most, Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart);
  }
  return most;
}

const wave = (i: number): number => Math.sin(i * 0.37);

describe("a network of models/helpers draws what PyTorch draws", () => {
  test.each([
    ["generator", (i: number) => 1.5 * wave(i), 1],
    ["decoder-conv2_2", (i: number) => 2 * Math.max(0, wave(i)), 1],
    ["decoder-conv1", (i: number) => 2 * Math.max(0, wave(i)), 1],
    ["style", (i: number) => (i * 37) % 256, 255],
  ] as const)("%s within 1e-4", async (name, value, white) => {
    const graph = await helper(name);
    expect(graph.outputRange).toEqual([0, white]);
    using network = await createNetwork(device, graph);
    const fed = Float32Array.from({ length: sizeOf(network.input.shape) }, (_, i) => value(i));
    device.queue.writeBuffer(network.input.buffer, 0, fed);
    const encoder = device.createCommandEncoder();
    network.forward(encoder);
    device.queue.submit([encoder.finish()]);
    const drawn = await readTensor(device, network.activation(network.graph.output));
    expect(worst(sampled(drawn), goldenOf(name)) / white).toBeLessThan(1e-4);
  });
});

describe("inversionByNetwork", () => {
  // The errors that models/README.md states, of the same pictures.
  test.each([
    ["conv2_2", 0.0275],
    ["conv1", 0.0056],
  ])("draws pictures of %s with a mean squared error below %f", async (layer, error) => {
    const decoder = await helper(`decoder-${layer}`);
    let [sum, count] = [0, 0];
    for await (const picture of syntheticPictures(device, { first: 1_000_000, count: 16 })) {
      const drawn = await inversionByNetwork(networks, decoder, picture, { layer });
      for (const [i, value] of drawn.data.entries()) sum += ((value - (picture.data[i] ?? 0)) / 255) ** 2;
      count += drawn.data.length;
    }
    expect(count).toBe(16 * 96 * 96 * 3);
    expect(sum / count).toBeLessThan(error);
  });

  const gray: Pixels = { width: 96, height: 96, data: new Uint8ClampedArray(96 * 96 * 3).fill(120) };

  test("refuses a decoder of another layer, an unknown range, and leaves nothing behind", async () => {
    const decoder = await helper("decoder-conv2_2");
    const { outputRange: _, ...undeclared } = decoder;
    const held = await liveBytes(device, async () => {
      const other = inversionByNetwork(networks, decoder, gray, { layer: "conv1" });
      await expect(other).rejects.toThrow(/to take 48×48×24, the features of "conv1", got 24×24×48/);
      await expect(inversionByNetwork(networks, undeclared, gray, { layer: "conv2_2" })).rejects.toThrow(
        /declares none/,
      );
    });
    expect(held.objects).toBe(0);
  });
});

describe("ganPrior", () => {
  const start = Float32Array.from({ length: 64 }, (_, i) => 0.5 * wave(i));
  const options = {
    ...{ start, noise: 0, steps: 6, rate: { from: 0.5, to: 0.1, steps: 6 } },
    clip: { low: -1.2, high: 1.2 },
  };

  test("climbs as PyTorch does", async () => {
    const { pictures } = await ganPrior(networks, await helper("generator"), { class: "star" }, options);
    const [picture] = pictures;
    expect(picture?.name).toBe("star");
    const curve = goldenOf("curve");
    const scale = Math.max(...curve.map(Math.abs));
    expect(worst(picture?.curve ?? [], curve) / scale).toBeLessThan(1e-4);
    expect(worst(sampled(picture?.data ?? []), goldenOf("prior"))).toBeLessThan(1e-3);
  });

  test("raises the class from codes of its own, and leaves nothing behind", async () => {
    const generator = await helper("generator");
    const held = await liveBytes(device, async () => {
      using own = createNetworks(device, networks.graph);
      const { pictures } = await ganPrior(own, generator, [{ class: "star" }, { class: "ring" }], {
        steps: 20,
      });
      for (const { curve } of pictures) expect(Math.max(...curve)).toBeGreaterThan(curve[0] ?? 0);
    });
    expect(held).toMatchObject({ left: 0, objects: 0 });
  });

  test.each([
    ["a decay of all", { decay: 1 }, /decay: expected a share/],
    ["half a step", { steps: 0.5 }, /steps of at least 1/],
    ["a range the wrong way round", { clip: { low: 1, high: 0 } }, /low ≤ high/],
    ["pictures that are larger than the generator's", { size: [128, 128] as const }, /at least 128×128×3/],
  ])("refuses %s", async (_, more, words) => {
    const asked = ganPrior(networks, await helper("generator"), { class: "star" }, more);
    await expect(asked).rejects.toThrow(InputError);
    await expect(asked).rejects.toThrow(words);
  });
});

test("the style of models/helpers is drawn at a picture's own size", async () => {
  const data = Uint8ClampedArray.from({ length: 101 * 50 * 3 }, (_, i) => (i * 37) % 256);
  using own = createNetworks(device, await helper("style"));
  expect(await stylize(own, { width: 101, height: 50, data }, { border: 12 })).toMatchObject({
    width: 101,
    height: 50,
  });
});
