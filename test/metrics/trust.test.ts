import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { uniformNoise } from "../../src/kernels/perturbing.ts";
import { chanceShift } from "../../src/metrics/curves.ts";
import { subsetOf } from "../../src/metrics/fidelity.ts";
import { ranksOf } from "../../src/metrics/importance.ts";
import type { EvaluatedTechnique, TrustOptions } from "../../src/metrics/measures.ts";
import { createRandomisedNetwork } from "../../src/metrics/randomise.ts";
import { trust } from "../../src/metrics/trust.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network, Target } from "../../src/network/network.ts";
import { logit, normObjective } from "../../src/objectives/objective.ts";
import { attributionNamed } from "../../src/techniques/attribution/list.ts";
import type { Attribution, AttributionTechnique } from "../../src/techniques/attribution/technique.ts";
import { predict } from "../../src/techniques/predict.ts";
import { testDevice } from "../gpu.ts";
import { chain, constant, graph, random, values } from "../graph/graphs.ts";

let device: GPUDevice;
let network: Network;
const [HEIGHT, WIDTH, CHANNELS] = [8, 6, 3];
const PIXELS = HEIGHT * WIDTH;
const image = values(PIXELS * CHANNELS, random(21));
/** conv1 is affine: what is exact for a straight line is exact here. */
const AFFINE: Target = { layer: "conv1", channel: 1 };

beforeAll(async () => {
  device = await testDevice();
  network = await createNetwork(device, chain(), { batch: 3 });
});
afterAll(() => network.destroy());

/** A technique that knows its map already. */
const fixed =
  (data: Float32Array, shape: readonly number[] = [HEIGHT, WIDTH]): AttributionTechnique["run"] =>
  async (_, __, options) => ({ data, shape, target: options?.target as Target });

const map = values(PIXELS, random(4));
const saliency = attributionNamed("saliency");
const shares = attributionNamed("gradient-input");
const measure = (technique: EvaluatedTechnique, options: TrustOptions) =>
  trust(network, image, technique, options);
const probability = async (picture: Float32Array, index: number) =>
  (await predict(network, picture)).find((found) => found.index === index)?.probability ?? Number.NaN;

test.each([
  ["a name", "saliency"],
  ["options", { techniques: ["saliency"] }],
  ["nothing", undefined],
])("%s where a technique belongs is refused", async (_, technique) => {
  await expect(measure(technique as unknown as EvaluatedTechnique, {})).rejects.toThrow(
    /^trust: expected a technique, such as saliency or .*, got /,
  );
});

describe("insertion and deletion", () => {
  test("score the image whose strongest pixels came or went, whatever the map, the steps and the batch", async () => {
    const run = async (seed: number, steps: number, target: number): Promise<void> => {
      const importance = values(PIXELS, random(seed));
      const found = await measure(fixed(importance), {
        measures: ["insertion", "deletion"],
        target,
        steps,
        randomBaselines: 1,
        seed,
        insertionBaseline: 0.5,
        deletionBaseline: [0.1, 0.2, 0.3],
      });
      const order = Array.from(importance.keys()).sort((a, b) => (importance[b] ?? 0) - (importance[a] ?? 0));
      const k = seed % (steps + 1);
      const changed = new Set(order.slice(0, Math.round((k * PIXELS) / steps)));
      const seen = (shows: (pixel: number) => boolean, base: readonly number[]) =>
        image.map((value, i) => (shows(Math.floor(i / CHANNELS)) ? value : (base[i % CHANNELS] ?? 0)));
      const inserted = seen((pixel) => changed.has(pixel), [0.5, 0.5, 0.5]);
      const deleted = seen((pixel) => !changed.has(pixel), [0.1, 0.2, 0.3]);
      expect(found.insertion?.curve.length).toBe(steps + 1);
      expect(found.insertion?.curve[k]).toBeCloseTo(await probability(inserted, target), 6);
      expect(found.deletion?.curve[k]).toBeCloseTo(await probability(deleted, target), 6);
    };
    await fc.assert(fc.asyncProperty(fc.nat(1000), fc.integer({ min: 1, max: PIXELS }), fc.nat(3), run), {
      numRuns: 6,
      seed: 1,
    });
  });

  test("begin and end where they must", async () => {
    const { insertion, deletion } = await measure(fixed(map), {
      measures: ["insertion", "deletion"],
      target: 2,
      insertionBaseline: { image: new Float32Array(image.length) },
      deletionBaseline: 0,
    });
    const [whole, nothing] = [
      await probability(image, 2),
      await probability(
        image.map(() => 0),
        2,
      ),
    ];
    expect(insertion?.curve.at(-1)).toBeCloseTo(whole, 6);
    expect(deletion?.curve[0]).toBeCloseTo(whole, 6);
    expect(insertion?.curve[0]).toBeCloseTo(nothing, 6);
    expect(deletion?.curve.at(-1)).toBeCloseTo(nothing, 6);
  });

  test("are each other's reverse: a map inserted is its negative deleted, backwards", async () => {
    const options = {
      target: 1,
      steps: 7,
      randomBaselines: 0,
      insertionBaseline: 0,
      deletionBaseline: 0,
    } as const;
    const { insertion } = await measure(fixed(map), { ...options, measures: ["insertion"] });
    const { deletion } = await measure(fixed(map.map((value) => -value)), {
      ...options,
      measures: ["deletion"],
    });
    // Steps of equal size round alike from both ends only where none ends in a half.
    const backwards = deletion?.curve.toReversed() ?? [];
    for (const [i, value] of (insertion?.curve ?? []).entries())
      expect(value).toBeCloseTo(backwards[i] ?? 0, 6);
    expect(insertion?.area).toBeCloseTo(deletion?.area ?? 0, 6);
    expect(insertion?.randomBaselines).toEqual([]);
  });

  test("take equal pixels in reading order", async () => {
    const options = { target: 1, measures: ["deletion"], seed: 3 } as const;
    const flat = await measure(fixed(new Float32Array(PIXELS).fill(2)), options);
    const falling = await measure(fixed(Float32Array.from({ length: PIXELS }, (_, i) => -i)), options);
    expect(flat.deletion).toEqual(falling.deletion);
    expect([...ranksOf(Float32Array.of(1, 3, 1, 3, 2))]).toEqual([3, 0, 4, 1, 2]);
  });

  test("compare with the map moved elsewhere", async () => {
    const options = { target: 1, steps: 6, seed: 8, deletionBaseline: 0 } as const;
    const { deletion } = await measure(fixed(map), {
      ...options,
      measures: ["deletion"],
      randomBaselines: 2,
    });
    const [down, right] = chanceShift(8, 2, [HEIGHT, WIDTH]);
    const moved = map.map((_, i) => {
      const [y, x] = [Math.floor(i / WIDTH) + down, (i % WIDTH) + right];
      return map[(y % HEIGHT) * WIDTH + (x % WIDTH)] ?? 0;
    });
    const itself = await measure(fixed(moved), { ...options, measures: ["deletion"], randomBaselines: 0 });
    expect(deletion?.randomBaselines[1]).toBeCloseTo(itself.deletion?.area ?? 0, 6);
    for (let i = 0; i < 20; i++) {
      const [y, x] = chanceShift(i, 1, [40, 20]);
      expect([y >= 10 && y < 30, x >= 5 && x < 15]).toEqual([true, true]);
    }
    expect(chanceShift(0, 1, [1, 1])).toEqual([0, 0]);
  });

  test("enlarge a smaller map, and may judge by the logit", async () => {
    const small = Float32Array.of(4, 3, 2, 1);
    const { insertion } = await measure(fixed(small, [2, 2]), {
      measures: ["insertion"],
      target: 0,
      on: "logit",
    });
    const all = await predict(network, image);
    expect(insertion?.curve.at(-1)).toBeCloseTo(all.find(({ index }) => index === 0)?.logit ?? 0, 4);
  });
});

describe("μFidelity", () => {
  test("is 1 for the exact shares of an affine score, and −1 for their negative", async () => {
    const options = { measures: ["muFidelity"], target: AFFINE, deletionBaseline: 0, grid: 3 } as const;
    const exact = await measure(shares, options);
    expect(exact.muFidelity).toBeCloseTo(1, 5);
    const opposite = await measure(
      {
        ...shares,
        run: async (...args) => {
          const found = await shares.run(...args);
          return { ...found, data: found.data.map((value) => -value) };
        },
      },
      options,
    );
    expect(opposite.muFidelity).toBeCloseTo(-1, 5);
  });

  test("removes as many cells as the share says, each subset another", () => {
    const subsets = Array.from({ length: 50 }, (_, i) => subsetOf(7, i, 81, 16));
    for (const subset of subsets) {
      expect(new Set(subset).size).toBe(16);
      expect(subset.every((cell) => cell >= 0 && cell < 81)).toBe(true);
    }
    expect(new Set(subsets.map((subset) => subset.toSorted((a, b) => a - b).join())).size).toBe(50);
    const drawn = subsets.flat();
    for (let cell = 0; cell < 81; cell++) expect(drawn).toContain(cell);
  });
});

describe("infidelity", () => {
  test("of an affine score is 0 for its slope by noise, and for its shares by cells", async () => {
    const options = { measures: ["infidelity"], target: AFFINE, deletionBaseline: 0, grid: 4 } as const;
    for (const [technique, by] of [
      [saliency, "noise"],
      [shares, "cells"],
    ] as const) {
      const { infidelity } = await measure(technique, options);
      expect(infidelity?.by).toBe(by);
      expect(infidelity?.relative).toBeLessThan(1e-8);
      expect(infidelity?.scale).toBeCloseTo(1, 4);
      expect(infidelity?.value).toBeLessThan(1e-8);
    }
  });

  test("of twice the slope is the mean square of the score's change, and no worse at its best scale", async () => {
    const double: EvaluatedTechnique = {
      ...saliency,
      run: async (...args) => {
        const found = await saliency.run(...args);
        return { ...found, data: found.data.map((value) => 2 * value) };
      },
    };
    const options = {
      measures: ["infidelity"],
      target: AFFINE,
      noiseSamples: 5,
      radius: 0.1,
      seed: 6,
    } as const;
    const { infidelity } = await measure(double, options);
    const { data } = await saliency.run(network, image, { target: AFFINE });
    const range = Math.max(...image) - Math.min(...image);
    let squares = 0;
    for (let sample = 1; sample <= 5; sample++) {
      const noise = uniformNoise(6, sample, image.length, 0.1 * range);
      expect(noise.every((value) => Math.abs(value) <= 0.1 * range)).toBe(true);
      squares += noise.reduce((sum, value, i) => sum + value * (data[i] ?? 0), 0) ** 2 / 5;
    }
    expect((infidelity?.value ?? 0) / squares).toBeCloseTo(1, 3);
    expect(infidelity?.scale).toBeCloseTo(0.5, 4);
    expect(infidelity?.relative).toBeLessThan(1e-6);
  });

  test("takes maps without colour by cells, and explains the score that the technique does", async () => {
    const found = await measure(fixed(map), { measures: ["infidelity"], target: 1 });
    expect(found.infidelity?.by).toBe("cells");
    const asProbability = await measure(
      { run: fixed(map), on: "probability" },
      { measures: ["infidelity"], target: 1 },
    );
    expect(asProbability.infidelity?.value).not.toBe(found.infidelity?.value);
  });
});

describe("sensitivity", () => {
  test("is 0 where the gradient is the same everywhere", async () => {
    const { sensitivity } = await measure(saliency, { measures: ["sensitivity"], target: AFFINE });
    expect(sensitivity).toBe(0);
  });

  test("of gradient × input on an affine score is the largest ‖g ⊙ δ‖ / ‖g ⊙ x‖", async () => {
    const { data } = await saliency.run(network, image, { target: AFFINE });
    const norm = (of: Float32Array) => Math.hypot(...of.map((value, i) => value * (data[i] ?? 0)));
    const range = Math.max(...image) - Math.min(...image);
    const expected = Math.max(
      ...[1, 2, 3].map((sample) => norm(uniformNoise(2, sample, image.length, 0.02 * range)) / norm(image)),
    );
    const options = { measures: ["sensitivity"], target: AFFINE, perturbations: 3, seed: 2 } as const;
    expect((await measure(shares, options)).sensitivity).toBeCloseTo(expected, 5);
    expect((await measure(fixed(new Float32Array(PIXELS)), options)).sensitivity).toBe(0);
  });
});

describe("likeness", () => {
  test("to the map of another class is 1 for a map that asks for none, and is said in words", async () => {
    const blind = await measure(fixed(map), {
      measures: ["modelRandomisation", "randomLogit", "runnerUp"],
      target: 3,
    });
    expect(blind.runnerUp).toMatchObject({ correlation: 1, signed: 1 });
    expect(blind.modelRandomisation).toMatchObject({ correlation: 1 });
    expect(blind.randomLogit).toMatchObject({ correlation: 1 });
    expect(blind.verdicts).toEqual(["class", "weights"]);
    expect(blind.words[0]).toMatch(
      /^This map hardly depends on the class: it is much like that of class \d, the runner-up/,
    );
    expect(blind.words[1]).toMatch(/^This map hardly depends on the weights/);
    const seeing = await measure(saliency, {
      measures: ["modelRandomisation", "randomLogit", "runnerUp"],
      target: 3,
    });
    expect(seeing.words).toEqual([]);
    expect(Math.abs(seeing.runnerUp?.signed ?? 1)).toBeLessThan(0.9);
  });

  test("names the runner-up, and a random class that is another", async () => {
    const order = (await predict(network, image)).map(({ index }) => index);
    const { target, runnerUp, randomLogit } = await measure(saliency, {
      measures: ["randomLogit", "runnerUp"],
    });
    expect(target).toMatchObject({ channel: order[0] });
    expect(runnerUp?.other).toBe(order[1]);
    expect(order.slice(2)).toContain(randomLogit?.other);
    const lower = await measure(saliency, { measures: ["runnerUp"], target: order[2] ?? 0 });
    expect(lower.runnerUp?.other).toBe(order[0]);
  });

  test("to a randomised network whose map is blank is to its top class's", async () => {
    const randomised = await createRandomisedNetwork(network, { seed: 2 });
    const [top, other] = (await predict(randomised, image)).map(({ index }) => index);
    const asked: (number | undefined)[] = [];
    const dead: EvaluatedTechnique = async (on, _, options) => {
      const target = (options?.target ?? AFFINE) as Target;
      if (on === randomised) asked.push(target.channel);
      const blank = on === randomised && target.channel === other;
      return { data: blank ? new Float32Array(PIXELS) : map, shape: [HEIGHT, WIDTH], target };
    };
    const found = await measure(dead, {
      measures: ["modelRandomisation"],
      target: other ?? 0,
      randomisedNetwork: randomised,
    });
    randomised.destroy();
    expect(asked).toEqual([other, top]);
    expect(found.modelRandomisation?.correlation).toBe(1);
  });

  test("of opposite maps is in their magnitudes alone, and no word is said", async () => {
    const signed: EvaluatedTechnique = async (_, __, options) => {
      const { channel } = (options?.target ?? AFFINE) as Target;
      return {
        data: map.map((value) => (channel === 3 ? value : -value)),
        shape: [HEIGHT, WIDTH],
        target: AFFINE,
      };
    };
    const { runnerUp, words } = await measure(signed, { measures: ["runnerUp"], target: 3 });
    expect(runnerUp?.correlation).toBe(1);
    expect(runnerUp?.signed).toBeCloseTo(-1, 12);
    expect(words).toEqual([]);
  });
});

describe("words", () => {
  test("say that a map is blank", async () => {
    const { words, verdicts } = await measure(fixed(new Float32Array(PIXELS)), {
      target: 0,
      noiseSamples: 3,
    });
    expect(verdicts).toEqual(["blank"]);
    expect(words).toEqual(["This map is the same everywhere: it says nothing of the image."]);
  });

  test("say that a map is no better than chance, and do not of one that is", async () => {
    // A bright spot alone speaks for class 0.
    const next = random(5);
    const spot = await createNetwork(
      device,
      graph("spot", [
        { op: "input", name: "image", inputs: [], shape: [12, 12, 1] },
        { op: "globalPool", name: "gap", inputs: ["image"], mode: "average" },
        {
          op: "dense",
          name: "logits",
          inputs: ["gap"],
          w: { shape: [1, 2], data: Float32Array.of(40, -40) },
          b: { ...constant([2], next), data: Float32Array.of(-2, 2) },
        },
      ]),
      { batch: 4 },
    );
    const picture = Float32Array.from({ length: 144 }, (_, i) =>
      Number(Math.floor(i / 12) < 4 && i % 12 < 4),
    );
    const judge = (data: Float32Array) =>
      trust(spot, picture, fixed(data, [12, 12]), {
        target: 0,
        measures: ["insertion", "deletion"],
        insertionBaseline: 0,
        deletionBaseline: 0,
      });
    const [good, bad] = [await judge(picture), await judge(picture.map((value) => -value))];
    spot.destroy();
    expect(good.words).toEqual([]);
    expect(bad.verdicts).toEqual(["chance"]);
    expect(bad.words[0]).toBe(
      "This map is no better than chance at insertion and deletion: 4 of 4 copies moved elsewhere do as well.",
    );
  });
});

describe("every measure", () => {
  const quick: TrustOptions = {
    target: 1,
    steps: 5,
    subsets: 12,
    noiseSamples: 4,
    perturbations: 2,
    radius: 0.2,
  };

  test("has the same bits for the same seed, and others for another", async () => {
    const found = await measure(saliency, { ...quick, seed: 3 });
    expect(await measure(saliency, { ...quick, seed: 3 })).toEqual(found);
    const other = await measure(saliency, { ...quick, seed: 4 });
    expect(other.muFidelity).not.toBe(found.muFidelity);
    expect(other.infidelity?.value).not.toBe(found.infidelity?.value);
    expect(other.sensitivity).not.toBe(found.sensitivity);
    expect(other.insertion?.randomBaselines).not.toEqual(found.insertion?.randomBaselines);
    expect(other.modelRandomisation).not.toEqual(found.modelRandomisation);
    expect(other.insertion?.curve).toEqual(found.insertion?.curve);
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  });

  test.each(["rise", "lime", "occlusion"])(
    "asks %s about all classes at once, with the same bits",
    async (name) => {
      const { runEach, ...single } = attributionNamed(name);
      if (!runEach) throw new Error("expected a technique of one sweep for several targets");
      const asked: unknown[][] = [];
      const watched: EvaluatedTechnique = {
        ...single,
        async run(on, ...rest) {
          asked.push(["run", on === network]);
          return single.run(on, ...rest);
        },
        runEach(on, of, targets, options) {
          asked.push([...targets]);
          return runEach(on, of, targets, options);
        },
      };
      const options: TrustOptions = {
        target: 1,
        measures: ["insertion", "randomLogit", "runnerUp"],
        settings: { samples: 8 },
        steps: 3,
        randomBaselines: 1,
      };
      const found = await measure(watched, options);
      const channels = [1, found.randomLogit?.other, found.runnerUp?.other];
      expect(asked).toEqual([channels.map((channel) => expect.objectContaining({ channel }))]);
      expect(found).toEqual(await measure(single, options));
    },
  );

  test("is the same whatever the batch, and for a map made before", async () => {
    const single = await createNetwork(device, chain(), { batch: 1 });
    const explanation = await saliency.run(network, image, { target: 1 });
    const [one, three] = [
      await trust(single, image, saliency, quick),
      await measure(saliency, { ...quick, explanation }),
    ];
    single.destroy();
    expect(one.muFidelity).toBeCloseTo(three.muFidelity ?? 0, 5);
    expect(one.insertion?.area).toBeCloseTo(three.insertion?.area ?? 0, 5);
    expect(one.infidelity?.relative).toBeCloseTo(three.infidelity?.relative ?? 0, 3);
    expect(one.sensitivity).toBeCloseTo(three.sensitivity ?? 0, 5);
    expect(one.runnerUp).toEqual(three.runnerUp);
  });

  test("frees what it allocated, reports progress, and stops when told to", async () => {
    const live = new Set<GPUBuffer>();
    const create = device.createBuffer.bind(device);
    const spy = vi.spyOn(device, "createBuffer").mockImplementation((descriptor) => {
      const buffer = create(descriptor);
      const destroy = buffer.destroy.bind(buffer);
      live.add(buffer);
      buffer.destroy = () => {
        live.delete(buffer);
        destroy();
      };
      return buffer;
    });
    try {
      const fractions: number[] = [];
      await measure(saliency, { ...quick, onProgress: (fraction) => fractions.push(fraction) });
      expect(live.size).toBe(0);
      expect(fractions.at(-1)).toBe(1);
      expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
      const controller = new AbortController();
      const { signal } = controller;
      const onProgress = () => controller.abort(new Error("enough"));
      await expect(measure(saliency, { ...quick, signal, onProgress })).rejects.toThrow("enough");
      expect(live.size).toBe(0);
    } finally {
      spy.mockRestore();
    }
  });

  test("keeps no more for many samples than their scores and plan", async () => {
    const bytes = async (options: TrustOptions): Promise<number> => {
      const spy = vi.spyOn(device, "createBuffer");
      await measure(fixed(map), { target: 1, measures: ["insertion", "muFidelity"], ...options });
      const total = spy.mock.calls.reduce((sum, [{ size }]) => sum + size, 0);
      spy.mockRestore();
      return total;
    };
    const few = await bytes({ steps: 9, randomBaselines: 0, subsets: 9 });
    const more = await bytes({ steps: 48, randomBaselines: 9, subsets: 999 });
    // A score and its readback, and five words or three of plan a sample; never an image of 576 bytes.
    expect(more - few).toBeLessThan((490 - 10 + 990 + 6) * (4 + 4 + 20));
  });

  test("of neurons and objectives leaves the classes out", async () => {
    for (const target of [{ layer: "relu1", y: 1, x: 2, channel: 3 }, normObjective("conv2"), logit(1)]) {
      const found = await measure(saliency, { ...quick, target });
      expect(Object.keys(found).sort()).toEqual([
        "deletion",
        "infidelity",
        "insertion",
        "modelRandomisation",
        "moved",
        "muFidelity",
        "sensitivity",
        "target",
        "verdicts",
        "words",
      ]);
      expect(found.randomLogit).toBeUndefined();
      await expect(measure(saliency, { ...quick, target, measures: ["runnerUp"] })).rejects.toThrow(
        /expected a class among several as the target of "runnerUp"/,
      );
    }
  });

  test("is only taken when asked for", async () => {
    const run = vi.fn(fixed(map));
    const found = await measure(run, {
      target: 1,
      measures: ["muFidelity", "insertion"],
      steps: 4,
      subsets: 4,
    });
    expect(Object.keys(found).sort()).toEqual([
      "asked",
      "insertion",
      "moved",
      "muFidelity",
      "target",
      "verdicts",
      "words",
    ]);
    expect(run).toHaveBeenCalledTimes(1);
  });

  test("tells the technique its settings, the same ones each time", async () => {
    const run = vi.fn(fixed(map));
    const settings = { samples: 7, seed: 2 };
    await measure(run, { ...quick, settings });
    expect(run).toHaveBeenCalledTimes(1 + 2 + 3);
    for (const [, , options] of run.mock.calls) expect(options).toMatchObject(settings);
  });

  test.each<[TrustOptions, RegExp]>([
    [{ measures: ["fidelity"] as unknown as [] }, /expected measures of insertion.*got "fidelity"/],
    [{ steps: 0 }, /steps of 1 to 48, got 0/],
    [{ steps: 49 }, /steps of 1 to 48, got 49/],
    [{ randomBaselines: -1 }, /randomBaselines of 0 to 1000, got -1/],
    [{ grid: 7 }, /a grid of 1 to 6, got 7/],
    [{ subsets: 1 }, /subsets of 2 to/],
    [{ noiseSamples: 1.5 }, /noiseSamples of 1 to 1048576, got 1.5/],
    [{ perturbations: 0 }, /perturbations of 1 to/],
    [{ removedFraction: 0 }, /removedFraction above 0 and up to 1 of the cells, got 0/],
    [{ removedFraction: Number.NaN }, /got NaN/],
    [{ radius: 0 }, /radius above 0/],
    [{ seed: -1 }, /seed of 0 to/],
    [{ target: 9 }, /class of 0 to 3/],
    [{ deletionBaseline: [1] }, /or 3 numbers, got 1/],
    [
      { insertionBaseline: "bright" as "blur" },
      /trust: expected a baseline of black, grey, white, mean, blur.*"bright"/,
    ],
  ])("%o is refused", async (options, message) => {
    await expect(measure(saliency, { target: 0, ...options })).rejects.toThrow(message);
  });

  test.each<[string, Attribution["data"], number[], RegExp]>([
    ["NaN", new Float32Array(PIXELS).fill(Number.NaN, 5, 6), [HEIGHT, WIDTH], /finite values, got NaN at 5/],
    ["another size", new Float32Array(4), [HEIGHT, WIDTH], /got 4 values of 8×6/],
    ["no map", new Float32Array(4), [4], /a map of H×W or H×W×C/],
  ])("refuses a map of %s", async (_, data, shape, message) => {
    await expect(measure(fixed(data, shape), { target: 0 })).rejects.toThrow(message);
  });
});
