import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UnsupportedError } from "../../src/gpu/errors.ts";
import { sizeOf } from "../../src/gpu/tensor.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network } from "../../src/network/network.ts";
import { elements, logit } from "../../src/objectives/objective.ts";
import { cam } from "../../src/techniques/attribution/cam.ts";
import { gradientTimesInput } from "../../src/techniques/attribution/gradient-input.ts";
import { integratedGradients } from "../../src/techniques/attribution/integrated-gradients.ts";
import { lime } from "../../src/techniques/attribution/lime.ts";
import { ATTRIBUTIONS } from "../../src/techniques/attribution/list.ts";
import { occlusion } from "../../src/techniques/attribution/occlusion.ts";
import type { AttributionOptions } from "../../src/techniques/attribution/options.ts";
import { rise } from "../../src/techniques/attribution/rise.ts";
import { saliency } from "../../src/techniques/attribution/saliency.ts";
import { smoothGrad } from "../../src/techniques/attribution/smooth-grad.ts";
import { activations } from "../../src/techniques/units/activations.ts";
import { testDevice } from "../gpu.ts";
import { constant, graph, random, values } from "../graph/graphs.ts";

const CONV = { dilations: [1, 1], padding: "same" } as const;

/** A small network for an image of any size: it ends in global average pooling, so that every technique is defined on it. */
function small(height: number, width: number, channels: number): Graph {
  const next = random(height * 31 + width * 7 + channels);
  return graph("small", [
    { op: "input", name: "image", inputs: [], shape: [height, width, channels] },
    {
      op: "conv2d",
      name: "conv1",
      inputs: ["image"],
      ...CONV,
      strides: [1, 1],
      w: constant([3, 3, channels, 4], next),
      b: constant([4], next),
    },
    { op: "activation", name: "relu1", inputs: ["conv1"], activation: { kind: "relu" } },
    {
      op: "conv2d",
      name: "conv2",
      inputs: ["relu1"],
      ...CONV,
      strides: [1, 2],
      w: constant([2, 3, 4, 5], next),
      activation: { kind: "relu" },
    },
    { op: "globalPool", name: "gap", inputs: ["conv2"], mode: "average" },
    { op: "dense", name: "logits", inputs: ["gap"], w: constant([5, 3], next), b: constant([3], next) },
  ]);
}

const COLOURS: Readonly<Record<number, string>> = { 1: "one channel", 4: "four channels" };
const SIZES: [height: number, width: number, channels: number][] = [
  [5, 9, 1],
  [9, 4, 4],
];

const FEW: AttributionOptions = { samples: 6, steps: 6, seed: 2, noise: 0.1 };
/** What has a value a pixel, at the image's size. */
const OVER_PIXELS = ["saliency-mask", "occlusion", "rise", "lime"];
/** What needs to see the image as people do. */
const OF_PICTURES = ["saliency-mask", "lime"];

describe.each(SIZES)("on %d×%d images of %d channels", (height, width, channels) => {
  let device: GPUDevice;
  let network: Network;
  const image = values(height * width * channels, random(height));
  const segments = Array.from({ length: height * width }, (_, i) => Math.floor(i / (2 * width)));
  const maps: Record<string, readonly number[]> = {
    image: [height, width],
    conv1: [height, width],
    relu1: [height, width],
    conv2: [height, Math.ceil(width / 2)],
  };

  beforeAll(async () => {
    device = await testDevice();
    network = await createNetwork(device, small(height, width, channels), { batch: 2 });
  });
  afterAll(() => network.destroy());

  const worst = (a: Float32Array, b: ArrayLike<number>): number => {
    expect(a.length).toBe(b.length);
    const scale = Array.from(b).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(scale).toBeGreaterThan(1e-4);
    return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? Number.NaN))), 0) / scale;
  };

  for (const technique of ATTRIBUTIONS) {
    const { name, run, weighsMaps = false, classesOnly = false } = technique;
    const picture = OF_PICTURES.includes(name);
    const shapeAt = (layer: string): readonly number[] =>
      weighsMaps && name !== "guided-grad-cam"
        ? (maps[layer] ?? [])
        : name === "cam"
          ? (maps.conv2 ?? [])
          : OVER_PIXELS.includes(name)
            ? [height, width]
            : [height, width, channels];

    if (picture && channels === 4) {
      test(`${name} says that it needs a picture`, async () => {
        await expect(run(network, image, { target: 0, ...FEW })).rejects.toThrow(UnsupportedError);
        await expect(run(network, image, { target: 0, ...FEW })).rejects.toThrow(
          /1 or 3 channels .* got (9×4×)?4/,
        );
      });
      continue;
    }

    test(`${name} gives a finite map of the right shape, for a class and for any layer's elements`, async () => {
      const targets: AttributionOptions["target"][] = [undefined, 2, logit(0).minus(logit(1))];
      if (!classesOnly) {
        targets.push({ layer: "logits", channel: 1 }, { layer: "gap", channel: 4 }, { layer: "conv2", y: 1 });
        if (!weighsMaps)
          targets.push({ layer: "conv1" }, elements({ layer: "relu1", y: 3, x: 3, channel: 2 }));
      }
      let speaking = 0;
      for (const target of targets) {
        const layer = weighsMaps ? { layer: "relu1" } : {};
        const { data, shape } = await run(network, image, {
          ...FEW,
          ...layer,
          ...(target === undefined ? {} : { target }),
        });
        expect([...shape]).toEqual(shapeAt("relu1"));
        expect(data.length).toBe(sizeOf(shape));
        expect(data.every(Number.isFinite)).toBe(true);
        if (data.some((value) => value !== 0)) speaking++;
      }
      expect(speaking).toBeGreaterThanOrEqual(Math.min(3, targets.length));
    });

    if (weighsMaps) {
      test(`${name} weighs the maps of any layer`, async () => {
        for (const layer of ["conv1", "relu1", "conv2"]) {
          const { data, shape } = await run(network, image, { ...FEW, target: 1, layer });
          expect([...shape]).toEqual(shapeAt(layer));
          expect(data.every((value) => Number.isFinite(value))).toBe(true);
          if (name !== "guided-grad-cam") expect(data.every((value) => value >= 0)).toBe(true);
        }
      });
    }
  }

  test("saliency is the slope, by finite differences", async () => {
    const { data } = await saliency(network, image, { target: 1 });
    const h = 1e-2;
    const logitOf = async (moved: Float32Array): Promise<number> => {
      const { data: scores } = await activations(network, moved, { layer: "logits" });
      return scores[1] ?? Number.NaN;
    };
    const slopes: number[] = [];
    for (let i = 0; i < image.length; i++) {
      const at = (by: number) => logitOf(image.map((value, j) => (i === j ? value + by : value)));
      slopes.push(((await at(h)) - (await at(-h))) / (2 * h));
    }
    // A kink within a step of some pixel is no mistake: most must agree.
    const scale = slopes.reduce((most, slope) => Math.max(most, Math.abs(slope)), 0);
    const agreeing = slopes.filter((slope, i) => Math.abs(slope - (data[i] ?? 0)) < 5e-3 * scale);
    expect(agreeing.length).toBeGreaterThan(0.9 * slopes.length);
  });

  test("identities hold: noise of nothing, completeness, CAM's mean, masks that hide nothing", async () => {
    const { data: slope } = await saliency(network, image, { target: 0 });
    expect(
      worst((await smoothGrad(network, image, { target: 0, noise: 0, samples: 3 })).data, slope),
    ).toBeLessThan(1e-6);
    expect(
      worst(
        (await gradientTimesInput(network, image, { target: 0 })).data,
        slope.map((value, i) => value * (image[i] ?? 0)),
      ),
    ).toBeLessThan(1e-6);
    const { completeness } = await integratedGradients(network, image, {
      target: 0,
      steps: 100,
      baseline: 0,
    });
    expect(completeness.relative).toBeLessThan(0.01);
    const { data: scores } = await activations(network, image, { layer: "logits" });
    const map = await cam(network, image, { target: 2 });
    const dense = network.graph.layers.at(-1);
    const bias = dense?.op === "dense" ? dense.b?.data[2] : undefined;
    const mean = map.data.reduce((sum, value) => sum + value, 0) / map.data.length;
    expect(mean + (bias ?? Number.NaN)).toBeCloseTo(scores[2] ?? Number.NaN, 4);
    const shown = await rise(network, image, { target: 2, samples: 3, keep: 1, on: "logit" });
    for (const value of shown.data) expect(value).toBeCloseTo(scores[2] ?? Number.NaN, 4);
  });

  test("LIME takes segments of one's own, whatever the channels", async () => {
    const target = { layer: "conv1", channel: 1 };
    const { data, shape, fit } = await lime(network, image, {
      target,
      segments,
      samples: 100,
      alpha: 1e-6,
      hide: 0,
    });
    expect([...shape]).toEqual([height, width]);
    expect(fit.r2).toBeCloseTo(1, 5);
    // conv1 is affine: a segment's weight is its share of gradient × input.
    const { data: product } = await gradientTimesInput(network, image, { target });
    const shares = segments.map((segment) =>
      product.reduce(
        (sum, value, i) => sum + (segments[Math.floor(i / channels)] === segment ? value : 0),
        0,
      ),
    );
    expect(worst(data, shares)).toBeLessThan(1e-3);
  });

  test(`occlusion follows the definition, for a patch of ${COLOURS[channels] ?? "any"}`, async () => {
    const fill = Array.from({ length: channels }, (_, c) => c / 4 - 0.2);
    const options = { target: 1, patch: 3, stride: 2, fill };
    const { data } = await occlusion(network, image, options);
    const scoreOf = async (input: Float32Array): Promise<number> => {
      const { data: scores } = await activations(network, input, { layer: "logits" });
      return scores[1] ?? Number.NaN;
    };
    const clean = await scoreOf(image);
    const places = (size: number): number[] =>
      Array.from({ length: Math.ceil((size - 3) / 2) + 1 }, (_, i) => Math.min(2 * i, size - 3));
    const sums = new Float64Array(height * width);
    const counts = new Float64Array(height * width);
    for (const top of places(height)) {
      for (const left of places(width)) {
        const covers = (i: number): boolean => {
          const [y, x] = [Math.floor(i / width), i % width];
          return y >= top && y < top + 3 && x >= left && x < left + 3;
        };
        const covered = image.map((value, i) =>
          covers(Math.floor(i / channels)) ? (fill[i % channels] ?? 0) : value,
        );
        const drop = clean - (await scoreOf(covered));
        for (let i = 0; i < height * width; i++) {
          if (!covers(i)) continue;
          sums[i] = (sums[i] ?? 0) + drop;
          counts[i] = (counts[i] ?? 0) + 1;
        }
      }
    }
    expect(
      worst(
        data,
        sums.map((sum, i) => sum / (counts[i] ?? 1)),
      ),
    ).toBeLessThan(1e-4);
  });
});
