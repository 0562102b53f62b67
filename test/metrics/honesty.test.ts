import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { readTensor } from "../../src/gpu/tensor.ts";
import { receptiveField } from "../../src/graph/receptive-field.ts";
import type { Pixels } from "../../src/images/pixels.ts";
import { preprocess } from "../../src/images/preprocess.ts";
import type { ExcitingPicture } from "../../src/metrics/exciting.ts";
import { type HonestyOptions, honestyOf, type JudgedPicture } from "../../src/metrics/honesty.ts";
import { naturalnessOf } from "../../src/metrics/naturalness.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network } from "../../src/network/network.ts";
import { createNetworks, type Networks } from "../../src/network/pool.ts";
import {
  channelMean,
  channelObjective,
  logit,
  neuronObjective,
  Objective,
} from "../../src/objectives/objective.ts";
import { excitingPictures } from "../../src/techniques/synthesis/natural-pictures.ts";
import { testDevice } from "../gpu.ts";
import { chain, constant, graph, random, values } from "../graph/graphs.ts";
import { liveBytes } from "../live-bytes.ts";

const [HEIGHT, WIDTH] = [8, 6];
const LAYERS = ["conv1", "relu1", "pool1", "conv2"];

let device: GPUDevice;
let networks: Networks;
let network: Network;

beforeAll(async () => {
  device = await testDevice();
  networks = createNetworks(device, chain());
  network = await createNetwork(device, chain(), { gradients: false });
});
afterAll(() => {
  network.destroy();
  networks.destroy();
});

const pixelsOf = (seed: number): Pixels => {
  const next = random(seed);
  return {
    width: WIDTH,
    height: HEIGHT,
    data: Uint8Array.from({ length: HEIGHT * WIDTH * 3 }, () => Math.round(127.5 * (1 + next()))),
  };
};
/** A picture between the steps of 8 bits. */
const madeOf = ({ data }: Pixels): JudgedPicture => ({
  data: Float32Array.from(data, (value) => Math.min(1, (value + 0.4) / 255)),
  shape: [HEIGHT, WIDTH, 3],
});
const NATURALS = Array.from({ length: 21 }, (_, i) => ({ name: `natural ${i}`, picture: pixelsOf(100 + i) }));
const PICTURE = pixelsOf(7);

/** The activations of a layer for one picture, channel by channel. */
async function channelsOf(pixels: Pixels, layer: string): Promise<number[][]> {
  device.queue.writeBuffer(
    network.input.buffer,
    0,
    preprocess(pixels, network.graph) as Float32Array<ArrayBuffer>,
  );
  const encoder = device.createCommandEncoder();
  network.forward(encoder);
  device.queue.submit([encoder.finish()]);
  const tensor = network.activation(layer);
  const all = await readTensor(device, tensor);
  const channels = tensor.shape.at(-1) ?? 0;
  return Array.from({ length: channels }, (_, c) => Array.from(all).filter((_, i) => i % channels === c));
}

const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length;

/** Spearman's correlation by its definition: each value's rank counted one by one. */
function naiveSpearman(a: readonly number[], b: readonly number[]): number {
  const ranks = (list: readonly number[]) =>
    list.map((value) => {
      const below = list.filter((other) => other < value).length;
      return below + (list.filter((other) => other === value).length - 1) / 2;
    });
  const [p, q] = [ranks(a), ranks(b)];
  const [mp, mq] = [mean(p), mean(q)];
  const sum = (f: (i: number) => number) => p.reduce((total, _, i) => total + f(i), 0);
  const dp = (i: number) => (p[i] ?? 0) - mp;
  const dq = (i: number) => (q[i] ?? 0) - mq;
  return sum((i) => dp(i) * dq(i)) / Math.sqrt(sum((i) => dp(i) ** 2) * sum((i) => dq(i) ** 2));
}

const judge = (options: Partial<HonestyOptions> = {}, picture = madeOf(PICTURE)) =>
  honestyOf(networks, picture, { target: channelMean("conv2", 2), ...options });

describe("honest pictures", () => {
  test("are valued as rounded to 8 bits, with the classes of this network and of a second one", async () => {
    const other = createNetworks(device, chain(5));
    const { value, predictions, second, dead, grey, notes, naturalness } = await judge({ second: other });
    expect(value).toBeCloseTo(mean((await channelsOf(PICTURE, "conv2"))[2] ?? []), 5);
    const scores = (await channelsOf(PICTURE, "softmax")).flat();
    expect(predictions.map(({ index }) => index)).toEqual(
      [0, 1, 2, 3].sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0)),
    );
    expect(predictions[0]?.probability).toBeCloseTo(Math.max(...scores), 5);
    expect(second?.map(({ probability }) => probability)).not.toEqual(
      predictions.map(({ probability }) => probability),
    );
    expect({ dead, grey, notes, naturalness }).toEqual({
      dead: false,
      grey: false,
      notes: [],
      naturalness: undefined,
    });
    other.destroy();
  });

  test("stand beside the natural pictures that excite the target most, with the place where they do", async () => {
    expect(NATURALS.length).toBeGreaterThan(16);
    const known: { name: string; value: number; channel: number[] }[] = [];
    for (const { name, picture } of NATURALS) {
      const channel = (await channelsOf(picture, "conv2"))[2] ?? [];
      known.push({ name, value: mean(channel), channel });
    }
    known.sort((a, b) => b.value - a.value);
    const { naturals = [] } = await judge({ naturals: NATURALS, most: 4 });
    expect(naturals.map(({ name }) => name)).toEqual(known.slice(0, 4).map(({ name }) => name));
    for (const [i, { value, place, sees, picture }] of naturals.entries()) {
      const { channel = [], value: expected = Number.NaN, name } = known[i] ?? {};
      expect(value).toBeCloseTo(expected, 5);
      const at = channel.indexOf(Math.max(...channel));
      expect(place).toEqual({ y: Math.floor(at / 3), x: at % 3 });
      expect(sees).toEqual(
        receptiveField(chain(), { layer: "conv2", y: place?.y ?? -1, x: place?.x ?? -1 }).inside,
      );
      expect(picture.data).toEqual(
        Uint8ClampedArray.from(NATURALS.find((natural) => natural.name === name)?.picture.data ?? []),
      );
    }
  });

  test("tell how natural their way through the network is, as loops do", async () => {
    const { naturalness, naturals = [] } = await judge({ naturals: NATURALS, most: 3 });
    expect(naturalness?.layers.map(({ layer }) => layer)).toEqual(LAYERS);
    for (const { layer, correlation, among } of naturalness?.layers ?? []) {
      const wayOf = async (pixels: Pixels) => (await channelsOf(pixels, layer)).map(mean);
      const own = await wayOf(PICTURE);
      const [a = [], b = [], c = []] = [
        await wayOf((naturals[0] as ExcitingPicture).picture),
        await wayOf((naturals[1] as ExcitingPicture).picture),
        await wayOf((naturals[2] as ExcitingPicture).picture),
      ];
      expect(correlation, layer).toBeCloseTo(mean([a, b, c].map((one) => naiveSpearman(own, one))), 6);
      const pairs = [naiveSpearman(a, b), naiveSpearman(a, c), naiveSpearman(b, c)];
      expect(among, layer).toBeCloseTo(mean(pairs), 6);
    }
    expect(naturalness?.mean).toBeCloseTo(
      mean((naturalness?.layers ?? []).map(({ correlation }) => correlation)),
      6,
    );
  });

  test("go the whole way of the picture itself", async () => {
    const { naturalness } = await judge({ naturals: [{ name: "itself", picture: PICTURE }] });
    expect(naturalness?.layers.map(({ correlation }) => correlation)).toEqual(LAYERS.map(() => 1));
    expect(naturalness?.mean).toBe(1);
    expect(naturalness?.among).toBeUndefined();
  });

  test("read natural pictures that come one after another, and compare only the layers that are named", async () => {
    async function* later() {
      yield* NATURALS;
    }
    const known = await judge({ naturals: NATURALS });
    const found = await judge({ naturals: later(), layers: ["relu1"] });
    expect(found.naturals).toEqual(known.naturals);
    expect(found.naturalness?.layers.map(({ layer }) => layer)).toEqual(["relu1"]);
  });

  test("leave nothing on the device", async () => {
    await judge({ naturals: NATURALS.slice(0, 2) });
    const { left, objects } = await liveBytes(device, () => judge({ naturals: NATURALS.slice(0, 2) }));
    expect([left, objects]).toEqual([0, 0]);
  });
});

test("ways in opposite order are as unnatural as can be", () => {
  const way = new Map([["a", [1, 2, 3]]]);
  const { mean: found, among } = naturalnessOf(way, [
    new Map([["a", [9, 5, 1]]]),
    new Map([["a", [3, 2, 1]]]),
  ]);
  expect([found, among]).toEqual([-1, 1]);
});

describe("a scale from other pictures to those that excite the same", () => {
  const way = (...means: number[]) => new Map([["a", means]]);

  test("is 0 for another picture's likeness and 1 for their own", () => {
    const naturals = [way(1, 2, 3, 4), way(1, 2, 4, 3)];
    const others = [way(4, 3, 2, 1), way(1, 2, 3, 4)];
    const {
      mean: found,
      among,
      others: apart,
      scaled,
      layers,
    } = naturalnessOf(way(1, 3, 2, 4), naturals, others);
    // Spearman by hand: 1 − 6·Σd²/60.
    expect(found).toBeCloseTo((0.8 + 0.4) / 2, 12);
    expect(among).toBeCloseTo(0.8, 12);
    expect(apart).toBeCloseTo((-1 + 1 - 0.8 + 0.8) / 4, 12);
    expect(scaled).toBeCloseTo(0.6 / 0.8, 12);
    expect(layers[0]).toEqual({ layer: "a", correlation: found, among, others: apart, scaled });
  });

  test("is not there where the natural pictures are no more alike than others", () => {
    const found = naturalnessOf(way(1, 2, 3), [way(1, 2, 3), way(3, 2, 1)], [way(1, 2, 3)]);
    expect(found.others).toBeGreaterThan(found.among ?? 1);
    expect(found.scaled).toBeUndefined();
    expect(naturalnessOf(way(1, 2, 3), [way(1, 2, 3)], [way(1, 3, 2)]).scaled).toBeUndefined();
    expect(naturalnessOf(way(1, 2, 3), [way(1, 2, 3), way(1, 2, 3)])).not.toHaveProperty("others");
  });

  test("comes from pictures that are drawn from all, or from those that are given", async () => {
    const { naturalness, naturals = [] } = await judge({ naturals: NATURALS, most: 3 });
    expect(naturalness?.others).toBeLessThan(1);
    const named = new Set(naturals.map(({ name }) => name));
    const given = NATURALS.filter(({ name }) => !named.has(name)).slice(0, 1);
    const ways = async (pixels: Pixels) => (await channelsOf(pixels, "conv2")).map(mean);
    const other = await ways((given[0] as (typeof NATURALS)[number]).picture);
    const found = await judge({ naturals: NATURALS, most: 3, others: given, layers: ["conv2"] });
    const pairs: number[] = [];
    for (const { picture } of naturals) pairs.push(naiveSpearman(await ways(picture), other));
    expect(found.naturalness?.others).toBeCloseTo(mean(pairs), 6);
    // Those that excite most are no others.
    const none = await judge({ naturals: NATURALS, most: 3, others: naturals });
    expect(none.naturalness?.others).toBeUndefined();
  });
});

describe("many pictures go through once, for all targets", () => {
  const targets = [channelMean("conv2", 2), logit(1), channelMean("conv1", 0).times(-1)];

  test("each target has its own strongest, as if it were asked alone", async () => {
    let read = 0;
    async function* counted() {
      for (const natural of NATURALS) {
        read++;
        yield natural;
      }
    }
    const { strongest, others } = await excitingPictures(networks, targets, counted(), { most: 5 });
    expect([read, others]).toEqual([NATURALS.length, []]);
    for (const [t, target] of targets.entries()) {
      const alone = await excitingPictures(networks, [target], NATURALS, { most: 5 });
      expect(strongest[t]).toEqual(alone.strongest[0]);
    }
    expect(new Set(strongest.map((found) => found.map(({ name }) => name).join())).size).toBe(3);
  });

  test("keeps as many as are asked for, and others drawn from all", async () => {
    function* fresh() {
      for (let n = 0; n < 200; n++) yield { name: `${n}`, picture: pixelsOf(1000 + n) };
    }
    const { strongest, others } = await excitingPictures(networks, targets, fresh(), { most: 2, others: 7 });
    for (const found of strongest) expect(found.length).toBe(2);
    expect(others.length).toBe(7);
    expect(new Set(others.map(({ name }) => name)).size).toBe(7);
    // Drawn from all, not from the first.
    expect(others.some(({ name }) => Number(name) > 60)).toBe(true);
  });

  test.each<[string, readonly unknown[], object, RegExp]>([
    ["no target", [], {}, /targets to be objectives/],
    ["a target that is none", ["star"], {}, /got "star"/],
    ["no pictures to find", targets, { most: 0 }, /most to be a whole number of 1/],
    ["fewer others than none", targets, { others: -1 }, /others to be a whole number of 0/],
    ["an option that there is not", targets, { mots: 3 }, /expected most, others, signal, got "mots"/],
  ])("%s is refused", async (_, asked, options, message) => {
    await expect(excitingPictures(networks, asked as Objective[], NATURALS, options)).rejects.toThrow(
      message,
    );
  });
});

describe("what shows nothing is said", () => {
  /** A rectified layer of which the first unit never fires, then classes. */
  const withDeadUnit = () => {
    const next = random(3);
    return graph("dead", [
      { op: "input", name: "image", inputs: [], shape: [HEIGHT, WIDTH, 3] },
      {
        ...{
          op: "conv2d",
          name: "conv",
          inputs: ["image"],
          strides: [1, 1],
          dilations: [1, 1],
          padding: "same",
        },
        ...{ w: constant([1, 1, 3, 4], next), b: { shape: [4], data: Float32Array.of(-1e4, 0, 0, 0) } },
      },
      { op: "activation", name: "relu", inputs: ["conv"], activation: { kind: "relu" } },
      { op: "reshape", name: "flatten", inputs: ["relu"], shape: [HEIGHT * WIDTH * 4] },
      {
        ...{ op: "dense", name: "logits", inputs: ["flatten"] },
        ...{
          w: constant([HEIGHT * WIDTH * 4, 3], next),
          b: { shape: [3], data: Float32Array.of(-1e4, 0, 0) },
        },
      },
      { op: "softmax", name: "softmax", inputs: ["logits"] },
    ] as Parameters<typeof graph>[1]);
  };

  test("a unit that fires nowhere is dead, before its ReLU and behind it; a low score of a class is not", async () => {
    const pool = createNetworks(device, withDeadUnit());
    const of = async (target: HonestyOptions["target"]) => {
      const { dead, notes } = await honestyOf(pool, madeOf(PICTURE), { target });
      return [dead, notes.length];
    };
    expect(await of(channelMean("relu", 0))).toEqual([true, 1]);
    expect(await of(channelObjective("conv", 0))).toEqual([true, 1]);
    expect(await of(neuronObjective("relu", 2, 3, 0))).toEqual([true, 1]);
    // Behind a ReLU the sum of a row is above 0 where something in it fires, and 0 elsewhere.
    const found = new Set<boolean>();
    for (let y = 0; y < HEIGHT; y++) {
      const target = new Objective([{ of: "sum", target: { layer: "relu", channel: 1, y }, weight: 1 }]);
      const { dead, value } = await honestyOf(pool, madeOf(PICTURE), { target });
      expect(dead).toBe(value === 0);
      found.add(dead);
    }
    expect(found.size).toBe(2);
    expect(await of(channelMean("relu", 0).plus(channelMean("relu", 1)))).toEqual([false, 0]);
    const score = await honestyOf(pool, madeOf(PICTURE), { target: logit(0) });
    expect(score.value).toBeLessThan(0);
    expect(score.dead).toBe(false);
    expect(await of(channelMean("logits", 0))).toEqual([false, 0]);
    pool.destroy();
  });

  test("a curve that never moved tells of a dead unit", async () => {
    expect((await judge({}, { ...madeOf(PICTURE), curve: [3, 3, 3] })).dead).toBe(true);
    expect((await judge({}, { ...madeOf(PICTURE), curve: [3, 3, 4] })).dead).toBe(false);
  });

  test("one color is grey, whatever the color; a picture that one channel varies is none", async () => {
    const red = Float32Array.from({ length: HEIGHT * WIDTH * 3 }, (_, i) => (i % 3 === 0 ? 1 : 0.2));
    const striped = red.map((value, i) => (i % 6 === 1 ? 0.5 : value));
    const shape = [HEIGHT, WIDTH, 3] as const;
    expect((await judge({}, { data: red, shape })).grey).toBe(true);
    expect((await judge({}, { data: red, shape })).notes).toContain(
      "The picture is of one color: nothing was found.",
    );
    expect((await judge({}, { data: striped, shape })).grey).toBe(false);
  });
});

describe("bad input", () => {
  const target = channelMean("conv2", 2);
  test.each<[string, unknown, unknown, RegExp]>([
    ["no target", madeOf(PICTURE), {}, /expected target, got none/],
    ["a target that is no objective", madeOf(PICTURE), { target: "star" }, /target to be an objective/],
    ["a layer that there is not", madeOf(PICTURE), { target: channelMean("conv9", 0) }, /conv9/],
    ["no natural pictures", madeOf(PICTURE), { target, naturals: [] }, /at least one natural picture/],
    ["too many of them", madeOf(PICTURE), { target, most: 65 }, /most to be a whole number of 1 to 64/],
    ["a layer without channels", madeOf(PICTURE), { target, layers: [] }, /at least one layer/],
    [
      "another size than its values",
      { data: new Float32Array(5), shape: [2, 2, 3] },
      { target },
      /\[h, w, 3\]/,
    ],
    [
      "values that are not finite",
      { data: new Float32Array(12).fill(Number.NaN), shape: [2, 2, 3] },
      { target },
      /finite values, got NaN/,
    ],
    ["a network in place of a pool", madeOf(PICTURE), { target, second: {} }, /createNetworks/],
  ])("%s is refused", async (_, picture, options, message) => {
    const judged = honestyOf(networks, picture as JudgedPicture, options as HonestyOptions);
    await expect(judged).rejects.toThrow(message);
    await expect(judged).rejects.toBeInstanceOf(InputError);
  });

  test("a stop is prompt", async () => {
    await expect(judge({ naturals: NATURALS, signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });

  test("values of pictures that no picture has are refused by their name", async () => {
    const data = values(HEIGHT * WIDTH * 3, random(1));
    data[5] = Number.NaN;
    await expect(judge({ naturals: [{ name: "bad", picture: data }] })).rejects.toThrow(/NaN/);
  });
});
