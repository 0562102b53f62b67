import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { throughJpeg } from "../../../src/images/jpeg.ts";
import type { Pixels } from "../../../src/images/pixels.ts";
import { arraysOf } from "../../../src/node/npz.ts";
import { type CorruptOptions, corrupt } from "../../../src/techniques/robustness/corruptions/corrupt.ts";
import { drawsOf, normals } from "../../../src/techniques/robustness/corruptions/fields.ts";
import { CORRUPTIONS, corruptionNamed } from "../../../src/techniques/robustness/corruptions/list.ts";
import { plasma } from "../../../src/techniques/robustness/corruptions/plasma.ts";
import { testDevice } from "../../gpu.ts";
import { liveBytes } from "../../live-bytes.ts";

let device: GPUDevice;
const golden = new Map<string, ArrayLike<number>>();
let picture: Pixels;

beforeAll(async () => {
  device = await testDevice();
  for (const { name, array } of arraysOf(await readFile("test/golden/corruptions.npz"), "corruptions")) {
    golden.set(name, array.data);
    const [height = 0, width = 0] = array.shape;
    if (name === "picture") picture = { width, height, data: Uint8ClampedArray.from(array.data) };
  }
});

const flat = (value: number, side = 128): Pixels => ({
  ...{ width: side, height: side },
  data: new Uint8ClampedArray(3 * side * side).fill(value),
});

const SEVERITIES = [1, 2, 3, 4, 5] as const;
const SETS = ["imagenet", "cifar"] as const;

/** Mean and variance of values of 0…1. */
function momentsOf(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length };
}

describe("what is not random agrees with NumPy, SciPy, scikit-image and Pillow", () => {
  const kinds = ["defocus-blur", "gaussian-blur", "brightness", "contrast", "saturate", "pixelate"];
  test.each(kinds.flatMap((kind) => SETS.map((set) => ({ kind, set }))))(
    "$kind of $set, to rounding",
    async ({ kind, set }) => {
      const right = golden.get(`${set} ${kind}`) ?? [];
      const ties = golden.get(`${set} ${kind} ties`) ?? [];
      const size = picture.data.length;
      expect(right.length).toBe(5 * size);
      for (const severity of SEVERITIES) {
        const { data } = await corrupt(device, picture, { kind, severity, set });
        const away = Array.from(data, (value, i) =>
          Math.abs(value - (right[(severity - 1) * size + i] ?? 0)),
        );
        const off = [...away.keys()].filter((i) => away[i] !== 0 && !ties[(severity - 1) * size + i]);
        expect(off).toEqual([]);
        expect(Math.max(...away)).toBeLessThanOrEqual(1);
      }
    },
  );

  test("the cloud of fog, of the same draws", () => {
    let count = 0;
    const field = plasma(16, 1.7, 0, () => (++count * 0.6180339887498949) % 1);
    const right = golden.get("plasma") ?? [];
    expect(right.length).toBe(256);
    expect(Math.max(...field.map((value, i) => Math.abs(value - (right[i] ?? 0))))).toBeLessThan(1e-6);
  });

  test("JPEG is the codec's own", async () => {
    const made = await corrupt(device, picture, { kind: "jpeg", severity: 5 });
    expect(made).toEqual(await throughJpeg(picture, 7));
  });
});

describe("noise has the distribution of its recipe", () => {
  const N = 128 * 128 * 3;
  const valuesOf = async (options: CorruptOptions, of = flat(128)): Promise<number[]> =>
    Array.from((await corrupt(device, of, options)).data, (value) => (value + 0.5) / 255);
  const x = 128 / 255;

  test.each([
    ["gaussian-noise", 0.04 ** 2, "cifar"],
    ["speckle-noise", (x * 0.06) ** 2, "cifar"],
    ["shot-noise", x / 500, "cifar"],
    ["shot-noise", x / 60, "imagenet"],
  ] as const)("%s: mean and variance %f", async (kind, variance, set) => {
    const found = momentsOf(await valuesOf({ kind, severity: 1, set }));
    expect(Math.abs(found.mean - x)).toBeLessThan(5 * Math.sqrt(variance / N) + 0.001);
    expect(Math.abs(found.variance / variance - 1)).toBeLessThan(0.05);
  });

  test("shot noise is a Poisson number over its constant", async () => {
    const values = [...(await corrupt(device, flat(128), { kind: "shot-noise", severity: 5 })).data];
    const mean = 3 * x;
    for (const [count, chance] of [Math.exp(-mean), mean * Math.exp(-mean)].entries()) {
      const level = Math.floor((count / 3) * 255 + 1e-4);
      const share = values.filter((value) => value === level).length / N;
      expect(Math.abs(share - chance)).toBeLessThan(5 * Math.sqrt((chance * (1 - chance)) / N));
    }
  });

  test("impulse noise makes a share of the values black or white, each as often", async () => {
    const values = [...(await corrupt(device, flat(128), { kind: "impulse-noise", severity: 5 })).data];
    for (const level of [0, 255]) {
      const share = values.filter((value) => value === level).length / N;
      expect(Math.abs(share - 0.135)).toBeLessThan(5 * Math.sqrt((0.135 * 0.865) / N));
    }
    expect(values.every((value) => [0, 128, 255].includes(value))).toBe(true);
  });

  test("noise of neighbours is not alike", async () => {
    const values = await valuesOf({ kind: "gaussian-noise", severity: 1, set: "cifar" });
    const { mean, variance } = momentsOf(values);
    for (const lag of [1, 2, 3, 384]) {
      let sum = 0;
      for (let i = lag; i < N; i++) sum += ((values[i] ?? 0) - mean) * ((values[i - lag] ?? 0) - mean);
      expect(Math.abs(sum / N / variance)).toBeLessThan(5 / Math.sqrt(N));
    }
  });
});

test("motion blur keeps a flat picture, and moves the weight of a point along a line within ±45°", async () => {
  expect((await corrupt(device, flat(100, 16), { kind: "motion-blur", severity: 5 })).data).toSatisfy(
    (data: Uint8ClampedArray) => data.every((value) => Math.abs(value - 100) <= 1),
  );
  const point = { width: 41, height: 41, data: new Uint8ClampedArray(41 * 41 * 3) };
  point.data.fill(255, 3 * (20 * 41 + 20), 3 * (20 * 41 + 21));
  const { data } = await corrupt(device, point, { kind: "motion-blur", severity: 1, seed: 4 });
  const lit = [...data.keys()].filter((i) => i % 3 === 0 && (data[i] ?? 0) > 0).map((i) => i / 3);
  expect(lit.length).toBeGreaterThan(4);
  for (const place of lit) {
    expect(Math.abs(Math.floor(place / 41) - 20)).toBeLessThanOrEqual(Math.abs((place % 41) - 20) + 1);
  }
});

test("every kind takes pictures of any size, gives the same for the same seed, and frees what it holds", async () => {
  const sizes = [
    [1, 1],
    [1, 300],
    [7, 5],
  ] as const;
  const random = CORRUPTIONS.filter(({ name }) => /noise/.test(name)).map(({ name }) => name);
  const property = fc.asyncProperty(
    fc.constantFrom(...sizes),
    fc.constantFrom(...SEVERITIES),
    fc.constantFrom(...SETS),
    fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    async ([height, width], severity, set, seed) => {
      const data = Uint8ClampedArray.from({ length: 3 * height * width }, (_, i) => (i * 89) % 256);
      for (const { name: kind } of CORRUPTIONS) {
        const once = await corrupt(device, { width, height, data }, { kind, severity, set, seed });
        expect([once.width, once.height, once.data.length]).toEqual([width, height, data.length]);
        const again = await corrupt(device, { width, height, data }, { kind, severity, set, seed });
        expect(again).toEqual(once);
        if (!random.includes(kind) || height * width < 300) continue;
        const other = { kind, severity, set, seed: (seed + 1) % 2 ** 32 };
        expect((await corrupt(device, { width, height, data }, other)).data).not.toEqual(once.data);
      }
    },
  );
  const held = await liveBytes(device, () => fc.assert(property, { numRuns: 6 }));
  expect(held).toMatchObject({ left: 0, objects: 0 });
});

describe("frost", () => {
  const frost = async (severity: number, more: Partial<CorruptOptions> = {}): Promise<number[]> => [
    ...(await corrupt(device, flat(60, 64), { kind: "frost", severity, ...more })).data,
  ];

  test.each(SETS)("of %s whitens a picture, and varies from seed to seed", async (set) => {
    const found = momentsOf(await frost(5, { set }));
    const [own = 0] = corruptionNamed("frost").sets[set][4];
    expect(found.mean).toBeGreaterThan(own * 60 + 30);
    expect(found.variance).toBeGreaterThan(100);
    expect(await frost(5, { set, seed: 1 })).not.toEqual(await frost(5, { set }));
  });

  test("takes pictures of the user's, at a random place, larger where they are small", async () => {
    const given = flat(100, 80);
    expect(new Set(await frost(3, { frosts: [given] }))).toEqual(new Set([Math.floor(0.7 * 60 + 0.7 * 100)]));
    expect(new Set(await frost(3, { frosts: [flat(100, 3)] }))).toEqual(new Set([112]));
    given.data.forEach((_, i) => {
      given.data[i] = Math.floor(i / 240);
    });
    const rows = async (seed: number) => (await frost(3, { frosts: [given], seed }))[0];
    const tops = await Promise.all([1, 2, 3, 4, 5, 6].map(rows));
    expect(new Set(tops).size).toBeGreaterThan(1);
    await expect(frost(3, { frosts: [] })).rejects.toThrow(/expected pictures as frosts, got none/);
  });
});

test("normal numbers have their mean, variance and no memory", () => {
  const values = normals(40_000, 0.5, 0.3, drawsOf(7, 1));
  const { mean, variance } = momentsOf([...values]);
  expect(Math.abs(mean - 0.5)).toBeLessThan((5 * 0.3) / 200);
  expect(Math.abs(variance / 0.09 - 1)).toBeLessThan(0.05);
  const beyond = values.filter((value) => Math.abs(value - 0.5) > 0.6).length / 40_000;
  expect(Math.abs(beyond - 0.0455)).toBeLessThan(0.006);
  let product = 0;
  for (let i = 1; i < values.length; i++) product += ((values[i] ?? 0) - 0.5) * ((values[i - 1] ?? 0) - 0.5);
  expect(Math.abs(product / values.length / 0.09)).toBeLessThan(5 / 200);
});

test.each<[string, CorruptOptions, RegExp]>([
  ["an unknown kind", { kind: "foog", severity: 1 }, /expected one of gaussian-noise.*did you mean "fog"/],
  ["a severity of 0", { kind: "fog", severity: 0 }, /severity of 1, 2, 3, 4 or 5, got 0/],
  ["half a severity", { kind: "fog", severity: 1.5 }, /got 1.5/],
  ["a seed below 0", { kind: "fog", severity: 1, seed: -1 }, /seed of 0 to/],
  ["another set", { kind: "fog", severity: 1, set: "mnist" as never }, /imagenet/],
])("refuses %s", async (_, options, words) => {
  await expect(corrupt(device, flat(1, 2), options)).rejects.toThrow(words);
});
