import { describe, expect, test } from "vitest";
import { classColor } from "../../src/figures/class-colors.ts";
import { composeLabelMap } from "../../src/figures/label-map.ts";
import { UnsupportedError } from "../../src/gpu/errors.ts";
import type { Graph, HeadKind, Layer } from "../../src/graph/graph.ts";
import { namedPreprocessing } from "../../src/graph/preprocessing.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import { labelMap } from "../../src/techniques/label-map.ts";
import { predict } from "../../src/techniques/predict.ts";
import { testDevice } from "../gpu.ts";
import { graph as graphOf, random, values } from "../graph/graphs.ts";
import { expectClose } from "../reference/numbers.ts";

const [H, W, C] = [5, 7, 3];
const next = random(3);
const image = values(H * W * C, next, 0.8);
const weights = values(C * 4, next);
const bias = values(4, next, 0.2);

function scorer(channels: number, last: readonly Layer[] = [], heads: Record<string, HeadKind> = {}): Graph {
  const w = weights.filter((_, i) => i % 4 < channels);
  return {
    ...graphOf("places", [
      { op: "input", name: "image", inputs: [], shape: [H, W, C] },
      {
        ...{
          op: "conv2d",
          name: "scores",
          inputs: ["image"],
          strides: [1, 1],
          dilations: [1, 1],
          padding: "same",
        },
        w: { shape: [1, 1, C, channels], data: w },
        b: { shape: [channels], data: bias.slice(0, channels) },
      },
      ...last,
    ]),
    preprocessing: namedPreprocessing("none"),
    heads,
  };
}

/** The scores of a place by loops. */
const scoresAt = (place: number, channels: number): number[] =>
  Array.from({ length: channels }, (_, k) => {
    let sum = bias[k] ?? 0;
    for (let c = 0; c < C; c++) sum += (image[place * C + c] ?? 0) * (weights[c * 4 + k] ?? 0);
    return sum;
  });

async function mapOf(graph: Graph) {
  const network = await createNetwork(await testDevice(), graph);
  try {
    return { map: await labelMap(network, image), predictions: await predict(network, image, { top: 9 }) };
  } finally {
    network.destroy();
  }
}

const sigmoid: Layer = { op: "activation", name: "out", inputs: ["scores"], activation: { kind: "sigmoid" } };

describe("the class of each place", () => {
  test("is the one with the highest score, and the areas are counted", async () => {
    const { map, predictions } = await mapOf({ ...scorer(4), labels: ["road", "tree", "sky", "car"] });
    const expected = Array.from({ length: H * W }, (_, place) => {
      const own = scoresAt(place, 4);
      return own.indexOf(Math.max(...own));
    });
    expect([...map.data]).toEqual(expected);
    expect(new Set(expected).size).toBeGreaterThan(2);
    expect(map.shape).toEqual([H, W]);
    expect(map.scores.shape).toEqual([H, W, 4]);
    expectClose(
      map.scores.data,
      Array.from({ length: H * W }, (_, place) => scoresAt(place, 4)).flat(),
      1e-5,
    );
    for (const { index, places, share } of map.areas) {
      expect(places).toBe(expected.filter((one) => one === index).length);
      expect(share).toBeCloseTo(predictions.find((one) => one.index === index)?.share ?? Number.NaN, 9);
    }
    expect(map.areas.map(({ places }) => places)).toEqual(
      map.areas.map(({ places }) => places).toSorted((a, b) => b - a),
    );
  });

  test("of labels by themselves is the likeliest, or none where all are unlikely", async () => {
    const { map } = await mapOf(scorer(2, [sigmoid]));
    const expected = Array.from({ length: H * W }, (_, place) => {
      const own = scoresAt(place, 2);
      const best = Math.max(...own);
      return best > 0 ? own.indexOf(best) : -1;
    });
    expect([...map.data]).toEqual(expected);
    expect(expected).toContain(-1);
    expect(map.areas.reduce((sum, { share }) => sum + share, 0)).toBeLessThan(1);
  });

  test("of a yes or no has two sides, which two labels name", async () => {
    const { map } = await mapOf({ ...scorer(1, [sigmoid]), labels: ["background", "cell"] });
    const expected = Array.from({ length: H * W }, (_, place) => Number((scoresAt(place, 1)[0] ?? 0) > 0));
    expect([...map.data]).toEqual(expected);
    expect(map.areas.map(({ name }) => name).toSorted()).toEqual(["background", "cell"]);
  });

  test("there is none of values, and none without places", async () => {
    await expect(mapOf(scorer(2, [], { scores: "values" }))).rejects.toThrow(UnsupportedError);
    const pooled: Layer = { op: "globalPool", name: "pooled", inputs: ["scores"], mode: "average" };
    await expect(mapOf(scorer(3, [pooled]))).rejects.toThrow(/the softmax of "pooled"/);
  });
});

describe("its figure", () => {
  const picture = { width: 2, height: 2, data: new Uint8Array(12).fill(90) };
  const figure = (options: object = {}) =>
    composeLabelMap({
      ...{ image: picture, data: [0, 1, 1, -1], shape: [2, 2], title: "Two classes" },
      areas: [
        { index: 1, name: "tree", share: 0.5 },
        { index: 0, name: "road", share: 0.000_1 },
      ],
      ...options,
    });

  test("names the classes with their colors and shares", () => {
    const { svg } = figure();
    for (const text of ["tree", "50.0 %", "road", "&lt; 0.1 %"]) expect(svg).toContain(`>${text}<`);
    const hex = `#${classColor(1)
      .map((value) => value.toString(16).padStart(2, "0"))
      .join("")}`;
    expect(svg).toContain(`fill="${hex}"`);
  });

  test("counts the classes that it has no room to name", () => {
    const areas = Array.from({ length: 30 }, (_, index) => ({
      index,
      name: `class ${index}`,
      share: 1 / 30,
    }));
    expect(figure({ areas }).svg).toContain(">6 more<");
  });

  test("refuses numbers that do not fit the shape", () => {
    expect(() => figure({ data: [0, 1] })).toThrow(/expected 2×2 numbers of classes, got 2/);
  });

  test("gives neighbouring numbers colors that differ", () => {
    for (let i = 0; i < 300; i++) {
      for (let j = 1; j < 6; j++) {
        const [a, b] = [classColor(i), classColor(i + j)];
        const distance = Math.hypot(...a.map((value, c) => value - (b[c] ?? 0)));
        expect(distance, `${i} and ${i + j}`).toBeGreaterThan(28);
      }
    }
  });
});
