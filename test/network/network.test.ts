import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { InputError, UnsupportedError } from "../../src/gpu/errors.ts";
import { createTensor, readTensor, readTensors, sizeOf } from "../../src/gpu/tensor.ts";
import type { Graph } from "../../src/graph/graph.ts";
import type { BackwardRule } from "../../src/layers/activation-gradient.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network, Target } from "../../src/network/network.ts";
import { createGpu } from "../../src/node/gpu.ts";
import { testDevice } from "../gpu.ts";
import { branches, chain, graph, random, values } from "../graph/graphs.ts";
import { expectClose } from "../reference/numbers.ts";

let device: GPUDevice;
const networks = new Map<Graph, Network>();

/** One network a graph: pipelines are compiled once. */
async function networkOf(make: () => Graph): Promise<Network> {
  for (const [known, network] of networks) if (known.name === make().name) return network;
  const made = make();
  const network = await createNetwork(device, made, { batch: 2 });
  networks.set(made, network);
  return network;
}

function submit(recording: (encoder: GPUCommandEncoder) => void): void {
  const encoder = device.createCommandEncoder();
  recording(encoder);
  device.queue.submit([encoder.finish()]);
}

async function run(network: Network, input: Float32Array<ArrayBuffer>, layer: string): Promise<Float32Array> {
  device.queue.writeBuffer(network.input.buffer, 0, input);
  submit((encoder) => network.forward(encoder, { to: layer }));
  return readTensor(device, network.activation(layer));
}

beforeAll(async () => {
  device = await testDevice();
});
afterAll(() => {
  for (const network of networks.values()) network.destroy();
});

describe("backward agrees with finite differences", () => {
  const cases: [name: string, make: () => Graph, target: Target, rule: BackwardRule][] = [
    ["a class of a chain", chain, { layer: "logits", channel: 2 }, "gradient"],
    ["a probability of a chain", chain, { layer: "softmax", channel: 1 }, "gradient"],
    ["a neuron in the middle of a chain", chain, { layer: "conv2", channel: 3, y: 1, x: 2 }, "gradient"],
    ["a class of a branched network", branches, { layer: "logits", channel: 0 }, "gradient"],
    ["a channel within a branched network", branches, { layer: "add", channel: 1 }, "gradient"],
    ["a view with readers beside it", branches, { layer: "concat", channel: 0, y: 3, x: 3 }, "gradient"],
    ["every element of a layer", branches, { layer: "conv2" }, "gradient"],
  ];
  test.each(cases)("%s", async (_, make, target, rule) => {
    const network = await networkOf(make);
    const size = sizeOf(network.input.shape);
    const x = values(size, random(7));
    const layerShape = network.shapes.get(target.layer) ?? [];
    const objective = async (input: Float32Array<ArrayBuffer>): Promise<number> => {
      const y = await run(network, input, target.layer);
      const [n = 1, ...rest] = layerShape;
      const [h, w, c] = rest.length === 3 ? rest : [1, 1, rest[0] ?? 1];
      let sum = 0;
      for (let i = 0; i < sizeOf(layerShape); i++) {
        const channel = i % (c ?? 1);
        const column = Math.floor(i / (c ?? 1)) % (w ?? 1);
        const row = Math.floor(i / ((c ?? 1) * (w ?? 1))) % (h ?? 1);
        const matches =
          (target.channel ?? channel) === channel &&
          (target.x ?? column) === column &&
          (target.y ?? row) === row;
        if (matches) sum += y[i] ?? 0;
      }
      expect(n).toBe(2);
      return sum;
    };
    await run(network, x, network.graph.output);
    submit((encoder) => network.backward(encoder, target, { rule }));
    const gradient = await readTensor(device, network.gradient("image"));
    expect(Math.max(...gradient.map(Math.abs))).toBeGreaterThan(1e-3);

    const next = random(11);
    const step = 5e-3;
    for (let trial = 0; trial < 4; trial++) {
      // One element at a time: a kink (ReLU, max) lies near few of them.
      const at = Math.floor(((next() + 1) / 2) * size);
      const [up, down] = [1, -1].map((sign) => {
        const moved = x.slice();
        moved[at] = (moved[at] ?? 0) + sign * step;
        return moved;
      });
      if (!up || !down) throw new Error("unreachable");
      const slope = ((await objective(up)) - (await objective(down))) / (2 * step);
      expect(Math.abs(slope - (gradient[at] ?? 0))).toBeLessThan(2e-3 * Math.max(1, Math.abs(slope)));
    }
  });
});

describe("recording", () => {
  test("submits nothing, writes no queue, makes no buffer", async () => {
    const network = await networkOf(chain);
    const spies = [
      vi.spyOn(device.queue, "submit"),
      vi.spyOn(device.queue, "writeBuffer"),
      vi.spyOn(device, "createBuffer"),
      vi.spyOn(device, "createBindGroup"),
      vi.spyOn(device, "createComputePipeline"),
      vi.spyOn(device, "createComputePipelineAsync"),
    ];
    const encoder = device.createCommandEncoder();
    network.forward(encoder);
    network.backward(encoder, { layer: "logits", channel: 1 }, { rule: "guided" });
    const commands = encoder.finish();
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
    for (const spy of spies) spy.mockRestore();
    device.queue.submit([commands]);
  });

  test("one encoder holds a forward pass and several backward passes with targets and rules of their own", async () => {
    const network = await networkOf(chain);
    const x = values(sizeOf(network.input.shape), random(3));
    const passes: [Target, BackwardRule][] = [
      [{ layer: "logits", channel: 0 }, "gradient"],
      [{ layer: "logits", channel: 3 }, "guided"],
      [{ layer: "conv2", channel: 2 }, "deconvnet"],
    ];
    const alone: Float32Array[] = [];
    for (const [target, rule] of passes) {
      await run(network, x, network.graph.output);
      submit((encoder) => network.backward(encoder, target, { rule }));
      alone.push(await readTensor(device, network.gradient("image")));
    }
    const copies = passes.map(() => createTensor(device, network.input.shape));
    device.queue.writeBuffer(network.input.buffer, 0, x);
    submit((encoder) => {
      network.forward(encoder);
      for (const [index, [target, rule]] of passes.entries()) {
        network.backward(encoder, target, { rule });
        const copy = copies[index];
        if (copy)
          encoder.copyBufferToBuffer(network.gradient("image").buffer, 0, copy.buffer, 0, copy.buffer.size);
      }
    });
    const together = await readTensors(device, copies);
    expect(together).toEqual(alone);
    expect(together[0]).not.toEqual(together[1]);
    for (const copy of copies) copy.buffer.destroy();
  });
});

describe("backward", () => {
  test("stops at the layer it is told to, with the gradient that finite differences see there", async () => {
    const network = await networkOf(branches);
    const x = values(sizeOf(network.input.shape), random(5));
    await run(network, x, network.graph.output);
    submit((encoder) => network.backward(encoder, { layer: "logits", channel: 1 }));
    const whole = await readTensor(device, network.gradient("tanh1"));
    submit((encoder) => {
      encoder.clearBuffer(network.gradient("image").buffer);
      network.backward(encoder, { layer: "logits", channel: 1 }, { to: "tanh1" });
    });
    const [there, below] = await readTensors(device, [network.gradient("tanh1"), network.gradient("image")]);
    expect(there).toEqual(whole);
    expect(below?.every((value) => value === 0)).toBe(true);
  });

  test("takes an output gradient of the caller's", async () => {
    const network = await networkOf(chain);
    const x = values(sizeOf(network.input.shape), random(6));
    await run(network, x, network.graph.output);
    const read = async (from: Parameters<Network["backward"]>[1]): Promise<Float32Array> => {
      submit((encoder) => network.backward(encoder, from));
      return readTensor(device, network.gradient("image"));
    };
    const [zero, three] = [
      await read({ layer: "logits", channel: 0 }),
      await read({ layer: "logits", channel: 3 }),
    ];
    const gradient = createTensor(device, [2, 4], { data: new Float32Array([2, 0, 0, -1, 2, 0, 0, -1]) });
    const both = await read({ layer: "logits", gradient });
    gradient.buffer.destroy();
    for (const [index, value] of both.entries()) {
      expect(value).toBeCloseTo(2 * (zero[index] ?? 0) - (three[index] ?? 0), 4);
    }
  });

  test("keeps the images of a batch apart", async () => {
    const network = await networkOf(chain);
    const x = values(sizeOf(network.input.shape), random(8));
    await run(network, x, network.graph.output);
    submit((encoder) => network.backward(encoder, { layer: "logits", channel: 0, image: 1 }));
    const gradient = await readTensor(device, network.gradient("image"));
    const half = gradient.length / 2;
    expect(gradient.subarray(0, half).every((value) => value === 0)).toBe(true);
    expect(gradient.subarray(half).some((value) => value !== 0)).toBe(true);
  });

  test("tells the three rules apart on a network worked by hand", async () => {
    const network = await createNetwork(
      device,
      graph("by hand", [
        { op: "input", name: "image", inputs: [], shape: [1, 1, 2] },
        {
          op: "dense",
          name: "hidden",
          inputs: ["image"],
          w: { shape: [2, 3], data: new Float32Array([1, -1, 2, -1, -2, 1]) },
          activation: { kind: "relu" },
        },
        {
          op: "dense",
          name: "score",
          inputs: ["hidden"],
          w: { shape: [3, 1], data: new Float32Array([-1, 3, 2]) },
        },
      ]),
    );
    const outcome: Record<string, number[]> = {};
    device.queue.writeBuffer(network.input.buffer, 0, new Float32Array([2, 1]));
    // z = (2 − 1, −2 − 2, 4 + 1) = (1, −4, 5): hidden is (1, 0, 5); R = (−1, 3, 2).
    for (const rule of ["gradient", "guided", "deconvnet"] as const) {
      submit((encoder) => {
        network.forward(encoder);
        network.backward(encoder, { layer: "score" }, { rule });
      });
      outcome[rule] = [...(await readTensor(device, network.gradient("image")))];
    }
    network.destroy();
    expect(outcome).toEqual({
      gradient: [-1 * 1 + 2 * 2, -1 * -1 + 2 * 1], // R·1[z>0] = (−1, 0, 2)
      guided: [2 * 2, 2 * 1], // and 1[R>0]: (0, 0, 2)
      deconvnet: [3 * -1 + 2 * 2, 3 * -2 + 2 * 1], // 1[R>0] alone: (0, 3, 2)
    });
  });

  test("refuses a rule that an activation on the way has no definition for, and only then", async () => {
    const network = await networkOf(branches);
    const encoder = device.createCommandEncoder();
    expect(() => network.backward(encoder, { layer: "logits" }, { rule: "guided" })).toThrow(
      UnsupportedError,
    );
    expect(() => network.backward(encoder, { layer: "logits" }, { rule: "guided" })).toThrow(/sigmoid|tanh/);
    expect(() => network.backward(encoder, { layer: "norm1" }, { rule: "guided" })).not.toThrow();
  });

  test.each<[Target, RegExp]>([
    [{ layer: "nowhere" }, /expected a layer's name .*got "nowhere"/],
    [{ layer: "logits", channel: 4 }, /channel of 0 to 3, got 4/],
    [{ layer: "logits", channel: -1 }, /channel of 0 to 3, got -1/],
    [{ layer: "logits", channel: 1.5 }, /got 1.5/],
    [{ layer: "conv2", y: 4 }, /y of 0 to 3, got 4/],
    [{ layer: "conv2", x: 3 }, /x of 0 to 2, got 3/],
    [{ layer: "conv2", image: 2 }, /image of 0 to 1, got 2/],
  ])("refuses the target %o", async (target, message) => {
    const network = await networkOf(chain);
    const encoder = device.createCommandEncoder();
    expect(() => network.backward(encoder, target)).toThrow(InputError);
    expect(() => network.backward(encoder, target)).toThrow(message);
  });
});

describe("fusion", () => {
  test.each([
    ["chain", chain],
    ["branches", branches],
  ] as const)("changes nothing in %s", async (_, make) => {
    const whole = await networkOf(make);
    const fused = await createNetwork(device, make(), { batch: 2, keep: [] });
    expect(fused.graph.layers.length).toBeLessThan(whole.graph.layers.length);
    const x = values(sizeOf(whole.input.shape), random(9));
    const outcomes = [];
    for (const network of [whole, fused]) {
      const y = await run(network, x, "logits");
      submit((encoder) => network.backward(encoder, { layer: "logits", channel: 0 }));
      outcomes.push([...y, ...(await readTensor(device, network.gradient("image")))]);
    }
    fused.destroy();
    const [a = [], b = []] = outcomes;
    const scale = Math.max(...a.map(Math.abs));
    for (const [index, value] of a.entries())
      expect(Math.abs(value - (b[index] ?? 0))).toBeLessThan(1e-5 * scale);
  });

  test("never hides a layer that the caller asked to see", async () => {
    const fused = await createNetwork(device, branches(), { keep: ["conv1", "add"], gradients: false });
    expect(fused.graph.layers.map((layer) => layer.name)).toEqual([
      "image",
      "conv1",
      "tanh1",
      "norm2",
      "add",
      "sigmoid",
      "drop",
      "concat",
      "gap",
      "logits",
    ]);
    expect(() => fused.activation("norm1")).toThrow(InputError);
    fused.destroy();
    await expect(createNetwork(device, branches(), { keep: ["conv9"] })).rejects.toThrow(/got "conv9"/);
  });
});

describe("lives", () => {
  test("a thousand runs leave as many live buffers as one, and destroy() leaves none", async () => {
    let live = 0;
    const create = device.createBuffer.bind(device);
    const spy = vi.spyOn(device, "createBuffer").mockImplementation((descriptor) => {
      const buffer = create(descriptor);
      const destroy = buffer.destroy.bind(buffer);
      let gone = false;
      live++;
      buffer.destroy = () => {
        if (!gone) live--;
        gone = true;
        return destroy();
      };
      return buffer;
    });
    const network = await createNetwork(device, chain());
    const once = async (): Promise<void> => {
      submit((encoder) => {
        network.forward(encoder);
        network.backward(encoder, { layer: "logits", channel: 0 });
      });
    };
    await once();
    await readTensor(device, network.activation("logits"));
    const after = live;
    expect(after).toBeGreaterThan(0);
    for (let i = 0; i < 1000; i++) {
      await once();
      if (i % 100 === 0) await readTensor(device, network.activation("logits"));
    }
    await device.queue.onSubmittedWorkDone();
    expect(live).toBe(after);
    network.destroy();
    network.destroy();
    expect(live).toBe(0);
    spy.mockRestore();
  });

  test("refuses passes to no layer or from none", async () => {
    const network = await networkOf(chain);
    const encoder = device.createCommandEncoder();
    for (const [to, got] of [
      [[], "none"],
      [5, "5"],
    ] as const) {
      expect(() => network.forward(encoder, { to: to as unknown as string[] })).toThrow(
        `forward: expected the names of layers in to, got ${got}`,
      );
    }
    expect(() => network.backward(encoder, [])).toThrow(/expected at least one output gradient/);
    // An objective has no output gradients where nothing goes backward, and that is what its user must hear.
    using forwardOnly = await createNetwork(device, chain(), { gradients: false });
    expect(() => forwardOnly.backward(encoder, [])).toThrow(/created without gradients/);
  });

  test("two networks on one device do not disturb each other", async () => {
    const [a, b] = [await networkOf(chain), await createNetwork(device, chain(99), { batch: 2 })];
    const x = values(sizeOf(a.input.shape), random(4));
    const alone = await run(a, x, "logits");
    await run(b, x, "logits");
    expect(await readTensor(device, a.activation("logits"))).toEqual(alone);
    b.destroy();
    expect(await run(a, x, "logits")).toEqual(alone);
  });

  test("a host's device with no feature and no limit beyond WebGPU's defaults is enough", async () => {
    const adapter = await (await createGpu()).requestAdapter();
    const host = await adapter?.requestDevice();
    if (!host) throw new Error("expected an adapter");
    const errors: string[] = [];
    host.addEventListener("uncapturederror", ({ error }) => errors.push(error.message));
    const guest = await createNetwork(host, chain());
    const x = values(sizeOf(guest.input.shape), random(4));
    host.queue.writeBuffer(guest.input.buffer, 0, x);
    const encoder = host.createCommandEncoder();
    guest.forward(encoder);
    guest.backward(encoder, { layer: "logits", channel: 1 });
    host.queue.submit([encoder.finish()]);
    const there = await readTensor(host, guest.gradient("image"));

    const own = await networkOf(chain);
    await run(own, Float32Array.from([...x, ...x]), own.graph.output);
    submit((here) => own.backward(here, { layer: "logits", channel: 1 }));
    const here = await readTensor(device, own.gradient("image"));
    // Kernels that need no feature add up in an order of their own.
    expectClose(there, here.slice(0, there.length), 2e-6);
    guest.destroy();
    await host.queue.onSubmittedWorkDone();
    expect(errors).toEqual([]);
    host.destroy();
  });

  test("a failed creation frees what it had made", async () => {
    const spy = vi.spyOn(device, "createBuffer");
    const broken = chain();
    const layers = broken.layers.map((layer) =>
      layer.name === "conv2" && layer.op === "conv2d" ? { ...layer, strides: [0, 1] as const } : layer,
    );
    await expect(createNetwork(device, { ...broken, layers })).rejects.toThrow(InputError);
    expect(spy).not.toHaveBeenCalled();
    spy.mockRestore();
  });

  test("says so when used after destroy, or backward without gradients", async () => {
    const network = await createNetwork(device, chain(), { gradients: false });
    expect(() => network.backward(device.createCommandEncoder(), { layer: "logits" })).toThrow(
      /gradients: true/,
    );
    network.destroy();
    expect(() => network.forward(device.createCommandEncoder())).toThrow(/after destroy/);
  });
});
