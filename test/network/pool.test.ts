import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { readTensor, sizeOf } from "../../src/gpu/tensor.ts";
import type { Layer } from "../../src/graph/graph.ts";
import { resized } from "../../src/graph/resize.ts";
import type { DenseLayer } from "../../src/layers/dense.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import { footprintOf, memoryOf } from "../../src/network/memory.ts";
import type { Network } from "../../src/network/network.ts";
import { createNetworks, type Networks } from "../../src/network/pool.ts";
import { testDevice } from "../gpu.ts";
import { branches, chain, constant, graph, random, values } from "../graph/graphs.ts";
import { liveBytes } from "../live-bytes.ts";

let device: GPUDevice;
const pools: Networks[] = [];

function poolOf(
  ...[graph, options]: [Parameters<typeof createNetworks>[1], Parameters<typeof createNetworks>[2]?]
): Networks {
  const pool = createNetworks(device, graph, options);
  pools.push(pool);
  return pool;
}

/** The logits and the gradient to the image, of a channel's. */
async function answerOf(network: Network): Promise<readonly Float32Array[]> {
  const { input, batch } = network;
  const one = values(sizeOf(input.shape) / batch, random(3));
  for (let n = 0; n < batch; n++) device.queue.writeBuffer(input.buffer, n * one.byteLength, one);
  const encoder = device.createCommandEncoder();
  network.forward(encoder);
  network.backward(encoder, { layer: "logits", channel: 1, image: batch - 1 });
  device.queue.submit([encoder.finish()]);
  return [
    await readTensor(device, network.activation("logits")),
    await readTensor(device, network.gradient("image")),
  ];
}

beforeAll(async () => {
  device = await testDevice();
});
afterEach(() => {
  for (const pool of pools.splice(0)) pool.destroy();
});

describe("networks of one pool", () => {
  test.each([
    ["chain", chain],
    ["branches", branches],
  ] as const)("give the same bits as networks by themselves: %s", async (_, make) => {
    const pool = poolOf(make());
    for (const options of [
      { batch: 2 },
      { batch: 3 },
      { batch: 1, keep: [] },
      { batch: 1, keep: ["logits"] },
    ]) {
      const alone = await createNetwork(device, make(), options);
      const pooled = await pool.of(options);
      expect(await answerOf(pooled)).toEqual(await answerOf(alone));
      alone.destroy();
    }
  });

  test("hold their weights once: another batch costs activations and gradients", async () => {
    const made = branches();
    const pool = poolOf(made);
    const first = await liveBytes(device, () => pool.of({ batch: 1 }));
    const { weights, activations, gradients, other } = footprintOf(made, { batch: 5 });
    expect(weights).toBeGreaterThan(0);
    const second = await liveBytes(device, () => pool.of({ batch: 5 }));
    expect(second.left).toBeGreaterThan(activations + gradients);
    expect(second.left).toBeLessThanOrEqual(activations + gradients + other);
    const held = first.left + second.left;
    expect(pool.memory).toBeGreaterThanOrEqual(held);
    expect(memoryOf(first.result, second.result)).toBe(pool.memory);
    expect(pool.memory).toBe(memoryOf(first.result) + memoryOf(second.result) - weights);
  });

  test("hold a dense layer's weights in each form that it reads: for many rows, and for few", async () => {
    const w = constant([6, 6], random(4));
    const dense = (name: string, from: string, copy: boolean): DenseLayer => ({
      ...{ op: "dense", name, inputs: [from] },
      w: copy ? { ...w, data: w.data.slice() } : w,
    });
    const make = (copy: boolean) =>
      graph("tied", [
        { op: "input", name: "image", inputs: [], shape: [40, 6] },
        dense("tokens", "image", copy),
        { op: "reduce", name: "mean", inputs: ["tokens"], mode: "mean", axes: [1], keepDims: false },
        dense("logits", "mean", copy),
      ]);
    const tied = await poolOf(make(false)).of({ batch: 2 });
    const apart = await poolOf(make(true)).of({ batch: 2 });
    expect(await answerOf(tied)).toEqual(await answerOf(apart));
  });

  test("hold once what is the same of networks that fuse differently, and fold a batch norm once", async () => {
    const pool = poolOf(branches());
    const [whole, fused, partly] = [
      await pool.of({ keep: "all" }),
      await pool.of({ keep: [] }),
      await pool.of({ keep: ["conv1"], batch: 2 }),
    ];
    const buffer = ({ constants }: Network, layer: string) => constants.get(layer)?.w?.buffer;
    expect(buffer(fused, "logits")).toBe(buffer(whole, "logits"));
    // Under the name of the batch norm that is folded into it.
    expect(buffer(fused, "norm2")).toBe(buffer(partly, "norm2"));
    expect(buffer(fused, "norm2")).not.toBe(buffer(whole, "conv2"));
    expect(buffer(partly, "conv1")).toBe(buffer(whole, "conv1"));
  });

  test("upload the weights of backward passes when a network with gradients is asked for", async () => {
    const pool = poolOf(chain());
    const forward = await pool.of({ gradients: false });
    const both = await pool.of();
    expect(both.constants.get("conv1")?.w).toBe(forward.constants.get("conv1")?.w);
    expect(both.constants.get("conv1")?.wBackward).toBeDefined();
    const alone = await createNetwork(device, chain());
    expect(await answerOf(both)).toEqual(await answerOf(alone));
    alone.destroy();
  });

  test("are the same for the same options, asked for at once or later, in any order of keep", async () => {
    const pool = poolOf(chain());
    const [a, b, c] = await Promise.all([
      pool.of({ batch: 2, keep: ["conv1", "conv2"] }),
      pool.of({ keep: ["conv2", "conv1"], batch: 2 }),
      pool.of({ batch: 3, keep: ["conv1", "conv2"] }),
    ]);
    expect(a).toBe(b);
    expect(a).not.toBe(c);
    expect(await pool.of({ batch: 2, keep: ["conv1", "conv2"] })).toBe(a);
  });

  test("hold their weights once for images of several sizes", async () => {
    const made = branches();
    const pool = poolOf(made);
    const [own, large] = [await pool.of(), await pool.of({ size: [11, 9] })];
    expect(large.input.shape).toEqual([1, 11, 9, 2]);
    expect(large.constants.get("conv1")?.w).toBe(own.constants.get("conv1")?.w);
    expect(await pool.of({ size: [11, 9] })).toBe(large);
    const alone = await createNetwork(device, resized(made, [11, 9]));
    expect(await answerOf(large)).toEqual(await answerOf(alone));
    alone.destroy();
    await expect(poolOf(chain()).of({ size: [16, 12] })).rejects.toThrow(/flatten|logits/);
  });

  test("share arrays with those of another graph that has them", async () => {
    const made = chain();
    const pool = poolOf(made);
    const changed = {
      ...made,
      layers: made.layers.map((layer) =>
        layer.op === "dense"
          ? { ...layer, w: { ...layer.w, data: layer.w.data.map((weight) => -weight) } }
          : layer,
      ),
    };
    const [one, other] = [await pool.of(), await pool.of({ graph: changed })];
    expect(other.constants.get("conv1")?.w).toBe(one.constants.get("conv1")?.w);
    expect(other.constants.get("logits")?.w).not.toBe(one.constants.get("logits")?.w);
    const alone = await createNetwork(device, changed);
    expect(await answerOf(other)).toEqual(await answerOf(alone));
    alone.destroy();
  });
});

describe("a pool's memory", () => {
  test("is all freed by destroy(), also what was being created, and a thousand networks leave nothing", async () => {
    const { left } = await liveBytes(device, async () => {
      const pool = createNetworks(device, chain());
      await pool.of({ keep: [] });
      const { left: eachTime } = await liveBytes(device, async () => {
        for (let i = 0; i < 1000; i++) {
          const made = await pool.of({ keep: [], gradients: false, reuseBuffers: true });
          expect(made.isDestroyed).toBe(false);
          made.destroy();
        }
      });
      expect(eachTime).toBe(0);
      const late = pool.of({ batch: 2 });
      pool.destroy();
      await expect(late).rejects.toThrow(/used after destroy/);
      await expect(pool.of()).rejects.toThrow(InputError);
    });
    expect(left).toBe(0);
  });

  test("is what it says, and the pool goes on, at whichever buffer a creation fails", async () => {
    const { left } = await liveBytes(device, async () => {
      const pool = createNetworks(device, chain());
      await pool.of({ gradients: false });
      let [fails, failed] = [0, true];
      while (failed) {
        const create = device.createBuffer;
        let countdown = fails++;
        device.createBuffer = (descriptor) => {
          if (--countdown < 0) throw new Error("no more buffers");
          return create.call(device, descriptor);
        };
        const before = pool.memory;
        const creation = await liveBytes(device, () => pool.of().catch((error: Error) => error));
        device.createBuffer = create;
        failed = creation.result instanceof Error;
        if (!failed) break;
        expect(String(creation.result)).toMatch(/no more buffers/);
        // Weights that were uploaded whole stay for the next network.
        expect(creation.left).toBe(pool.memory - before);
      }
      expect(fails).toBeGreaterThan(20);
      const alone = await createNetwork(device, chain());
      expect(await answerOf(await pool.of())).toEqual(await answerOf(alone));
      alone.destroy();
      pool.destroy();
    });
    expect(left).toBe(0);
  });

  test("is kept within its budget: a network that would exceed it is refused, and the largest batch fits beside the others", async () => {
    const { total } = footprintOf(chain());
    const small = poolOf(chain(), { memory: total });
    const one = await small.of();
    expect(small.memoryFor(one)).toBe(total);
    await expect(small.of({ batch: 2 })).rejects.toThrow(
      /expected to keep within .* beside .* of the others; use a memory of at least \d+, or a smaller batch/,
    );
    expect(await small.of()).toBe(one);

    const large = poolOf(chain(), { memory: 2 ** 20 });
    const empty = large.batchWithin({ most: 1000 });
    const single = await large.of();
    const beside = large.batchWithin({ most: 1000 });
    expect(beside).toBeLessThan(empty);
    await large.of({ batch: beside });
    expect(large.memory).toBeLessThanOrEqual(2 ** 20);
    expect(large.memoryFor(single)).toBe(2 ** 20 - large.memory + memoryOf(single));
    expect(poolOf(chain()).memoryFor(single)).toBeUndefined();
  });
});

test("a pool refuses what it does not know", async () => {
  const pool = poolOf(chain());
  await expect(pool.of({ keep: ["nowhere"] })).rejects.toThrow(/got "nowhere"/);
  await expect(pool.of({ reuseBuffers: true })).rejects.toThrow(/names in keep/);
  expect(() => createNetworks(device, chain(), { memory: -1 })).toThrow(/memory above 0 bytes/);
});

test("a pool says what it may be asked, and takes a size that is the graph's own for none", async () => {
  const pool = poolOf(branches());
  const of = (options: object) => pool.of(options);
  await expect(of({ sise: [9, 9] })).rejects.toThrow(
    /expected .*graph, size, .*got "sise"; did you mean "size"/,
  );
  await expect(of({ memory: 4 })).rejects.toThrow(/^networks of "branches": expected .*got "memory"/);
  expect(() => pool.batchWithin({ memory: 4 } as object)).toThrow(/got "memory"/);
  await expect(of({ graph: 5 })).rejects.toThrow(/^networks of "branches": expected a graph, got 5/);
  await expect(of({ size: [7, 7, 2] })).rejects.toThrow(/expected a size \[height, width\]/);
  expect(await pool.of({ size: [7, 7] })).toBe(await pool.of());
});

describe("a network of one's own", () => {
  test("is refused for weights that are NaN, though nobody asked for another before", async () => {
    const made = chain();
    const layers = made.layers.map(
      (layer): Layer =>
        layer.name === "conv2" && layer.op === "conv2d"
          ? { ...layer, w: { ...layer.w, data: layer.w.data.map(() => Number.NaN) } }
          : layer,
    );
    using networks = createNetworks(device, { ...made, layers });
    await expect(networks.temporary({ gradients: true })).rejects.toThrow(/layer "conv2" .* NaN/);
  });

  test("has the pool's weights, gives the same bits, and leaves nothing when it is destroyed", async () => {
    const pool = poolOf(chain());
    const shared = await pool.of({ batch: 2 });
    const expected = await answerOf(shared);
    const before = pool.memory;
    const own = await pool.temporary({ batch: 2 });
    expect(own).not.toBe(shared);
    expect(own.constants.get("conv1")?.w).toBe(shared.constants.get("conv1")?.w);
    expect(await answerOf(own)).toEqual(expected);
    expect(pool.memory).toBeGreaterThan(before);
    own.destroy();
    expect(pool.memory).toBe(before);
    expect(await pool.of({ batch: 2 })).toBe(shared);
  });

  test("may have another size, and counts towards the budget", async () => {
    const pool = poolOf(branches(), { memory: 2 ** 20 });
    const large = await pool.temporary({ size: [9, 11], keep: [] });
    expect(large.input.shape).toEqual([1, 9, 11, 2]);
    await expect(pool.temporary({ size: [900, 900], keep: [] })).rejects.toThrow(/to keep within 1 MiB/);
    pool.destroy();
    await expect(pool.temporary()).rejects.toThrow(/used after destroy/);
  });
});
