import { describe, expect, test } from "vitest";
import { npyOf } from "../../demo/npy.ts";
import { SLICES, type State } from "../../demo/questions.ts";
import { createStore } from "../../demo/state/store.ts";
import { classNameOf, mapLayersOf, nameOf, subjectsOf } from "../../demo/subjects.ts";
import { answerOf, colorsOf, correlation, endsOf, sharedEnds } from "../../demo/why/color-ends.ts";
import { keyOf, settingsOf, weighedLayer } from "../../demo/why/map-request.ts";
import { WhyNetworks } from "../../demo/why/networks.ts";
import { type Head, headOf } from "../../src/graph.ts";
import {
  attributionNamed,
  type Graph,
  loadLayersModel,
  modelFromFiles,
  type Prediction,
} from "../../src/index.ts";
import { createNetworks, footprintOf } from "../../src/network.ts";
import { decodeNpy } from "../../src/node/npy.ts";
import { testDevice } from "../gpu.ts";
import { type ChainLayer, chainOf } from "./tiny-model.ts";

function graphOf(...chain: readonly ChainLayer[]): Promise<Graph> {
  return graphOfSize(8, chain);
}

async function graphOfSize(size: number, chain: readonly ChainLayer[]): Promise<Graph> {
  const { manifest, weights } = chainOf("net", size, chain);
  return loadLayersModel(
    modelFromFiles([new File([manifest], "model.json"), new File([new Uint8Array(weights)], "net.bin")]),
  );
}

const answer = (index: number): Prediction => ({ index, head: "softmax", logit: -index, probability: 0.1 });
const state = (change: Partial<State>): State => ({
  ...createStore<State>(SLICES).state,
  ...change,
});

describe("a map that is asked for", () => {
  test("is about the top class, unless another or a unit is chosen; beside it another one", () => {
    const answers = [answer(7), answer(2), answer(5)];
    expect(subjectsOf(state({}), [])).toEqual([]);
    expect(subjectsOf(state({}), answers)).toEqual([7]);
    expect(subjectsOf(state({ versus: "second" }), answers)).toEqual([7, 2]);
    expect(subjectsOf(state({ target: 2, versus: "second" }), answers)).toEqual([2, 7]);
    expect(subjectsOf(state({ target: 2, versus: 2 }), answers)).toEqual([2]);
    expect(subjectsOf(state({ target: "unit", layer: "a", channel: 3 }), answers)).toEqual([
      { layer: "a", channel: 3 },
    ]);
    expect(
      subjectsOf(state({ target: "unit", layer: "a", channel: 3, y: 1, x: 2, versus: 9 }), answers),
    ).toEqual([{ layer: "a", channel: 3, y: 1, x: 2 }, 9]);
    // Without a map that is selected there is no unit.
    expect(subjectsOf(state({ target: "unit", layer: "a" }), answers)).toEqual([7]);
  });

  test("has a key of its own", () => {
    const [cam, saliency] = [attributionNamed("grad-cam"), attributionNamed("saliency")];
    const keys = [
      { technique: cam, subject: 1, layer: "a" },
      { technique: cam, subject: 1, layer: "b" },
      { technique: cam, subject: 11, layer: "a" },
      { technique: saliency, subject: 1, layer: undefined },
      { technique: saliency, subject: { layer: "a", channel: 1 }, layer: undefined },
      { technique: saliency, subject: { layer: "a", channel: 1, y: 1, x: 2 }, layer: undefined },
      { technique: saliency, subject: { layer: "a", channel: 1, y: 12, x: 0 }, layer: undefined },
    ].map(keyOf);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keyOf({ technique: cam, subject: 1, layer: "a" })).toBe(keys[0]);
  });

  test("weighs the last maps, those that are chosen, or those that lead to a unit", async () => {
    const graph = await graphOf(
      { conv: "one", filters: 4 },
      { pool: "half", by: 2 },
      { conv: "two", filters: 4 },
      { mean: "mean" },
      { dense: "say", units: 3 },
    );
    expect(mapLayersOf(graph)).toEqual(["one", "half", "two"]);
    expect(weighedLayer(graph, undefined, 0)).toBe("two");
    expect(weighedLayer(graph, "one", 0)).toBe("one");
    expect(weighedLayer(graph, "mean", 0)).toBe("two");
    expect(weighedLayer(graph, undefined, { layer: "two", channel: 0 })).toBe("half");
    expect(weighedLayer(graph, "one", { layer: "two", channel: 0 })).toBe("one");
    expect(weighedLayer(graph, undefined, { layer: "one", channel: 0 })).toBe("one");
  });

  test("is asked in fewer samples of a software adapter, and of the layer whose maps are weighed", () => {
    const [rise, cam] = [attributionNamed("rise"), attributionNamed("grad-cam")];
    expect(settingsOf({ technique: rise, subject: 0, layer: undefined }, true).samples).toBeLessThan(
      rise.passes ?? 0,
    );
    expect(settingsOf({ technique: rise, subject: 0, layer: undefined }, false)).toEqual({});
    expect(settingsOf({ technique: cam, subject: 0, layer: "a" }, false)).toEqual({ layer: "a" });
  });

  test("names classes, labels, sides and values as their head has them", async () => {
    const heads = async (units: number, activation: string): Promise<Head> =>
      headOf(
        await graphOf({ conv: "one", filters: 2 }, { mean: "mean" }, { dense: "say", units, activation }),
      );
    const softmax = await heads(3, "softmax");
    expect(classNameOf(softmax, 2)).toBe("class 2");
    expect(classNameOf({ ...softmax, labels: ["a", "b", "c"] }, 2)).toBe("c");
    expect(classNameOf(await heads(3, "sigmoid"), 1)).toBe("label 1");
    const binary = await heads(1, "sigmoid");
    expect([0, 1].map((side) => classNameOf(binary, side))).toEqual(["yes", "no"]);
    expect(classNameOf(await heads(1, "linear"), 0)).toBe("value 0");
    expect(nameOf(softmax, { layer: "one", channel: 1 })).toBe("one · map 1");
    expect(nameOf(softmax, { layer: "one", channel: 1, y: 3, x: 4 })).toBe("one · map 1 (3, 4)");
  });
});

describe("a map's colours", () => {
  const drawn = (technique: string, shape: readonly number[], data: readonly number[]) =>
    answerOf({ technique: attributionNamed(technique), subject: 0, layer: undefined }, {
      shape,
      data: Float32Array.from(data),
      target: { layer: "a", channel: 0 },
    } as never);

  test("are of one value a cell: the largest over colour, or their sum where shares add up", () => {
    const colors = [1, -5, 2, 0.5, 0.25, -0.25];
    expect(drawn("saliency", [1, 2, 3], colors).robust).toMatchObject({
      values: Float32Array.of(5, 0.5),
      size: [1, 2],
      signed: false,
    });
    expect(drawn("gradient-input", [1, 2, 3], colors).robust).toMatchObject({
      values: Float32Array.of(-2, 0.5),
      signed: true,
    });
    const cells = drawn("grad-cam", [2, 1], [0, 3]);
    expect(cells.robust).toMatchObject({ size: [2, 1], signed: false, min: 0 });
    expect(drawn("occlusion", [2, 1], [0, 3]).robust.signed).toBe(true);
    expect(drawn("rise", [2, 1], [1, 3]).robust).toMatchObject({ signed: false, min: 1, max: 3 });
    // Shares may have either sign, whether or not these do.
    expect(drawn("gradient-input", [1, 1, 3], [1, 2, 3]).robust.signed).toBe(true);
  });

  test("diverge where there are two signs, and say where nothing speaks for it", () => {
    const zero = drawn("grad-cam", [1, 2], [0, 0]);
    expect(endsOf(zero, "raw")).toMatchObject({
      min: 0,
      max: 1,
      note: expect.stringContaining("Zero everywhere"),
    });
    const scores = drawn("rise", [1, 3], [0.5, 0.25, 0.375]);
    expect(endsOf(scores, "robust")).toMatchObject({ min: 0.25, max: 0.5 });
    expect(colorsOf(zero, "viridis")).toBe("viridis");
    expect(colorsOf(drawn("occlusion", [1, 2], [0, -1]), "viridis")).toBe("polar");
    expect(sharedEnds([{ min: -1, max: 2, note: "one" }])).toEqual({ min: -1, max: 2, note: "one" });
  });

  test("end where they say", () => {
    const many = Array.from({ length: 3000 }, (_, i) => Math.floor(i / 3));
    const peaked = drawn("saliency", [10, 100, 3], many);
    expect(endsOf(peaked, "robust")).toMatchObject({
      min: 0,
      max: 989,
      note: expect.stringMatching(/^Clipped at the 99th percentile; largest 999/),
    });
    expect(endsOf(peaked, "raw")).toMatchObject({ min: 0, max: 999, note: "Nothing clipped." });
    const broad = drawn(
      "grad-cam",
      [10, 100],
      many.filter((_, i) => i % 3 === 0),
    );
    expect(endsOf(broad, "robust").max).toBe(999);
    expect(endsOf(drawn("occlusion", [1, 2], [-4, 1]), "raw")).toMatchObject({ min: -4, max: 4 });
    expect(endsOf(drawn("rise", [1, 2], [0.2, 0.3]), "robust").min).toBeCloseTo(0.2);
    const [a, b] = [endsOf(peaked, "raw"), endsOf(drawn("grad-cam", [1, 1], [5]), "raw")];
    expect(sharedEnds([a, b])).toMatchObject({ min: 0, max: 999 });
  });

  test("is like another as far as it rises and falls with it", () => {
    const a = Float32Array.of(1, 2, 3, 4);
    expect(correlation(a, Float32Array.of(10, 20, 30, 40))).toBeCloseTo(1);
    expect(correlation(a, Float32Array.of(4, 3, 2, 1))).toBeCloseTo(-1);
    // Pearson of (1,2,3,4) and (1,-1,-1,1): Σ(a-2.5)·b = -1.5+0.5-0.5+1.5 = 0.
    expect(correlation(a, Float32Array.of(1, -1, -1, 1))).toBeCloseTo(0);
    expect(correlation(a, Float32Array.of(5, 5, 5, 5))).toBeNaN();
  });
});

test("many images run on a large network, too, beside the one that is looked at", async () => {
  // Pools of one pixel: large maps that cost no work.
  const large = Array.from({ length: 6 }, (_, i) => ({ pool: `as it is ${i}`, by: 1 }));
  const graph = await graphOfSize(512, [{ conv: "look", filters: 16 }, ...large, { mean: "mean" }]);
  const { total } = footprintOf(graph);
  expect(total).toBeGreaterThan(256 * 2 ** 20);
  expect(total).toBeLessThan(512 * 2 ** 20);
  const pool = createNetworks(await testDevice(), graph);
  try {
    await pool.of({ gradients: false });
    const networks = new WhyNetworks(pool, graph);
    const one = await networks.one();
    expect((await networks.many()).batch).toBe(1);
    expect(await networks.many()).toBe(one);
  } finally {
    pool.destroy();
  }
});

test("arrays are NumPy files", async () => {
  const data = Float32Array.of(1.5, -2, 3e-9, 4, 5, 6);
  for (const shape of [[6], [2, 3], [1, 2, 3]]) {
    expect(decodeNpy(await npyOf({ data, shape }).arrayBuffer())).toMatchObject({ shape, data });
  }
});
