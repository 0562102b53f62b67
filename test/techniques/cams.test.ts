import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network } from "../../src/network/network.ts";
import { logit, probability } from "../../src/objectives/objective.ts";
import { ablationCam } from "../../src/techniques/attribution/ablation-cam.ts";
import { cam } from "../../src/techniques/attribution/cam.ts";
import { gradCam } from "../../src/techniques/attribution/grad-cam.ts";
import { gradCamPlusPlus } from "../../src/techniques/attribution/grad-cam-plus-plus.ts";
import { guidedGradCam } from "../../src/techniques/attribution/guided-grad-cam.ts";
import { layerCam } from "../../src/techniques/attribution/layer-cam.ts";
import type { LayerOptions } from "../../src/techniques/attribution/layer-maps.ts";
import { scoreCam } from "../../src/techniques/attribution/score-cam.ts";
import type { Explanation, Picture } from "../../src/techniques/question.ts";
import { activations } from "../../src/techniques/units/activations.ts";
import { testDevice } from "../gpu.ts";
import { branches, chain, random, values } from "../graph/graphs.ts";

let device: GPUDevice;
let network: Network;
/** Ends in global average pooling and a linear layer. */
let pooled: Network;
const image = values(8 * 6 * 3, random(21));
const input = values(7 * 7 * 2, random(4));

beforeAll(async () => {
  device = await testDevice();
  network = await createNetwork(device, chain(), { batch: 3 });
  pooled = await createNetwork(device, branches());
});
afterAll(() => {
  network.destroy();
  pooled.destroy();
});

const close = (found: ArrayLike<number>, expected: ArrayLike<number>): void => {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < found.length; i++) expect(found[i]).toBeCloseTo(expected[i] ?? Number.NaN, 5);
};
const mean = (data: Float32Array) => data.reduce((sum, value) => sum + value, 0) / data.length;

describe("CAM", () => {
  test("rectified is Grad-CAM, up to the number of places", async () => {
    const { data, shape } = await cam(pooled, input, { target: 1 });
    const grad = await gradCam(pooled, input, { target: 1, layer: "concat" });
    expect(shape).toEqual(grad.shape);
    expect(data.some((value) => value < 0) && data.some((value) => value > 0)).toBe(true);
    close(
      grad.data.map((value) => value * data.length),
      data.map((value) => Math.max(0, value)),
    );
  });

  test("has the logit without its bias as its mean", async () => {
    const dense = branches().layers.at(-1);
    const bias = dense?.op === "dense" ? dense.b?.data : undefined;
    const { data: logits } = await activations(pooled, input, { layer: "logits" });
    for (const target of [0, 1, 2]) {
      const { data } = await cam(pooled, input, { target });
      expect(mean(data) + (bias?.[target] ?? Number.NaN)).toBeCloseTo(logits[target] ?? Number.NaN, 4);
    }
    const { data } = await cam(pooled, input, { target: logit(0).minus(logit(2)).times(2) });
    const [a, , c] = [0, 1, 2].map((k) => (logits[k] ?? 0) - (bias?.[k] ?? 0));
    expect(mean(data)).toBeCloseTo(2 * ((a ?? 0) - (c ?? 0)), 4);
  });

  test("is refused where it has no meaning", async () => {
    await expect(cam(network, image)).rejects.toThrow(/end in global average pooling .* got dense "logits"/);
    await expect(cam(pooled, input, { target: { layer: "tanh1", channel: 0 } })).rejects.toThrow(
      /expected classes/,
    );
    await expect(cam(pooled, input, { target: probability(0) })).rejects.toThrow(/got probability/);
  });
});

test("Layer-CAM before a linear end weighs maps by the weights above zero, and shows what is above zero", async () => {
  const layer = branches().layers.at(-1);
  const w = layer?.op === "dense" ? layer.w.data : new Float32Array();
  const { data: a } = await activations(pooled, input, { layer: "concat" });
  const places = a.length / 12;
  const sums = Array.from({ length: places }, (_, p) =>
    Array.from({ length: 12 }, (_, k) => Math.max(0, w[3 * k] ?? 0) * (a[12 * p + k] ?? 0)).reduce(
      (sum, share) => sum + share / places,
      0,
    ),
  );
  expect([Math.min(...sums) < -1e-3, Math.max(...sums) > 1e-3]).toEqual([true, true]);
  const { data } = await layerCam(pooled, input, { target: 0, layer: "concat" });
  close(
    data,
    sums.map((sum) => Math.max(0, sum)),
  );
});

describe("Ablation-CAM", () => {
  test("weighs a map before a linear end by its share of the score", async () => {
    const layer = branches().layers.at(-1);
    const w = layer?.op === "dense" ? layer.w.data : new Float32Array();
    const { data: a } = await activations(pooled, input, { layer: "concat" });
    const { data: logits } = await activations(pooled, input, { layer: "logits" });
    const means = Array.from({ length: 12 }, (_, k) => mean(a.filter((_, i) => i % 12 === k)));
    const weights = means.map((m, k) => ((w[3 * k + 2] ?? 0) * m) / Math.abs(logits[2] ?? 1));
    const expected = Float32Array.from({ length: a.length / 12 }, (_, p) =>
      Math.max(
        0,
        weights.reduce((sum, weight, k) => sum + weight * (a[12 * p + k] ?? 0), 0),
      ),
    );
    close((await ablationCam(pooled, input, { target: 2, layer: "concat" })).data, expected);
  });

  test("keeps what goes around the layer, in every image of a batch", async () => {
    const wide = await createNetwork(device, branches(), { batch: 3 });
    const options = { target: 1, layer: "norm2" };
    const { data } = await ablationCam(pooled, input, options);
    wide.device.queue.writeBuffer(wide.input.buffer, 0, values(3 * input.length, random(9)));
    close((await ablationCam(wide, input, options)).data, data);
    expect(data.some((value) => value > 0)).toBe(true);
    wide.destroy();
  });

  test("is refused at layers that what is asked does not depend on", async () => {
    const target = { layer: "conv1", channel: 0 };
    await expect(ablationCam(network, image, { target, layer: "conv2" })).rejects.toThrow(/leads to "conv1"/);
    await expect(ablationCam(network, image, { layer: "image" })).rejects.toThrow(/after the input/);
  });
});

test("Score-CAM does not depend on the batch", async () => {
  const single = await createNetwork(device, chain());
  const options = { target: 1, layer: "conv1" };
  const { data } = await scoreCam(network, image, options);
  close((await scoreCam(single, image, options)).data, data);
  expect(data.some((value) => value > 0)).toBe(true);
  single.destroy();
});

type Technique = (network: Network, image: Picture, options?: LayerOptions) => Promise<Explanation>;
const ALL: [string, Technique][] = [
  ["Grad-CAM++", gradCamPlusPlus],
  ["Layer-CAM", layerCam],
  ["Grad-CAM", guidedGradCam],
  ["Score-CAM", scoreCam],
  ["Ablation-CAM", ablationCam],
];

describe.each(ALL)("%s", (name, technique) => {
  test("wants maps", async () => {
    const layer = "logits";
    await expect(technique(network, image, { target: 0, layer })).rejects.toThrow(
      `${name}: expected a layer with maps`,
    );
    await expect(technique(network, image, { layer: "nowhere" })).rejects.toThrow(/got "nowhere"/);
  });

  test("depends on the class, takes objectives, and leaks nothing", async () => {
    const spy = vi.spyOn(device, "createBuffer");
    const maps = [];
    for (const target of [0, 1, 2, 3]) {
      const { data } = await technique(network, image, { target });
      maps.push(data);
      expect((await technique(network, image, { target: logit(target) })).data).toEqual(data);
    }
    expect(new Set(maps.map(String)).size).toBeGreaterThan(2);
    const made = spy.mock.results.map(({ value }) => value as GPUBuffer);
    spy.mockRestore();
    for (const buffer of made) {
      device.pushErrorScope("validation");
      const encoder = device.createCommandEncoder();
      encoder.clearBuffer(buffer);
      device.queue.submit([encoder.finish()]);
      expect((await device.popErrorScope())?.message).toMatch(/destroyed/);
    }
  });
});
