import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { labOf, quickshift } from "../../src/images/quickshift.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network } from "../../src/network/network.ts";
import { logit, type Objective, probability } from "../../src/objectives/objective.ts";
import { ridge } from "../../src/sampling/ridge.ts";
import { type LimeOptions, lime } from "../../src/techniques/attribution/lime.ts";
import { type RiseOptions, rise } from "../../src/techniques/attribution/rise.ts";
import { saliency } from "../../src/techniques/attribution/saliency.ts";
import { predict } from "../../src/techniques/predict.ts";
import type { Explanation } from "../../src/techniques/question.ts";
import { testDevice } from "../gpu.ts";
import { chain, random, values } from "../graph/graphs.ts";

let device: GPUDevice;
let network: Network;
const image = values(8 * 6 * 3, random(21));
/** Stripes of two rows, halved. */
const stripes = Array.from({ length: 48 }, (_, i) => 2 * Math.floor(i / 12) + Number(i % 6 > 2));

beforeAll(async () => {
  device = await testDevice();
  network = await createNetwork(device, chain(), { batch: 3, gradients: false });
});
afterAll(() => network.destroy());

const close = (found: ArrayLike<number>, expected: ArrayLike<number>, digits = 5): void => {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < found.length; i++) expect(found[i]).toBeCloseTo(expected[i] ?? Number.NaN, digits);
};

const TECHNIQUES: [string, (options: RiseOptions & LimeOptions) => Promise<Explanation>][] = [
  [
    "RISE",
    ({ hide: _h, alpha: _a, kernelWidth: _k, segments: _g, ...options }) =>
      rise(network, image, { samples: 20, grid: 3, ...options }),
  ],
  [
    "LIME",
    ({ fill: _f, grid: _g, keep: _k, ...options }) =>
      lime(network, image, { samples: 20, segments: stripes, ...options }),
  ],
];

describe.each(TECHNIQUES)("%s", (_, run) => {
  test("has the same bits for the same seed, and others for another", async () => {
    const { data } = await run({ target: 1, seed: 4 });
    expect((await run({ target: 1, seed: 4 })).data).toEqual(data);
    expect((await run({ target: 1, seed: 5 })).data).not.toEqual(data);
  });

  test("is additive in the objective", async () => {
    const of = async (target: Objective) => (await run({ target })).data;
    const [a, b] = [await of(logit(0)), await of(probability(2))];
    close(
      await of(logit(0).times(2).minus(probability(2))),
      a.map((value, i) => 2 * value - (b[i] ?? 0)),
      4,
    );
    close((await run({ target: 2, on: "probability" })).data, b, 6);
    expect(a.some((value) => value !== 0)).toBe(true);
  });

  test("keeps no more for many samples than for few, reports progress and stops when told to", async () => {
    const bytes = async (options: RiseOptions & LimeOptions): Promise<number> => {
      const spy = vi.spyOn(device, "createBuffer");
      await run({ target: 0, ...options });
      const total = spy.mock.calls.reduce((sum, [{ size }]) => sum + size, 0);
      spy.mockRestore();
      return total;
    };
    const few = await bytes({ samples: 12 });
    // Four bytes a score and eight a batch of three, beside the readback of LIME's scores.
    expect((await bytes({ samples: 120 })) - few).toBeLessThanOrEqual(108 * (4 + 8 / 3 + 4));

    const fractions: number[] = [];
    await run({ target: 0, samples: 60, onProgress: (fraction) => fractions.push(fraction) });
    expect([fractions.at(-1), fractions.length > 1]).toEqual([1, true]);
    const controller = new AbortController();
    const onProgress = () => controller.abort(new Error("enough"));
    await expect(run({ target: 0, samples: 60, signal: controller.signal, onProgress })).rejects.toThrow(
      "enough",
    );
  });

  test.each<[RiseOptions & LimeOptions, RegExp]>([
    [{ samples: 0 }, /1 to 16777216 samples, got 0/],
    [{ seed: 2 ** 32 }, /seed of 0 to/],
    [{ fill: [1], hide: [1] }, /or 3 numbers, got 1/],
    [{ target: 9 }, /class of 0 to 3/],
    [{ target: { layer: "relu1" }, on: "probability" }, /expected a class/],
    [{ grid: 7, alpha: 0 }, /grid of 1 to 6 cells, got 7|alpha above 0, got 0/],
    [{ keep: 0, kernelWidth: -1 }, /above 0/],
    [{ keep: Number.NaN, segments: [1, 2, 3] }, /keep a cell, got NaN|one for each of 48 pixels, got 3/],
    [{ keep: 2, segments: stripes.map((label) => label * 2) }, /got 2|numbered 0, 1, 2/],
  ])("%o is refused", async (options, message) => {
    await expect(run({ target: 0, ...options })).rejects.toThrow(message);
  });
});

test("RISE with masks that hide nothing is the score everywhere", async () => {
  const { data } = await rise(network, image, { target: 0, samples: 5, keep: 1, on: "logit" });
  const score = (await predict(network, image)).find(({ index }) => index === 0)?.logit;
  close(data, new Float32Array(48).fill(score ?? Number.NaN), 4);
});

test("LIME finds the weights of what is linear in the segments", async () => {
  const whole = await createNetwork(device, chain());
  // conv1 is affine: a segment's weight is gradient × (what it shows − what hides it).
  const target = { layer: "conv1", channel: 1 };
  const { data: gradient } = await saliency(whole, image, { target });
  const { data, fit } = await lime(whole, image, {
    target,
    segments: stripes,
    alpha: 1e-6,
    samples: 200,
    hide: 0.25,
  });
  const expected = new Float64Array(8);
  for (const [i, value] of image.entries()) {
    const label = stripes[Math.floor(i / 3)] ?? 0;
    expected[label] = (expected[label] ?? 0) + (gradient[i] ?? 0) * (value - 0.25);
  }
  close(fit.coefficients, expected, 4);
  close(
    data,
    stripes.map((label) => fit.coefficients[label] ?? 0),
    5,
  );
  expect(fit.r2).toBeCloseTo(1, 6);
  whole.destroy();
});

test("ridge shrinks what the penalty weighs, and leaves the mean alone", () => {
  const z = [0, 1, 0, 1];
  const y = [1, 3, 1, 3];
  const free = ridge(z, y, [1, 1, 1, 1], 1, 1e-12);
  close([free.coefficients[0] ?? 0, free.intercept, free.r2], [2, 1, 1]);
  const shrunk = ridge(z, y, [1, 1, 1, 1], 1, 1);
  close([shrunk.coefficients[0] ?? 0, shrunk.intercept], [1, 1.5]);
  expect(ridge([1, 1], [2, 2], [1, 1], 1, 1)).toEqual({
    coefficients: new Float64Array([0]),
    intercept: 2,
    r2: 0,
  });
});

describe("quickshift", () => {
  test("parts colours, and keeps a flat area whole", () => {
    const data = Uint8Array.from({ length: 20 * 12 * 3 }, (_, i) => (Math.floor(i / 3) % 20 < 10 ? 0 : 255));
    const { labels, count } = quickshift({ width: 20, height: 12, data }, { kernel: 2, ratio: 1 });
    expect(count).toBe(2);
    expect(labels.every((label, i) => label === Number(i % 20 >= 10))).toBe(true);
    expect(quickshift({ width: 1, height: 1, data: new Uint8Array(3) }).count).toBe(1);
  });

  test("refuses options that are not positive", () => {
    const dot = { width: 1, height: 1, data: new Uint8Array(3) };
    expect(() => quickshift(dot, { kernel: 0 })).toThrow(/kernel above 0, got 0/);
  });

  test("knows Lab: white, black and pure red", () => {
    close(labOf([255, 255, 255]), [100, 0, 0], 1);
    close(labOf([0, 0, 0]), [0, 0, 0], 1);
    close(labOf([255, 0, 0]), [53.24, 80.09, 67.2], 1);
  });
});
