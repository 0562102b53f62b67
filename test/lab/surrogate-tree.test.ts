import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/gpu/errors.ts";
import { drawWithin, fitMixture, massOf } from "../../src/lab/gaussian-mixture.ts";
import { normalBelow, normalBetween, normalQuantile, truncatedNormal } from "../../src/lab/normal.ts";
import { bestStump, purityOf, sidesOf } from "../../src/lab/stump.ts";
import { dataTree, surrogateTree, type TreeNode, treeAnswers } from "../../src/lab/surrogate-tree.ts";
import { arraysOf } from "../../src/node/npz.ts";
import { Draws } from "../../src/sampling/draws.ts";

const PATH = "test/golden/tree.npz";
const arrays = new Map(arraysOf(readFileSync(PATH), PATH).map(({ name, array }) => [name, array]));
const golden = (name: string): number[] => Array.from(arrays.get(name)?.data ?? [], Number);

const rows = { data: Float32Array.from(golden("x")), width: 5 };
const answers = golden("y");
const [first, second] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];

describe("the normal distribution", () => {
  // scipy.stats.norm.cdf
  test.each([
    [0, 0.5],
    [1, 0.841344746],
    [-1.96, 0.0249978952],
    [-5, 2.86651572e-7],
    [-10, 7.61985302e-24],
  ])("below %f", (x, p) => {
    expect(normalBelow(x) / p).toBeCloseTo(1, 6);
    if (x > -8) expect(normalQuantile(p)).toBeCloseTo(x, 6);
  });

  test("truncated, far out at either end, stays within and keeps its form", () => {
    for (const [low, high] of [
      [6, 7],
      [-7, -6],
      [-1, 2],
      [3, second],
      [first, -3],
    ] as const) {
      const found = Array.from({ length: 99 }, (_, i) => truncatedNormal(low, high, (i + 1) / 100));
      for (const [i, x] of found.entries()) {
        expect(x).toBeGreaterThanOrEqual(low);
        expect(x).toBeLessThanOrEqual(high);
        expect(normalBetween(low, x) / normalBetween(low, high)).toBeCloseTo((i + 1) / 100, 3);
      }
    }
  });
});

describe("a mixture of Gaussians", () => {
  test("is as likely as scikit-learn's best of five", () => {
    const [likelihood = 0] = golden("likelihood");
    const best = Math.max(...[0, 1, 2, 3, 4].map((seed) => fitMixture(rows, 6, seed).logLikelihood));
    expect(best).toBeGreaterThan(likelihood - 0.01);
  });

  test("draws within a box as many as its mass says", () => {
    const mixture = fitMixture(rows, 6, 0);
    const whole = Array.from({ length: 5 }, () => [first, second] as const);
    expect(massOf(mixture, whole)).toBeCloseTo(1, 9);
    const box = whole.map((ends, d) =>
      d === 1 ? ([-1, 2] as const) : d === 3 ? ([first, 0] as const) : ends,
    );
    const all = drawWithin(mixture, whole, 20_000, new Draws(1, 1)) ?? new Float32Array();
    let inside = 0;
    for (let i = 0; i < all.length; i += 5) {
      const [b = 0, d = 0] = [all[i + 1], all[i + 3]];
      inside += Number(b > -1 && b <= 2 && d <= 0);
    }
    expect(Math.abs(inside / 20_000 - massOf(mixture, box))).toBeLessThan(0.02);
    const within = drawWithin(mixture, box, 500, new Draws(1, 2)) ?? new Float32Array();
    for (let i = 0; i < within.length; i += 5) {
      expect((within[i + 1] ?? 9) >= -1 && (within[i + 1] ?? 9) <= 2 && (within[i + 3] ?? 9) <= 0).toBe(true);
    }
    expect(drawWithin(mixture, box, 500, new Draws(1, 2))).toEqual(within);
  });

  test("takes features that never vary, and doubled rows", () => {
    const flat = { data: Float32Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? 4 : i % 6)), width: 3 };
    const mixture = fitMixture(flat, 5, 0);
    expect(mixture.weights.reduce((a, b) => a + b)).toBeCloseTo(1, 9);
    expect(() => fitMixture(flat, 21, 0)).toThrow(InputError);
  });
});

describe("a stump", () => {
  test("is scikit-learn's split", () => {
    const [feature, threshold = 0] = golden("stump");
    const stump = bestStump(rows, answers);
    expect(stump?.feature).toBe(feature);
    expect(stump?.threshold).toBeCloseTo(threshold, 5);
  });

  test("is none where the answers are one, or the rows", () => {
    expect(
      bestStump(
        rows,
        answers.map(() => 2),
      ),
    ).toBeUndefined();
    expect(bestStump({ data: new Float32Array(8), width: 2 }, [0, 1, 0, 1])).toBeUndefined();
  });

  test("parts at its threshold", () => {
    expect(sidesOf({ data: Float32Array.of(1, 2, 3), width: 1 }, { feature: 0, threshold: 2 })).toEqual([
      [0, 1],
      [2],
    ]);
    expect(purityOf([1, 1, 2, 2])).toBe(0.5);
  });
});

describe("a tree of data", () => {
  test("of as many leaves says what scikit-learn's says", async () => {
    const { root, nodes } = await dataTree(rows, answers, 15);
    expect(nodes).toBe(15);
    const found = treeAnswers(root, rows);
    const right = golden("tree");
    expect(found.filter((answer, i) => answer === right[i]).length / found.length).toBeGreaterThan(0.98);
  });
});

describe("a surrogate tree", () => {
  /** A function that a tree of four leaves says exactly. */
  const steps = async (data: Float32Array) =>
    Array.from({ length: data.length / 5 }, (_, i) => {
      const [a = 0, b = 0, c = 0] = data.subarray(5 * i);
      return a <= 1 ? (b <= 0 ? 0 : 1) : c <= -1 ? 2 : 3;
    });

  test("finds the steps of a function, and says what it says elsewhere", async () => {
    const tree = await surrogateTree(rows, steps, { samples: 1000, size: 7, components: 6 });
    expect(tree.nodes).toBe(7);
    const said = treeAnswers(tree.root, rows);
    const right = await steps(rows.data);
    const fidelity = said.filter((answer, i) => answer === right[i]).length / said.length;
    expect(fidelity).toBeGreaterThan(0.98);
    const features = new Set<number>();
    const visit = ({ split }: TreeNode): void => {
      if (!split) return;
      features.add(split.feature);
      visit(split.below);
      visit(split.above);
    };
    visit(tree.root);
    expect(features).toEqual(new Set([0, 1, 2]));
    const masses = (node: TreeNode): number[] =>
      node.split ? [...masses(node.split.below), ...masses(node.split.above)] : [node.mass];
    expect(masses(tree.root).reduce((a, b) => a + b)).toBeCloseTo(1, 5);
  });

  test("is the same for a seed, and a leaf where all answers are one", async () => {
    const options = { samples: 200, size: 7, components: 3, seed: 4 };
    expect(await surrogateTree(rows, steps, options)).toEqual(await surrogateTree(rows, steps, options));
    const one = await surrogateTree(
      rows,
      async (data) => new Array<number>(data.length / 5).fill(7),
      options,
    );
    expect(one.root).toEqual({ answer: 7, mass: expect.closeTo(1, 9), purity: 1 });
  });

  test("refuses too few rows and numbers that cannot be", async () => {
    await expect(surrogateTree({ data: new Float32Array(5), width: 5 }, steps)).rejects.toThrow(
      /two or more rows/,
    );
    await expect(surrogateTree(rows, steps, { size: 0 })).rejects.toThrow(/size to be a whole number/);
    await expect(surrogateTree(rows, steps, { components: 301 })).rejects.toThrow(/at least 301 rows/);
  });
});
