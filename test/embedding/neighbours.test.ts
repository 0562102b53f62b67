import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { nearestNeighbours } from "../../src/embedding/neighbours.ts";
import type { Points } from "../../src/embedding/points.ts";
import { InputError } from "../../src/gpu/errors.ts";
import { testDevice, withLimits } from "../gpu.ts";
import { forAll } from "../layers/check.ts";
import { numbers } from "../reference/numbers.ts";

let device: GPUDevice;
beforeAll(async () => {
  device = await testDevice();
});

const cloud = (n: number, d: number, seed = 1): Points => ({ data: numbers(n * d, seed), shape: [n, d] });

/** Distances by plain loops in f64. */
function distance(a: Points, i: number, b: Points, j: number, metric: "euclidean" | "cosine"): number {
  const d = a.shape[1] ?? 0;
  let [squares, product, lengthA, lengthB] = [0, 0, 0, 0];
  for (let c = 0; c < d; c++) {
    const [u, v] = [a.data[i * d + c] ?? 0, b.data[j * d + c] ?? 0];
    squares += (u - v) ** 2;
    product += u * v;
    lengthA += u * u;
    lengthB += v * v;
  }
  return metric === "cosine" ? 1 - product / Math.sqrt(lengthA * lengthB) : Math.sqrt(squares);
}

/** Holds an answer against a full sort in f64: the distances, and the numbers wherever rounding leaves no choice. */
function check(
  points: Points,
  queries: Points | undefined,
  k: number,
  metric: "euclidean" | "cosine",
  { indices, distances, shape }: Awaited<ReturnType<typeof nearestNeighbours>>,
): void {
  const from = queries ?? points;
  const [n = 0] = points.shape;
  expect(shape).toEqual([from.shape[0], k]);
  for (let q = 0; q < shape[0]; q++) {
    const all = Array.from({ length: n }, (_, j) => ({ j, far: distance(from, q, points, j, metric) }))
      .filter(({ j }) => queries || j !== q)
      .sort((a, b) => a.far - b.far || a.j - b.j);
    const found = [...indices.subarray(q * k, q * k + k)];
    expect(new Set(found).size).toBe(k);
    for (const [i, j] of found.entries()) {
      const far = all[i]?.far ?? Number.NaN;
      expect(Math.abs((distances[q * k + i] ?? Number.NaN) - far)).toBeLessThan(2e-6 * Math.max(1, far));
      const apart = (other: number | undefined) => other === undefined || Math.abs(other - far) > 4e-6;
      if (apart(all[i - 1]?.far) && apart(all[i + 1]?.far)) expect(j).toBe(all[i]?.j);
    }
  }
}

describe("nearestNeighbours", () => {
  test("agrees with a full sort in double precision, for any numbers of points, channels and neighbours", () =>
    forAll(
      fc.record({
        n: fc.integer({ min: 2, max: 150 }),
        d: fc.constantFrom(1, 2, 3, 15, 16, 17, 33),
        m: fc.integer({ min: 0, max: 70 }),
        k: fc.integer({ min: 1, max: 149 }),
        metric: fc.constantFrom("euclidean" as const, "cosine" as const),
      }),
      async ({ n, d, m, k, metric }) => {
        const points = cloud(n, d);
        const queries = m > 0 ? cloud(m, d, 2) : undefined;
        const most = Math.min(k, queries ? n : n - 1);
        check(
          points,
          queries,
          most,
          metric,
          await nearestNeighbours(device, points, { k: most, metric, queries }),
        );
      },
    ));

  test("takes many points for few queries, dealt out to many lists", async () => {
    const points = cloud(3000, 5);
    const queries = cloud(3, 5, 7);
    check(points, queries, 9, "euclidean", await nearestNeighbours(device, points, { k: 9, queries }));
  });

  test("gives the same bits twice, for one query as among many, and from points in several parts", async () => {
    const points = cloud(2500, 20);
    const whole = await nearestNeighbours(device, points, { k: 12 });
    expect(await nearestNeighbours(device, points, { k: 12 })).toEqual(whole);
    const one = { data: points.data.slice(2222 * 20, 2223 * 20), shape: [1, 20] };
    const ofOne = await nearestNeighbours(device, points, { k: 13, queries: one });
    expect([...ofOne.indices.slice(1)]).toEqual([...whole.indices.slice(2222 * 12, 2223 * 12)]);
    expect([...ofOne.distances.slice(1)]).toEqual([...whole.distances.slice(2222 * 12, 2223 * 12)]);
    // 700 rows a part, and blocks of queries that all parts are read for.
    const small = withLimits(device, { maxStorageBufferBindingSize: 700 * 20 * 4 });
    expect(await nearestNeighbours(small, points, { k: 12 })).toEqual(whole);
  });

  test("of equals the smaller number comes first; identical points are at 0", async () => {
    const points = { data: new Float32Array(300 * 4).fill(0.3), shape: [300, 4] };
    const { indices, distances } = await nearestNeighbours(device, points, { k: 3 });
    expect([...indices.slice(0, 6)]).toEqual([1, 2, 3, 0, 2, 3]);
    expect([...indices.slice(-3)]).toEqual([0, 1, 2]);
    expect(distances.every((far) => far === 0)).toBe(true);
    const grid = { data: Float32Array.from({ length: 400 }, (_, i) => i % 5), shape: [400, 1] };
    const queries = { data: new Float32Array([2, 9]), shape: [2, 1] };
    const near = await nearestNeighbours(device, grid, { k: 4, queries });
    expect([...near.indices]).toEqual([2, 7, 12, 17, 4, 9, 14, 19]);
    expect([...near.distances]).toEqual([0, 0, 0, 0, 5, 5, 5, 5]);
  });

  test("takes numbers whose squares would overflow or vanish", async () => {
    const points = cloud(40, 6);
    const expected = await nearestNeighbours(device, points, { k: 5 });
    for (const unit of [2 ** 90, 2 ** -100]) {
      const far = { data: points.data.map((value) => value * unit), shape: points.shape };
      const { indices, distances } = await nearestNeighbours(device, far, { k: 5 });
      expect(indices).toEqual(expected.indices);
      expect(distances).toEqual(expected.distances.map((value) => value * unit));
    }
  });

  test("says what is wrong", async () => {
    const points = cloud(4, 3);
    const wrong = (k: number, more: object = {}, from = points) =>
      expect(nearestNeighbours(device, from, { k, ...more })).rejects;
    await wrong(4).toThrow(/expected a k of 1 to 3, since 4 points have 3 others each, got 4/);
    await wrong(0).toThrow(InputError);
    await wrong(1.5).toThrow(InputError);
    await wrong(1, {}, cloud(1, 3)).toThrow(/1 points have 0 others/);
    await wrong(5, { queries: points }).toThrow(/expected a k of 1 to 4/);
    await wrong(1, { queries: cloud(2, 5) }).toThrow(/queries of 3 numbers each.*got 5/);
    await wrong(1, {}, { ...points, shape: [3, 3] }).toThrow(/got 12 for 3×3/);
    const broken = { ...points, data: points.data.slice() };
    broken.data[7] = Number.NaN;
    await wrong(1, {}, broken).toThrow(/got NaN at points \[2, 1\]/);
    const zero = { ...points, data: points.data.slice().fill(0, 3, 6) };
    await wrong(1, { metric: "cosine" }, zero).toThrow(/zeros only at points \[1\]/);
    await wrong(1, { metric: "manhattan" }).toThrow(/"euclidean", "cosine"/);
    await wrong(1, { signal: AbortSignal.abort(new Error("stopped")) }).toThrow("stopped");
  });

  test("reports progress, and stops when told", async () => {
    const points = cloud(500, 3);
    const fractions: number[] = [];
    await nearestNeighbours(device, points, { k: 2, onProgress: (fraction) => fractions.push(fraction) });
    expect(fractions.at(-1)).toBe(1);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    const stop = new AbortController();
    const stopped = nearestNeighbours(device, points, {
      k: 2,
      signal: stop.signal,
      onProgress: () => stop.abort(new Error("enough")),
    });
    await expect(stopped).rejects.toThrow("enough");
  });
});
