import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { readTensor } from "../../src/gpu/tensor.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { trust } from "../../src/metrics/trust.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network } from "../../src/network/network.ts";
import { explainEach } from "../../src/techniques/attribution/explain-each.ts";
import { ATTRIBUTIONS } from "../../src/techniques/attribution/list.ts";
import { saliency } from "../../src/techniques/attribution/saliency.ts";
import type { AttributionTechnique } from "../../src/techniques/attribution/technique.ts";
import { predict, predictEach } from "../../src/techniques/predict.ts";
import { submit } from "../../src/techniques/submit.ts";
import { activations } from "../../src/techniques/units/activations.ts";
import { empiricalField } from "../../src/techniques/units/empirical-field.ts";
import { unitMask } from "../../src/techniques/units/unit-mask.ts";
import { testDevice } from "../gpu.ts";
import { constant, graph, random, values } from "../graph/graphs.ts";

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

const FEW = { samples: 5, steps: 3, patch: 3, stride: 2 } as const;
const [one, other] = [withSquare(0, random(21)), withSquare(6, random(22))];

/** A noisy square of 6×6 at the border. */
function withSquare(top: number, next: () => number): Float32Array<ArrayBuffer> {
  const inside = (i: number) => {
    const [row, column] = [Math.floor(i / 36), Math.floor(i / 3) % 12];
    return row >= top && row < top + 6 && column < 6;
  };
  return values(432, next, 0.4).map((value, i) => (inside(i) ? 0.5 + value : 0.1 + value / 20));
}

let device: GPUDevice;
let network: Network;

beforeAll(async () => {
  device = await testDevice();
  network = await createNetwork(device, small(), { batch: 2 });
});
afterAll(() => network.destroy());

const explained = async (technique: AttributionTechnique, image: Float32Array): Promise<string> => {
  return bits(await technique.run(network, image, FEW));
};

/** An answer as text, its values bit by bit. */
function bits(answer: unknown): string {
  return JSON.stringify(answer, (_, value) =>
    value instanceof Float32Array ? [...new Uint32Array(value.slice().buffer)] : value,
  );
}

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const value of values) found.push(value);
  return found;
}

/** Everything else that is asked of a network and an image. */
const QUESTIONS: Readonly<Record<string, (image: Float32Array) => Promise<unknown>>> = {
  predict: (image) => predict(network, image),
  predictEach: (image) => all(predictEach(network, [image, image, image])),
  activations: (image) => activations(network, image, { layer: "conv2" }),
  explainEach: (image) => all(explainEach(network, [image, image, image], "grad-cam")),
  unitMask: (image) => unitMask(network, image, { layer: "conv2", channel: 1 }),
  empiricalField: (image) => empiricalField(network, [image], { layer: "conv2", channel: 1 }),
  trust: (image) => {
    const few = { steps: 3, randomBaselines: 1, grid: 2, subsets: 3, noiseSamples: 3, perturbations: 2 };
    return trust(network, image, saliency, few);
  },
};

describe("two questions at once are answered as each alone", () => {
  const alone = new Map<string, readonly [string, string]>();
  beforeAll(async () => {
    for (const technique of ATTRIBUTIONS) {
      alone.set(technique.name, [await explained(technique, one), await explained(technique, other)]);
    }
  });

  test("and the two images differ", () => {
    for (const [name, [a, b]] of alone) expect(a, name).not.toBe(b);
  });

  test.each(ATTRIBUTIONS)("$name beside every technique", async (technique) => {
    for (const beside of ATTRIBUTIONS) {
      const both = await Promise.all([explained(technique, one), explained(beside, other)]);
      expect(both[0], `${technique.name}, before ${beside.name}`).toBe(alone.get(technique.name)?.[0]);
      expect(both[1], `${beside.name}, after ${technique.name}`).toBe(alone.get(beside.name)?.[1]);
    }
  });

  test.each(Object.entries(QUESTIONS))("%s beside every other question, and techniques", async (_, ask) => {
    const expected = bits(await ask(one));
    for (const beside of [...Object.values(QUESTIONS), () => explained(SALIENCY, other)]) {
      const answers = Promise.all([ask(one), beside(other), ask(one)]);
      const [before, , after] = await answers;
      expect(bits(before)).toBe(expected);
      expect(bits(after)).toBe(expected);
    }
  });
});

const [SALIENCY] = ATTRIBUTIONS as [AttributionTechnique];
const gradient = async (image: Float32Array, signal?: AbortSignal) =>
  (await saliency(network, image, signal ? { signal } : {})).data;

test("an array may be used again as soon as the question is asked", async () => {
  const expected = [await gradient(one), await gradient(other)];
  const frame = one.slice();
  const asked = [gradient(frame)];
  frame.set(other);
  asked.push(gradient(frame));
  frame.fill(0);
  expect(await Promise.all(asked)).toEqual(expected);
});

test("a question that waits is dropped at once when its signal aborts, and disturbs no other", async () => {
  const expected = [await gradient(one), await gradient(other)];
  const stop = new AbortController();
  const first = gradient(one);
  const before = gradient(other);
  const order: string[] = [];
  const dropped = gradient(other, stop.signal).catch((reason: unknown) => {
    order.push("dropped");
    return reason;
  });
  const last = gradient(one);
  stop.abort("enough");
  const done = first.then(() => order.push("first"));
  expect(await dropped).toBe("enough");
  await done;
  expect(order).toEqual(["dropped", "first"]);
  expect([await first, await before]).toEqual(expected);
  expect(await last).toEqual(expected[0]);
});

test("many questions with one signal listen to it once, and leave it alone when they are done", async () => {
  const expected = await gradient(one);
  const stop = new AbortController();
  let [added, removed] = [0, 0];
  const { signal } = stop;
  const counted: Pick<AbortSignal, "addEventListener" | "removeEventListener"> = {
    addEventListener: (...args: Parameters<AbortSignal["addEventListener"]>) => {
      added++;
      AbortSignal.prototype.addEventListener.apply(signal, args);
    },
    removeEventListener: (...args: Parameters<AbortSignal["removeEventListener"]>) => {
      removed++;
      AbortSignal.prototype.removeEventListener.apply(signal, args);
    },
  };
  Object.assign(signal, counted);
  const ask = (count: number) => Array.from({ length: count }, () => gradient(one, signal));
  for (const found of await Promise.all(ask(20))) expect(found).toEqual(expected);
  expect([added, removed]).toEqual([1, 1]);
  const [first, ...waiting] = ask(20);
  stop.abort("enough");
  const all = await Promise.allSettled(waiting);
  expect(new Set(all.map((one) => one.status === "rejected" && one.reason))).toEqual(new Set(["enough"]));
  await expect(first).rejects.toBe("enough");
  expect([added, removed]).toEqual([2, 2]);
  expect(await gradient(one)).toEqual(expected);
});

test("a question that fails lets the next be answered", async () => {
  const expected = await gradient(other);
  const asked = [
    gradient(one),
    saliency(network, one, { target: 99 }),
    gradient(other),
    saliency(network, new Float32Array(5)),
    gradient(other),
  ];
  const [, bad, good, small, again] = await Promise.allSettled(asked);
  expect(bad).toMatchObject({ status: "rejected", reason: expect.any(InputError) });
  expect(small).toMatchObject({ status: "rejected", reason: expect.any(InputError) });
  expect(good).toEqual({ status: "fulfilled", value: expected });
  expect(again).toEqual({ status: "fulfilled", value: expected });
});

test("questions that wait for a network which is destroyed are refused", async () => {
  const mortal = await createNetwork(device, small());
  const [running, ...waiting] = [one, other, one].map((image) => saliency(mortal, image));
  mortal.destroy();
  const gone = expect.objectContaining({
    name: "InputError",
    message: 'network "small": used after destroy()',
  });
  for (const question of waiting) await expect(question).rejects.toEqual(gone);
  await expect(running).rejects.toEqual(gone);
  await expect(saliency(mortal, one)).rejects.toEqual(gone);
});

describe("recording by hand", () => {
  const record = (by: Network) => submit(by, (encoder) => by.forward(encoder));
  const mixed = /forward recorded while a call on the network is under way; await the call first/;

  test("is refused while a question is being answered, which is answered all the same", async () => {
    const expected = await gradient(one);
    const asked = gradient(one);
    expect(() => record(network)).toThrow(mixed);
    expect(() => submit(network, (encoder) => network.backward(encoder, { layer: "logits" }))).toThrow(
      /backward recorded while/,
    );
    expect(await asked).toEqual(expected);
    expect(() => record(network)).not.toThrow();
  });

  test("is refused to a command of one's own, too", async () => {
    const { createGradCam } = await import("../../src/techniques/attribution/grad-cam.ts");
    const cam = await createGradCam(network, "conv2");
    const asked = gradient(one);
    expect(() => submit(network, (encoder) => cam.record(encoder, { layer: "logits" }))).toThrow(InputError);
    await asked;
    cam.destroy();
  });

  test("has turns of its own, in which questions can be asked too, many at once", async () => {
    const expected = [await gradient(one), await gradient(other)];
    const scores = (await activations(network, other, { layer: "logits" })).data;
    const asked = gradient(one);
    const mine = network.inTurn(async (turn) => {
      const inside = await Promise.all([one, other].map((image) => saliency(turn, image)));
      device.queue.writeBuffer(turn.input.buffer, 0, other);
      record(turn);
      expect(() => record(network)).toThrow(mixed);
      const read = await readTensor(device, turn.activation("logits"));
      return { inside: inside.map(({ data }) => data), read: read.slice(0, scores.length) };
    });
    const after = gradient(other);
    expect(await mine).toEqual({ inside: expected, read: scores });
    expect([await asked, await after]).toEqual(expected);
  });

  test("ends with the turn", async () => {
    const kept = await network.inTurn((turn) => turn);
    expect(() => record(kept)).toThrow(/network "small": used after its turn/);
    await expect(saliency(kept, one)).rejects.toThrow(/used after its turn/);
    await expect(gradient(one)).resolves.toBeDefined();
  });

  test("of two turns within one another is no lock", async () => {
    const inner = await network.inTurn((turn) => turn.inTurn((own) => predict(own, one)));
    expect(inner).toEqual(await predict(network, one));
  });
});
