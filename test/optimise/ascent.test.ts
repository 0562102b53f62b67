import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { DivergedError, InputError } from "../../src/gpu/errors.ts";
import { readTensor, readTensors } from "../../src/gpu/tensor.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network } from "../../src/network/network.ts";
import { channelMean, channelObjective, elements, normObjective } from "../../src/objectives/objective.ts";
import { type AscentOptions, createAscent, redirectedFor } from "../../src/optimise/ascent.ts";
import { type ClimbOptions, climb } from "../../src/optimise/climb.ts";
import { fourierImage } from "../../src/optimise/image/fourier.ts";
import { pixelImage } from "../../src/optimise/image/pixels.ts";
import { adam } from "../../src/optimise/optimisers/adam.ts";
import { gradientAscent } from "../../src/optimise/optimisers/gradient-ascent.ts";
import { lbfgs } from "../../src/optimise/optimisers/lbfgs.ts";
import { lucidTransforms } from "../../src/optimise/transforms/presets.ts";
import { submit } from "../../src/techniques/submit.ts";
import { testDevice } from "../gpu.ts";
import { chain, constant, graph, random, values } from "../graph/graphs.ts";
import { liveBytes } from "../live-bytes.ts";

const SIZE = 8 * 6 * 3;
const start = values(SIZE, random(7));

let device: GPUDevice;
let one: Network;
let three: Network;

beforeAll(async () => {
  device = await testDevice();
  [one, three] = [await createNetwork(device, chain()), await createNetwork(device, chain(), { batch: 3 })];
});
afterAll(() => {
  one.destroy();
  three.destroy();
});

const CHANNEL = {
  objective: channelObjective("conv1", 2),
  image: pixelImage({ range: "input", start }),
  optimiser: gradientAscent({ rate: 0.01 }),
} satisfies AscentOptions;

async function climbed(network: Network, options: AscentOptions, climbing: ClimbOptions) {
  using ascent = await createAscent(network, options);
  return await climb(ascent, climbing);
}

/** The gradient of an objective at some values of the input, and the objective's value, of the whole network. */
async function gradientAt(network: Network, input: Float32Array, target: { layer: string; channel: number }) {
  device.queue.writeBuffer(network.input.buffer, 0, input.slice());
  submit(network, (encoder) => {
    network.forward(encoder);
    network.backward(encoder, target);
  });
  const [gradient, activation] = await readTensors(device, [
    network.gradient("image"),
    network.activation(target.layer),
  ]);
  const channels = network.activation(target.layer).shape.at(-1) ?? 1;
  const value = (activation as Float32Array).reduce(
    (sum, a, i) => (i % channels === target.channel ? sum + a : sum),
    0,
  );
  return { gradient: gradient as Float32Array, value };
}

describe("a step", () => {
  test("moves the pixels by the gradient, and keeps the objective of the pixels before", async () => {
    const target = { layer: "conv2", channel: 1 };
    let x = start;
    const expected: number[] = [];
    for (let step = 0; step < 3; step++) {
      const { gradient, value } = await gradientAt(one, x, target);
      expected.push(value);
      x = x.map((pixel, i) => pixel + Math.fround(0.01 * (gradient[i] ?? 0)));
    }
    const { pixels, curves } = await climbed(one, { ...CHANNEL, objective: elements(target) }, { steps: 3 });
    for (const [i, pixel] of pixels.entries()) expect(pixel).toBeCloseTo(x[i] ?? 0, 5);
    for (const [step, value] of expected.entries()) expect(curves[0]?.[step]).toBeCloseTo(value, 4);
    expect(Math.max(...pixels.map((pixel, i) => Math.abs(pixel - (start[i] ?? 0))))).toBeGreaterThan(0.01);
  });

  test("of pixels of 0…1 has the preprocessing inside", async () => {
    const made = chain();
    const preprocessing = { range: 1, mean: [10, 20, 30], std: [2, 4, 8], source: "test" } as const;
    using network = await createNetwork(device, { ...made, preprocessing });
    const unit = start.map((value) => 0.5 + value / 4);
    const of = (i: number, each: readonly number[]): number => each[i % 3] ?? 0;
    const input = unit.map((value, i) => (255 * value - of(i, [10, 20, 30])) / of(i, [2, 4, 8]));
    const { gradient, value } = await gradientAt(network, input, { layer: "conv1", channel: 2 });
    const options = {
      ...CHANNEL,
      image: pixelImage({ start: unit }),
      optimiser: gradientAscent({ rate: 1e-4 }),
    };
    const { pixels, curves } = await climbed(network, options, { steps: 1 });
    expect((curves[0]?.[0] ?? 0) / value).toBeCloseTo(1, 5);
    for (const [i, pixel] of pixels.entries()) {
      const slope = (255 / of(i, [2, 4, 8])) * (gradient[i] ?? 0);
      expect(pixel).toBeCloseTo((unit[i] ?? 0) + 1e-4 * slope, 5);
    }
  });

  test("records without a word to the device", async () => {
    using ascent = await createAscent(one, {
      ...CHANNEL,
      size: [12, 9],
      image: pixelImage(),
    });
    const spies = [
      vi.spyOn(device, "createBuffer"),
      vi.spyOn(device, "createBindGroup"),
      vi.spyOn(device.queue, "submit"),
      vi.spyOn(device.queue, "writeBuffer"),
    ];
    try {
      const encoder = device.createCommandEncoder();
      ascent.recordStart(encoder);
      for (let step = 0; step < 3; step++) ascent.recordStep(encoder);
      ascent.recordPixels(encoder);
      for (const spy of spies) expect(spy).not.toHaveBeenCalled();
      for (const spy of spies) spy.mockRestore();
      device.queue.submit([encoder.finish()]);
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
    expect(ascent.steps).toBe(3);
    const frames = await readTensor(device, ascent.image.pixels);
    const own = await climbed(one, { ...CHANNEL, size: [12, 9], image: pixelImage() }, { steps: 3 });
    expect(frames).toEqual(own.pixels);
  });
});

describe("the same seed gives the same bits", () => {
  const noisy = {
    ...CHANNEL,
    image: pixelImage({ noise: 0.1 }),
    size: [10, 8],
    seed: 11,
  } satisfies AscentOptions;

  test("in any batch", async () => {
    const all = await climbed(three, { ...noisy, numbers: [4, 9, 2] }, { steps: 5 });
    const alone = await climbed(one, { ...noisy, numbers: [9] }, { steps: 5 });
    const each = alone.pixels.length;
    expect(all.pixels.subarray(each, 2 * each)).toEqual(alone.pixels);
    expect(all.curves[1]).toEqual(alone.curves[0]);
    expect(all.pixels.subarray(0, each)).not.toEqual(alone.pixels);
  });

  test("whether it is watched, stopped and taken up again, or neither", async () => {
    const expected = await climbed(one, noisy, { steps: 12 });
    const steps: number[] = [];
    const watched = await climbed(one, noisy, {
      steps: 12,
      every: 5,
      onPicture: ({ step }) => steps.push(step),
    });
    expect(watched).toEqual(expected);
    expect(steps).toEqual([5, 10, 12]);

    using ascent = await createAscent(one, noisy);
    const stop = new AbortController();
    const stopped = climb(ascent, {
      ...{ steps: 9, signal: stop.signal, every: 1 },
      onPicture: ({ step }) => step === 4 && stop.abort(new Error("enough")),
    });
    await expect(stopped).rejects.toThrow("enough");
    expect(ascent.steps).toBeLessThan(9);
    const rest = await climb(ascent, { steps: 12 - ascent.steps });
    expect(rest.pixels).toEqual(expected.pixels);
  });

  test("and another seed others", async () => {
    const [a, b] = [
      await climbed(one, noisy, { steps: 2 }),
      await climbed(one, { ...noisy, seed: 12 }, { steps: 2 }),
    ];
    expect(a.pixels).not.toEqual(b.pixels);
  });
});

test("the objective of several views is their mean", async () => {
  const views = await climbed(three, { ...CHANNEL, views: 3 }, { steps: 4 });
  const alone = await climbed(one, CHANNEL, { steps: 4 });
  for (const [i, pixel] of views.pixels.entries()) expect(pixel).toBeCloseTo(alone.pixels[i] ?? 0, 5);
  for (const [step, value] of (views.curves[0] ?? []).entries())
    expect(value).toBeCloseTo(alone.curves[0]?.[step] ?? 0, 4);
});

/** A channel that no image opens at its start: its bias is far below zero. */
function dead(): Graph {
  const conv = { strides: [1, 1], dilations: [1, 1], padding: "same" } as const;
  return graph("dead", [
    { op: "input", name: "image", inputs: [], shape: [5, 5, 3] },
    {
      op: "conv2d",
      name: "conv",
      inputs: ["image"],
      ...conv,
      w: constant([3, 3, 3, 2], random(3)),
      b: { shape: [2], data: Float32Array.of(-3, 0.1) },
      activation: { kind: "relu" },
    },
  ]);
}

test("the redirected rule brings a dead unit to life, which stays dead without", async () => {
  using network = await createNetwork(device, dead());
  const options = {
    objective: channelObjective("conv", 0),
    image: pixelImage({ range: "input" }),
    optimiser: gradientAscent({ rate: 0.5 }),
  } satisfies AscentOptions;
  const still = await climbed(network, options, { steps: 24 });
  expect(still.curves[0]).toEqual(new Float32Array(24));
  expect(still.pixels.every((pixel) => pixel === 0)).toBe(true);
  const alive = await climbed(network, { ...options, rule: redirectedFor(16) }, { steps: 24 });
  expect(alive.curves[0]?.[0]).toBe(0);
  expect(alive.curves[0]?.[23]).toBeGreaterThan(1);
});

describe("memory", () => {
  test("is the same for 8 and for 200 steps, and all of it is freed", async () => {
    const held = async (steps: number) => liveBytes(device, () => climbed(one, { ...CHANNEL }, { steps }));
    await held(1);
    const [few, many] = [await held(8), await held(200)];
    expect(few.left).toBe(0);
    expect(many.left).toBe(0);
    expect(many.objects).toBe(0);
    expect(many.peak).toBe(few.peak);
  });

  test.each([
    ["Adam", adam({ rate: 0.05 })],
    ["L-BFGS", lbfgs()],
  ])(
    "is the same for 8 and for 512 steps of a Fourier image with Lucid's transforms and %s",
    async (_, optimiser) => {
      const options = {
        objective: channelMean("conv1", 2),
        image: fourierImage(),
        transforms: lucidTransforms(),
        optimiser,
      } satisfies AscentOptions;
      const held = (steps: number) => liveBytes(device, () => climbed(three, options, { steps }));
      await held(1);
      const [few, many] = [await held(8), await held(512)];
      for (const { left, objects } of [few, many]) expect([left, objects]).toEqual([0, 0]);
      expect(many.peak).toBe(few.peak);
    },
  );
});

describe("what cannot be right", () => {
  test("an ascent that diverges says where, and keeps the last good pixels", async () => {
    const wild = { ...CHANNEL, objective: normObjective("conv1"), optimiser: gradientAscent({ rate: 1e30 }) };
    const error = await climbed(one, wild, { steps: 40 }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DivergedError);
    const { message, pixels } = error as DivergedError;
    expect(message).toMatch(/image 0 became .* step \d+; use a smaller rate/);
    expect(pixels.length).toBe(SIZE);
    expect(pixels.every(Number.isFinite)).toBe(true);
    expect(pixels.some((pixel) => pixel !== 0)).toBe(true);
  });

  test.each<[string, Partial<AscentOptions>, RegExp]>([
    ["views that do not divide the batch", { views: 2 }, /views that divide the network's batch of 1, got 2/],
    ["a size of parts of pixels", { size: [2.5, 3] }, /size \[height, width\]/],
    ["numbers for other images", { numbers: [1, 2] }, /a number for each of 1 images, got 2/],
    ["a seed below zero", { seed: -1 }, /seed/],
    ["a start of another size", { image: pixelImage({ start: [1, 2] }) }, /start of 1, 3, 144 numbers/],
  ])("%s", async (_, wrong, message) => {
    const { left, result } = await liveBytes(device, () =>
      createAscent(one, { ...CHANNEL, ...wrong }).catch((error: unknown) => error),
    );
    expect(result).toBeInstanceOf(InputError);
    expect((result as Error).message).toMatch(message);
    expect(left).toBe(0);
  });

  test.each([0, 1.5, Number.NaN])("%d steps", async (steps) => {
    using ascent = await createAscent(one, CHANNEL);
    expect(() => climb(ascent, { steps })).toThrow(/climb: expected steps of at least 1/);
  });
});
