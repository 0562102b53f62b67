import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UnsupportedError } from "../../src/gpu/errors.ts";
import { createTensor, readTensor } from "../../src/gpu/tensor.ts";
import type { Graph, Layer } from "../../src/graph/graph.ts";
import { createGram } from "../../src/kernels/gram.ts";
import type { FusedActivation } from "../../src/layers/activation-kinds.ts";
import { trust } from "../../src/metrics/trust.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network, NetworkOptions } from "../../src/network/network.ts";
import { modelFromDisk } from "../../src/node/files.ts";
import { readNpy } from "../../src/node/npy.ts";
import { normObjective } from "../../src/objectives/objective.ts";
import { ablationCam } from "../../src/techniques/attribution/ablation-cam.ts";
import { deconvnet } from "../../src/techniques/attribution/deconvnet.ts";
import { gradCam } from "../../src/techniques/attribution/grad-cam.ts";
import { gradCamPlusPlus } from "../../src/techniques/attribution/grad-cam-plus-plus.ts";
import { guidedBackprop } from "../../src/techniques/attribution/guided-backprop.ts";
import { guidedGradCam } from "../../src/techniques/attribution/guided-grad-cam.ts";
import { integratedGradients } from "../../src/techniques/attribution/integrated-gradients.ts";
import { layerCam } from "../../src/techniques/attribution/layer-cam.ts";
import type { LayerOptions } from "../../src/techniques/attribution/layer-maps.ts";
import { ATTRIBUTIONS, attributionNamed } from "../../src/techniques/attribution/list.ts";
import { occlusion } from "../../src/techniques/attribution/occlusion.ts";
import { saliency } from "../../src/techniques/attribution/saliency.ts";
import { scoreCam } from "../../src/techniques/attribution/score-cam.ts";
import { smoothGrad, varGrad } from "../../src/techniques/attribution/smooth-grad.ts";
import type { Explanation, Picture } from "../../src/techniques/question.ts";
import { activations } from "../../src/techniques/units/activations.ts";
import { testDevice } from "../gpu.ts";
import { constant, random, values } from "../graph/graphs.ts";
import { submit } from "../layers/run.ts";
import { kerasLayer, modelOf } from "../models/fixtures.ts";
import { act, byHand, ending, image, mix } from "./by-hand.ts";

// Faults that people have met in other implementations of these techniques, each with the outcome that it would give.

let device: GPUDevice;
const owned: Network[] = [];
async function on(graph: Graph, options: NetworkOptions = {}): Promise<Network> {
  const network = await createNetwork(device, graph, options);
  owned.push(network);
  return network;
}
beforeAll(async () => {
  device = await testDevice();
});
afterAll(() => {
  for (const network of owned) network.destroy();
});

const pixels = (...of: number[]) => Float32Array.from(of);
const close = (found: ArrayLike<number>, expected: ArrayLike<number>, digits = 5): void => {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < found.length; i++) expect(found[i]).toBeCloseTo(expected[i] ?? Number.NaN, digits);
};
const difference = (a: Float32Array, b: Float32Array): number => {
  const scale = b.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? Number.NaN))), 0) / scale;
};

describe("a CAM that starts at ones", () => {
  type Cam = (network: Network, image: Picture, options?: LayerOptions) => Promise<Explanation>;
  const CAMS: [string, Cam][] = [
    ["Grad-CAM", gradCam],
    ["Layer-CAM", layerCam],
    ["Score-CAM", scoreCam],
    ["Ablation-CAM", ablationCam],
  ];
  const x = pixels(1, 2, 3, 4);
  let network: Network;
  beforeAll(async () => {
    const maps = mix("maps", "image", [1, 2], [1, 1], { activation: { kind: "relu" } });
    // Both maps are x; class 0 is 3·mean + 1·mean, class 1 −1·mean − 2·mean.
    network = await on(byHand(image([2, 2, 1]), maps, ...ending("maps", [2, 2], [3, -1, 1, -2])));
  });

  test.each(CAMS)("%s of two maps x with weights that sum to 1 is x, not x + 1", async (_, technique) => {
    close((await technique(network, x, { target: 0, layer: "maps" })).data, x);
  });

  test.each(CAMS)("%s of maps that speak against the class is nothing, not 1", async (name, technique) => {
    const { data } = await technique(network, x, { target: 1, layer: "maps" });
    // Score-CAM's weights are shares, never negative: it has only the maps' own zeros.
    if (name !== "Score-CAM") close(data, [0, 0, 0, 0]);
    close(
      (await technique(network, pixels(-1, -2, -3, -4), { target: 0, layer: "maps" })).data,
      [0, 0, 0, 0],
    );
  });
});

test("SmoothGrad's σ is not inverted: it is the share of the range that it is said to be", async () => {
  const network = await on(
    byHand(image([16, 16, 3]), mix("copy", "image", [3, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1])),
  );
  const x = values(16 * 16 * 3, random(3));
  const range = Math.max(...x) - Math.min(...x);
  // The gradient of ½·Σ x² is x: what noise does to it is the noise.
  const options = { target: normObjective("copy"), samples: 8, seed: 2 };
  const spreads = [];
  for (const noise of [0.01, 0.1, 0.2, 0.4]) {
    const { data } = await varGrad(network, x, { ...options, noise });
    const sigma = Math.sqrt(data.reduce((sum, value) => sum + value, 0) / data.length / (7 / 8));
    expect(sigma / (noise * range)).toBeGreaterThan(0.97);
    expect(sigma / (noise * range)).toBeLessThan(1.03);
    spreads.push(difference((await smoothGrad(network, x, { ...options, noise })).data, x));
  }
  expect(spreads.toSorted((a, b) => a - b)).toEqual(spreads);
  expect(spreads[0]).toBeLessThan(0.05);
  close((await smoothGrad(network, x, { ...options, noise: 0 })).data, x, 6);
});

test("integrated gradients have their factor x − x′", async () => {
  const network = await on(byHand(image([1, 1, 2]), ...ending("image", [2, 2], [2, 0, -4, 1])));
  const x = pixels(3, 5);
  const of = async (baseline: Parameters<typeof integratedGradients>[2]) =>
    (await integratedGradients(network, x, { target: 0, steps: 3, ...baseline })).data;
  close(await of({ baseline: { image: pixels(1, 2) } }), [2 * (3 - 1), -4 * (5 - 2)]);
  close(await of({ baseline: "black" }), [2 * 3, -4 * 5]);
  close(await of({ baseline: 7 }), [2 * (3 - 7), -4 * (5 - 7)]);
});

describe("a target that is ignored unless it is the top class", () => {
  const [asked, other] = [3, 5];
  // A wide step of numerical saliency: the rounding of the biased score is a small share of its differences.
  const settings = { samples: 8, steps: 4, step: 0.1, seed: 3, patch: 6, stride: 6 };
  let plain: Network;
  let biased: Network;
  let x: Float32Array;
  beforeAll(async () => {
    const graph = await loadLayersModel(await modelFromDisk("test/golden/residual"));
    x = (await readNpy("test/golden/residual/input.npy")).data;
    plain = await on(graph, { batch: 8 });
    // The same network, but for a bias that makes the class asked the top one.
    const layers = graph.layers.map((layer): Layer => {
      if (layer.op !== "dense" || !layer.b) return layer;
      return {
        ...layer,
        b: { ...layer.b, data: layer.b.data.map((v, c) => (c === asked ? v + 4 : v)) },
      };
    });
    biased = await on({ ...graph, layers }, { batch: 8 });
    const { data } = await activations(plain, x, { layer: "logits" });
    expect([asked, other]).not.toContain(data.indexOf(Math.max(...data)));
  });

  // What divides by the score or multiplies by it depends on the bias.
  const BY_SCORE = ["ablation-cam", "rise", "lrp"];
  test.each(ATTRIBUTIONS.map((technique) => [technique.title, technique] as const))(
    "%s of a class that is not the top one is its map where it is, and no other's",
    async (_, technique) => {
      const { data, target } = await technique.run(plain, x, { ...settings, target: asked });
      expect(target).toMatchObject({ layer: "logits", channel: asked });
      expect((await technique.run(plain, x, { ...settings, target: other })).data).not.toEqual(data);
      if (BY_SCORE.includes(technique.name)) return;
      const top = await technique.run(biased, x, settings);
      expect(top.target).toMatchObject({ channel: asked });
      expect(difference(data, top.data)).toBeLessThan(1e-4);
    },
  );
});

describe.each<[string, NetworkOptions]>([
  ["as they stand", {}],
  ["fused", { keep: [] }],
])("ReLUs, %s", (_, options) => {
  /** z = x through one hidden layer, R = (2, −3, 5, −7) back. */
  const gated = (kind: FusedActivation["kind"]) =>
    on(
      byHand(
        image([1, 1, 2]),
        mix("z", "image", [2, 4], [1, 0, -1, 0, 0, 1, 0, -1]),
        act("relu", "z", kind),
        ...ending("relu", [4, 2], [2, 0, -3, 0, 5, 0, -7, 0]),
      ),
      options,
    );

  test("guided backprop takes the ReLU's mask, not its output", async () => {
    const network = await gated("relu");
    // z = (3, 2, −3, −2). By the output it would be (2·3, 0).
    close((await guidedBackprop(network, pixels(3, 2), { target: 0 })).data, [2, 0]);
    close((await saliency(network, pixels(3, 2), { target: 0 })).data, [2, -3]);
    // 2·(1, 0) + 5·(−1, 0)
    close((await deconvnet(network, pixels(3, 2), { target: 0 })).data, [-3, 0]);
  });

  test("guided backprop knows ReLU6's ceiling", async () => {
    const network = await gated("relu6");
    close((await guidedBackprop(network, pixels(5, 2), { target: 0 })).data, [2, 0]);
    // Above it nothing gets through; a gate of z > 0 would give (2, 0).
    close((await guidedBackprop(network, pixels(7, 2), { target: 0 })).data, [0, 0]);
    close((await saliency(network, pixels(7, 2), { target: 0 })).data, [0, -3]);
  });

  test("a ReLU that is used twice is gated twice", async () => {
    const node = (name: string, call = 0) => [[name, call, 0, {}]];
    const config = (more: object) => ({ use_bias: false, ...more });
    const conv = { filters: 2, kernel_size: [1, 1], strides: [1, 1], padding: "valid", activation: "linear" };
    const layers = [
      {
        ...kerasLayer("InputLayer", "image", { batch_input_shape: [null, 1, 1, 2] }),
        inbound_nodes: [],
      },
      { ...kerasLayer("Conv2D", "first", config(conv)), inbound_nodes: [node("image")] },
      {
        ...kerasLayer("Activation", "relu", { activation: "relu" }),
        inbound_nodes: [node("first"), node("second")],
      },
      { ...kerasLayer("Conv2D", "second", config(conv)), inbound_nodes: [node("relu")] },
      { ...kerasLayer("Flatten", "flat"), inbound_nodes: [node("relu", 1)] },
      { ...kerasLayer("Dense", "scores", config({ units: 1 })), inbound_nodes: [node("flat")] },
    ].map((layer) => ({ ...layer, name: layer.config.name }));
    const topology = {
      class_name: "Functional",
      config: {
        name: "reused",
        layers,
        input_layers: [["image", 0, 0]],
        output_layers: [["scores", 0, 0]],
      },
    };
    const files = modelOf(topology, [
      { name: "first/kernel", shape: [1, 1, 2, 2], values: [1, 0, 0, 1] },
      { name: "second/kernel", shape: [1, 1, 2, 2], values: [1, 1, 0, -1] },
      { name: "scores/kernel", shape: [2, 1], values: [-1, 2] },
    ]);
    const network = await on(await loadLayersModel(files), options);
    const x = pixels(3, 2);
    // z = (3, 2), then (3, 1); R = (−1, 2). Gated at the first alone (1, 0), at the second alone (2, −2).
    close((await saliency(network, x, { target: 0 })).data, [1, -2]);
    close((await guidedBackprop(network, x, { target: 0 })).data, [2, 0]);
  });
});

test("Grad-CAM takes the gradient, not the guided one, and ends in a ReLU", async () => {
  const network = await on(
    byHand(
      image([1, 2, 1]),
      mix("maps", "image", [1, 2], [1, -1], { b: [0, 4] }),
      mix("above", "maps", [2, 2], [1, 0, 0, 1], { activation: { kind: "relu" } }),
      ...ending("above", [2, 2], [-2, 0, 1, 0]),
    ),
  );
  // Maps (1, 2) and (3, 2), weights −1 and ½. Guided it would be (1.5, 1), without the ReLU (0.5, −1).
  const { data } = await gradCam(network, pixels(1, 2), { target: 0, layer: "maps" });
  close(data, [0.5, 0]);
});

test("Grad-CAM++ takes the sum of A, not its mean", async () => {
  const maps = mix("maps", "image", [1, 1], [1], { activation: { kind: "relu" } });
  const network = await on(byHand(image([1, 2, 1]), maps, ...ending("maps", [1, 2], [4, -1])));
  // g = 2, α = 2²/(2·2² + 3·2³) = 1/8, w = 2·(1/8)·2. By the mean of A it would be 0.8.
  close((await gradCamPlusPlus(network, pixels(1, 2), { target: 0, layer: "maps" })).data, [0.5, 1]);
});

test.each<[string, readonly number[], readonly number[], number[], number[]]>([
  ["−1…1", [0.5], [0.5], [0, 0, 0, 0], [-1, -1, -1, -1]],
  ["statistics of a data set", [0.4], [0.2], [0, 0, 0, 0], [-2, -2, -2, -2]],
  ["0…255 less a mean", [120 / 255], [1 / 255], [0, 0, 0, 0], [-120, -120, -120, -120]],
  ["0…1, where the mean is the image's", [0], [1], [2.5, 2.5, 2.5, 2.5], [0, 0, 0, 0]],
])(
  "occlusion covers with what the input's range has in its middle: %s",
  async (_, mean, std, grey, black) => {
    const graph = byHand(image([2, 2, 1]), mix("copy", "image", [1, 1], [1]));
    const network = await on({ ...graph, preprocessing: { range: 255, mean, std, source: "test" } });
    const x = pixels(1, 2, 3, 4);
    // What covering a pixel takes from the sum is the pixel less the cover; 127.5 would be far from both.
    const options = { target: { layer: "copy", channel: 0 }, patch: 1, stride: 1 };
    const { data } = await occlusion(network, x, options);
    close(
      data,
      x.map((v, i) => v - (grey[i] ?? 0)),
    );
    const { data: dark } = await occlusion(network, x, { ...options, fill: "black" });
    close(
      dark,
      x.map((v, i) => v - (black[i] ?? 0)),
      4,
    );
  },
);

describe("activations for which a rule is not defined", () => {
  const KINDS = ["leakyRelu", "sigmoid", "tanh", "swish"] as const;
  test.each(KINDS.flatMap((kind) => [[kind, "all"] as const, [kind, []] as const]))(
    "%s, keeping %s, is an error that says what to choose, not a gradient",
    async (kind, keep) => {
      const network = await on(
        byHand(
          image([2, 2, 1]),
          mix("z", "image", [1, 2], [1, -1]),
          act("bend", "z", kind),
          ...ending("bend", [2, 2], [1, 2, 3, 4]),
        ),
        { keep },
      );
      const x = pixels(1, -2, 3, 4);
      for (const technique of [guidedBackprop, deconvnet, guidedGradCam]) {
        const asked = technique(network, x, { target: 0 });
        await expect(asked).rejects.toThrow(UnsupportedError);
        await expect(asked).rejects.toThrow(
          new RegExp(
            `expected ReLU, ReLU6 or a clip from 0, got ${kind} at layer "bend"; use the rule "gradient"`,
          ),
        );
      }
      const { data } = await saliency(network, x, { target: 0 });
      expect(data.some((value) => value !== 0)).toBe(true);
    },
  );
});

test("batch norm folded into a layer takes that layer's bias with it", async () => {
  const graph = byHand(
    image([1, 1, 1]),
    mix("conv", "image", [1, 2], [1, -3], { b: [5, 7] }),
    {
      op: "batchNorm",
      name: "norm",
      inputs: ["conv"],
      scale: Float32Array.of(2, -1),
      offset: Float32Array.of(11, 13),
    },
    ...ending("norm", [2, 2], [1, 0, 0, 1]),
  );
  for (const keep of ["all", []] as const) {
    const network = await on(graph, { keep });
    const { data } = await activations(network, pixels(4), { layer: "scores" });
    close(data, [(4 + 5) * 2 + 11, -(4 * -3 + 7) + 13]);
  }
});

test("average is not maximum", async () => {
  const window = { size: [2, 2], strides: [2, 2], padding: "valid" } as const;
  const network = await on(
    byHand(
      image([2, 4, 1]),
      { op: "pool", name: "average", inputs: ["image"], mode: "average", ...window },
      { op: "globalPool", name: "whole", inputs: ["image"], mode: "average" },
      { op: "reshape", name: "flat", inputs: ["average"], shape: [2] },
      { op: "concat", name: "both", inputs: ["flat", "whole"], axis: 1 },
    ),
  );
  const x = pixels(1, 2, -8, 4, 3, 10, -1, -3);
  close((await activations(network, x, { layer: "both" })).data, [4, -2, 1]);
});

test("a Gram matrix is symmetric and the same again, to the bit", async () => {
  const shape = [1, 41, 53, 40];
  const x = createTensor(device, shape, { data: values(41 * 53 * 40, random(8)) });
  const found = [];
  for (let again = 0; again < 3; again++) {
    const y = createTensor(device, [1, 40, 40]);
    const command = await createGram(device, { x, y });
    await submit(command);
    found.push(await readTensor(device, y));
    command.destroy();
    y.buffer.destroy();
  }
  x.buffer.destroy();
  const [first = new Float32Array(), ...others] = found;
  for (const other of others) expect(other).toEqual(first);
  const turned = first.map((_, i) => first[(i % 40) * 40 + Math.floor(i / 40)] ?? Number.NaN);
  expect(turned).toEqual(first);
  expect(new Set(first).size).toBeGreaterThan(700);
});

test("the same map for every class is noticed and said", async () => {
  const conv: Layer = {
    op: "conv2d",
    name: "conv",
    inputs: ["image"],
    strides: [1, 1],
    dilations: [1, 1],
    padding: "same",
    w: constant([3, 3, 1, 3], random(6)),
    activation: { kind: "relu" },
  };
  const said = async (weights: readonly number[]) => {
    const network = await on(byHand(image([8, 8, 1]), conv, ...ending("conv", [3, 3], weights)));
    const x = values(64, random(9));
    return trust(network, x, attributionNamed("layer-cam"), { measures: ["randomLogit", "runnerUp"] });
  };
  const blind = await said([1, 1.1, 1.2, 1, 1.1, 1.2, 1, 1.1, 1.2]);
  expect(blind.verdicts).toContain("class");
  expect(blind.words.join()).toMatch(/This map hardly depends on the class/);
  expect((await said([1, 0, 0, 0, 1, 0, 0, 0, 1])).verdicts).not.toContain("class");
});
