import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { requestDevice } from "../../src/gpu/device.ts";
import { DeviceLostError, InputError, UnsupportedError } from "../../src/gpu/errors.ts";
import { maxOverColor } from "../../src/images/over-color.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network } from "../../src/network/network.ts";
import { createGpu } from "../../src/node/gpu.ts";
import { gradCam } from "../../src/techniques/attribution/grad-cam.ts";
import { guidedBackprop } from "../../src/techniques/attribution/guided-backprop.ts";
import { occlusion } from "../../src/techniques/attribution/occlusion.ts";
import { saliency } from "../../src/techniques/attribution/saliency.ts";
import { predict, predictEach } from "../../src/techniques/predict.ts";
import { activations } from "../../src/techniques/units/activations.ts";
import { testDevice } from "../gpu.ts";
import { branches, chain, graph, random, values } from "../graph/graphs.ts";

let device: GPUDevice;
let network: Network;
const LABELS = ["red panda", "giant panda", "lemur", "cat"];
const image = values(8 * 6 * 3, random(21));

beforeAll(async () => {
  device = await testDevice();
  network = await createNetwork(device, { ...chain(), labels: LABELS }, { batch: 3 });
});
afterAll(() => network.destroy());

describe("predict", () => {
  test("ranks the classes by their logits, with softmax and labels", async () => {
    const { data: logits } = await activations(network, image, { layer: "logits" });
    const { data: softmax } = await activations(network, image, { layer: "softmax" });
    const predictions = await predict(network, image, { top: 9 });
    expect(predictions.map(({ logit }) => logit)).toEqual([...logits].sort((a, b) => b - a));
    for (const { index, label, probability } of predictions) {
      expect(label).toBe(LABELS[index]);
      expect(probability).toBeCloseTo(softmax[index] ?? Number.NaN, 6);
    }
    expect(predictions.reduce((sum, { probability = 0 }) => sum + probability, 0)).toBeCloseTo(1, 6);
    expect(await predict(network, image, { top: 2 })).toEqual(predictions.slice(0, 2));
  });

  test("takes more images than the batch, in order", async () => {
    const images = [1, 2, 3, 4].map((seed) => values(image.length, random(seed)));
    const many = [];
    for await (const predictions of predictEach(network, images)) many.push(predictions);
    expect(many.length).toBe(4);
    for (const [index, one] of images.entries()) expect(many[index]).toEqual(await predict(network, one));
  });

  test("of values at every place gives their means", async () => {
    const maps = await createNetwork(device, graph("maps", chain().layers.slice(0, 3)), { gradients: false });
    const { data, shape } = await activations(maps, image, { layer: maps.graph.output });
    expect(shape).toEqual([8, 6, 4]);
    const means = [0, 1, 2, 3].map((c) => data.filter((_, i) => i % 4 === c).reduce((a, b) => a + b) / 48);
    const found = await predict(maps, image);
    expect(found.map(({ head, probability }) => [head, probability])).toEqual(
      means.map(() => ["places", undefined]),
    );
    for (const [c, { value }] of found.entries()) expect(value).toBeCloseTo(means[c] ?? Number.NaN, 5);
    maps.destroy();
  });
});

describe("targets", () => {
  test("may be a number, a label, a part of one, or elements of any layer", async () => {
    const byNumber = await saliency(network, image, { target: 2 });
    expect(byNumber.target).toEqual({ layer: "logits", channel: 2, image: 0 });
    expect(await saliency(network, image, { target: "Lemur" })).toEqual(byNumber);
    expect(await saliency(network, image, { target: "lem" })).toEqual(byNumber);
    expect(await saliency(network, image, { target: { layer: "logits", channel: 2 } })).toEqual(byNumber);
  });

  test("default to the top class", async () => {
    const [best] = await predict(network, image, { top: 1 });
    const { target } = await gradCam(network, image);
    expect(target).toEqual({ layer: "logits", channel: best?.index, image: 0 });
  });

  test.each<[string | number, RegExp]>([
    [4, /class of 0 to 3, got 4/],
    [-1, /class of 0 to 3, got -1/],
    [0.5, /class of 0 to 3, got 0.5/],
    ["4", /class of 0 to 3, got 4/],
    ["panda", /fits "red panda" \(0\), "giant panda" \(1\); give the number/],
    ["dog", /or one of its labels, got "dog"/],
  ])("%s is refused", async (target, message) => {
    await expect(saliency(network, image, { target })).rejects.toThrow(InputError);
    await expect(saliency(network, image, { target })).rejects.toThrow(message);
    await expect(occlusion(network, image, { target })).rejects.toThrow(message);
  });
});

describe("gradient techniques", () => {
  test("explain the first image alone, whatever else is in the batch", async () => {
    const before = await saliency(network, image, { target: 1 });
    device.queue.writeBuffer(network.input.buffer, image.byteLength, values(image.length, random(77)));
    expect(await saliency(network, image, { target: 1 })).toEqual(before);
  });

  test("guided backprop has no definition at a tanh", async () => {
    const curved = await createNetwork(device, branches());
    const input = values(7 * 7 * 2, random(1));
    await expect(guidedBackprop(curved, input)).rejects.toThrow(UnsupportedError);
    curved.destroy();
  });

  test("saliency's published map is the largest magnitude over colour", () => {
    const data = new Float32Array([1, -3, 2, 0, 0.5, -0.25]);
    expect(maxOverColor({ data, shape: [1, 2, 3] })).toEqual({
      data: new Float32Array([3, 0.5]),
      shape: [1, 2],
    });
  });

  test("Grad-CAM wants maps", async () => {
    await expect(gradCam(network, image, { layer: "logits" })).rejects.toThrow(/layer with maps/);
    await expect(gradCam(network, image, { layer: "nowhere" })).rejects.toThrow(/got "nowhere"/);
  });

  // A map is not a rectified copy of zero: what speaks against the class is cut, what speaks for it stays.
  test("Grad-CAM is never negative, and depends on the class", async () => {
    const maps = await Promise.all(
      [0, 1, 2, 3].map(async (target) => (await gradCam(network, image, { target })).data),
    );
    expect(maps.every((map) => map.every((value) => value >= 0))).toBe(true);
    expect(new Set(maps.map(String)).size).toBeGreaterThan(1);
  });
});

describe("occlusion", () => {
  /** The definition, one covered image at a time, on the same network. */
  async function byHand(patch: number, stride: number, fill: number, channel: number): Promise<Float32Array> {
    const [height, width, channels] = [8, 6, 3];
    const score = async (x: Float32Array): Promise<number> =>
      (await activations(network, x, { layer: "logits" })).data[channel] ?? 0;
    const starts = (size: number): number[] =>
      Array.from({ length: Math.ceil((size - patch) / stride) + 1 }, (_, i) =>
        Math.min(i * stride, size - patch),
      );
    const clean = await score(image);
    const [sum, count] = [new Float64Array(height * width), new Float64Array(height * width)];
    for (const top of starts(height)) {
      for (const left of starts(width)) {
        const pixels: number[] = [];
        for (let y = top; y < top + patch; y++)
          for (let x = left; x < left + patch; x++) pixels.push(y * width + x);
        const covered = image.slice();
        for (const pixel of pixels) covered.fill(fill, pixel * channels, (pixel + 1) * channels);
        const drop = clean - (await score(covered));
        for (const pixel of pixels) {
          sum[pixel] = (sum[pixel] ?? 0) + drop;
          count[pixel] = (count[pixel] ?? 0) + 1;
        }
      }
    }
    // 0 / 0: of what no patch covers nothing is known.
    return Float32Array.from(sum, (total, pixel) => total / (count[pixel] ?? 0));
  }

  test.each([
    [3, 2, 0],
    [2, 3, 0.5],
    [1, 4, -1],
    [6, 1, 0],
    [5, 2, 0],
  ])("patch %i, stride %i, fill %f follows the definition", async (patch, stride, fill) => {
    const { data, shape } = await occlusion(network, image, { target: 1, patch, stride, fill });
    expect(shape).toEqual([8, 6]);
    const expected = await byHand(patch, stride, fill, 1);
    expect(Array.from(data, Number.isNaN)).toEqual(Array.from(expected, Number.isNaN));
    for (const [index, value] of data.entries()) {
      if (!Number.isNaN(value)) expect(value).toBeCloseTo(expected[index] ?? Number.NaN, 4);
    }
  });

  test("covers with the image's mean colour where the preprocessing subtracts nothing", async () => {
    const mean = [0, 1, 2].map(
      (c) => image.filter((_, i) => i % 3 === c).reduce((sum, v) => sum + v, 0) / 48,
    );
    const options = { target: 0, patch: 3, stride: 3 } as const;
    const { data } = await occlusion(network, image, options);
    const { data: given } = await occlusion(network, image, { ...options, fill: mean });
    for (const [index, value] of data.entries()) expect(value).toBeCloseTo(given[index] ?? Number.NaN, 4);
  });

  test("asks any channel of any layer", async () => {
    const target = { layer: "conv1", channel: 1, y: 2, x: 3 };
    const found = await occlusion(network, image, { target, patch: 1, stride: 1, fill: 0 });
    expect(found.target).toEqual(target);
    const { data: gradient } = await saliency(network, image, { target });
    // conv1 is linear in the image: what covering a pixel takes away is gradient × input there.
    for (const [pixel, drop] of found.data.entries()) {
      const expected = [0, 1, 2].reduce(
        (sum, c) => sum + (gradient[3 * pixel + c] ?? 0) * (image[3 * pixel + c] ?? 0),
        0,
      );
      expect(drop).toBeCloseTo(expected, 5);
    }
    expect(found.data.filter((drop) => drop !== 0).length).toBe(9);
  });

  test.each([
    [{ patch: 7 }, /patch of 1×1 to 8×6 pixels, got 7×7/],
    [{ patch: 0 }, /got 0×0/],
    [{ patch: 1.5 }, /got 1.5/],
    [{ stride: 0 }, /stride of at least 1 pixel, got 0/],
    [{ fill: [1, 2] }, /or 3 numbers, got 1,2/],
    [{ fill: Number.NaN }, /fill: .* got NaN/],
    [{ target: { layer: "relu1" }, on: "probability" as const }, /expected a class .* got layer "relu1"/],
  ])("%o is refused", async (options, message) => {
    const spy = vi.spyOn(device.queue, "submit");
    await expect(occlusion(network, image, { target: 0, ...options })).rejects.toThrow(message);
    expect(spy).not.toHaveBeenCalled();
    spy.mockRestore();
  });

  test("reports honest progress, and stops when told to, leaking nothing", async () => {
    const fractions: number[] = [];
    await occlusion(network, image, {
      target: 0,
      patch: 1,
      stride: 1,
      onProgress: (fraction) => fractions.push(fraction),
    });
    expect(fractions.at(-1)).toBe(1);
    expect([...fractions].sort((a, b) => a - b)).toEqual(fractions);

    const controller = new AbortController();
    const spy = vi.spyOn(device, "createBuffer");
    const stopped = occlusion(network, image, {
      target: 0,
      patch: 1,
      stride: 1,
      signal: controller.signal,
      onProgress: () => controller.abort(new Error("enough")),
    });
    await expect(stopped).rejects.toThrow("enough");
    const made = spy.mock.results.map(({ value }) => value as GPUBuffer);
    spy.mockRestore();
    expect(made.length).toBeGreaterThan(0);
    // A destroyed buffer refuses to be used.
    for (const buffer of made) await expect(useOf(buffer)).resolves.toMatch(/destroyed/);
  });

  async function useOf(buffer: GPUBuffer): Promise<string> {
    device.pushErrorScope("validation");
    const encoder = device.createCommandEncoder();
    encoder.clearBuffer(buffer);
    device.queue.submit([encoder.finish()]);
    return (await device.popErrorScope())?.message ?? "alive";
  }
});

describe("bad images", () => {
  test.each<[string, Float32Array, RegExp]>([
    ["NaN", image.map((value, index) => (index === 5 ? Number.NaN : value)), /NaN|finite/],
    [
      "infinite",
      image.map((value, index) => (index === 5 ? Number.POSITIVE_INFINITY : value)),
      /Infinity|finite/,
    ],
    ["too small", image.slice(3), /8×6×3/],
    ["empty", new Float32Array(), /8×6×3/],
  ])("%s is refused by every technique", async (_, bad, message) => {
    for (const technique of [predict, saliency, gradCam, occlusion]) {
      await expect(technique(network, bad)).rejects.toThrow(InputError);
      await expect(technique(network, bad)).rejects.toThrow(message);
    }
  });
});

describe("a lost device", () => {
  test("ends a sweep with DeviceLostError", async () => {
    const mortal = await requestDevice(await createGpu());
    const doomed = await createNetwork(mortal, chain());
    const sweep = occlusion(doomed, image, {
      target: 0,
      patch: 1,
      stride: 1,
      onProgress: () => mortal.destroy(),
    });
    await expect(sweep).rejects.toThrow(DeviceLostError);
    await expect(saliency(doomed, image, { target: 0 })).rejects.toThrow(DeviceLostError);
    await expect(createNetwork(mortal, chain())).rejects.toThrow(DeviceLostError);
  });
});
