import { describe, expect, test } from "vitest";
import { type Cut, minCut, NEIGHBOURS } from "../../src/images/min-cut.ts";
import { maskOf } from "../../src/techniques/attribution/saliency-mask.ts";
import { random } from "../graph/graphs.ts";

/** A grid with random costs, whole numbers so that sums are exact. */
function grid(height: number, width: number, seed: number): Cut {
  const next = random(seed);
  const size = height * width;
  const lean = Float64Array.from({ length: size }, () => Math.round(6 * next()));
  const bond = new Float64Array(8 * size);
  for (let p = 0; p < size; p++) {
    for (let d = 4; d < 8; d++) {
      const [down, right] = NEIGHBOURS[d] ?? [0, 0];
      const [y, x] = [Math.floor(p / width) + down, (p % width) + right];
      if (y < 0 || y >= height || x < 0 || x >= width) continue;
      const cost = Math.max(0, Math.round(4 * next()));
      bond[8 * p + d] = cost;
      bond[8 * (y * width + x) + 7 - d] = cost;
    }
  }
  return { height, width, lean, bond };
}

function costOf({ width, lean, bond }: Cut, sides: ArrayLike<number>): number {
  let cost = 0;
  for (let p = 0; p < lean.length; p++) {
    const own = lean[p] ?? 0;
    cost += sides[p] === 1 ? Math.max(0, -own) : Math.max(0, own);
    for (let d = 4; d < 8; d++) {
      const [down, right] = NEIGHBOURS[d] ?? [0, 0];
      const q = p + down * width + right;
      if ((bond[8 * p + d] ?? 0) > 0 && sides[p] !== sides[q]) cost += bond[8 * p + d] ?? 0;
    }
  }
  return cost;
}

test.each([
  [1, 1],
  [1, 8],
  [3, 4],
  [4, 3],
])("a cut of %i×%i is the cheapest of all", (height, width) => {
  for (let seed = 0; seed < 25; seed++) {
    const cut = grid(height, width, seed);
    let least = Number.POSITIVE_INFINITY;
    for (let code = 0; code < 2 ** (height * width); code++) {
      least = Math.min(
        least,
        costOf(
          cut,
          Array.from(cut.lean, (_, p) => (code >> p) & 1),
        ),
      );
    }
    expect(costOf(cut, minCut(cut))).toBe(least);
  }
});

test("a large cut is found quickly, and no pixel alone would do better elsewhere", () => {
  const cut = grid(64, 64, 3);
  const sides = minCut(cut);
  const cost = costOf(cut, sides);
  for (let p = 0; p < sides.length; p += 97) {
    const other = sides.slice();
    other[p] = 1 - (other[p] ?? 0);
    expect(costOf(cut, other)).toBeGreaterThanOrEqual(cost);
  }
});

describe("a mask", () => {
  // A dark square on light ground; the map knows little of it.
  const [width, height] = [24, 20];
  const inside = (p: number) => Math.abs((p % width) - 12) < 6 && Math.abs(Math.floor(p / width) - 9) < 5;
  const data = Uint8Array.from(
    { length: width * height * 3 },
    (_, i) => (inside(Math.floor(i / 3)) ? 40 : 200) + (i % 7),
  );
  const map = Float32Array.from(
    { length: width * height },
    (_, p) => (inside(p) ? 2 : 0) + ((p * 13) % 11) / 11,
  );

  test("takes in the object from a few of its pixels", () => {
    const mask = maskOf({ width, height, data }, map);
    expect(mask.every((value, p) => value === Number(inside(p)))).toBe(true);
  });

  test("keeps the largest part only, unless told otherwise", () => {
    const spotted = data.slice();
    for (const p of [25, 26, 49, 50]) spotted.fill(42, 3 * p, 3 * p + 3);
    const image = { width, height, data: spotted };
    const count = (mask: Float32Array) => mask.reduce((sum, value) => sum + value, 0);
    const all = maskOf(image, map, { largest: false, smoothness: 0.1 });
    expect(count(all) - count(maskOf(image, map, { smoothness: 0.1 }))).toBe(4);
  });

  test.each([
    [{ foreground: 0.2 }, /background below foreground, got 0.3 and 0.2/],
    [{ background: -1 }, /got -1/],
    [{ smoothness: Number.NaN }, /smoothness of at least 0, got NaN/],
  ])("%o is refused", (options, message) => {
    expect(() => maskOf({ width, height, data }, map, options)).toThrow(message);
    expect(() => maskOf({ width, height, data }, map.slice(1))).toThrow(/map of 20×24/);
  });
});
