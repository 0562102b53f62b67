import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { readTensors, sizeOf } from "../../src/gpu/tensor.ts";
import { type Graph, shapesOf } from "../../src/graph/graph.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import { batchWithin, footprintOf, memoryOf } from "../../src/network/memory.ts";
import { aliasBuffers, type Lifetime, planActivations } from "../../src/network/memory-plan.ts";
import type { Network, NetworkOptions } from "../../src/network/network.ts";
import { ablationCam } from "../../src/techniques/attribution/ablation-cam.ts";
import { occlusion } from "../../src/techniques/attribution/occlusion.ts";
import { rise } from "../../src/techniques/attribution/rise.ts";
import { scoreCam } from "../../src/techniques/attribution/score-cam.ts";
import { plainDevice, testDevice, withLimits } from "../gpu.ts";
import { branches, chain, constant, graph, random, values } from "../graph/graphs.ts";
import { liveBytes } from "../live-bytes.ts";

let device: GPUDevice;
beforeAll(async () => {
  device = await testDevice();
});

describe("a network's footprint", () => {
  test.each<[string, () => ReturnType<typeof chain>, NetworkOptions]>([
    ["chain", chain, {}],
    ["chain", chain, { batch: 3, gradients: false }],
    ["chain", chain, { batch: 2, keep: [] }],
    ["branches", branches, { batch: 2 }],
    ["branches", branches, { keep: [], gradients: false }],
    ["branches", branches, { keep: ["add"], gradients: false, reuseBuffers: true, batch: 3 }],
  ])("of %s is what it takes, known before and after", async (_, make, options) => {
    const { result, peak } = await liveBytes(device, () => createNetwork(device, make(), options));
    const { total, ...parts } = footprintOf(make(), options);
    expect(total).toBe(Object.values(parts).reduce((sum, bytes) => sum + bytes, 0));
    expect(memoryOf(result)).toBe(total);
    // Never less than it holds; more only by the parameters of kernels that it does not have, and by an image of four
    // channels, which the gradient to one of three is made from on devices without subgroups of eight.
    const [n = 1, h = 1, w = 1] = result.input.shape;
    expect(total).toBeGreaterThanOrEqual(peak);
    expect(total - peak).toBeLessThan(2048 * make().layers.length + 4 * n * h * w * 4);
    result.destroy();
  });
});

describe("a network whose layers share buffers", () => {
  const reuse = { gradients: false, reuseBuffers: true } as const;

  test.each<[string, () => Graph, string[]]>([
    ["chain", chain, []],
    ["chain", chain, ["pool1"]],
    ["branches", branches, []],
    ["branches", branches, ["tanh1", "drop"]],
  ])("%s computes the same, run after run, in less", async (_, make, keep) => {
    const plain = await createNetwork(device, make(), { batch: 2, keep, gradients: false });
    const sharing = await createNetwork(device, make(), { batch: 2, keep, ...reuse });
    expect(memoryOf(sharing)).toBeLessThan(memoryOf(plain));
    const read = [...(sharing.kept ?? [])];
    const next = random(6);
    for (let run = 0; run < 3; run++) {
      const image = values(sizeOf(plain.input.shape), next);
      const results: Float32Array[][] = [];
      for (const network of [plain, sharing]) {
        device.queue.writeBuffer(network.input.buffer, 0, image);
        const encoder = device.createCommandEncoder();
        network.forward(encoder);
        device.queue.submit([encoder.finish()]);
        results.push(
          await readTensors(
            device,
            read.map((name) => network.activation(name)),
          ),
        );
      }
      expect(results[1]).toEqual(results[0]);
      expect(results[0]?.every((values) => values.some((value) => value !== 0))).toBe(true);
    }
    for (const network of [plain, sharing]) network.destroy();
  });

  test("gives no look at a layer that shares, and says what to do", async () => {
    const network = await createNetwork(device, branches(), { keep: ["add"], ...reuse });
    expect(network.activation("add").shape).toEqual([1, 7, 7, 4]);
    expect(() => network.activation("tanh1")).toThrow(
      /layer "tanh1" shares its buffer with others; name "tanh1" in keep/,
    );
    const encoder = device.createCommandEncoder();
    // The concatenation reads tanh1 beside what follows from add.
    expect(() => network.forward(encoder, { after: "add" })).toThrow(
      /forward after "add" from "tanh1", which goes around it, shares its buffer .* name "tanh1" in keep/,
    );
    network.destroy();
    const both = await createNetwork(device, branches(), { keep: ["add", "tanh1"], ...reuse });
    both.forward(encoder, { after: "add" });
    both.destroy();
  });

  test("is refused with gradients, or where every layer is kept", async () => {
    await expect(createNetwork(device, chain(), { keep: [], reuseBuffers: true })).rejects.toThrow(
      /expected { gradients: false } and names in keep for { reuseBuffers: true }, got gradients/,
    );
    await expect(createNetwork(device, chain(), reuse)).rejects.toThrow(/got keep "all"/);
  });

  test("runs techniques with the same bits, in a larger batch", async () => {
    const image = values(8 * 6 * 3, random(3));
    const memory = 1_000_000;
    const options = { keep: ["pool1"], gradients: false, most: 999 };
    const batch = batchWithin(device, chain(), { ...options, memory });
    const larger = batchWithin(device, chain(), { ...options, reuseBuffers: true, memory });
    expect(larger).toBeGreaterThan(batch);
    const plain = await createNetwork(device, chain(), { ...options, batch: 4 });
    const sharing = await createNetwork(device, chain(), { ...options, reuseBuffers: true, batch: 4 });
    const of = async (network: Network): Promise<Float32Array[]> => [
      (await rise(network, image, { samples: 9 })).data,
      (await occlusion(network, image, { target: 1 })).data,
      (await occlusion(network, image, { target: 1, incremental: false })).data,
      (await scoreCam(network, image, { target: 1, layer: "pool1" })).data,
      (await ablationCam(network, image, { target: 1, layer: "pool1" })).data,
    ];
    expect(await of(sharing)).toEqual(await of(plain));
    for (const network of [plain, sharing]) network.destroy();
  });
});

describe("the batch within a budget", () => {
  const options = { keep: [], gradients: false } as const;

  test("grows with the budget, and its network keeps to it", async () => {
    const batches = [];
    for (const memory of [300_000, 310_000, 400_000, 2 ** 22]) {
      const batch = batchWithin(device, chain(), { ...options, memory });
      batches.push(batch);
      expect(footprintOf(chain(), { ...options, batch }).total).toBeLessThan(memory);
    }
    expect(batches).toEqual(batches.toSorted((a, b) => a - b));
    expect(new Set(batches).size).toBeGreaterThan(2);
    expect(batchWithin(device, chain())).toBe(32);
    expect(batchWithin(device, chain(), { most: 5 })).toBe(5);
  });

  test("keeps every buffer within the device's limits", () => {
    // The largest tensor of an image: conv1 of 8×6×4 in f32.
    const largest = 4 * 8 * 6 * 4;
    for (const [bytes, batch] of [
      [largest, 1],
      [3 * largest - 4, 2],
      [3 * largest, 3],
      [largest - 4, 1],
    ] as const) {
      for (const limit of ["maxStorageBufferBindingSize", "maxBufferSize"]) {
        expect(batchWithin(withLimits(device, { [limit]: bytes }), chain())).toBe(batch);
      }
    }
  });

  test("holds with scratch, and with views that two layers read, on a device without subgroups", async () => {
    const next = random(4);
    const forked: Graph = graph("forked", [
      { op: "input", name: "image", inputs: [], shape: [33, 25, 3] },
      {
        op: "conv2d",
        name: "a",
        inputs: ["image"],
        strides: [1, 1],
        dilations: [1, 1],
        padding: "same",
        w: constant([3, 3, 3, 5], next),
      },
      { op: "reshape", name: "view", inputs: ["a"] },
      { op: "activation", name: "left", inputs: ["view"], activation: { kind: "tanh" } },
      { op: "activation", name: "right", inputs: ["a"], activation: { kind: "relu" } },
      {
        op: "conv2d",
        name: "b",
        inputs: ["right"],
        strides: [1, 1],
        dilations: [1, 1],
        padding: "same",
        w: constant([3, 3, 5, 5], next),
      },
      {
        op: "conv2d",
        name: "c",
        inputs: ["right"],
        strides: [1, 1],
        dilations: [1, 1],
        padding: "same",
        w: constant([1, 1, 5, 5], next),
        b: constant([5], next),
      },
      { op: "add", name: "sum", inputs: ["left", "b", "c"] },
      // What it saves for the backward pass is more than all that kernels' parameters may be overestimated by.
      {
        op: "pool",
        name: "max",
        inputs: ["sum"],
        mode: "max",
        size: [3, 3],
        strides: [1, 1],
        padding: "same",
      },
      { op: "globalPool", name: "mean", inputs: ["max"], mode: "average" },
    ]);
    const plain = await plainDevice();
    try {
      const { result, peak } = await liveBytes(plain, () => createNetwork(plain, forked, { batch: 3 }));
      const { total } = footprintOf(forked, { batch: 3 });
      result.destroy();
      expect(total).toBeGreaterThanOrEqual(peak);
      // More only by the parameters of kernels that it does not have.
      expect(total - peak).toBeLessThan(2048 * forked.layers.length);
    } finally {
      plain.destroy();
    }
  });

  test("is refused where one image does not fit, with the numbers and what helps", () => {
    const none = () => batchWithin(device, chain(), { memory: 10_000 });
    expect(none).toThrow(InputError);
    expect(none).toThrow(
      /network "chain": expected to keep within 0.01 MiB, needs [\d.]+ MiB for one image \(weights .* a memory of at least \d+, or { gradients: false }.*, or { keep: \[\] }/,
    );
    const [, least] = String(catching(none)).match(/at least (\d+)/) ?? [];
    expect(batchWithin(device, chain(), { memory: Number(least) })).toBe(1);
    expect(() => batchWithin(device, chain(), { ...options, memory: 1 })).not.toThrow(/gradients: false/);
  });

  test.each([0, -1, Number.NaN])("%d bytes are refused", (memory) => {
    expect(() => batchWithin(device, chain(), { memory })).toThrow(/memory above 0 bytes, got/);
    expect(() => batchWithin(device, chain(), { most: memory })).toThrow(/batch of at least 1 as the most/);
  });

  function catching(work: () => unknown): unknown {
    try {
      return work();
    } catch (error) {
      return error;
    }
  }
});

describe("sharing buffers", () => {
  const meets = (a: Lifetime, b: Lifetime): boolean => a.from <= b.until && b.from <= a.until;

  test("never lets two that live at once share, and gives each room", () => {
    const thing = fc.record({
      size: fc.integer({ min: 1, max: 50 }),
      from: fc.integer({ min: 0, max: 12 }),
      span: fc.integer({ min: 0, max: 6 }),
    });
    fc.assert(
      fc.property(fc.array(thing, { minLength: 1, maxLength: 14 }), (things) => {
        const lifetimes = things.map(({ size, from, span }, i): Lifetime => {
          return { name: `${i}`, size, from, until: from + span };
        });
        const { sizes, bufferOf } = aliasBuffers(lifetimes);
        for (const a of lifetimes) {
          const slot = bufferOf.get(a.name) ?? -1;
          expect(sizes[slot]).toBeGreaterThanOrEqual(a.size);
          for (const b of lifetimes) {
            if (a !== b && bufferOf.get(b.name) === slot) expect(meets(a, b)).toBe(false);
          }
        }
        // No fewer than live at once, no more than there are.
        const most = Math.max(
          ...Array.from({ length: 20 }, (_, at) =>
            lifetimes
              .filter(({ from, until }) => from <= at && at <= until)
              .reduce((sum, { size }) => sum + size, 0),
          ),
        );
        const total = sizes.reduce((sum, size) => sum + size, 0);
        expect(total).toBeGreaterThanOrEqual(most);
        expect(total).toBeLessThanOrEqual(lifetimes.reduce((sum, { size }) => sum + size, 0));
      }),
    );
  });

  test.each([
    ["chain", chain],
    ["branches", branches],
  ])("of %s keeps every layer until its last reader, views included, has run", (_, make) => {
    const graph = make();
    const shapes = shapesOf(graph);
    const keep = graph.layers[3]?.name ?? "";
    const { sizes, bufferOf } = planActivations(graph, shapes, [keep]);
    // Runs the layers in order, noting in each slot whose values are in it.
    const holds = new Map<number, string>();
    const origin = new Map<string, string>();
    for (const layer of graph.layers) {
      for (const input of layer.inputs) {
        expect(holds.get(bufferOf.get(input) ?? -1)).toBe(origin.get(input));
      }
      const slot = bufferOf.get(layer.name) ?? -1;
      const view = layer.op === "reshape";
      origin.set(layer.name, view ? (origin.get(layer.inputs[0] ?? "") ?? "") : layer.name);
      expect(sizes[slot]).toBeGreaterThanOrEqual(sizeOf(shapes.get(layer.name) ?? []));
      if (!view) holds.set(slot, layer.name);
    }
    for (const name of [graph.layers[0]?.name ?? "", keep, graph.output]) {
      expect(holds.get(bufferOf.get(name) ?? -1)).toBe(origin.get(name));
    }
    const all = graph.layers
      .filter(({ op }) => op !== "reshape")
      .reduce((sum, { name }) => sum + sizeOf(shapes.get(name) ?? []), 0);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(all);
  });
});
