import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { sizeOf } from "../../src/gpu/tensor.ts";
import { shapesOf } from "../../src/network/graph.ts";
import { batchWithin, footprintOf, memoryOf } from "../../src/network/memory.ts";
import { createNetwork, type NetworkOptions } from "../../src/network/network.ts";
import { type Lifetime, planActivations, shareSlots } from "../../src/network/slots.ts";
import { testDevice } from "../gpu.ts";
import { liveBytes } from "../live-bytes.ts";
import { branches, chain } from "./graphs.ts";

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
  ])("of %s is what it takes, known before and after", async (_, make, options) => {
    const { result, peak } = await liveBytes(device, () => createNetwork(device, make(), options));
    const { total, ...parts } = footprintOf(make(), options);
    expect(total).toBe(Object.values(parts).reduce((sum, bytes) => sum + bytes, 0));
    expect(memoryOf(result)).toBe(total);
    // Never less than it holds; more only by the parameters of kernels that it does not have.
    expect(total).toBeGreaterThanOrEqual(peak);
    expect(total - peak).toBeLessThan(2048 * make().layers.length);
    result.destroy();
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
        const { sizes, slotOf } = shareSlots(lifetimes);
        for (const a of lifetimes) {
          const slot = slotOf.get(a.name) ?? -1;
          expect(sizes[slot]).toBeGreaterThanOrEqual(a.size);
          for (const b of lifetimes) {
            if (a !== b && slotOf.get(b.name) === slot) expect(meets(a, b)).toBe(false);
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
    const { sizes, slotOf } = planActivations(graph, shapes, [keep]);
    // Runs the layers in order, noting in each slot whose values are in it.
    const holds = new Map<number, string>();
    const origin = new Map<string, string>();
    for (const layer of graph.layers) {
      for (const input of layer.inputs) {
        expect(holds.get(slotOf.get(input) ?? -1)).toBe(origin.get(input));
      }
      const slot = slotOf.get(layer.name) ?? -1;
      const view = layer.op === "reshape";
      origin.set(layer.name, view ? (origin.get(layer.inputs[0] ?? "") ?? "") : layer.name);
      expect(sizes[slot]).toBeGreaterThanOrEqual(sizeOf(shapes.get(layer.name) ?? []));
      if (!view) holds.set(slot, layer.name);
    }
    for (const name of [graph.layers[0]?.name ?? "", keep, graph.output]) {
      expect(holds.get(slotOf.get(name) ?? -1)).toBe(origin.get(name));
    }
    const all = graph.layers
      .filter(({ op }) => op !== "reshape")
      .reduce((sum, { name }) => sum + sizeOf(shapes.get(name) ?? []), 0);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(all);
  });
});
