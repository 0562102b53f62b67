import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { mapQuality } from "../../src/embedding/map-quality.ts";
import type { Points } from "../../src/embedding/points.ts";
import { tsne } from "../../src/embedding/tsne.ts";
import { InputError } from "../../src/gpu/errors.ts";
import { testDevice } from "../gpu.ts";
import { forAll } from "../layers/check.ts";
import { numbers } from "../reference/numbers.ts";
import { golden } from "./golden.ts";

let device: GPUDevice;
beforeAll(async () => {
  device = await testDevice();
});

const cloud = (n: number, d: number, seed = 1): Points => ({ data: numbers(n * d, seed), shape: [n, d] });

/** Others of a point, nearest first, by a full sort. */
function sorted({ data, shape }: Points, i: number): number[] {
  const [n = 0, d = 0] = shape;
  const far = (j: number) => {
    let sum = 0;
    for (let c = 0; c < d; c++) sum += ((data[i * d + c] ?? 0) - (data[j * d + c] ?? 0)) ** 2;
    return sum;
  };
  return Array.from({ length: n }, (_, j) => j)
    .filter((j) => j !== i)
    .sort((a, b) => far(a) - far(b) || a - b);
}

describe("mapQuality", () => {
  test("agrees with scikit-learn on scikit-learn's map", async () => {
    const of = golden();
    const found = await mapQuality(device, of("points"), of("map"), { k: 12 });
    expect(found.trustworthiness).toBeCloseTo(of("trustworthiness").data[0] ?? 0, 5);
    expect(found.continuity).toBeCloseTo(of("continuity").data[0] ?? 0, 5);
    expect(found.recall).toBeCloseTo(of("recall").data[0] ?? 0, 5);
  });

  test("finds our map of the same points as good as scikit-learn's", async () => {
    const of = golden();
    const { places } = await tsne(device, of("points"));
    const found = await mapQuality(device, of("points"), places, { k: 12 });
    expect(found.trustworthiness).toBeGreaterThan((of("trustworthiness").data[0] ?? 1) - 0.01);
  });

  test("is its definition, at any number of points and neighbours", () =>
    forAll(
      fc.record({ n: fc.integer({ min: 5, max: 90 }), part: fc.double({ min: 0.1, max: 0.9, noNaN: true }) }),
      async ({ n, part }) => {
        const k = Math.max(1, Math.floor(((n - 1) / 2) * part));
        const [points, places] = [cloud(n, 7), cloud(n, 2, 3)];
        const found = await mapQuality(device, points, places, { k });
        let [near, far, both] = [0, 0, 0];
        for (let i = 0; i < n; i++) {
          const [truth, shown] = [sorted(points, i), sorted(places, i)];
          for (let r = 0; r < k; r++) {
            near += Math.max(0, truth.indexOf(shown[r] ?? -1) + 1 - k);
            far += Math.max(0, shown.indexOf(truth[r] ?? -1) + 1 - k);
            both += Number(truth.indexOf(shown[r] ?? -1) < k);
          }
        }
        const most = (n * k * (2 * n - 3 * k - 1)) / 2;
        expect(found.trustworthiness).toBeCloseTo(1 - near / most, 10);
        expect(found.continuity).toBeCloseTo(1 - far / most, 10);
        expect(found.recall).toBeCloseTo(both / (n * k), 10);
      },
    ));

  test("a map that is the points is perfect, also of many tiles, and where points are identical", async () => {
    const perfect = { trustworthiness: 1, continuity: 1, recall: 1 };
    const fractions: number[] = [];
    const points = cloud(2300, 2);
    const onProgress = (fraction: number) => fractions.push(fraction);
    expect(await mapQuality(device, points, points, { onProgress })).toEqual(perfect);
    expect(fractions.at(-1)).toBe(1);
    const same = { data: new Float32Array(120).fill(1), shape: [60, 2] };
    expect(await mapQuality(device, same, same)).toEqual(perfect);
  });

  test("says what is wrong", async () => {
    const points = cloud(20, 3);
    await expect(mapQuality(device, points, cloud(19, 2))).rejects.toThrow(
      /a place of each of 20 points, got 19/,
    );
    await expect(mapQuality(device, points, cloud(20, 2), { k: 10 })).rejects.toThrow(
      /below 10, half of 20 points/,
    );
    await expect(mapQuality(device, points, cloud(20, 2), { k: 0 })).rejects.toThrow(InputError);
  });
});
