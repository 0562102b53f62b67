import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { nearestNeighbours } from "../../src/embedding/neighbours.ts";
import type { Points } from "../../src/embedding/points.ts";
import { affinitiesOf, createTsne, tsne } from "../../src/embedding/tsne.ts";
import { InputError } from "../../src/gpu/errors.ts";
import { createTensor, readTensor } from "../../src/gpu/tensor.ts";
import { createRepulsion, createTsneGradient, repulsionShape } from "../../src/kernels/tsne.ts";
import { testDevice } from "../gpu.ts";
import { forAll } from "../layers/check.ts";
import { submitTo } from "../layers/run.ts";
import { expectClose, numbers, relativeDistance } from "../reference/numbers.ts";
import { firstOf, golden } from "./golden.ts";

let device: GPUDevice;
beforeAll(async () => {
  device = await testDevice();
});

const cloud = (n: number, d: number, seed = 1): Points => ({ data: numbers(n * d, seed), shape: [n, d] });

/** Joint probabilities as a whole matrix. */
async function dense(points: Points, k: number, perplexity: number): Promise<Float32Array> {
  const [n = 0] = points.shape;
  const nearest = await nearestNeighbours(device, points, { k });
  const { starts, others, p } = await affinitiesOf(device, nearest, k, perplexity);
  const whole = new Float32Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let at = starts[i] ?? 0; at < (starts[i + 1] ?? 0); at++)
      whole[i * n + (others[at] ?? 0)] = p[at] ?? 0;
  }
  return whole;
}

/** The gradient of the divergence and the divergence itself, by plain loops in f64. */
function exact(p: Float32Array, y: Float32Array, n: number, d: number, exaggeration: number) {
  const apart = (i: number, j: number) =>
    Array.from({ length: d }, (_, c) => (y[i * d + c] ?? 0) - (y[j * d + c] ?? 0));
  const weight = (i: number, j: number) => 1 / (1 + apart(i, j).reduce((sum, v) => sum + v * v, 0));
  let whole = 0;
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) if (i !== j) whole += weight(i, j);
  const gradient = new Float64Array(n * d);
  let divergence = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      if (i === j) continue;
      const [w, pair] = [weight(i, j), p[i * n + j] ?? 0];
      if (pair > 0) divergence += pair * Math.log((pair * whole) / w);
      for (const [c, v] of apart(i, j).entries()) {
        gradient[i * d + c] = (gradient[i * d + c] ?? 0) + 4 * (exaggeration * pair - w / whole) * w * v;
      }
    }
  }
  return { gradient, divergence };
}

describe("probabilities of pairs", () => {
  test("agree with scikit-learn's", async () => {
    const of = golden();
    const found = await dense(firstOf(of("points"), 200), 31, 10);
    expectClose(found, of("affinities").data, 2e-5);
    expect(found.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
  });

  test("are of the perplexity that was asked, at any number of points and neighbours", () =>
    forAll(
      fc.record({
        n: fc.integer({ min: 5, max: 90 }),
        k: fc.integer({ min: 4, max: 89 }),
        part: fc.double({ min: 0.3, max: 0.9, noNaN: true }),
      }),
      async ({ n, k: most, part }) => {
        const k = Math.min(most, n - 1);
        const perplexity = Math.max(1.5, part * k);
        const nearest = await nearestNeighbours(device, cloud(n, 6), { k });
        const { starts, others, p } = await affinitiesOf(device, nearest, k, perplexity);
        // Both rows of a pair say the same, and where only i picked j, 2n·p is what i makes of it.
        const at = new Map<string, number>();
        for (let i = 0; i < n; i++) {
          for (let a = starts[i] ?? 0; a < (starts[i + 1] ?? 0); a++) at.set(`${i} ${others[a]}`, p[a] ?? 0);
        }
        for (const [pair, value] of at) expect(at.get(pair.split(" ").reverse().join(" "))).toBe(value);
        // β by bisection in f64, on the same distances.
        const expected = new Map<string, number>();
        for (let i = 0; i < n; i++) {
          const squares = [...nearest.distances.subarray(i * k, i * k + k)].map((far) => far ** 2);
          const entropy = (beta: number) => {
            const likely = squares.map((s) => Math.exp(-beta * (s - (squares[0] ?? 0))));
            const sum = likely.reduce((a, b) => a + b);
            return {
              likely: likely.map((v) => v / sum),
              entropy: -likely.reduce((h, v) => h + (v > 0 ? (v / sum) * Math.log(v / sum) : 0), 0),
            };
          };
          let [low, high] = [0, 1e9];
          for (let step = 0; step < 200; step++) {
            const middle = (low + high) / 2;
            if (entropy(middle).entropy > Math.log(perplexity)) low = middle;
            else high = middle;
          }
          for (const [a, value] of entropy(low).likely.entries()) {
            const j = nearest.indices[i * k + a];
            for (const pair of [`${i} ${j}`, `${j} ${i}`])
              expected.set(pair, (expected.get(pair) ?? 0) + value / (2 * n));
          }
        }
        expect([...at.keys()].sort()).toEqual([...expected.keys()].sort());
        const pairs = [...expected.keys()];
        expectClose(
          Float32Array.from(pairs, (pair) => at.get(pair) ?? 0),
          pairs.map((pair) => expected.get(pair) ?? 0),
          1e-4,
        );
      },
    ));
});

describe("the gradient of t-SNE", () => {
  test.each([
    [40, 2, 0],
    [41, 3, 1],
    [301, 2, 1],
    [600, 3, 0],
  ])(
    "agrees with plain loops in double precision: %i points in %i dimensions, iteration %i",
    async (n, d, step) => {
      const k = 12;
      const nearest = await nearestNeighbours(device, cloud(n, 5), { k });
      const { starts, others, p } = await affinitiesOf(device, nearest, k, 5);
      const y = numbers(n * d, 3).map((value) => 4 * value);
      const words = (data: Uint32Array) => createTensor(device, [data.length], { dtype: "u32", data });
      const site = {
        y: createTensor(device, [n, d], { data: y }),
        starts: words(starts),
        others: words(others),
        p: createTensor(device, [p.length], { data: p }),
        sums: createTensor(device, repulsionShape(n)),
        whole: createTensor(device, [1]),
        step: words(new Uint32Array([step])),
        g: createTensor(device, [n, d]),
      };
      const repulsion = await createRepulsion(device, site);
      const gradient = await createTsneGradient(device, { ...site, early: 1, exaggeration: 12 });
      submitTo(device, repulsion, gradient);
      const found = await readTensor(device, site.g);
      for (const made of [repulsion, gradient, ...Object.values(site).map(({ buffer }) => buffer)])
        made.destroy();
      const expected = exact(await dense(cloud(n, 5), k, 5), y, n, d, step === 0 ? 12 : 1).gradient;
      expect(relativeDistance(found, expected)).toBeLessThan(2e-6);
    },
  );
});

describe("tsne", () => {
  test("is as good a map as scikit-learn's of the same points, and the same bits twice", async () => {
    const of = golden();
    const points = of("points");
    const first = await tsne(device, points);
    expect(first.places.shape).toEqual([1000, 2]);
    const divergence = of("divergence").data[0] ?? Number.NaN;
    expect(Math.abs(first.divergence / divergence - 1)).toBeLessThan(0.05);
    const again = await tsne(device, points, { nearest: first.nearest });
    expect(again.places).toEqual(first.places);
    expect(again.divergence).toBe(first.divergence);
  });

  test("says the divergence of the map that it gives", async () => {
    const points = cloud(150, 8);
    const { places, divergence } = await tsne(device, points, {
      iterations: 60,
      perplexity: 8,
      early: 20,
      dimensions: 3,
    });
    expect(places.shape).toEqual([150, 3]);
    const p = await dense(points, 25, 8);
    expect(divergence).toBeCloseTo(exact(p, places.data, 150, 3, 1).divergence, 5);
  });

  test("follows the iterations of its definition, in double precision", async () => {
    const [n, d] = [60, 2];
    const points = cloud(n, 5);
    const start = { data: numbers(n * d, 9).map((value) => value * 1e-2), shape: [n, d] };
    const map = await createTsne(device, points, {
      perplexity: 7,
      early: 10,
      rate: 40,
      start,
      exaggeration: 4,
    });
    const p = await dense(points, 22, 7);
    let y = Float64Array.from(start.data);
    let velocity = new Float64Array(n * d);
    let gains = new Float64Array(n * d).fill(1);
    for (let step = 0; step < 20; step++) {
      if (step === 10) [velocity, gains] = [new Float64Array(n * d), new Float64Array(n * d).fill(1)];
      const g = exact(p, Float32Array.from(y), n, d, step < 10 ? 4 : 1).gradient;
      gains = gains.map((gain, i) =>
        Math.max(0.01, (velocity[i] ?? 0) * (g[i] ?? 0) < 0 ? gain + 0.2 : gain * 0.8),
      );
      velocity = velocity.map((v, i) => (step < 10 ? 0.5 : 0.8) * v - 40 * (gains[i] ?? 1) * (g[i] ?? 0));
      y = y.map((value, i) => value + (velocity[i] ?? 0));
    }
    await map.run({ iterations: 20 });
    const { data } = await map.read();
    map.destroy();
    expect(relativeDistance(data, y)).toBeLessThan(1e-4);
  });

  test("is shown while it is made, stops when told, keeps the map, and goes on to the same bits", async () => {
    const points = cloud(200, 6);
    const options = { perplexity: 10, early: 30, start: "random", seed: 5 } as const;
    const whole = await createTsne(device, points, options);
    await whole.run({ iterations: 80 });
    const map = await createTsne(device, points, options);
    const stop = new AbortController();
    const run = map.run({
      iterations: 80,
      signal: stop.signal,
      onProgress: (fraction) => fraction > 0.2 && stop.abort(new Error("enough")),
    });
    await expect(run).rejects.toThrow("enough");
    const there = map.iteration;
    expect(there).toBeGreaterThan(16);
    expect(there).toBeLessThan(80);
    expect((await map.read()).data.some((value) => value !== 0)).toBe(true);
    const shown: number[] = [];
    await map.run({ iterations: 80 - there, onPlaces: ({ iteration }) => shown.push(iteration) });
    expect(shown.at(-1)).toBe(80);
    expect((await map.read()).data).toEqual((await whole.read()).data);
    const other = await createTsne(device, points, { ...options, seed: 6 });
    expect((await other.read()).data).not.toEqual(whole.places);
    for (const made of [map, whole, other]) made.destroy();
  });

  test("identical points stay at one place, and no number is lost", async () => {
    const points = { data: new Float32Array(60 * 4).fill(0.7), shape: [60, 4] };
    const { places, divergence } = await tsne(device, points, { iterations: 300 });
    expect(places.data.every((value) => value === 0)).toBe(true);
    expect(Number.isFinite(divergence)).toBe(true);
    const random = await tsne(device, points, { iterations: 300, start: "random" });
    expect(random.places.data.every(Number.isFinite)).toBe(true);
    // All but one.
    points.data[3] = 5;
    const mixed = await tsne(device, points, { iterations: 300 });
    expect(mixed.places.data.every(Number.isFinite)).toBe(true);
  });

  test("maps three points, and points of one number", async () => {
    const three = await tsne(
      device,
      { data: new Float32Array([0, 1, 5]), shape: [3, 1] },
      { iterations: 20 },
    );
    expect(three.places.shape).toEqual([3, 2]);
    expect(three.places.data.every(Number.isFinite)).toBe(true);
  });

  test("says what is wrong", async () => {
    const points = cloud(20, 3);
    const wrong = (options: object, from = points) => expect(tsne(device, from, options)).rejects;
    await wrong({ perplexity: 20 }).toThrow(/a perplexity of at least 1 and below 20 of 20 points, got 20/);
    await wrong({ perplexity: 5, neighbours: 4 }).toThrow(/neighbours of at least the perplexity 5/);
    await wrong({ neighbours: 20 }).toThrow(InputError);
    await wrong({ dimensions: 4 }).toThrow(/dimensions of 2, 3, got 4/);
    await wrong({ start: "middle" }).toThrow(/"pca", "random" or places, got "middle"/);
    await wrong({ start: cloud(20, 3) }).toThrow(/a start of 20×2, got 20×3/);
    await wrong({ rate: 0 }).toThrow(/a rate above 0/);
    await wrong({ iterations: 0 }).toThrow(/at least 1 iteration/);
    await wrong({ seed: -1 }).toThrow(/seed/);
    await wrong({}, cloud(2, 3)).toThrow(/at least 3 points, got 2/);
    await wrong({ rate: 1e38, iterations: 5 }).toThrow(
      /grown beyond all numbers; use a smaller rate than 1e\+38/,
    );
    const nearest = await nearestNeighbours(device, points, { k: 3 });
    await wrong({ nearest }).toThrow(/nearest of 20 points, at least 19 of each, got 20×3/);
    const stopped = AbortSignal.abort(new Error("stopped"));
    await wrong({ signal: stopped }).toThrow("stopped");
  });
});
