import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { arraySource } from "../../src/dataset/array-source.ts";
import { InputError } from "../../src/gpu/errors.ts";
import { neighbourAccuracy, pictureFeatures, pointsOf } from "../../src/lab/picture-features.ts";
import { pixelNeighbours } from "../../src/lab/pixel-neighbours.ts";
import { thumbnailsOf } from "../../src/lab/thumbnails.ts";
import { createNetwork } from "../../src/network/create-network.ts";
import { createNetworks, type Networks } from "../../src/network/pool.ts";
import { activations } from "../../src/techniques/units/activations.ts";
import { testDevice } from "../gpu.ts";
import { chain, random } from "../graph/graphs.ts";

const graph = { ...chain(), labels: ["a", "b", "c", "d"] };
const next = random(6);
const pictures = Array.from({ length: 9 }, (_, i) => ({
  label: i === 4 ? undefined : "ab"[i % 2],
  pixels: {
    ...{ width: 6, height: 8 },
    data: Uint8Array.from({ length: 144 }, () => Math.round((next() + 1) * 127)),
  },
}));
const source = arraySource(pictures);

let device: GPUDevice;
let networks: Networks;
beforeAll(async () => {
  device = await testDevice();
  networks = createNetworks(device, graph);
});
afterAll(() => networks.destroy());

describe("the features of pictures", () => {
  test("are the means of a layer's channels, a row a picture", async () => {
    const found = await pictureFeatures(networks, source, { layer: "conv2", batch: 4 });
    expect(found.points.shape).toEqual([9, 5]);
    const network = await createNetwork(device, graph);
    for (const [i, { pixels, label }] of pictures.entries()) {
      const { data } = await activations(network, pixels, { layer: "conv2" });
      for (let c = 0; c < 5; c++) {
        const own = data.filter((_, at) => at % 5 === c);
        const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
        expect(Math.abs((found.points.data[i * 5 + c] ?? 0) - mean)).toBeLessThan(1e-4 * Math.max(1, mean));
      }
      expect(found.pictures[i]).toMatchObject({ index: i, id: `${i}` });
      expect(found.pictures[i]?.label).toBe(label);
    }
    network.destroy();
  });

  test("of rows that differ, or of none, are refused", () => {
    expect(() => pointsOf([])).toThrow(InputError);
    expect(() => pointsOf([new Float32Array(2), new Float32Array(3)])).toThrow(InputError);
  });
});

test("neighbours agree on a label by most of them, of equally many by the nearest, and none has no say", () => {
  const named = ["a", "a", "b", undefined].map((label, index) => ({ index, id: `${index}`, label }));
  // 0: a, b → a; 1: b, a → b; 2: the one without a label, and a → a.
  const indices = [1, 2, 2, 0, 3, 0, 0, 1];
  expect(neighbourAccuracy(named, indices, 2)).toBeCloseTo(1 / 3, 12);
  expect(neighbourAccuracy([{ index: 0, id: "0" }], [0], 1)).toBeUndefined();
});

describe("neighbours by pixels", () => {
  test("are those of a plain sort, without the picture itself", async () => {
    const of = (i: number) => Float32Array.from(pictures[i]?.pixels.data ?? []);
    const found = await pixelNeighbours(graph, source, of(3), { k: 4, without: 3 });
    const expected = pictures
      .map((_, index) => ({
        index,
        distance: Math.sqrt(of(index).reduce((sum, v, i) => sum + (v - (of(3)[i] ?? 0)) ** 2, 0) / 144),
      }))
      .filter(({ index }) => index !== 3)
      .sort((a, b) => a.distance - b.distance);
    expect(found.map(({ index }) => index)).toEqual(expected.slice(0, 4).map(({ index }) => index));
    for (const [i, { distance }] of found.entries())
      expect(distance).toBeCloseTo(expected[i]?.distance ?? 0, 3);
    expect(await pixelNeighbours(graph, source, of(3), { k: 40 })).toHaveLength(9);
  });
});

describe("thumbnails", () => {
  test("are small, of those that are wanted, small pictures at a whole multiple", async () => {
    const small = await thumbnailsOf(source, { side: 4, pictures: [2, 5] });
    expect([...small.keys()]).toEqual([2, 5]);
    expect([small.get(2)?.width, small.get(2)?.height]).toEqual([3, 4]);
    const large = await thumbnailsOf(source, { side: 17 });
    expect(large.size).toBe(9);
    expect([large.get(0)?.width, large.get(0)?.height]).toEqual([12, 16]);
    await expect(thumbnailsOf(source, { side: 4, pictures: [9] })).rejects.toThrow(/expected picture 9 in/);
  });
});
