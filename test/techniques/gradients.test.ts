import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { gaussianBlur } from "../../src/images/blur.ts";
import { maxOverColor } from "../../src/images/over-color.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network } from "../../src/network/network.ts";
import { modelFromDisk } from "../../src/node/files.ts";
import { readNpy } from "../../src/node/npy.ts";
import { logit, probability } from "../../src/objectives/objective.ts";
import { gaussLegendre } from "../../src/sampling/quadrature.ts";
import { gradCam } from "../../src/techniques/attribution/grad-cam.ts";
import { gradientTimesInput } from "../../src/techniques/attribution/gradient-input.ts";
import { integratedGradients } from "../../src/techniques/attribution/integrated-gradients.ts";
import { saliency } from "../../src/techniques/attribution/saliency.ts";
import { saliencyMask } from "../../src/techniques/attribution/saliency-mask.ts";
import {
  type SmoothGradOptions,
  smoothGrad,
  smoothGradSquared,
  varGrad,
} from "../../src/techniques/attribution/smooth-grad.ts";
import type { Explanation } from "../../src/techniques/question.ts";
import { testDevice } from "../gpu.ts";
import { chain, random, values } from "../graph/graphs.ts";

let device: GPUDevice;
let network: Network;
const image = values(8 * 6 * 3, random(21));

beforeAll(async () => {
  device = await testDevice();
  network = await createNetwork(device, chain(), { batch: 3 });
});
afterAll(() => network.destroy());

const worst = (a: Float32Array, b: Float32Array): number => {
  const scale = b.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-20);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? Number.NaN))), 0) / scale;
};

describe("SmoothGrad", () => {
  const options = (more: SmoothGradOptions = {}): SmoothGradOptions => ({
    target: 1,
    samples: 7,
    noise: 0.1,
    seed: 5,
    ...more,
  });
  const of = async (more: SmoothGradOptions = {}) => (await smoothGrad(network, image, options(more))).data;

  test("has the same bits for the same seed, whatever the batch, and others for another", async () => {
    const found = await of();
    expect(await of()).toEqual(found);
    const single = await createNetwork(device, chain());
    expect((await smoothGrad(single, image, options())).data).toEqual(found);
    single.destroy();
    expect(await of({ seed: 6 })).not.toEqual(found);
  });

  test("becomes saliency as the noise vanishes, and its variance nothing", async () => {
    const { data } = await saliency(network, image, { target: 1 });
    expect(worst(await of({ noise: 0 }), data)).toBeLessThan(1e-6);
    expect(worst(await of({ noise: 1e-5 }), data)).toBeLessThan(1e-3);
    expect((await varGrad(network, image, options({ noise: 0 }))).data.every((value) => value === 0)).toBe(
      true,
    );
  });

  test("squared is VarGrad plus the squared mean", async () => {
    const mean = await of();
    const { data: squared } = await smoothGradSquared(network, image, options());
    const { data: variance } = await varGrad(network, image, options());
    expect(variance.every((value) => value >= 0) && variance.some((value) => value > 0)).toBe(true);
    expect(
      worst(
        squared,
        variance.map((value, i) => value + (mean[i] ?? 0) ** 2),
      ),
    ).toBeLessThan(1e-5);
  });

  test.each<[SmoothGradOptions, RegExp]>([
    [{ samples: 0 }, /1 to 16777216 samples, got 0/],
    [{ samples: 2.5 }, /got 2.5/],
    [{ noise: -1 }, /noise of at least 0 .* got -1/],
    [{ noise: Number.NaN }, /got NaN/],
    [{ seed: -1 }, /seed of 0 to 4294967295, got -1/],
    [{ seed: 0.5 }, /got 0.5/],
    [{ target: 4 }, /class of 0 to 3, got 4/],
  ])("%o is refused", async (more, message) => {
    await expect(of(more)).rejects.toThrow(message);
  });
});

describe("integrated gradients", () => {
  test("are complete, for classes, probabilities and differences", async () => {
    for (const target of [2, probability(1), logit(0).minus(logit(3))]) {
      const { completeness, data } = await integratedGradients(network, image, {
        target,
        steps: 200,
        baseline: 0,
      });
      expect(Math.abs(completeness.difference)).toBeGreaterThan(1e-4);
      expect(completeness.relative).toBeLessThan(0.01);
      expect(completeness.sum).toBe(data.reduce((sum, value) => sum + value, 0));
      expect(completeness.residual).toBe(completeness.sum - completeness.difference);
    }
  });

  test("are gradient × input from a black baseline where the network is linear", async () => {
    const target = { layer: "conv1", channel: 2, y: 3, x: 3 };
    const { data, completeness } = await integratedGradients(network, image, {
      target,
      steps: 1,
      baseline: 0,
    });
    expect(worst(data, (await gradientTimesInput(network, image, { target })).data)).toBeLessThan(1e-6);
    expect(completeness.relative).toBeLessThan(1e-5);
  });

  test("give nothing to what the baseline shares with the image", async () => {
    const { data, completeness } = await integratedGradients(network, image, {
      target: 0,
      baseline: { image },
    });
    expect([data.some((value) => value !== 0), completeness.difference]).toEqual([false, 0]);
    const given = await integratedGradients(network, image, { target: 0, baseline: [0, 0, 0] });
    const black = await integratedGradients(network, image, { target: 0 });
    expect(given).toEqual(black);
    const mean = await integratedGradients(network, image, { target: 0, baseline: "mean" });
    expect(worst(mean.data, black.data)).toBeGreaterThan(0.01);
  });

  test.each([
    [{ steps: 0 }, /1 to 10000 steps, got 0/],
    [{ baseline: [1, 2] }, /or 3 numbers, got 1,2/],
    [{ baseline: "pink" as "black" }, /baseline of black, grey, white, mean, blur.* got "pink"/],
    [{ baseline: { image: new Float32Array(3) } }, /8×6×3/],
  ])("%o is refused", async (options, message) => {
    await expect(integratedGradients(network, image, { target: 0, ...options })).rejects.toThrow(message);
  });
});

test.each<[string, (options: SmoothGradOptions) => Promise<Explanation>]>([
  ["SmoothGrad", (options) => smoothGrad(network, image, { ...options, samples: 60 })],
  ["integrated gradients", (options) => integratedGradients(network, image, options)],
])("%s reports honest progress, and stops when told to, leaking nothing", async (_, run) => {
  const fractions: number[] = [];
  await run({ target: 0, onProgress: (fraction) => fractions.push(fraction) });
  expect(fractions.at(-1)).toBe(1);
  expect(fractions.length).toBeGreaterThan(1);
  expect([...fractions].sort((a, b) => a - b)).toEqual(fractions);

  const controller = new AbortController();
  const spy = vi.spyOn(device, "createBuffer");
  const stopped = run({
    target: 0,
    signal: controller.signal,
    onProgress: () => controller.abort(new Error("enough")),
  });
  await expect(stopped).rejects.toThrow("enough");
  const made = spy.mock.results.map(({ value }) => value as GPUBuffer);
  spy.mockRestore();
  expect(made.length).toBeGreaterThan(5);
  for (const buffer of made) {
    device.pushErrorScope("validation");
    const encoder = device.createCommandEncoder();
    encoder.clearBuffer(buffer);
    device.queue.submit([encoder.finish()]);
    expect((await device.popErrorScope())?.message).toMatch(/destroyed/);
  }
});

test("the mask of a star's saliency is the star", async () => {
  const shipped = await createNetwork(device, await loadLayersModel(await modelFromDisk("models/vitrine")));
  const { data: input } = await readNpy("test/golden/vitrine/input.npy");
  const { data, shape, map } = await saliencyMask(shipped, input);
  expect([...shape]).toEqual([96, 96]);
  expect(map).toEqual(maxOverColor(await saliency(shipped, input)).data);
  expect(data.every((value) => value === 0 || value === 1)).toBe(true);
  const share = data.reduce((sum, value) => sum + value, 0) / data.length;
  expect(share).toBeGreaterThan(0.03);
  expect(share).toBeLessThan(0.5);
  const { data: cam } = await gradCam(shipped, input);
  const best = cam.indexOf(Math.max(...cam));
  const [row, column] = [8 * Math.floor(best / 12) + 4, 8 * (best % 12) + 4];
  const near = [-8, 0, 8].some((dy) => [-8, 0, 8].some((dx) => data[(row + dy) * 96 + column + dx] === 1));
  expect([near, data[0], data[95], data.at(-1)]).toEqual([true, 0, 0, 0]);
  shipped.destroy();
});

test("a Gauss–Legendre rule is exact for polynomials up to twice its count", () => {
  for (const count of [1, 2, 3, 7, 50]) {
    const { nodes, weights } = gaussLegendre(count);
    for (const degree of [0, 1, count, 2 * count - 1]) {
      const found = nodes.reduce((sum, node, i) => sum + (weights[i] ?? 0) * node ** degree, 0);
      expect(found).toBeCloseTo(1 / (degree + 1), 12);
    }
    expect([...nodes].sort((a, b) => a - b)).toEqual([...nodes]);
  }
});

test("a Gaussian blur keeps a constant image and spreads a dot evenly", () => {
  const constant = new Float32Array(5 * 7 * 2).fill(3);
  for (const value of gaussianBlur(constant, [5, 7, 2], 2)) expect(value).toBeCloseTo(3, 6);
  const dot = new Float32Array(81);
  dot[40] = 1;
  const spread = gaussianBlur(dot, [9, 9, 1], 1);
  expect(spread[39]).toBeCloseTo(spread[31] ?? Number.NaN, 7);
  expect(spread[41]).toBeCloseTo((spread[40] ?? 0) * Math.exp(-0.5), 6);
  expect(() => gaussianBlur(dot, [9, 9, 1], 0)).toThrow(/got 0/);
});
