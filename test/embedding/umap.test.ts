import { beforeAll, describe, expect, test } from "vitest";
import { mapQuality } from "../../src/embedding/map-quality.ts";
import { nearestNeighbours } from "../../src/embedding/neighbours.ts";
import type { Points } from "../../src/embedding/points.ts";
import { umap } from "../../src/embedding/umap.ts";
import { InputError } from "../../src/gpu/errors.ts";
import { testDevice } from "../gpu.ts";
import { numbers } from "../reference/numbers.ts";
import { firstOf, golden } from "./golden.ts";

let device: GPUDevice;
beforeAll(async () => {
  device = await testDevice();
});

const cloud = (n: number, d: number, seed = 1): Points => ({ data: numbers(n * d, seed), shape: [n, d] });

describe("umap", () => {
  test("keeps neighbours, is the same map twice, and another by another seed", async () => {
    const points = firstOf(golden()("points"), 300);
    const map = await umap(device, points, { epochs: 150 });
    expect(map.shape).toEqual([300, 2]);
    const { trustworthiness } = await mapQuality(device, points, map);
    expect(trustworthiness).toBeGreaterThan(0.93);
    const nearest = await nearestNeighbours(device, points, { k: 20 });
    expect(await umap(device, points, { epochs: 150, nearest })).toEqual(map);
    expect((await umap(device, points, { epochs: 150, seed: 1 })).data).not.toEqual(map.data);
  });

  test("is shown while it is made, and stops when told", async () => {
    const points = cloud(60, 4);
    const shown: number[] = [];
    const fractions: number[] = [];
    await umap(device, points, {
      epochs: 40,
      dimensions: 3,
      onProgress: (fraction) => fractions.push(fraction),
      onPlaces: ({ iteration, places }) => {
        expect(places.shape).toEqual([60, 3]);
        shown.push(iteration);
      },
    });
    expect([shown.at(-1), fractions.at(-1)]).toEqual([40, 1]);
    const stop = new AbortController();
    const stopped = umap(device, points, {
      epochs: 1_000_000,
      signal: stop.signal,
      onProgress: () => stop.abort(new Error("enough")),
    });
    await expect(stopped).rejects.toThrow("enough");
  });

  test("loses no number where points are identical", async () => {
    const { data } = await umap(
      device,
      { data: new Float32Array(120).fill(3), shape: [40, 3] },
      { epochs: 30 },
    );
    expect(data.every(Number.isFinite)).toBe(true);
  });

  test("says what is wrong", async () => {
    const wrong = (options: object, points = cloud(20, 3)) => expect(umap(device, points, options)).rejects;
    await wrong({ neighbours: 20 }).toThrow(/at least 2 and below 20 of 20 points, got 20/);
    await wrong({ neighbours: 1 }).toThrow(InputError);
    await wrong({ minDistance: 2 }).toThrow(/minDistance of 0 to the spread, got 1 and 2/);
    await wrong({ epochs: 0 }).toThrow(/at least 1 epoch/);
    await wrong({ seed: 0.5 }).toThrow(/seed/);
    await wrong({}, cloud(2, 2)).toThrow(/at least 3 points/);
    const nearest = await nearestNeighbours(device, cloud(20, 3), { k: 5 });
    await wrong({ nearest }).toThrow(/at least 14 of each, got 20×5/);
  });
});
