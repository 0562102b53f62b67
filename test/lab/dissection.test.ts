import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { arraySource } from "../../src/dataset/array-source.ts";
import type { SourcePicture } from "../../src/dataset/source.ts";
import { syntheticSource } from "../../src/dataset/synthetic-source.ts";
import { InputError } from "../../src/gpu/errors.ts";
import { preprocess } from "../../src/images/preprocess.ts";
import { type ConceptMasks, colorConcepts, syntheticConcepts } from "../../src/lab/concepts.ts";
import { type DissectionOptions, dissection } from "../../src/lab/dissection.ts";
import { TopQuantile } from "../../src/lab/top-quantile.ts";
import { createNetworks, type Networks } from "../../src/network/pool.ts";
import { testDevice } from "../gpu.ts";
import { random } from "../graph/graphs.ts";
import { mirrors, SIDE } from "./mirrors.ts";

let device: GPUDevice;
let networks: Networks;
beforeAll(async () => {
  device = await testDevice();
  networks = createNetworks(device, mirrors());
});
afterAll(() => networks.destroy());

const COUNT = 5;
/** The masks are larger than the maps. */
const MASK = 12;
const next = random(8);
const pictures = Array.from({ length: COUNT }, () => ({
  width: SIDE,
  height: SIDE,
  data: Uint8Array.from({ length: SIDE * SIDE * 3 }, () => Math.round(127 * (1 + next()))),
}));
/** A concept at the left, a random one, and one that only some pictures have. */
const masks = pictures.map((_, n) => {
  const mask = (of: (i: number) => boolean) =>
    Uint8Array.from({ length: MASK * MASK }, (_, i) => Number(of(i)));
  const all = new Map([
    ["left", mask((i) => i % MASK < 3)],
    ["random", mask(() => next() > 0.6)],
  ]);
  if (n % 2 === 0)
    all.set(
      "some",
      mask((i) => i < 3 * MASK),
    );
  return all;
});
const conceptsOf = async ({ index }: SourcePicture): Promise<ConceptMasks> => ({
  width: MASK,
  height: MASK,
  masks: masks[index] ?? new Map(),
});
const dissect = (options: DissectionOptions = {}, of = conceptsOf) =>
  dissection(networks, arraySource(pictures.map((pixels) => ({ pixels }))), of, {
    layers: ["image"],
    ...options,
  });

/** NumPy's quantile. */
function quantileOf(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)] ?? 0;
  return below + (at % 1) * ((sorted[Math.ceil(at)] ?? 0) - below);
}

/** Bilinear, with the centres of pixels at halves. */
function enlarged(map: readonly number[], x: number, y: number): number {
  const place = (at: number): number => Math.min(SIDE - 1, Math.max(0, ((at + 0.5) * SIDE) / MASK - 0.5));
  const [u, v] = [place(x), place(y)];
  const at = (column: number, row: number): number =>
    map[Math.min(SIDE - 1, row) * SIDE + Math.min(SIDE - 1, column)] ?? 0;
  const [c, r] = [Math.floor(u), Math.floor(v)];
  const line = (row: number): number => at(c, row) * (1 - (u - c)) + at(c + 1, row) * (u - c);
  return line(r) * (1 - (v - r)) + line(r + 1) * (v - r);
}

describe("dissection", () => {
  test.each([0.005, 0.1])("is what plain loops find, at a quantile of %f", async (quantile) => {
    const found = await dissect({ quantile });
    expect(found.concepts.map(({ name, pictures: own }) => [name, own])).toEqual([
      ["left", COUNT],
      ["random", COUNT],
      ["some", 3],
    ]);
    const inputs = pictures.map((pixels) => preprocess(pixels, networks.graph));
    for (const channel of [0, 1, 2]) {
      const maps = inputs.map((values) => [...values].filter((_, i) => i % 3 === channel));
      const threshold = quantileOf(maps.flat(), 1 - quantile);
      const unit = found.layers[0]?.units[channel];
      expect(unit?.threshold).toBeCloseTo(threshold, 5);
      const ious = ["left", "random", "some"].map((name) => {
        let [both, either] = [0, 0];
        for (const [n, map] of maps.entries()) {
          for (let i = 0; i < MASK * MASK; i++) {
            const on = enlarged(map, i % MASK, Math.floor(i / MASK)) > threshold;
            const is = masks[n]?.get(name)?.[i] === 1;
            both += Number(on && is);
            either += Number(on || is);
          }
        }
        return both / either;
      });
      for (const [c, iou] of ious.entries()) expect(unit?.ious[c]).toBeCloseTo(iou, 9);
      const most = Math.max(...ious);
      expect(unit?.best?.iou ?? 0).toBeCloseTo(most, 9);
      expect(unit?.detects).toBe(most > 0.04);
    }
  });

  test("names the concept of a unit that is on just there", async () => {
    // Red is bright in one corner of each picture, and the mask is that corner.
    const corner = pictures.map(() => ({
      width: SIDE,
      height: SIDE,
      data: Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, i) => {
        const place = Math.floor(i / 3);
        return i % 3 === 0 && place % SIDE < 2 && place < 2 * SIDE ? 255 : (place * 7) % 50;
      }),
    }));
    const source = arraySource(corner.map((pixels) => ({ pixels })));
    const mask = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => Number(i % SIDE < 2 && i < 2 * SIDE));
    const found = await dissection(
      networks,
      source,
      async () => ({ width: SIDE, height: SIDE, masks: new Map([["corner", mask]]) }),
      { layers: ["image"], quantile: 0.07, examples: 2 },
    );
    const red = found.layers[0]?.units[0];
    expect(red).toMatchObject({ detects: true, best: { concept: "corner", iou: 1 } });
    expect(red?.examples.map(({ index }) => index)).toEqual([0, 1]);
    expect(found.layers[0]?.units[1]?.detects).toBe(false);
    expect(found.concepts[0]).toMatchObject({ area: 4 / 64, pictures: COUNT });
  });

  test("says what no unit can detect", async () => {
    const { notes, concepts } = await dissect();
    expect(concepts[0]?.ceiling).toBeCloseTo(0.005 / 0.25, 9);
    expect(notes.join()).toMatch(/cannot detect what covers much more, or much less: left/);
  });

  test("dead units are on nowhere", async () => {
    const black = { width: SIDE, height: SIDE, data: new Uint8Array(SIDE * SIDE * 3) };
    const source = arraySource([{ pixels: black }]);
    const { layers } = await dissection(networks, source, conceptsOf, { layers: ["image"] });
    expect(layers[0]?.units.every(({ on, best, detects }) => on === 0 && !best && !detects)).toBe(true);
  });

  test("refuses what it cannot do", async () => {
    await expect(dissect({ quantile: 0 })).rejects.toThrow(/a quantile above 0/);
    await expect(dissect({ threshold: 1 })).rejects.toThrow(/a threshold of 0 up to 1/);
    await expect(dissect({ examples: 65 })).rejects.toThrow(/examples/);
    await expect(dissect({ layers: ["nowhere"] })).rejects.toThrow(InputError);
    await expect(
      dissect({}, async () => ({ width: 3, height: 3, masks: new Map([["a", new Uint8Array(8)]]) })),
    ).rejects.toThrow(/masks of 3×3 for "0", got 8 values for "a"/);
    await expect(dissect({}, async () => ({ width: 3, height: 3, masks: new Map() }))).rejects.toThrow(
      /masks of concepts, got none/,
    );
    const wide = { width: 2 * SIDE, height: SIDE, data: new Uint8Array(6 * SIDE * SIDE) };
    await expect(
      dissection(networks, arraySource([{ pixels: wide }]), conceptsOf, { layers: ["image"] }),
    ).rejects.toThrow(/a picture that the network sees whole/);
  });
});

test("the upper quantile of a stream is NumPy's", () => {
  fc.assert(
    fc.property(
      fc.array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -100, max: 100 }), {
        minLength: 1,
        maxLength: 200,
      }),
      fc.double({ min: 0.001, max: 0.5, noNaN: true }),
      (values, share) => {
        const top = new TopQuantile(values.length, share);
        for (const value of values) top.add(value);
        expect(top.value).toBeCloseTo(quantileOf(values, 1 - share), 4);
      },
    ),
  );
});

describe("concepts", () => {
  test("colors are those that people name", () => {
    const colors = [
      [255, 0, 0],
      [255, 255, 0],
      [0, 200, 0],
      [0, 0, 120],
      [10, 10, 10],
      [128, 128, 128],
      [250, 250, 250],
      [255, 0, 200],
    ];
    const { masks: found } = colorConcepts({ width: 8, height: 1, data: Uint8Array.from(colors.flat()) });
    const names = colors.map((_, i) => [...found].find(([, mask]) => mask[i] === 1)?.[0]);
    expect(names).toEqual(
      ["red", "yellow", "green", "blue", "black", "grey", "white", "magenta"].map((name) => `color/${name}`),
    );
  });

  test("synthetic pictures have one object, its places, and a color at each pixel", async () => {
    const of = syntheticConcepts(device);
    for await (const picture of syntheticSource(device, { count: 11, size: 32 })) {
      const { masks: found, width } = await of(picture);
      const names = [...found.keys()];
      const area = (own: readonly string[]) =>
        own.reduce((sum, name) => sum + (found.get(name)?.reduce((a, b) => a + b, 0) ?? 0), 0);
      const inGroup = (group: string) => names.filter((name) => name.startsWith(`${group}/`));
      expect(inGroup(picture.index < 10 ? "object" : "texture")).toEqual([
        `${picture.index < 10 ? "object" : "texture"}/${picture.label}`,
      ]);
      expect(area(inGroup("color"))).toBe(width ** 2);
      expect(area(inGroup("place"))).toBe(area(inGroup("object")));
    }
    await expect(
      of({ id: "a.png", index: 0, pixels: { width: 4, height: 4, data: new Uint8Array(48) } }),
    ).rejects.toThrow(/a square synthetic picture/);
  });
});
