import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { recordCommands } from "../../src/gpu/command.ts";
import { InputError } from "../../src/gpu/errors.ts";
import { readTensor } from "../../src/gpu/tensor.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import { memoryOf } from "../../src/network/memory.ts";
import type { Network } from "../../src/network/network.ts";
import { createObjective } from "../../src/objectives/commands.ts";
import {
  channelObjective,
  logit,
  neuronObjective,
  normObjective,
  type Objective,
  probability,
  regionObjective,
} from "../../src/objectives/objective.ts";
import {
  createOcclusion,
  type OcclusionOptions,
  occlusion,
  occlusionEach,
} from "../../src/techniques/attribution/occlusion.ts";
import { testDevice } from "../gpu.ts";
import { constant, graph, random, values } from "../graph/graphs.ts";
import { liveBytes } from "../live-bytes.ts";

const [HEIGHT, WIDTH, CHANNELS] = [20, 16, 2];
const CONV = { strides: [1, 1], dilations: [1, 1], padding: "same" } as const;

/** Convolutions of small reach, so that patches change little of them; then a dense layer. */
function deep(): Graph {
  const next = random(3);
  return graph("deep", [
    { op: "input", name: "image", inputs: [], shape: [HEIGHT, WIDTH, CHANNELS] },
    {
      op: "conv2d",
      name: "conv1",
      inputs: ["image"],
      ...CONV,
      w: constant([3, 3, CHANNELS, 4], next),
      activation: { kind: "relu" },
    },
    {
      op: "pool",
      name: "pool1",
      inputs: ["conv1"],
      mode: "max",
      size: [2, 2],
      strides: [2, 2],
      padding: "valid",
    },
    {
      op: "conv2d",
      name: "conv2",
      inputs: ["pool1"],
      ...CONV,
      w: constant([3, 3, 4, 3], next),
      activation: { kind: "relu" },
    },
    { op: "reshape", name: "flatten", inputs: ["conv2"], shape: [10 * 8 * 3] },
    { op: "dense", name: "logits", inputs: ["flatten"], w: constant([240, 3], next) },
    { op: "softmax", name: "softmax", inputs: ["logits"] },
  ]);
}

/** Scores a class at every place. */
function places(): Graph {
  const [input, conv1] = deep().layers;
  if (!input || !conv1) throw new Error("expected two layers");
  const classes = { ...CONV, w: constant([1, 1, 4, 3], random(8)) };
  return graph("places", [input, conv1, { op: "conv2d", name: "classes", inputs: ["conv1"], ...classes }]);
}

let device: GPUDevice;
let network: Network;
let segmentation: Network;
const image = values(HEIGHT * WIDTH * CHANNELS, random(21));
const sizes = { patch: 4, stride: 3, fill: 0.1 };

beforeAll(async () => {
  device = await testDevice();
  network = await createNetwork(device, deep(), { batch: 4, gradients: false });
  segmentation = await createNetwork(device, places(), { batch: 4, gradients: false });
});
afterAll(() => {
  network.destroy();
  segmentation.destroy();
});

const of = async (target: Objective, options: OcclusionOptions = {}, on = network): Promise<Float32Array> =>
  (await occlusion(on, image, { target, ...sizes, ...options })).data;

/** The largest difference as a fraction of the largest value. */
function difference(a: Float32Array, b: Float32Array): number {
  const scale = b.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(scale).toBeGreaterThan(1e-4);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? Number.NaN))), 0) / scale;
}

const mask = Float32Array.from({ length: HEIGHT * WIDTH }, (_, i) => (i % WIDTH < 6 ? 1 : -0.5));
const OBJECTIVES: [string, Objective, number][] = [
  ["a logit", logit(1), 1],
  ["a probability", probability(2), 1],
  ["a channel", channelObjective("conv1", 2), 2],
  ["a neuron", neuronObjective("conv2", 4, 3, 1), 1],
  ["a layer's norm", normObjective("conv2"), 1],
  [
    "several layers at once",
    logit(0).plus(channelObjective("conv1", 1)).minus(normObjective("pool1").times(0.5)),
    1,
  ],
];

describe("occlusion of an objective", () => {
  test.each(OBJECTIVES)("%s: incremental is the full one", async (_, objective, least) => {
    const sweep = await createOcclusion(network, objective, sizes);
    expect(sweep.saving).toBeGreaterThan(least);
    sweep.destroy();
    const found = await of(objective);
    expect(difference(found, await of(objective, { incremental: false }))).toBeLessThan(1e-5);
  });

  test("of a class, a probability, elements is that of the target", async () => {
    const given = async (options: OcclusionOptions) =>
      (await occlusion(network, image, { ...sizes, ...options })).data;
    expect(difference(await of(logit(1)), await given({ target: 1 }))).toBeLessThan(1e-6);
    expect(difference(await of(probability(1)), await given({ target: 1, on: "probability" }))).toBeLessThan(
      1e-5,
    );
    const target = { layer: "conv2", channel: 1, y: 4 };
    const { data } = await occlusion(network, image, { ...sizes, target });
    expect(difference(data, await given({ target, incremental: false }))).toBeLessThan(1e-5);
  });

  test.each([true, false])("is additive (incremental: %s)", async (incremental) => {
    const parts = OBJECTIVES.slice(0, 5).map(([, objective]) => objective);
    const weights = [1, -2, 0.1, 0.5, 0.05];
    const [first, ...others] = parts.map((part, i) => part.times(weights[i] ?? 0));
    if (!first) throw new Error("expected an objective");
    const found = await of(
      others.reduce((sum, part) => sum.plus(part), first),
      { incremental },
    );
    const maps: Float32Array[] = [];
    for (const part of parts) maps.push(await of(part, { incremental }));
    const expected = found.map((_, i) =>
      maps.reduce((sum, map, k) => sum + (weights[k] ?? 0) * (map[i] ?? 0), 0),
    );
    expect(difference(found, expected)).toBeLessThan(1e-4);
  });

  test.each([true, false])(
    "of several targets is one sweep, with the same bits (incremental: %s)",
    async (incremental) => {
      const targets = [
        logit(2),
        1,
        { layer: "conv1", channel: 1 },
        undefined,
        normObjective("pool1"),
      ] as const;
      const options = { ...sizes, incremental };
      const submits = vi.spyOn(device.queue, "submit");
      const found = await occlusionEach(network, image, targets, options);
      const sweep = await createOcclusion(network, logit(2), options);
      // Beside the sweep: its start, its end, the readback, and the question of the top class.
      expect(submits.mock.calls.length).toBe(sweep.steps + 5);
      submits.mockRestore();
      sweep.destroy();
      for (const [i, target] of targets.entries()) {
        const alone = await occlusion(network, image, {
          ...options,
          ...(target === undefined ? {} : { target }),
        });
        if (incremental)
          expect(difference(found[i]?.data ?? new Float32Array(), alone.data)).toBeLessThan(1e-5);
        else expect(found[i]).toEqual(alone);
        expect(found[i]?.target).toEqual(alone.target);
      }
      await expect(occlusionEach(network, image, [], options)).rejects.toThrow(
        /expected at least one target/,
      );
    },
  );

  test("asks a region of a network that scores every place", async () => {
    const objective = regionObjective(mask, 1);
    const found = await of(objective, {}, segmentation);
    expect(difference(found, await of(objective, { incremental: false }, segmentation))).toBeLessThan(1e-5);
    // By hand, at a corner that a single patch covers.
    const scores = async (input: Float32Array<ArrayBuffer>): Promise<number> => {
      const on = await createNetwork(device, places());
      device.queue.writeBuffer(on.input.buffer, 0, input);
      const asked = await createObjective(on, objective);
      const encoder = device.createCommandEncoder();
      on.forward(encoder);
      recordCommands(encoder, [asked.score]);
      device.queue.submit([encoder.finish()]);
      const [value = Number.NaN] = await readTensor(device, asked.values);
      asked.destroy();
      on.destroy();
      return value;
    };
    const covered = image.map((value, i) => {
      const pixel = Math.floor(i / CHANNELS);
      return pixel % WIDTH < 4 && Math.floor(pixel / WIDTH) < 4 ? 0.1 : value;
    });
    expect(found[0]).toBeCloseTo((await scores(image)) - (await scores(covered)), 4);
  });

  test.each<[string, OcclusionOptions, RegExp]>([
    ["a class too high", { target: logit(3) }, /class of 0 to 2, got 3/],
    ["an unknown layer", { target: channelObjective("conv9", 0) }, /got "conv9"/],
    ["a channel too high", { target: { layer: "conv1", channel: 4 } }, /channel of 0 to 3, got 4/],
    ["a row that is none", { target: { layer: "conv1", y: Number.NaN } }, /y of 0 to 19, got NaN/],
    ["a mask of another size", { target: regionObjective([1, 2], 0) }, /mask of 1×1 places .* got 2 values/],
    ["a score that is none", { target: 0, on: "loss" as "logit" }, /"logit" or "probability" .* got "loss"/],
    [
      "a fill that is none",
      { target: 0, fill: "pink" as "black" },
      /occlusion fill: expected a colour .* got pink/,
    ],
    ["a fill of NaN", { target: 0, fill: [0, Number.NaN] }, /occlusion fill: expected a colour/],
    ["a patch of NaN", { target: 0, patch: Number.NaN }, /occlusion: expected a patch .* got NaN/],
    [
      "a negative stride",
      { target: 0, stride: -1 },
      /occlusion: expected a stride of at least 1 pixel, got -1/,
    ],
  ])("%s is refused, leaving nothing", async (_, options, message) => {
    const { left } = await liveBytes(device, async () => {
      const refused = occlusion(network, image, options);
      await expect(refused).rejects.toThrow(InputError);
      await expect(refused).rejects.toThrow(message);
    });
    expect(left).toBe(0);
  });
});

test("submits nothing more when it is stopped while it is prepared", async () => {
  const stop = new AbortController();
  // The network may be gone with the stop: a submit would read buffers that are destroyed.
  const bound = vi.spyOn(device, "createBindGroup");
  const submits = vi.spyOn(device.queue, "submit");
  try {
    const stopped = occlusion(network, image, { ...sizes, target: 1, signal: stop.signal });
    await vi.waitUntil(() => bound.mock.calls.length > 0, { timeout: 60_000, interval: 0 });
    const before = submits.mock.calls.length;
    stop.abort();
    await expect(stopped).rejects.toThrow(/abort/i);
    expect(submits.mock.calls.length).toBe(before);
  } finally {
    bound.mockRestore();
    submits.mockRestore();
  }
});

describe("an occlusion map by hand", () => {
  // 5×4 patches in batches of 4: neither the last row nor the last column nor the last batch is a whole step.
  const [patch, stride] = [5, 4];
  const starts = (size: number): number[] => {
    const all = [];
    for (let at = 0; at + patch < size; at += stride) all.push(at);
    return [...all, size - patch];
  };

  test.each([true, false])(
    "is the mean fall over the patches that cover a pixel (incremental: %s)",
    async (incremental) => {
      const score = async (input: Float32Array<ArrayBuffer>): Promise<number> => {
        const batch = new Float32Array(4 * input.length);
        batch.set(input);
        device.queue.writeBuffer(network.input.buffer, 0, batch);
        const encoder = device.createCommandEncoder();
        network.forward(encoder);
        device.queue.submit([encoder.finish()]);
        return (await readTensor(device, network.activation("logits")))[1] ?? Number.NaN;
      };
      const clean = await score(image);
      const sum = new Float64Array(HEIGHT * WIDTH);
      const count = new Float64Array(HEIGHT * WIDTH);
      for (const top of starts(HEIGHT)) {
        for (const left of starts(WIDTH)) {
          const pixels = Array.from(
            { length: patch * patch },
            (_, i) => (top + Math.floor(i / patch)) * WIDTH + left + (i % patch),
          );
          const covered = image.slice();
          for (const pixel of pixels) covered.fill(sizes.fill, CHANNELS * pixel, CHANNELS * (pixel + 1));
          const fall = clean - (await score(covered));
          for (const pixel of pixels) {
            sum[pixel] = (sum[pixel] ?? 0) + fall;
            count[pixel] = (count[pixel] ?? 0) + 1;
          }
        }
      }
      expect(new Set(count)).toEqual(new Set([1, 2, 4]));
      const expected = Float32Array.from(sum, (value, i) => value / (count[i] ?? 0));
      const found = await of(logit(1), { patch, stride, incremental });
      expect(difference(found, expected)).toBeLessThan(1e-5);
    },
  );
});

describe("an incremental sweep's memory", () => {
  const options = { target: logit(1), patch: 3, stride: 1 };

  test("keeps to the budget, in more chunks the smaller it is, with the same map", async () => {
    const held = memoryOf(network);
    const { data } = await occlusion(network, image, options);
    const steps = [];
    for (const beside of [270_000, 400_000, 2 ** 22]) {
      const memory = held + beside;
      const { result, peak, left } = await liveBytes(device, () =>
        occlusion(network, image, { ...options, memory }),
      );
      expect([peak <= beside, left]).toEqual([true, 0]);
      expect(difference(result.data, data)).toBeLessThan(1e-6);
      const sweep = await createOcclusion(network, logit(1), { ...options, memory });
      expect(sweep.saving).toBeGreaterThan(1);
      steps.push(sweep.steps);
      sweep.destroy();
    }
    expect(steps).toEqual(steps.toSorted((a, b) => b - a));
    expect(new Set(steps).size).toBe(3);
  });

  test("runs whole images where no chunk fits, and is refused where not even that does", async () => {
    const held = memoryOf(network);
    const { data } = await occlusion(network, image, options);
    const sweep = await createOcclusion(network, logit(1), { ...options, memory: held + 100_000 });
    expect(sweep.saving).toBe(1);
    sweep.destroy();
    const tight = await liveBytes(device, () =>
      occlusion(network, image, { ...options, memory: held + 100_000 }),
    );
    expect(tight.peak).toBeLessThan(100_000);
    expect(difference(tight.result.data, data)).toBeLessThan(1e-5);
    const refused = await liveBytes(device, async () => {
      await expect(occlusion(network, image, { ...options, memory: held + 66_000 })).rejects.toThrow(
        /occlusion: expected to keep within .*; raise memory/,
      );
    });
    expect(refused.left).toBe(0);
  });
});
