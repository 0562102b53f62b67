import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { drawnMap } from "../../src/figures/drawn-map.ts";
import { composeField } from "../../src/figures/field.ts";
import { composeFigure, renderFigure } from "../../src/figures/figure.ts";
import { InputError } from "../../src/gpu/errors.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { trust } from "../../src/metrics/trust.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network } from "../../src/network/network.ts";
import { sameScores } from "../../src/techniques/answer-checks.ts";
import { ablationCam } from "../../src/techniques/attribution/ablation-cam.ts";
import { lime } from "../../src/techniques/attribution/lime.ts";
import { attributionNamed } from "../../src/techniques/attribution/list.ts";
import { occlusion } from "../../src/techniques/attribution/occlusion.ts";
import { rise } from "../../src/techniques/attribution/rise.ts";
import { empiricalField } from "../../src/techniques/units/empirical-field.ts";
import { testDevice } from "../gpu.ts";
import { graph } from "../graph/graphs.ts";

let device: GPUDevice;
beforeAll(async () => {
  device = await testDevice();
});

describe("a sweep whose stride is wider than its patch", () => {
  const [height, width] = [13, 19];
  /** The sum of all pixels: each patch of 4×4 ones takes 16 away. */
  const sum = graph("sum", [
    { op: "input", name: "image", inputs: [], shape: [height, width, 1] },
    { op: "reshape", name: "flat", inputs: ["image"], shape: [height * width] },
    {
      op: "dense",
      name: "score",
      inputs: ["flat"],
      w: { shape: [height * width, 1], data: new Float32Array(height * width).fill(1) },
    },
  ]);
  const ones = new Float32Array(height * width).fill(1);
  const options = { target: 0, patch: 4, stride: 7, fill: 0 } as const;
  /** By a walk over the patches: tops 0, 7 and 9; lefts 0, 7, 14 and 15. */
  const covered = Array.from({ length: height * width }, (_, i) => {
    const [y, x] = [Math.floor(i / width), i % width];
    return (
      [0, 7, 9].some((top) => y >= top && y < top + 4) && [0, 7, 14, 15].some((l) => x >= l && x < l + 4)
    );
  });
  let network: Network;
  beforeAll(async () => {
    network = await createNetwork(device, sum);
  });
  afterAll(() => network.destroy());

  test("has no value in its gaps, and says how many there are", async () => {
    expect(covered.filter((is) => !is).length).toBe(117);
    for (const incremental of [true, false]) {
      const found = await occlusion(network, ones, { ...options, incremental });
      expect(Array.from(found.data)).toEqual(covered.map((is) => (is ? 16 : Number.NaN)));
      expect(found.gaps).toBe(117);
      expect(found.notes).toEqual([
        "no patch covers 117 of 247 pixels (patch 4, stride 7): their values are NaN",
      ]);
    }
    expect(Object.keys(await occlusion(network, ones, { ...options, stride: 4 }))).toEqual([
      "data",
      "shape",
      "target",
    ]);
  });

  test("is drawn with its gaps hatched, whatever was found elsewhere", async () => {
    const { data, shape, gaps = 0 } = await occlusion(network, ones, options);
    const image = { width, height, data: new Uint8Array(3 * width * height).fill(128) };
    const common = { image, shape, kind: "occlusion", title: "t", panels: ["map"] } as const;
    const figure = (map: Float32Array) => renderFigure({ ...common, map, gaps });
    const shade = drawnMap({ map: data, shape, kind: "occlusion", gaps });
    expect(shade.note).toMatch(/nothing clipped; hatched: uncovered$/);
    expect([shade.min, shade.max]).toEqual([-16, 16]);
    const drawn = await figure(data);
    const none = await figure(data.map((value) => (Number.isNaN(value) ? 0 : value)));
    const differ = Array.from(drawn.data).filter((value, i) => value !== none.data[i]).length;
    // Each pixel is 17×17 large (320 / 19); a sixth of a gap's are lines, which differ in three colours.
    expect(differ).toBeGreaterThan(117 * 17 * 17 * 3 * 0.12);
    expect(() => composeFigure({ ...common, map: data })).toThrow(/expected finite values, got NaN/);
    const infinite = data.map((value, i) => (i === 0 ? Number.POSITIVE_INFINITY : value));
    await expect(figure(infinite)).rejects.toThrow(InputError);
  });

  test("can be measured, its gaps counting as 0", async () => {
    const found = await trust(network, ones, attributionNamed("occlusion"), {
      target: 0,
      settings: { patch: 4, stride: 7, fill: 0 },
      measures: ["deletion", "sensitivity"],
      ...{ steps: 5, randomBaselines: 1, perturbations: 2 },
    });
    expect(Number.isFinite(found.sensitivity)).toBe(true);
    expect(found.words.at(-1)).toBe("Nothing is known of 117 of its 247 places: they count as 0.");
  });

  test("of a unit's field counts no image where no square covers", async () => {
    const next = { strides: [1, 1], dilations: [1, 1], padding: "valid" } as const;
    const unit = await createNetwork(
      device,
      graph("unit", [
        { op: "input", name: "image", inputs: [], shape: [9, 9, 1] },
        {
          op: "conv2d",
          name: "conv",
          inputs: ["image"],
          ...next,
          w: { shape: [5, 5, 1, 1], data: new Float32Array(25).fill(1) },
        },
      ]),
    );
    const image = new Float32Array(81).fill(1);
    const at = { layer: "conv", channel: 0, at: { y: 2, x: 2 }, patch: 1, stride: 2, fill: 0 } as const;
    const field = await empiricalField(unit, [image], at);
    const [first] = field.images;
    expect(Array.from(first?.map ?? [], Number.isNaN)).toEqual(
      Array.from({ length: 81 }, (_, i) => Math.floor(i / 9) % 2 === 1 || (i % 9) % 2 === 1),
    );
    // Rows and columns 2 to 6 are seen, of which 2, 4 and 6 are covered, and change it by 1.
    expect(Array.from(field.data)).toEqual(
      Array.from({ length: 25 }, (_, i) => Number(Math.floor(i / 5) % 2 === 0 && (i % 5) % 2 === 0)),
    );
    expect(Array.from(field.seen)).toEqual(Array.from(field.data));
    const pixels = { width: 9, height: 9, data: new Uint8Array(243) };
    expect(() => composeField({ field, images: [pixels], title: "t" })).not.toThrow();
    unit.destroy();
  });
});

/** The mean of red, and the mean of all colours twice over. */
function redness(scale: number): Graph {
  return graph("redness", [
    { op: "input", name: "image", inputs: [], shape: [24, 60, 3] },
    {
      op: "conv2d",
      name: "maps",
      inputs: ["image"],
      ...{ strides: [1, 1], dilations: [1, 1], padding: "same", activation: { kind: "relu" } },
      w: { shape: [1, 1, 3, 2], data: Float32Array.of(1, 0.5, -1, 0.5, -1, 0.5).map((v) => v * scale) },
    },
    { op: "globalPool", name: "gap", inputs: ["maps"], mode: "average" },
    {
      op: "dense",
      name: "logits",
      inputs: ["gap"],
      w: { shape: [2, 2], data: Float32Array.of(1, 0, 0, 1) },
      b: { shape: [2], data: Float32Array.of(0.3, 0.1) },
    },
    { op: "softmax", name: "softmax", inputs: ["logits"] },
  ]);
}

/** Three squares of one colour each on black, as values of 0…1. */
const blobs = Float32Array.from({ length: 24 * 60 * 3 }, (_, i) => {
  const [y, x, c] = [Math.floor(i / 180), Math.floor(i / 3) % 60, i % 3];
  const inside = y >= 6 && y < 18;
  return Number(inside && x >= 4 + 20 * c && x < 16 + 20 * c);
});
const segments = Array.from(
  { length: 24 * 60 },
  (_, i) => 1 + [0, 1, 2].findIndex((c) => blobs[3 * i + c] === 1),
);

describe("LIME in a drawing of flat colours", () => {
  let network: Network;
  beforeAll(async () => {
    network = await createNetwork(device, redness(1), { batch: 8 });
  });
  afterAll(() => network.destroy());
  const options = { target: 0, samples: 100, segments } as const;

  test("hides nothing by the segments' own colours, and says so with a map of zeros", async () => {
    const found = await lime(network, blobs, options);
    expect(found.data.every((value) => value === 0)).toBe(true);
    expect(found.notes).toEqual([
      expect.stringMatching(/every segment has the colour already that hides it/),
    ]);
  });

  test("finds the red square, hidden by black", async () => {
    const found = await lime(network, blobs, { ...options, hide: "black" });
    // The score falls by the square's share of the image; the ridge's penalty takes a little.
    expect(found.fit.coefficients[1]).toBeGreaterThan(0.09);
    for (const other of [0, 2, 3]) expect(found.fit.coefficients[other]).toBeCloseTo(0, 2);
    expect(found.notes).toBeUndefined();
    expect(found.fit.r2).toBeGreaterThan(0.99);
  });

  test("takes the colour that hides from the catalogue, too", async () => {
    const { run, options } = attributionNamed("lime");
    expect(options).toHaveProperty("hide");
    const few = { target: 0, samples: 40 } as const;
    const found = await run(network, blobs, { ...few, hide: "black" });
    expect(found.data).toEqual((await lime(network, blobs, { ...few, hide: "black" })).data);
    await expect(run(network, blobs, { ...few, hide: "pink" as "black" })).rejects.toThrow(
      /LIME hide: expected a colour of "mean", "black", "grey", "white".* got pink/,
    );
  });

  test.each([
    ["grey", 0.5],
    ["white", 1],
  ] as const)("hides by %s as by its level", async (hide, level) => {
    const unit = { ...redness(1), preprocessing: { ...redness(1).preprocessing, range: 255 as const } };
    const units = await createNetwork(device, unit, { batch: 8 });
    const named = await lime(units, blobs, { ...options, hide });
    expect(named.data).toEqual((await lime(units, blobs, { ...options, hide: level })).data);
    units.destroy();
  });
});

describe("what changes nothing has a map of zeros, and a word", () => {
  test("for occlusion and Ablation-CAM of a network that does not look", async () => {
    const blind = await createNetwork(device, redness(0), { batch: 2 });
    const covered = await occlusion(blind, blobs, { target: 0, patch: 12, stride: 12 });
    expect(covered.notes).toEqual([expect.stringMatching(/covering any part changes the score by no more/)]);
    const without = await ablationCam(blind, blobs, { target: 0, layer: "maps" });
    expect(without.notes).toEqual([expect.stringMatching(/setting any map to zero changes/)]);
    expect([covered.data, without.data].every((data) => data.every((value) => value === 0))).toBe(true);
    blind.destroy();
  });

  test("for RISE, but for the score that all masks have: their sum says only how often a pixel shows", async () => {
    const seeing = redness(1);
    const layers = seeing.layers.map((layer) =>
      layer.op === "dense" ? { ...layer, w: { ...layer.w, data: new Float32Array(4) } } : layer,
    );
    const blind = await createNetwork(device, { ...seeing, layers }, { batch: 3 });
    const few = { target: 0, samples: 10 } as const;
    const found = await rise(blind, blobs, few);
    expect(found.notes).toEqual([expect.stringMatching(/hiding any parts changes the score by no more/)]);
    // The softmax of the biases, 0.3 and 0.1.
    for (const value of found.data) expect(value).toBeCloseTo(1 / (1 + Math.exp(-0.2)), 6);
    expect(new Set(found.data).size).toBe(1);
    // A single mask has nothing to differ from.
    const one = await rise(blind, blobs, { target: 0, samples: 1 });
    expect([one.notes, new Set(one.data).size > 1]).toEqual([undefined, true]);
    blind.destroy();
    const network = await createNetwork(device, seeing, { batch: 3 });
    expect((await rise(network, blobs, few)).notes).toBeUndefined();
    network.destroy();
  });

  test.each([
    [[0.3, 0.3 + 1e-8, 0.3 - 1e-8], true],
    [[0, 0, 0], true],
    [[0.3, 0.3 + 1e-6], false],
    [[-1e-9, 1e-9], false],
    [[5, Number.NaN], false],
  ])("%j: %s", (scores, same) => {
    expect(sameScores(scores)).toBe(same);
  });

  test("and a picture of rounding is one colour", () => {
    const shape = [2, 2];
    const shade = (map: number[]) => drawnMap({ map: Float32Array.from(map), shape, kind: "expectation" });
    expect(shade([0.5, 0.5 + 6e-8, 0.5, 0.5 - 3e-8]).note).toBe("the same everywhere: 0.5");
    expect(shade([0.5, 0.5001, 0.5, 0.5]).note).toBe("from least to most, nothing clipped");
  });
});
