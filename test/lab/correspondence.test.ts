import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { readTensor } from "../../src/gpu/tensor.ts";
import { correspondence } from "../../src/lab/correspondence.ts";
import { createNetworks, type Networks } from "../../src/network/pool.ts";
import { testDevice } from "../gpu.ts";
import { random, values } from "../graph/graphs.ts";
import { mirrors, SIDE } from "./mirrors.ts";

let device: GPUDevice;
let networks: Networks;
beforeAll(async () => {
  device = await testDevice();
  networks = createNetworks(device, mirrors());
});
afterAll(() => networks.destroy());

const picture = (seed: number) => values(SIDE * SIDE * 3, random(seed));

/** A picture whose contents are moved down and to the right, around the border. */
function shifted(from: Float32Array, down: number, right: number): Float32Array {
  return from.map((_, i) => {
    const [c, x, y] = [i % 3, Math.floor(i / 3) % SIDE, Math.floor(i / 3 / SIDE)];
    return from[(((y - down + SIDE) % SIDE) * SIDE + ((x - right + SIDE) % SIDE)) * 3 + c] ?? 0;
  });
}

describe("correspondence", () => {
  test.each(["cosine", "euclidean"] as const)("finds what was moved where it went, by %s", async (metric) => {
    const points = [2, 3, 4].flatMap((y) => [2, 3, 4].map((x) => ({ y, x })));
    const { matches, size, notes } = await correspondence(networks, picture(1), shifted(picture(1), 1, 2), {
      ...{ layer: "conv2", points, metric },
    });
    expect([size, notes]).toEqual([[SIDE, SIDE], []]);
    for (const [i, { from, to, distance, mutual }] of matches.entries()) {
      // What a place of conv2 sees reaches two pixels: these lie within both pictures.
      expect(from).toMatchObject(points[i] ?? {});
      if ((points[i]?.x ?? 0) > 3) continue;
      expect([to.y, to.x]).toEqual([(points[i]?.y ?? 0) + 1, (points[i]?.x ?? 0) + 2]);
      expect(distance).toBeLessThan(1e-5);
      expect(mutual).toBe(true);
      expect(to.pixel).toEqual({ y: to.y, x: to.x });
    }
  });

  test("is what naive loops find, and whether it is mutual", async () => {
    const own = await networks.of({ batch: 1 });
    const mapOf = async (data: Float32Array) => {
      device.queue.writeBuffer(own.input.buffer, 0, data.buffer, data.byteOffset, data.byteLength);
      const encoder = device.createCommandEncoder();
      own.forward(encoder);
      device.queue.submit([encoder.finish()]);
      const map = await readTensor(device, own.activation("conv1"));
      return Array.from({ length: SIDE * SIDE }, (_, n) => [...map.slice(n * 4, n * 4 + 4)] as number[]);
    };
    const [a, b] = [await mapOf(picture(1)), await mapOf(picture(2))];
    const dot = (p: readonly number[], q: readonly number[]) =>
      p.reduce((sum, v, i) => sum + v * (q[i] ?? 0), 0);
    const far = (p: readonly number[], q: readonly number[]) =>
      1 - dot(p, q) / Math.sqrt(dot(p, p) * dot(q, q));
    const least = (p: readonly number[], all: readonly number[][]) =>
      Math.min(...all.filter((q) => dot(q, q) > 0).map((q) => far(p, q)));
    const { matches } = await correspondence(networks, picture(1), picture(2), {
      layer: "conv1",
      grid: SIDE,
    });
    expect(matches.length).toBe(a.filter((vector) => dot(vector, vector) > 0).length);
    for (const { from, to, distance, mutual } of matches) {
      const place = from.y * SIDE + from.x;
      const [one, other] = [a[place] ?? [], b[to.y * SIDE + to.x] ?? []];
      expect(far(one, other)).toBeCloseTo(least(one, b), 9);
      expect(distance).toBeCloseTo(far(one, other), 9);
      // Places with a single channel above zero are equally near: rounding may tell them apart here.
      if (mutual) expect(far(one, other)).toBeCloseTo(least(other, a), 9);
      else expect(least(other, a.toSpliced(place, 1))).toBeLessThan(far(one, other) + 1e-12);
    }
    expect(matches.some(({ mutual }) => mutual)).toBe(true);
    expect(matches.some(({ mutual }) => !mutual)).toBe(true);
  });

  test("spreads a grid evenly, and says where there is nothing to compare", async () => {
    const { matches } = await correspondence(networks, picture(1), picture(1), { layer: "image", grid: 2 });
    expect(matches.map(({ from: { y, x } }) => [y, x])).toEqual([
      [2, 2],
      [2, 6],
      [6, 2],
      [6, 6],
    ]);
    const black = new Float32Array(SIDE * SIDE * 3);
    const none = await correspondence(networks, black, picture(1), { layer: "image", grid: 2 });
    expect(none.matches).toEqual([]);
    expect(none.notes).toEqual([expect.stringMatching(/^4 of 4 places have no match/)]);
    const lengths = await correspondence(networks, black, picture(1), {
      layer: "image",
      grid: 2,
      metric: "euclidean",
    });
    expect(lengths.matches).toHaveLength(4);
  });

  test.each([
    ["a layer without places", { layer: "gap" }, /a layer with places/],
    ["a point outside", { layer: "conv1", points: [{ y: 0, x: SIDE }] }, /0,0 to 7,7 in "conv1", got 0,8/],
    ["no point", { layer: "conv1", points: [] }, /got none/],
    [
      "points and a grid",
      { layer: "conv1", points: [{ y: 0, x: 0 }], grid: 2 },
      /points or a grid, got both/,
    ],
    ["a grid of none", { layer: "conv1", grid: 0 }, /1 or more places a side, got 0/],
  ])("refuses %s", async (_, options, words) => {
    const found = correspondence(networks, picture(1), picture(2), options);
    await expect(found).rejects.toThrow(InputError);
    await expect(found).rejects.toThrow(words);
  });
});
