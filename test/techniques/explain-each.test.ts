import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createNetwork } from "../../src/network/create-network.ts";
import { memoryOf } from "../../src/network/memory.ts";
import { Network } from "../../src/network/network.ts";
import { channelObjective, logit, normObjective, probability } from "../../src/objectives/objective.ts";
import { type EachOptions, explainEach } from "../../src/techniques/attribution/explain-each.ts";
import { attributionNamed } from "../../src/techniques/attribution/list.ts";
import type { Attribution } from "../../src/techniques/attribution/technique.ts";
import { testDevice } from "../gpu.ts";
import { chain, random, values } from "../graph/graphs.ts";
import { liveBytes } from "../live-bytes.ts";

let device: GPUDevice;
let network: Network;
let single: Network;
/** Whose top classes differ. */
const next = random(2);
/** Five: a whole batch of three, and a part of one. */
const images = Array.from({ length: 5 }, () => values(8 * 6 * 3, next));

beforeAll(async () => {
  device = await testDevice();
  network = await createNetwork(device, chain(), { batch: 3 });
  single = await createNetwork(device, chain());
});
afterAll(() => {
  network.destroy();
  single.destroy();
});

async function each(technique: string, options: EachOptions = {}, of = images): Promise<Attribution[][]> {
  const found: Attribution[][] = [];
  for await (const maps of explainEach(network, of, technique, options)) found.push(maps);
  return found;
}

const close = (found: Float32Array, expected: Float32Array): void => {
  expect(found.length).toBe(expected.length);
  for (const [i, value] of found.entries()) expect(value).toBeCloseTo(expected[i] ?? Number.NaN, 5);
};

const BATCHED = [
  "saliency",
  "gradient-input",
  "guided-backprop",
  "deconvnet",
  "grad-cam",
  "grad-cam-plus-plus",
  "layer-cam",
  "guided-grad-cam",
];

describe.each(BATCHED)("%s of many images and targets", (name) => {
  const targets = [2, logit(0).minus(probability(1)), { layer: "conv2", channel: 1, y: 1 }, 0];
  const options = name.includes("cam") ? { layer: "conv1" } : {};

  test("is that of each image and each target by itself", async () => {
    const found = await each(name, { targets, ...options });
    expect(found.map((maps) => maps.length)).toEqual(images.map(() => targets.length));
    const { run } = attributionNamed(name);
    let speaking = 0;
    for (const [i, image] of images.entries()) {
      for (const [k, target] of targets.entries()) {
        const expected = await run(single, image, { target, ...options });
        const got = found[i]?.[k];
        expect([got?.shape, got?.target]).toEqual([expected.shape, expected.target]);
        if (expected.data.some((value) => value !== 0)) speaking++;
        close(got?.data ?? new Float32Array(), expected.data);
      }
    }
    expect(speaking).toBeGreaterThan(10);
  });

  test("asks each image's own top class where nobody says which", async () => {
    const found = await each(name, options);
    const classes = new Set<unknown>();
    const { run } = attributionNamed(name);
    for (const [i, image] of images.entries()) {
      const expected = await run(single, image, options);
      expect(found[i]?.map(({ target }) => target)).toEqual([expected.target]);
      close(found[i]?.[0]?.data ?? new Float32Array(), expected.data);
      classes.add(JSON.stringify(expected.target));
    }
    expect(classes.size).toBeGreaterThan(1);
  });
});

test("one forward pass serves all targets of a batch, and one readback", async () => {
  const forward = vi.spyOn(Network.prototype, "forward");
  const backward = vi.spyOn(Network.prototype, "backward");
  const create = vi.spyOn(device, "createBuffer");
  await each("saliency", { targets: [0, 1, 2, 3] }, images.slice(0, 3));
  expect([forward, backward].map((spy) => spy.mock.calls.length)).toEqual([1, 4]);
  expect(create.mock.calls.filter(([{ label }]) => label === "vitrine readback").length).toBe(1);
  for (const spy of [forward, backward, create]) spy.mockRestore();
});

test("any other technique runs image by image and target by target", async () => {
  const targets = [1, channelObjective("conv2", 2)];
  const options = { samples: 12, seed: 3 };
  for (const name of ["rise", "lime", "occlusion", "smoothgrad"]) {
    const found = await each(name, { targets, ...options }, images.slice(0, 2));
    for (const [i, maps] of found.entries()) {
      for (const [k, { data }] of maps.entries()) {
        const target = targets[k] ?? 0;
        const image = images[i] ?? new Float32Array();
        const expected = await attributionNamed(name).run(network, image, { target, ...options });
        expect(data).toEqual(expected.data);
      }
    }
    expect(found.map((maps) => maps.length)).toEqual([2, 2]);
  }
  const forward = vi.spyOn(Network.prototype, "forward");
  // Twelve samples are four batches, for one target as for four.
  for (const name of ["rise", "lime"]) {
    for (const several of [[1], [1, 0, 2, channelObjective("conv2", 2)]]) {
      forward.mockClear();
      await each(name, { targets: several, ...options }, images.slice(0, 1));
      expect(forward.mock.calls.length).toBe(4);
    }
  }
  forward.mockRestore();
  const [[asked] = []] = await each("saliency", { targets: [1], on: "probability" }, images.slice(0, 1));
  const [[expected] = []] = await each("saliency", { targets: [probability(1)] }, images.slice(0, 1));
  expect(asked?.data).toEqual(expected?.data);
});

test("memory does not grow with the targets or the images, and keeps to its budget", async () => {
  const targets = Array.from({ length: 40 }, (_, i) => normObjective("conv1").times(i + 1));
  const bytes = (of: typeof images, asked: typeof targets, memory?: number) =>
    liveBytes(device, () => each("saliency", { targets: asked, ...(memory ? { memory } : {}) }, of));
  const few = await bytes(images.slice(0, 3), targets);
  const many = await bytes([...images, ...images], targets);
  expect([many.peak, many.left]).toEqual([few.peak, 0]);

  const beside = 90_000;
  const tight = await bytes(images.slice(0, 3), targets, memoryOf(network) + beside);
  expect(few.peak).toBeGreaterThan(beside);
  expect(tight.peak).toBeLessThanOrEqual(beside);
  expect(tight.result).toEqual(few.result);
});

test("reports progress for each batch, and stops when told to, leaving nothing", async () => {
  const controller = new AbortController();
  const { left } = await liveBytes(device, async () => {
    const onProgress = (): void => controller.abort(new Error("enough"));
    await expect(
      each("grad-cam", { targets: [0, 1], signal: controller.signal, onProgress }),
    ).rejects.toThrow("enough");
    await expect(each("grad-cam", { signal: controller.signal })).rejects.toThrow("enough");
  });
  expect(left).toBe(0);
});

test.each<[string, string, EachOptions, RegExp]>([
  ["a technique that is none", "magic", {}, /attribution: expected one of saliency, .* got "magic"/],
  [
    "no target",
    "saliency",
    { targets: [] },
    /saliency: expected at least one target, got none; leave targets out/,
  ],
  ["a class too high", "saliency", { targets: [1, 4] }, /class of 0 to 3, got 4/],
  ["an unknown layer", "grad-cam", { layer: "conv9" }, /got "conv9"/],
  ["a layer without maps", "layer-cam", { layer: "logits" }, /Layer-CAM: expected a layer with maps/],
  [
    "a layer behind the target",
    "grad-cam",
    { layer: "conv2", targets: [channelObjective("conv1", 0)] },
    /leads to "conv1"/,
  ],
  ["a memory of none", "saliency", { memory: 0 }, /saliency: expected a memory above 0 bytes, got 0/],
  ["too little memory", "saliency", { memory: 1e5 }, /saliency: expected to keep within .* raise memory/],
])("%s is refused, leaving nothing", async (_, name, options, message) => {
  const { left } = await liveBytes(device, async () => {
    await expect(each(name, options)).rejects.toThrow(message);
  });
  expect(left).toBe(0);
});

test("an image of another size is refused", async () => {
  await expect(each("saliency", {}, [images[0] ?? new Float32Array(), new Float32Array(5)])).rejects.toThrow(
    /8×6×3/,
  );
  expect(await each("saliency", {}, [])).toEqual([]);
});
