import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ModelError } from "../../src/gpu/errors.ts";
import type { Graph, Layer } from "../../src/graph/graph.ts";
import { trust } from "../../src/metrics/trust.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network } from "../../src/network/network.ts";
import { explainEach } from "../../src/techniques/attribution/explain-each.ts";
import { ATTRIBUTIONS } from "../../src/techniques/attribution/list.ts";
import { saliency } from "../../src/techniques/attribution/saliency.ts";
import { predict } from "../../src/techniques/predict.ts";
import { activations } from "../../src/techniques/units/activations.ts";
import { empiricalField } from "../../src/techniques/units/empirical-field.ts";
import { plainDevice, testDevice } from "../gpu.ts";
import { constant, graph, random, values } from "../graph/graphs.ts";

/** Every weight is finite; their products with the image are not. */
function overflowing(): Graph {
  const next = random(5);
  const w = { shape: [3, 3, 3, 4], data: new Float32Array(108).fill(3e38) };
  const conv = { strides: [1, 1], dilations: [1, 1], padding: "same", activation: { kind: "relu" } } as const;
  return graph("large", [
    { op: "input", name: "image", inputs: [], shape: [6, 6, 3] },
    { op: "conv2d", name: "conv1", inputs: ["image"], ...conv, w },
    { op: "globalPool", name: "gap", inputs: ["conv1"], mode: "average" },
    { op: "dense", name: "logits", inputs: ["gap"], w: constant([4, 3], next), b: constant([3], next) },
    { op: "softmax", name: "softmax", inputs: ["logits"] },
  ]);
}

const FEW = { samples: 5, steps: 3 } as const;
const image = values(6 * 6 * 3, random(3)).map((value) => value + 2);

let device: GPUDevice;
let network: Network;

beforeAll(async () => {
  device = await testDevice();
  network = await createNetwork(device, overflowing(), { batch: 2 });
});
afterAll(() => network.destroy());

const said =
  /network "large": expected finite values, got -?(NaN|Infinity) in .*first comes out of layer "conv1"/;

describe("what overflows is refused, and the first layer named", () => {
  test.each(ATTRIBUTIONS)("by $name", async ({ run }) => {
    for (const target of [{}, { target: 1 }]) {
      const asked = run(network, image, { ...FEW, ...target });
      await expect(asked).rejects.toThrow(ModelError);
      await expect(asked).rejects.toThrow(/expected finite values, got -?(NaN|Infinity) in/);
    }
  });

  const first = async <T>(found: AsyncIterable<T>): Promise<T | undefined> => {
    for await (const one of found) return one;
    return undefined;
  };
  test.each([
    ["predict", () => predict(network, image)],
    ["activations", () => activations(network, image, { layer: "conv1" })],
    ["explainEach", () => first(explainEach(network, [image, image], "grad-cam", { targets: [1] }))],
    ["explainEach of the top class", () => first(explainEach(network, [image], "saliency"))],
    ["empiricalField", () => empiricalField(network, [image], { layer: "conv1", channel: 0 })],
    ["trust", () => trust(network, image, saliency)],
    ["trust in a map of one's own", () => trust(network, image, ones, { target: 1, steps: 2 })],
  ] as const)("by %s", async (_, ask) => {
    await expect(ask()).rejects.toThrow(said);
  });

  const ones = async () => ({
    data: new Float32Array(36).fill(1),
    shape: [6, 6],
    target: { layer: "logits", channel: 1 },
  });

  test("and leaves nothing behind for the next image", async () => {
    const small = image.map((value) => value * 1e-30);
    const [best] = await predict(network, small);
    expect(best?.probability).toBeGreaterThan(0);
    await expect(saliency(network, image, { target: 1 })).rejects.toThrow(said);
    expect(await predict(network, small)).toEqual(await predict(network, small));
  });
});

describe("what f32 cannot hold is refused before it runs", () => {
  const input: Layer = { op: "input", name: "image", inputs: [], shape: [4, 4, 3] };
  const made = (layer: Record<string, unknown>): Graph =>
    graph("bad", [input, { inputs: ["image"], ...layer } as unknown as Layer]);
  const conv = { op: "conv2d", name: "c", strides: [1, 1], dilations: [1, 1], padding: "same" };
  const w = { shape: [1, 1, 3, 2], data: Float32Array.of(1, 2, 3, 4, Number.NaN, 6) };
  test.each([
    [made({ ...conv, w }), /expected w of layer "c" \(conv2d\) to be finite, got NaN at value 4 of 6/],
    [
      made({ op: "activation", name: "r", activation: { kind: "leakyRelu", alpha: 1e39 } }),
      /expected alpha in activation of layer "r" \(activation\) to be finite, got 1e\+39, which f32 holds as Infinity/,
    ],
    [
      {
        ...made({ op: "activation", name: "r", activation: { kind: "relu" } }),
        preprocessing: { range: 255, mean: [0, 0, 1e39], std: [1, 1, 1] },
      },
      /expected 2 in mean in preprocessing to be finite, got 1e\+39/,
    ],
  ])("%#", async (bad, message) => {
    const creating = createNetwork(device, bad as Graph);
    await expect(creating).rejects.toThrow(ModelError);
    await expect(creating).rejects.toThrow(message);
  });

  test("a preprocessing that makes infinity of a colour", async () => {
    const good = made({ op: "activation", name: "r", activation: { kind: "relu" } });
    const tiny = { ...good, preprocessing: { ...good.preprocessing, mean: [0, 0, 0], std: [1e-38, 1, 1] } };
    const network = await createNetwork(device, tiny);
    const white = { width: 4, height: 4, data: new Uint8Array(48).fill(255) };
    await expect(predict(network, white)).rejects.toThrow(
      /expected finite input values, got Infinity at row 0, column 0, channel 0; the preprocessing makes it of a color/,
    );
    network.destroy();
  });
});

/** A second convolution adds Infinity to −Infinity; max(NaN, 0) would be 0, and every score finite. */
function cancelling(kind: "relu" | "relu6" | "tanh"): Graph {
  const large = overflowing();
  const data = Float32Array.from({ length: 16 }, (_, i) => (i < 8 ? 1 : -1));
  const conv = { strides: [1, 1], dilations: [1, 1], padding: "same", activation: { kind } } as const;
  const layers: Layer[] = large.layers.map((layer) =>
    layer.name === "gap" ? { ...layer, inputs: ["conv2"] } : layer,
  );
  const w = { shape: [1, 1, 4, 4], data };
  layers.splice(2, 0, { op: "conv2d", name: "conv2", inputs: ["conv1"], ...conv, w });
  return { ...large, name: "cancelling", layers };
}

describe.each([
  ["this device", testDevice],
  ["a device without subgroups", plainDevice],
] as const)("on %s a NaN is not hidden", (where, open) => {
  test.each(["relu", "relu6", "tanh"] as const)("by %s", async (kind) => {
    const on = await open();
    const hiding = await createNetwork(on, cancelling(kind));
    try {
      for (const ask of [predict, saliency]) {
        await expect(ask(hiding, image)).rejects.toThrow(/expected finite values, got NaN in/);
      }
    } finally {
      hiding.destroy();
      if (where !== "this device") on.destroy();
    }
  });
});
