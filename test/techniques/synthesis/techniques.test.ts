import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { InputError } from "../../../src/gpu/errors.ts";
import type { Graph, Layer } from "../../../src/graph/graph.ts";
import { loadLayersModel } from "../../../src/models/keras/layers-model.ts";
import { createNetwork } from "../../../src/network/create-network.ts";
import { createNetworks, type Networks } from "../../../src/network/pool.ts";
import { modelFromDisk } from "../../../src/node/files.ts";
import { channelMean, logit, marginObjective, totalVariation } from "../../../src/objectives/objective.ts";
import { predict } from "../../../src/techniques/predict.ts";
import { caricatureOf } from "../../../src/techniques/synthesis/caricature.ts";
import { classImage } from "../../../src/techniques/synthesis/class-image.ts";
import { featureVisualization } from "../../../src/techniques/synthesis/feature-visualization.ts";
import { SYNTHESES, synthesisNamed } from "../../../src/techniques/synthesis/list.ts";
import { maco } from "../../../src/techniques/synthesis/maco.ts";
import type { SynthesisRequest } from "../../../src/techniques/synthesis/plan.ts";
import type { SyntheticPicture } from "../../../src/techniques/synthesis/synthesis.ts";
import type { SynthesisTechnique } from "../../../src/techniques/synthesis/technique.ts";
import { channelsOf, type Wanted } from "../../../src/techniques/synthesis/wanted.ts";
import { testDevice } from "../../gpu.ts";
import { chain, constant, graph, random } from "../../graph/graphs.ts";
import { liveBytes } from "../../live-bytes.ts";

/** A small network that photographs are shown to, with another bias of a channel of its last maps. */
function small(bias = 0, channel = 2): Graph {
  const made = chain(3);
  const layers = made.layers.map((layer): Layer => {
    if (layer.name !== "conv2" || layer.op !== "conv2d") return layer;
    const data = new Float32Array(5);
    data[channel] = bias;
    return { ...layer, b: { shape: [5], data } };
  });
  const preprocessing = {
    range: 255,
    mean: [0.4, 0.4, 0.5],
    std: [0.5, 0.25, 0.25],
    source: "test",
  } as const;
  return { ...made, layers, preprocessing };
}

/** The same, whose logits also depend on a number. */
function withAge(): Graph {
  const made = small();
  const layers = made.layers.flatMap((layer): Layer[] => {
    if (layer.name === "softmax") return [];
    if (layer.name !== "logits") return [layer];
    return [
      { ...layer, name: "seen" },
      { op: "dense", name: "aged", inputs: ["age"], w: constant([1, 4], random(3)) },
      { op: "add", name: "logits", inputs: ["seen", "aged"] },
    ];
  });
  layers.splice(1, 0, { op: "input", name: "age", inputs: [], shape: [1] });
  return { ...made, layers, output: "logits", heads: { logits: "softmax" } };
}

const picture = { width: 6, height: 8, data: Uint8Array.from({ length: 144 }, (_, i) => (37 * i) % 256) };
/** What techniques are asked here. */
const ALL = {
  ...{ objective: { class: 1 }, layer: "conv2", picture },
  pictures: [3, 7, 11].map((n) => ({
    name: `${n}`,
    picture: { ...picture, data: picture.data.map((value) => value * n) },
  })),
} as const;
/** Codes of three numbers, to pictures. */
const next = random(12);
const generator: Graph = {
  ...graph("generator", [
    { op: "input", name: "code", inputs: [], shape: [3] },
    { op: "dense", name: "dense", inputs: ["code"], w: constant([3, 144], next), b: constant([144], next) },
    { op: "reshape", name: "maps", inputs: ["dense"], shape: [8, 6, 3] },
    { op: "activation", name: "picture", inputs: ["maps"], activation: { kind: "sigmoid" } },
  ]),
  outputRange: [0, 1],
};
const requestOf = ({ asks }: SynthesisTechnique, more: SynthesisRequest = {}): SynthesisRequest =>
  Object.fromEntries(asks.map((asked) => [asked, { ...ALL, generator, ...more }[asked]]));
const quickly = ({ options }: SynthesisTechnique) => ({
  steps: 3,
  ...("crops" in options ? { crops: 2 } : {}),
  ...("samples" in options ? { samples: 1 } : {}),
  ...("clusters" in options ? { clusters: 1, size: [8, 6] as const } : {}),
});
const eightBits = ({ data }: SyntheticPicture) => ({
  ...{ width: 6, height: 8 },
  data: Uint8ClampedArray.from(data, (value) => 255 * value),
});

let device: GPUDevice;
let networks: Networks;
beforeAll(async () => {
  device = await testDevice();
  networks = createNetworks(device, small());
});
afterAll(() => networks.destroy());

describe("the registry", () => {
  test("names every technique once, with its paper", () => {
    const names = SYNTHESES.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(SYNTHESES.map(({ title }) => title)).size).toBe(names.length);
    for (const { name, summary, paper, asks, options } of SYNTHESES) {
      expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(summary).toMatch(/^[A-Z][^[]+[^.]$/);
      expect(paper.year).toBeGreaterThan(2008);
      expect(paper.arxiv ?? paper.doi).toMatch(/^(\d{4}\.\d{4,5}|10\.\d+\/.+)$/);
      expect(asks.length).toBeGreaterThan(0);
      expect(options.steps).toBeDefined();
    }
    expect(synthesisNamed("maco").title).toBe("MACO");
    expect(() => synthesisNamed("feature-visualisation")).toThrow(/did you mean "feature-visualization"\?/);
  });

  test.each(SYNTHESES)(
    "$name makes a picture, and says what the network sees in its 8 bits",
    async (technique) => {
      const options = { ...quickly(technique), seed: 5 };
      const { technique: name, pictures } = await technique.run(networks, requestOf(technique), options);
      expect(name).toBe(technique.name);
      const [made, ...more] = pictures as [SyntheticPicture];
      expect(more).toEqual([]);
      expect(made.shape).toEqual([8, 6, 3]);
      expect(made.data.length).toBe(144);
      expect(made.data.every((value) => value >= 0 && value <= 1)).toBe(true);
      expect(made.curve.length).toBe(3);
      const again = await technique.run(networks, requestOf(technique), options);
      expect(again.pictures[0]).toEqual(made);
      using network = await createNetwork(device, networks.graph);
      const seen = await predict(network, eightBits(made));
      expect(made.prediction?.index).toBe(seen[0]?.index);
      expect(made.prediction?.probability).toBeCloseTo(seen[0]?.probability ?? 0, 6);
      if (!technique.asks.includes("objective")) return;
      const asked = seen.find(({ index }) => index === 1);
      expect(made.value).toBeCloseTo(asked?.logit ?? 0, 5);
      expect(made.probability).toBeCloseTo(asked?.probability ?? 0, 6);
    },
  );

  test.each(SYNTHESES)("$name leaves nothing behind, and stops when it is told to", async (technique) => {
    const run = (signal?: AbortSignal) => () =>
      technique
        .run(networks, requestOf(technique), { ...quickly(technique), signal })
        .catch((error: unknown) => error);
    await run()();
    const done = await liveBytes(device, run());
    expect(done.left).toBe(0);
    expect(done.objects).toBe(0);
    const stopped = await liveBytes(device, run(AbortSignal.abort(new Error("enough"))));
    expect(stopped.result).toMatchObject({ message: "enough" });
    expect(stopped.left).toBe(0);
  });

  test.each(SYNTHESES)("$name refuses a network whose other inputs have no values", async (technique) => {
    const two = withAge();
    const request = requestOf(technique);
    const open = createNetworks(device, two);
    await expect(technique.run(open, request, quickly(technique))).rejects.toThrow(
      /expected a network whose inputs beside the image have their values, got none for "age" \(1\)/,
    );
    open.destroy();
  });

  test.each(SYNTHESES)("$name refuses what it does not know", async (technique) => {
    const run = (request: object, options: object = {}) => technique.run(networks, request as never, options);
    await expect(run(requestOf(technique), { stepz: 3 })).rejects.toThrow(
      /got "stepz"; did you mean "steps"\?/,
    );
    await expect(run({ ...requestOf(technique), target: 3 })).rejects.toThrow(
      /request: expected .*got "target"/,
    );
    await expect(run({})).rejects.toThrow(InputError);
    await expect(run(requestOf(technique), { seed: -1 })).rejects.toThrow(/seed/);
    for (const size of [[0, 4], [8], 96, [8, 65_536], [8192, 4096]]) {
      await expect(run(requestOf(technique), { size })).rejects.toThrow(/expected a size \[height, width\]/);
    }
  });
});

describe("what pictures are made for", () => {
  const options = { steps: 4, seed: 9 };
  const one = async (objective: Wanted) => {
    const { pictures } = await featureVisualization(networks, objective, options);
    return pictures[0] as SyntheticPicture;
  };

  test("a channel's and a class's picture are the same in any batch", async () => {
    const wall = await featureVisualization(networks, channelsOf(networks.graph, "conv2"), options);
    expect(wall.pictures.map(({ name }) => name)).toEqual([0, 1, 2, 3, 4].map((c) => `conv2 channel ${c}`));
    expect(await one({ layer: "conv2", channel: 3 })).toEqual(wall.pictures[3]);
    const mixed = [{ class: 2 }, { layer: "conv2", channel: 3 }, { class: 0 }, { class: 2 }];
    const { pictures } = await featureVisualization(networks, mixed, options);
    expect(pictures.map(({ name }) => name)).toEqual(["class 2", "conv2 channel 3", "class 0", "class 2"]);
    expect(pictures[1]).toEqual(wall.pictures[3]);
    const classes = await featureVisualization(
      networks,
      [0, 1, 2].map((index) => ({ class: index })),
      options,
    );
    expect(classes.pictures[2]).toEqual(pictures[0]);
    expect(classes.pictures[0]).toEqual(pictures[2]);
    expect(pictures[3]?.data).toEqual(pictures[0]?.data);
    expect((await one({ class: 2 })).data).toEqual(pictures[0]?.data);
    expect(pictures[0]?.data).not.toEqual(pictures[2]?.data);
  });

  test("a class's picture by the shipped network is the same alone and among others", async () => {
    const graph = await loadLayersModel(await modelFromDisk("models/vitrine"));
    const shipped = createNetworks(device, graph);
    const few = { ...options, steps: 2 };
    const asked = [3, 5, 7].map((index) => ({ class: index }));
    const { pictures } = await featureVisualization(shipped, asked, few);
    for (const n of [0, 2]) {
      const alone = await featureVisualization(shipped, [{ class: [3, 5, 7][n] ?? 0 }], few);
      expect(alone.pictures[0]).toEqual(pictures[n]);
    }
    shipped.destroy();
  });

  test("an objective gives the picture of the unit that it means", async () => {
    const channel = await one({ layer: "conv2", channel: 0 });
    const { name, ...same } = await one(channelMean("conv2", 0));
    expect(name).toBe("objective 0");
    expect(channel).toMatchObject(same);
    const less = await one(logit(1).minus(totalVariation().times(10)));
    const plain = await one({ class: 1 });
    // The network's class and the picture's own unrest, both of the rounded picture.
    const unrest = unrestOf(less.data.map((value) => Math.round(255 * value) / 255));
    using network = await createNetwork(device, networks.graph);
    const seen = (await predict(network, eightBits(less))).find(({ index }) => index === 1);
    expect(less.value).toBeCloseTo((seen?.logit ?? 0) - 10 * unrest, 3);
    expect(unrest).toBeLessThan(unrestOf(plain.data));
  });

  test("a neuron, a picture of another size, and the pictures on the way", async () => {
    const steps: number[] = [];
    const { pictures } = await featureVisualization(
      networks,
      [{ layer: "conv2", channel: 1, y: 2, x: 0 }, { class: 3 }],
      {
        ...{ ...options, size: [11, 9], every: 2 },
        onPicture({ step, pictures: live, shape }) {
          steps.push(step);
          expect(shape).toEqual([11, 9, 3]);
          expect(live.map(({ length }) => length)).toEqual([297, steps.length > 2 ? 297 : 0]);
        },
      },
    );
    expect(pictures.map(({ name }) => name)).toEqual(["conv2 channel 1 at 2,0", "class 3"]);
    expect(pictures[0]?.data.length).toBe(297);
    expect(steps).toEqual([2, 4, 2, 4]);
  });

  test("MACO says what was looked at", async () => {
    const { pictures } = await maco(networks, { class: 0 }, { steps: 2, crops: 2 });
    const alpha = pictures[0]?.alpha ?? new Float32Array();
    expect(alpha.length).toBe(48);
    expect(alpha.filter((value) => value === 1).length).toBeGreaterThanOrEqual(10);
    expect(Math.min(...alpha)).toBeGreaterThanOrEqual(0);
  });

  test("MACO of grey pictures takes the brightness of a spectrum", async () => {
    const weigh = random(21);
    const grey = graph("grey", [
      { op: "input", name: "image", inputs: [], shape: [8, 6, 1] },
      { op: "reshape", name: "flat", inputs: ["image"], shape: [48] },
      { op: "dense", name: "logits", inputs: ["flat"], w: constant([48, 2], weigh), b: constant([2], weigh) },
      { op: "softmax", name: "softmax", inputs: ["logits"] },
    ]);
    using own = createNetworks(device, grey);
    const magnitude = (others: number) => ({
      shape: [8, 4, 3],
      data: Float32Array.from({ length: 96 }, (_, i) => (i % 3 === 0 ? 1 + i : others)),
    });
    const made = async (others: number) => {
      const options = { steps: 2, crops: 2, magnitude: magnitude(others) };
      return (await maco(own, { class: 0 }, options)).pictures[0]?.data;
    };
    expect(await made(1)).toEqual(await made(50));
    await expect(maco(own, { class: 0 }, { steps: 1 })).rejects.toThrow(/expected three channels/);
    const none = { steps: 1, magnitude: { shape: [8, 4], data: new Float32Array(32) } };
    await expect(maco(own, { class: 0 }, none)).rejects.toThrow(/expected a magnitude of shape/);
  });

  test.each<[string, unknown, RegExp]>([
    ["a class that there is not", { class: 4 }, /expected a class of 0 to 3, got 4/],
    ["a layer that there is not", { layer: "conv9" }, /expected a layer's name .* got "conv9"/],
    [
      "a channel that there is not",
      { layer: "conv2", channel: 5 },
      /channel of 0 to 4 in layer "conv2" of .*, got 5/,
    ],
    ["a place that there is not", { layer: "conv2", channel: 1, y: 4, x: 0 }, /expected a y of 0 to 3/],
    ["nothing", [], /expected a class, a layer or an objective .* got none/],
    ["a name", "star", /expected a class, a layer or an objective .* got "star"/],
  ])("%s is refused", async (_, objective, message) => {
    await expect(featureVisualization(networks, objective as Wanted)).rejects.toThrow(message);
  });

  test("a caricature of a layer that there is not is refused", async () => {
    await expect(caricatureOf(networks, "conv9", picture)).rejects.toThrow(/got "conv9"/);
  });
});

/** Σ of the squared differences to the neighbours. */
function unrestOf(data: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < 144; i++) {
    const [row, column] = [Math.floor(i / 18), Math.floor(i / 3) % 6];
    if (column < 5) sum += ((data[i + 3] ?? 0) - (data[i] ?? 0)) ** 2;
    if (row < 7) sum += ((data[i + 18] ?? 0) - (data[i] ?? 0)) ** 2;
  }
  return sum;
}

test("a size that is none is said as it was given", () => {
  const asked = featureVisualization(networks, { class: 1 }, { steps: 1, size: [0, 5] });
  return expect(asked).rejects.toThrow(
    /expected a size \[height, width\] of 1 to 65535 pixels, got \[0, 5\]/,
  );
});

test.each<[Wanted, RegExp]>([
  [{ layer: "conv2", chanel: 1 } as Wanted, /got "chanel"; did you mean "channel"\?/],
  [{ class: 1, channel: 2 } as Wanted, /got "channel"/],
])("what is asked by a field that there is not is refused: %j", (wanted, message) =>
  expect(featureVisualization(networks, wanted, { steps: 1 })).rejects.toThrow(message),
);

test("an objective that never changes is not said to be a unit that does not fire", async () => {
  // Class 3 lies further above the others than the confidence.
  const still = marginObjective(3, { confidence: 0.125 });
  const { pictures } = await featureVisualization(networks, still, { steps: 3 });
  expect(pictures[0]).toMatchObject({ value: 0.125, dead: true });
  expect(pictures[0]?.notes?.[0]).toMatch(/^objective 0 never changed while the picture climbed/);
});

describe("a unit that does not fire", () => {
  const wanted = { layer: "conv2", channel: 2 };

  test("is brought to life where it can be, and that it stays dead is said where it cannot", async () => {
    using closed = createNetworks(device, small(-1.5));
    const { pictures } = await featureVisualization(closed, wanted, { steps: 40, transforms: "none" });
    expect(pictures[0]?.curve[0]).toBe(0);
    expect(pictures[0]?.value).toBeGreaterThan(0);
    expect(pictures[0]?.dead).toBeUndefined();
    using never = createNetworks(device, small(-1e4));
    const { pictures: none } = await featureVisualization(never, wanted, { steps: 4 });
    expect(none[0]).toMatchObject({ value: 0, dead: true });
    expect(none[0]?.notes?.[0]).toMatch(/^conv2 channel 2 does not fire for this picture/);
    // The mean color that it begins with is bluish, with noise of 1/255.
    const { pictures: blue } = await classImage(never, wanted, { steps: 2 });
    expect(blue[0]).toMatchObject({ dead: true, grey: true });
    expect(blue[0]?.notes?.length).toBe(2);
    expect(none[0]?.grey).toBeUndefined();
  });
});
