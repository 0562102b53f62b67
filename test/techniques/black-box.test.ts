import { beforeAll, describe, expect, test } from "vitest";
import { syntheticPictures } from "../../src/dataset/synthetic.ts";
import { InputError, UnsupportedError } from "../../src/gpu/errors.ts";
import { readTensor } from "../../src/gpu/tensor.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { logitsOf } from "../../src/graph/heads.ts";
import { inputFrom } from "../../src/images/preprocess.ts";
import { SharedScores } from "../../src/metrics/scores.ts";
import { trust } from "../../src/metrics/trust.ts";
import { loadLayersModel } from "../../src/models/keras/layers-model.ts";
import { type BlackBoxOptions, blackBox } from "../../src/network/black-box.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network } from "../../src/network/network.ts";
import { modelFromDisk } from "../../src/node/files.ts";
import { createAttribution } from "../../src/techniques/attribution/create.ts";
import { lime } from "../../src/techniques/attribution/lime.ts";
import { ATTRIBUTIONS, attributionNamed } from "../../src/techniques/attribution/list.ts";
import { numericalSaliency } from "../../src/techniques/attribution/numerical-saliency.ts";
import { occlusion } from "../../src/techniques/attribution/occlusion.ts";
import { rise } from "../../src/techniques/attribution/rise.ts";
import { saliency } from "../../src/techniques/attribution/saliency.ts";
import { predict, predictEach } from "../../src/techniques/predict.ts";
import { testDevice } from "../gpu.ts";
import { constant, graph, random, values } from "../graph/graphs.ts";
import { expectClose, numbers } from "../reference/numbers.ts";

const CONV = { strides: [1, 1], dilations: [1, 1], padding: "same" } as const;
const [H, W, C] = [11, 10, 3];

/** A network without kinks, of which black boxes are made. */
function smooth(): Graph {
  const next = random(8);
  return {
    ...graph("smooth", [
      { op: "input", name: "image", inputs: [], shape: [H, W, C] },
      {
        ...CONV,
        op: "conv2d",
        name: "conv",
        inputs: ["image"],
        w: constant([3, 3, 3, 5], next),
        b: constant([5], next),
        activation: { kind: "tanh" },
      },
      { op: "globalPool", name: "mean", inputs: ["conv"], mode: "average" },
      { op: "dense", name: "logits", inputs: ["mean"], w: constant([5, 4], next), b: constant([4], next) },
      { op: "softmax", name: "softmax", inputs: ["logits"] },
    ]),
    labels: ["one", "two", "three", "four"],
  };
}

let device: GPUDevice;
let network: Network;
let inside: Network;
let box: Network;
const image = numbers(H * W * C, 4);
const counts: number[] = [];

/** A network as a function. */
async function scores(batch: Float32Array, count: number, layer = "logits"): Promise<Float32Array> {
  counts.push(count);
  expect(batch.length).toBe(count * H * W * C);
  device.queue.writeBuffer(inside.input.buffer, 0, batch.slice());
  const encoder = device.createCommandEncoder();
  inside.forward(encoder);
  device.queue.submit([encoder.finish()]);
  return (await readTensor(device, inside.activation(layer))).slice(0, count * 4);
}

const OPTIONS = {
  input: [H, W, C],
  scores,
  labels: smooth().labels,
  head: "softmax",
  preprocessing: "none",
  batch: 6,
} as const satisfies BlackBoxOptions;

beforeAll(async () => {
  device = await testDevice();
  network = await createNetwork(device, smooth(), { batch: 6 });
  inside = await createNetwork(device, smooth(), { batch: 6, gradients: false });
  box = await blackBox(device, OPTIONS);
});

describe("a black box", () => {
  test("predicts what the network in it does, one picture or many", async () => {
    const without = (found: object[]) => found.map((one) => ({ ...one, probability: undefined }));
    expect(without(await predict(box, image))).toEqual(without(await predict(network, image)));
    counts.length = 0;
    const many = [image, values(image.length, random(3)), image, image, image, image, image];
    const found: object[] = [];
    for await (const one of predictEach(box, many)) found.push(one);
    expect(found).toHaveLength(7);
    expect(counts).toEqual([6, 1]);
  });

  test.each([
    ["occlusion", occlusion, { patch: 3, stride: 2, incremental: false }],
    [
      "the probability by occlusion",
      occlusion,
      { patch: 4, stride: 4, incremental: false, on: "probability" },
    ],
    ["RISE", rise, { samples: 26, seed: 3 }],
    ["LIME", lime, { samples: 26, seed: 3 }],
    ["numerical saliency", numericalSaliency, { patch: 2 }],
  ] as const)("gives the network's own map by %s", async (_, technique, options) => {
    for (const target of [undefined, "three"]) {
      const ours = await technique(network, image, { ...options, target } as object);
      const theirs = await technique(box, image, { ...options, target } as object);
      expectClose(theirs.data, ours.data, 1e-5);
      expect(theirs.target).toMatchObject({ channel: (ours.target as { channel: number }).channel });
    }
  });

  test("is asked for no more images than there are", async () => {
    counts.length = 0;
    await rise(box, image, { samples: 8, target: 0 });
    expect(counts).toEqual([6, 2]);
  });

  test("has the network's insertion, deletion and fidelity, and says what cannot be measured", async () => {
    const measures = ["insertion", "deletion", "muFidelity", "infidelity"] as const;
    const settings = { samples: 20 };
    const of = (on: Network) =>
      trust(on, image, attributionNamed("rise"), {
        target: 1,
        measures,
        settings,
        subsets: 8,
        steps: 6,
        sharedScores: new SharedScores(),
      });
    const [ours, theirs] = [await of(network), await of(box)];
    for (const name of ["insertion", "deletion"] as const) {
      expectClose(Float32Array.from(theirs[name]?.curve ?? []), ours[name]?.curve ?? [], 1e-5);
    }
    expect(theirs.muFidelity).toBeCloseTo(ours.muFidelity ?? Number.NaN, 3);
    const all = await trust(box, image, attributionNamed("rise"), {
      target: 1,
      settings,
      subsets: 4,
      steps: 2,
      noiseSamples: 2,
      perturbations: 1,
    });
    expect(all.leftOut?.modelRandomisation).toMatch(/no parameters/);
  });

  test("refuses what needs a gradient or a layer, by one sentence", async () => {
    const refused: string[] = [];
    for (const { name, run } of ATTRIBUTIONS) {
      try {
        await run(box, image, { target: 1, samples: 2, patch: 4, stride: 4 });
      } catch (error) {
        expect([name, (error as Error).name, (error as Error).message]).toEqual([
          name,
          UnsupportedError.name,
          expect.stringMatching(/^black box "black box": expected a technique that needs scores only, got /),
        ]);
        refused.push(name);
      }
    }
    const open = ["numerical-saliency", "occlusion", "rise", "lime"];
    expect(
      ATTRIBUTIONS.map(({ name }) => name)
        .filter((name) => !refused.includes(name))
        .toSorted(),
    ).toEqual(open.toSorted());
    expect(() => box.forward(device.createCommandEncoder())).toThrow(UnsupportedError);
    await expect(createAttribution(box, "rise", image, { target: 1 })).rejects.toThrow(UnsupportedError);
  });

  test("takes calls at once in turn", async () => {
    const other = numbers(image.length, 9);
    const asked = [image, other, image];
    const all = await Promise.all(asked.map((one) => rise(box, one, { samples: 10, target: 1 })));
    expect(all[0]?.data).toEqual(all[2]?.data);
    expect(all[0]?.data).not.toEqual(all[1]?.data);
  });

  test("of probabilities has their logits, and their classes", async () => {
    const soft = await blackBox(device, {
      ...OPTIONS,
      scores: (batch, count) => scores(batch, count, "softmax"),
      head: undefined,
      probabilities: true,
    });
    const [ours, theirs] = [await predict(network, image), await predict(soft, image)];
    for (const [i, { index, probability = 0 }] of theirs.entries()) {
      expect(index).toBe(ours[i]?.index);
      expect(probability).toBeCloseTo(ours[i]?.probability ?? Number.NaN, 5);
    }
    const yes = await blackBox(device, {
      input: { height: 2, width: 2, channels: 1 },
      scores: () => Float32Array.of(0.8),
      probabilities: true,
      batch: 1,
    });
    const sides = await predict(yes, new Float32Array(4));
    expect(sides.map(({ probability }) => probability?.toFixed(4))).toEqual(["0.8000", "0.2000"]);
    yes.destroy();
    soft.destroy();
  });

  test("finds out how many scores there are, and says what it assumes of them", async () => {
    const bare = await blackBox(device, { input: [H, W, C], scores, preprocessing: "none" });
    const [best] = await predict(bare, image);
    expect(best).toMatchObject({ head: "softmax", assumed: true });
    bare.destroy();
    const guess = await blackBox(device, { input: { height: H, width: W }, scores });
    expect(guess.graph.preprocessing.guessed).toEqual(["values", "fit"]);
    guess.destroy();
  });

  test("says what is wrong with its options, its images and its function", async () => {
    const made = (more: object) => blackBox(device, { ...OPTIONS, ...more } as BlackBoxOptions);
    await expect(made({ input: [2, 2] })).rejects.toThrow(/expected input as .* got \[2,2\]/);
    await expect(made({ input: { height: 0, width: 2 } })).rejects.toThrow(InputError);
    await expect(made({ scores: 5 })).rejects.toThrow(/expected scores to be a function, got 5/);
    await expect(made({ lables: [] })).rejects.toThrow(/got "lables"/);
    await expect(made({ scores: () => [1], outputs: undefined })).rejects.toThrow(
      /expected scores to give a Float32Array/,
    );
    await expect(made({ outputs: 0 })).rejects.toThrow(InputError);
    await expect(predict(box, image.slice(1))).rejects.toThrow(/expected an input of 330 values/);
    const short = await made({ outputs: 4, scores: () => new Float32Array(3) });
    await expect(predict(short, image)).rejects.toThrow(
      /expected a Float32Array of 4 scores \(4 for each of 1 images\), got 3 values/,
    );
    const broken = await made({ outputs: 4, scores: () => Promise.reject(new Error("the server is away")) });
    await expect(rise(broken, image, { samples: 2, target: 0 })).rejects.toThrow("the server is away");
    // The next question is answered all the same.
    await expect(rise(broken, image, { samples: 2, target: 0 })).rejects.toThrow("the server is away");
    const nan = await made({
      outputs: 4,
      scores: (_: Float32Array, count: number) => new Float32Array(4 * count).fill(Number.NaN),
    });
    await expect(predict(nan, image)).rejects.toThrow(/finite/);
  });
});

test.each([
  ["occlusion", occlusion, { patch: 32, stride: 32 }],
  ["RISE", rise, { samples: 14, seed: 5 }],
  ["LIME", lime, { samples: 14, seed: 5 }],
] as const)("the shipped network as a black box has its own map by %s", async (_, technique, options) => {
  const shipped = await loadLayersModel(await modelFromDisk("models/vitrine"));
  const own = await createNetwork(device, shipped, { batch: 8, gradients: false });
  const within = await createNetwork(device, shipped, { batch: 8, gradients: false });
  const outside = await blackBox(device, {
    input: [96, 96, 3],
    async scores(batch, count) {
      device.queue.writeBuffer(within.input.buffer, 0, batch.slice());
      const encoder = device.createCommandEncoder();
      within.forward(encoder);
      device.queue.submit([encoder.finish()]);
      return (await readTensor(device, within.activation(logitsOf(shipped)))).slice(0, count * 16);
    },
    ...(shipped.labels ? { labels: shipped.labels } : {}),
    head: "softmax",
    preprocessing: shipped.preprocessing,
    batch: 8,
  });
  for await (const picture of syntheticPictures(device, { first: 3 })) {
    const input = inputFrom(shipped, picture);
    const ours = await technique(own, input, { ...options, target: "star" } as object);
    const theirs = await technique(outside, input, { ...options, target: "star" } as object);
    expectClose(theirs.data, ours.data, 1e-4);
  }
  for (const one of [own, within, outside]) one.destroy();
});

describe("saliency by numerical differentiation", () => {
  test("is the gradient of a smooth network, within a hundredth", async () => {
    const gradient = await saliency(network, image, { target: "two" });
    const found = await numericalSaliency(network, image, { target: "two", patch: 1 });
    expect(found.shape).toEqual([H, W, C]);
    expectClose(found.data, gradient.data, 1e-2);
  });

  test("of squares is the gradient's mean over each, those at the border cut", async () => {
    const { data } = await saliency(network, image, { target: 0 });
    const found = await numericalSaliency(network, image, { target: 0, patch: 4 });
    const means = data.map((_, i) => {
      const [row, column, c] = [Math.floor(i / (W * C)), Math.floor(i / C) % W, i % C];
      let [sum, count] = [0, 0];
      for (let y = 4 * Math.floor(row / 4); y < Math.min(H, 4 * Math.floor(row / 4) + 4); y++) {
        for (let x = 4 * Math.floor(column / 4); x < Math.min(W, 4 * Math.floor(column / 4) + 4); x++) {
          sum += data[(y * W + x) * C + c] ?? 0;
          count++;
        }
      }
      return sum / count;
    });
    expectClose(found.data, means, 1e-2);
  });

  test("refuses squares and steps that cannot be", async () => {
    await expect(numericalSaliency(network, image, { patch: 0 })).rejects.toThrow(
      /patch of 1 to 11 pixels, got 0/,
    );
    await expect(numericalSaliency(network, image, { step: 0 })).rejects.toThrow(/step above 0/);
    await expect(numericalSaliency(network, image, { step: Number.NaN })).rejects.toThrow(InputError);
  });
});
