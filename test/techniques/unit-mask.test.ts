import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { composeMasks, renderMasks } from "../../src/figures/masks.ts";
import type { Graph, Layer } from "../../src/graph/graph.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import type { Network } from "../../src/network/network.ts";
import { mapAtImage, type UnitThreshold, unitMask } from "../../src/techniques/units/unit-mask.ts";
import { testDevice } from "../gpu.ts";

const layer = (name: string, inputs: string[], more: Record<string, unknown>) =>
  ({ name, inputs, ...more }) as unknown as Layer;
const graphOf = (shape: number[], layers: Layer[]): Graph => ({
  name: "small",
  layers: [layer("x", [], { op: "input", shape }), ...layers],
  output: layers.at(-1)?.name ?? "",
  preprocessing: { range: 1, mean: [0], std: [1], source: "given" } as Graph["preprocessing"],
});
const conv = (name: string, input: string, w: number[], shape: number[], more = {}) =>
  layer(name, [input], {
    op: "conv2d",
    w: { shape, data: Float32Array.from(w) },
    strides: [1, 1],
    dilations: [1, 1],
    padding: "valid",
    ...more,
  });

/** Two channels, 1× and −2× the image, of 4×5. */
const plain = graphOf([4, 5, 1], [conv("c", "x", [1, -2], [1, 1, 1, 2])]);
const image = Float32Array.from({ length: 20 }, (_, i) => i);
let network: Network;
beforeAll(async () => {
  network = await createNetwork(await testDevice(), plain, { keep: ["c"], gradients: false });
});
afterAll(() => network.destroy());

const statistics = { count: 4, mean: [0, 3], m2: [0, 16], min: [0, 0], max: [0, 0], zeros: [0, 0] };
const histogram = {
  ranges: [
    [0, 10],
    [-10, 0],
  ] as [number, number][],
  counts: [
    [50, 40, 8, 1],
    [0, 0, 0, 0],
  ],
  below: [0, 0],
  above: [1, 0],
};

describe("a unit's mask", () => {
  const of = (threshold?: UnitThreshold, channel = 0) =>
    unitMask(network, image, { layer: "c", channel, ...(threshold === undefined ? {} : { threshold }) });

  test("is where the channel is above mean + 2σ of its map, unless told otherwise", async () => {
    const { threshold, data, share } = await of({ sigmas: 1 });
    const sigma = Math.sqrt((20 ** 2 - 1) / 12);
    expect(threshold).toBeCloseTo(9.5 + sigma, 5);
    expect([...data]).toEqual(Array.from({ length: 20 }, (_, i) => Number(i > 9.5 + sigma)));
    expect(share).toBe(data.filter((on) => on === 1).length / 20);
    expect((await of()).threshold).toBeCloseTo(9.5 + 2 * sigma, 5);
    expect((await of({ sigmas: 0 }, 1)).threshold).toBeCloseTo(-19, 5);
  });

  test("or above a value, or in the strongest part", async () => {
    expect((await of(16)).data.reduce((sum, on) => sum + on)).toBe(3);
    for (const [top, count] of [
      [0.1, 2],
      [0.25, 5],
      [0.99, 19],
    ] as const) {
      expect((await of({ top })).data.reduce((sum, on) => sum + on)).toBe(count);
    }
  });

  test("or by a data set's summary", async () => {
    expect((await of({ sigmas: 2, statistics }, 1)).threshold).toBeCloseTo(3 + 2 * 2, 6);
    // 100 values: one above the range, one in the last bin, 8 in the one before.
    expect((await of({ top: 0.02, histogram })).threshold).toBeCloseTo(7.5, 6);
    expect((await of({ top: 0.06, histogram })).threshold).toBeCloseTo(7.5 - 2.5 * 0.5, 6);
    expect((await of({ top: 0.01, histogram })).threshold).toBe(10);
  });

  test("refuses what cannot be", async () => {
    await expect(of(Number.NaN)).rejects.toThrow(/finite threshold/);
    await expect(of({ sigmas: Number.POSITIVE_INFINITY })).rejects.toThrow(/standard deviations/);
    await expect(of({ top: 1 })).rejects.toThrow(/share above 0 and below 1/);
    await expect(of(0, 2)).rejects.toThrow(/one of the 2 maps of layer "c", got 2/);
    await expect(of({ top: 0.1, histogram }, 1)).rejects.toThrow(/histogram of some values/);
    const three = { ...statistics, mean: [1, 2, 3] };
    await expect(of({ sigmas: 1, statistics: three })).rejects.toThrow(/of 2 channels, got 3/);
  });
});

describe("a map at the image", () => {
  test("is what the layer has at the centres of its cells' receptive fields, and linear between", () => {
    // Cells of 3×3 pixels at a stride of 2, unpadded: centres at 1, 3, 5 of 7.
    const graph = graphOf([7, 7, 1], [conv("c", "x", Array(9).fill(1), [3, 3, 1, 1], { strides: [2, 2] })]);
    const map = Float32Array.from({ length: 9 }, (_, i) => 10 * Math.floor(i / 3) + (i % 3));
    const large = mapAtImage(graph, "c", map);
    for (let y = 0; y < 3; y++) {
      for (let x = 0; x < 3; x++) expect(large[(2 * y + 1) * 7 + 2 * x + 1]).toBe(10 * y + x);
    }
    expect(large[1 * 7 + 2]).toBe(0.5);
    expect(large[2 * 7 + 1]).toBe(5);
    // Constant beyond the outermost centres.
    expect([large[0], large[48]]).toEqual([0, 22]);
  });

  test("is shifted by padding on one side", () => {
    const padding = { top: 0, bottom: 0, left: 2, right: 0 };
    const graph = graphOf([1, 5, 1], [conv("c", "x", [1, 1, 1], [1, 3, 1, 1], { padding })]);
    // Centres at −1, 0, 1, 2, 3.
    const map = Float32Array.from([0, 10, 20, 30, 40]);
    expect([...mapAtImage(graph, "c", map)]).toEqual([10, 20, 30, 40, 40]);
  });

  test("of cells that all see everything shares the image evenly", () => {
    const dense = layer("d", ["x"], { op: "globalPool", mode: "average" });
    const graph = graphOf([4, 4, 1], [dense]);
    expect([...mapAtImage(graph, "d", Float32Array.of(3))]).toEqual(Array(16).fill(3));
  });
});

test("a figure of masks darkens what is off and draws the edge", async () => {
  const picture = { width: 5, height: 4, data: new Uint8Array(60).fill(200) };
  const mask = await unitMask(network, image, { layer: "c", channel: 0, threshold: 9.5 });
  const figure = await renderMasks({ title: "t", masks: [{ ...mask, image: picture }] });
  const count = (value: readonly number[]) =>
    figure.data.filter((_, i) => i % 3 === 0 && value.every((v, c) => figure.data[i + c] === v)).length;
  const [on, off, edge] = [count([200, 200, 200]), count([60, 60, 60]), count([255, 221, 51])];
  expect(Math.abs(on / off - 1)).toBeLessThan(0.1);
  expect(edge).toBeGreaterThan(300);
  const none = await unitMask(network, image, { layer: "c", channel: 0, threshold: 100 });
  expect(() => composeMasks({ title: "t", masks: [{ ...none, image: picture }] })).not.toThrow();
  expect(() => composeMasks({ title: "t", masks: [] })).toThrow(/at least one/);
  const small = { ...picture, width: 4 };
  expect(() => composeMasks({ title: "t", masks: [{ ...mask, image: small }] })).toThrow();
});
