import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Graph } from "../../src/graph/graph.ts";
import { namedPreprocessing } from "../../src/graph/preprocessing.ts";
import { trust } from "../../src/metrics/trust.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network } from "../../src/network/network.ts";
import { regionObjective } from "../../src/objectives/objective.ts";
import { explainEach } from "../../src/techniques/attribution/explain-each.ts";
import { ATTRIBUTIONS, attributionNamed } from "../../src/techniques/attribution/list.ts";
import type { AttributionOptions } from "../../src/techniques/attribution/options.ts";
import { predict } from "../../src/techniques/predict.ts";
import { ask } from "../../src/techniques/question.ts";
import { activations } from "../../src/techniques/units/activations.ts";
import { testDevice } from "../gpu.ts";
import { graph as graphOf, random, values } from "../graph/graphs.ts";
import { expectClose } from "../reference/numbers.ts";

// A class at a place is one element of the logits: every technique is asked both ways, the place counted here by hand.

const [H, W, C, K] = [8, 12, 3, 4];
const [h, w] = [4, 6];
const next = random(5);
const net: Graph = {
  ...graphOf("places", [
    { op: "input", name: "image", inputs: [], shape: [H, W, C] },
    {
      ...{
        op: "conv2d",
        name: "conv",
        inputs: ["image"],
        strides: [2, 2],
        dilations: [1, 1],
        padding: "same",
      },
      w: { shape: [3, 3, C, K], data: values(9 * C * K, next, 0.5) },
      activation: { kind: "relu" },
    },
    {
      ...{
        op: "conv2d",
        name: "scores",
        inputs: ["conv"],
        strides: [1, 1],
        dilations: [1, 1],
        padding: "same",
      },
      w: { shape: [1, 1, K, 3], data: values(K * 3, next) },
      b: { shape: [3], data: Float32Array.of(0.1, -0.1, 0.05) },
    },
  ]),
  preprocessing: namedPreprocessing("unit"),
  labels: ["road", "tree", "sky"],
};
const image = values(H * W * C, next, 0.5).map((value) => Math.abs(value));

const FEW: Readonly<Record<string, AttributionOptions>> = {
  smoothgrad: { samples: 3 },
  "smoothgrad-squared": { samples: 3 },
  vargrad: { samples: 3 },
  "integrated-gradients": { steps: 3 },
  rise: { samples: 8 },
  lime: { samples: 24 },
  occlusion: { patch: 3, stride: 2 },
};

let network: Network;
beforeAll(async () => {
  network = await createNetwork(await testDevice(), net);
});
afterAll(() => network.destroy());

describe("a class at a place", () => {
  // Pixel (5, 9) of 8×12 lies in place (2, 4) of 4×6.
  const region = { y: 5, x: 9 };
  test.each(ATTRIBUTIONS.filter(({ classesOnly }) => !classesOnly).map(({ name }) => name))(
    "%s is that of one element of the logits",
    async (name) => {
      const technique = attributionNamed(name);
      const settings = {
        ...FEW[name],
        ...(technique.weighsMaps ? { layer: "conv" } : {}),
        on: "logit",
      } as const;
      const found = await technique.run(network, image, { ...settings, target: "tree", region });
      const element = { layer: "scores", channel: 1, y: 2, x: 4 };
      const expected = await technique.run(network, image, { ...settings, target: element });
      const mapOf = (one: object) => ("map" in one ? (one.map as Float32Array) : undefined);
      const right = mapOf(expected) ?? expected.data;
      expect(right.some((value) => value !== 0)).toBe(true);
      expectClose(mapOf(found) ?? found.data, right, 1e-5);
    },
  );

  test("without a target it is the class that the place has", async () => {
    const { data } = await activations(network, image, { layer: "scores" });
    for (const [y, x] of [
      [0, 0],
      [5, 9],
      [7, 11],
      [3, 2],
    ] as const) {
      const place = Math.floor(y / 2) * w + Math.floor(x / 2);
      const own = [...data.subarray(3 * place, 3 * place + 3)];
      const { about } = await ask(network, image, { region: { y, x } });
      expect(about?.index).toBe(own.indexOf(Math.max(...own)));
    }
  });

  test("explained among many images it is the same", async () => {
    const other = image.map((value) => 1 - value);
    const options = { region } as const;
    const found = [];
    for await (const [map] of explainEach(network, [image, other], "saliency", options)) found.push(map);
    for (const [i, picture] of [image, other].entries()) {
      const expected = await attributionNamed("saliency").run(network, picture, options);
      expectClose(found[i]?.data ?? new Float32Array(), expected.data, 1e-6);
    }
  });

  test("its map can be judged", async () => {
    const measures = ["deletion"] as const;
    const options = { region, target: "sky", measures } as const;
    const { asked } = await trust(network, image, attributionNamed("saliency"), options);
    expect(asked).toMatchObject({ index: 2, name: "sky" });
  });
});

describe("a class over a mask", () => {
  test("weighs each place by the part of it that the mask covers", async () => {
    // The left 5 of 12 columns: two places and half of a third, at twice the input's resolution.
    const shape = [2 * H, 2 * W] as const;
    const mask = Array.from({ length: 4 * H * W }, (_, i) => Number(i % (2 * W) < 10));
    const weights = Array.from({ length: h * w }, (_, i) => [1, 1, 0.5, 0, 0, 0][i % w] ?? 0);
    const found = await attributionNamed("saliency").run(network, image, {
      target: 0,
      region: { mask, shape },
    });
    const expected = await attributionNamed("saliency").run(network, image, {
      target: regionObjective(weights, 0),
    });
    expectClose(found.data, expected.data, 1e-6);
  });

  test("without a target is of the class that most of its places have", async () => {
    const shares = await predict(network, image, { top: 3 });
    const mask = new Float32Array(H * W).fill(1);
    const { about } = await ask(network, image, { region: { mask, shape: [H, W] } });
    expect(about?.index).toBe(shares[0]?.index);
  });
});

test.each([
  [{ y: 8, x: 0 }, /a row y of 0 to 7/],
  [{ y: 0.5, x: 0 }, /a row y of 0 to 7/],
  [{ mask: [1, 1], shape: [1, 3] }, /as many weights as its shape/],
  [{ mask: [0, 0], shape: [1, 2] }, /covers some of the picture/],
  [{ mask: [0, 2], shape: [1, 2] }, /weights of 0 to 1, got 2/],
  [{ mask: [0, Number.NaN], shape: [1, 2] }, /weights of 0 to 1, got NaN/],
  [7 as never, /\{ y, x \} or \{ mask, shape \}/],
] as const)("%o is refused", async (region, message) => {
  await expect(ask(network, image, { region })).rejects.toThrow(message);
});

test("elements of a layer say their places themselves", async () => {
  const asked = ask(network, image, { target: { layer: "conv" }, region: { y: 0, x: 0 } });
  await expect(asked).rejects.toThrow(/say their places themselves/);
});

test("an output without places is refused", async () => {
  const pooled: Graph = {
    ...net,
    layers: [...net.layers, { op: "globalPool", name: "pooled", inputs: ["scores"], mode: "average" }],
    output: "pooled",
  };
  const own = await createNetwork(await testDevice(), pooled);
  await expect(ask(own, image, { region: { y: 0, x: 0 } })).rejects.toThrow(/scores at every place/);
  own.destroy();
});
