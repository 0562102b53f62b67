import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { UnsupportedError } from "../../src/gpu/errors.ts";
import { readTensor } from "../../src/gpu/tensor.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network } from "../../src/network/network.ts";
import { createAttribution } from "../../src/techniques/attribution/create.ts";
import { ATTRIBUTIONS, attributionNamed } from "../../src/techniques/attribution/list.ts";
import { testDevice } from "../gpu.ts";
import { constant, graph, random, values } from "../graph/graphs.ts";
import { liveBytes } from "../live-bytes.ts";

/** Small, and yet any technique can be asked: colours, ReLUs, max pooling, maps, global average pooling, classes. */
function small(): Graph {
  const next = random(5);
  const conv = { strides: [1, 1], dilations: [1, 1], padding: "same", activation: { kind: "relu" } } as const;
  const made = graph("small", [
    { op: "input", name: "image", inputs: [], shape: [12, 12, 3] },
    { op: "conv2d", name: "conv1", inputs: ["image"], ...conv, w: constant([3, 3, 3, 4], next) },
    {
      op: "pool",
      name: "pool1",
      inputs: ["conv1"],
      mode: "max",
      size: [2, 2],
      strides: [2, 2],
      padding: "valid",
    },
    { op: "conv2d", name: "conv2", inputs: ["pool1"], ...conv, w: constant([3, 3, 4, 5], next) },
    { op: "globalPool", name: "gap", inputs: ["conv2"], mode: "average" },
    { op: "dense", name: "logits", inputs: ["gap"], w: constant([5, 4], next), b: constant([4], next) },
    { op: "softmax", name: "softmax", inputs: ["logits"] },
  ]);
  return { ...made, preprocessing: { ...made.preprocessing, range: 255 } };
}

const [image, other] = [values(432, random(21)), values(432, random(22))];
const FEW = { samples: 5, steps: 3, patch: 3, stride: 2 } as const;

let device: GPUDevice;
let network: Network;

beforeAll(async () => {
  device = await testDevice();
  // Batches of which the last is not full.
  network = await createNetwork(device, small(), { batch: 2 });
});

afterAll(() => network.destroy());

describe.each(ATTRIBUTIONS.map((technique) => [technique.name, technique] as const))("%s", (_, technique) => {
  const settings = technique.name === "lime" ? { ...FEW, samples: 40 } : FEW;

  test.each([
    ["a class", { target: 2 }],
    ["the class that it finds", {}],
  ])("recorded among other work, of %s, gives the bits of the one-line call", async (_, question) => {
    const options = { ...settings, ...question };
    const expected = await technique.run(network, image, options);
    const { left, objects } = await liveBytes(device, async () => {
      const command = await createAttribution(network, technique, image, options);
      const host = device.createBuffer({ size: 16, usage: GPUBufferUsage.COPY_DST });
      const encoder = device.createCommandEncoder();
      const written = vi.spyOn(device.queue, "writeBuffer");
      const submitted = vi.spyOn(device.queue, "submit");
      const made = vi.spyOn(device, "createBuffer");
      encoder.clearBuffer(host);
      command.record(encoder);
      // A second time, all in the same encoder: whatever the first left is forgotten.
      command.record(encoder);
      encoder.clearBuffer(host);
      expect([written, submitted, made].map((spy) => spy.mock.calls.length)).toEqual([0, 0, 0]);
      for (const spy of [written, submitted, made]) spy.mockRestore();
      device.queue.submit([encoder.finish()]);
      expect(await command.read()).toEqual(expected);
      command.destroy();
      host.destroy();
    });
    expect([left, objects]).toEqual([0, 0]);
  });
});

test("a map that is complete on the GPU is there to be drawn, of any image that is written", async () => {
  const technique = attributionNamed("score-cam");
  const [first, second] = [
    await technique.run(network, image, { target: 2 }),
    await technique.run(network, other, { target: 2 }),
  ];
  expect(first.data).not.toEqual(second.data);
  const command = await createAttribution(network, "score-cam", image, { target: 2 });
  const { map } = command.results;
  if (!map) throw new Error("expected a map");
  for (const [written, { data }] of [
    [other, second],
    [image, first],
  ] as const) {
    device.queue.writeBuffer(command.image.buffer, 0, written);
    // Step by step, a submit each, as a frame loop would.
    const recordings = [
      command.recordStart,
      ...Array.from({ length: command.steps }, () => command.recordStep),
      command.recordEnd,
    ];
    for (const recording of recordings) {
      const encoder = device.createCommandEncoder();
      recording(encoder);
      device.queue.submit([encoder.finish()]);
    }
    expect(await readTensor(device, map)).toEqual(data);
  }
  command.destroy();
});

test.each(["gradient-input", "local-linear", "saliency-mask"])(
  "%s takes the image that was written, at its end too",
  async (name) => {
    const expected = await attributionNamed(name).run(network, other, { target: 2 });
    const command = await createAttribution(network, name, image, { target: 2 });
    device.queue.writeBuffer(command.image.buffer, 0, other);
    const encoder = device.createCommandEncoder();
    command.record(encoder);
    device.queue.submit([encoder.finish()]);
    expect(await command.read()).toEqual(expected);
    command.destroy();
  },
);

test("a probability is asked as the one-line call asks it", async () => {
  const options = { target: 2, on: "probability" } as const;
  const expected = await attributionNamed("saliency").run(network, image, options);
  const command = await createAttribution(network, "saliency", image, options);
  const encoder = device.createCommandEncoder();
  command.record(encoder);
  device.queue.submit([encoder.finish()]);
  expect(await command.read()).toEqual(expected);
  command.destroy();
});

test("more scores than wait to be read at once are all there", async () => {
  const options = { target: 1, samples: 4099 };
  const expected = await attributionNamed("rise").run(network, image, options);
  const command = await createAttribution(network, "rise", image, options);
  const encoder = device.createCommandEncoder();
  command.record(encoder);
  device.queue.submit([encoder.finish()]);
  expect(await command.read()).toEqual(expected);
  command.destroy();
});

test("a saliency mask of a probability is that of the one-line call", async () => {
  const technique = attributionNamed("saliency-mask");
  const options = { target: 2, on: "probability" } as const;
  const expected = await technique.run(network, other, options);
  expect(expected).not.toEqual(await technique.run(network, other, { target: 2 }));
  const command = await createAttribution(network, technique, other, options);
  const encoder = device.createCommandEncoder();
  command.record(encoder);
  device.queue.submit([encoder.finish()]);
  expect(await command.read()).toEqual(expected);
  command.destroy();
});

test.each(["rise", "lime"])("%s says how many samples it takes", async (name) => {
  for (const samples of [0, Number.NaN, 1.5, 2 ** 25]) {
    const created = createAttribution(network, name, image, { target: 2, samples });
    await expect(created).rejects.toThrow(`expected 1 to 16777216 samples, got ${samples}`);
  }
});

test("a tolerance, which only the one-line call keeps to, is refused", async () => {
  const created = createAttribution(network, "integrated-gradients", image, { target: 2, tolerance: 0.01 });
  await expect(created).rejects.toThrow(UnsupportedError);
  await expect(created).rejects.toThrow(/expected no tolerance for a command/);
});

test("no command records after its network was destroyed", async () => {
  const gone = await createNetwork(device, small());
  const commands = await Promise.all(
    ATTRIBUTIONS.map((technique) => createAttribution(gone, technique, image, { ...FEW, target: 2 })),
  );
  gone.destroy();
  const encoder = device.createCommandEncoder();
  for (const command of commands) {
    expect(() => command.record(encoder)).toThrow(/used after destroy/);
    await expect(command.read()).rejects.toThrow(/used after destroy/);
    command.destroy();
  }
});
