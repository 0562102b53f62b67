import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { extentOf, pageOf, planOf, sheetOf, strideFor } from "../../demo/room/plan.ts";
import type { Graph, Layer } from "../../src/index.ts";

/** A graph of layers by op; a plan looks at no more of them than names, ops and inputs. */
function graphOf(...layers: readonly [name: string, op: Layer["op"], ...inputs: string[]][]): Graph {
  return {
    name: "g",
    layers: layers.map(([name, op, ...inputs]) => ({ name, op, inputs })),
  } as unknown as Graph;
}

describe("the row", () => {
  test("stands layers that only show another one's values with it", () => {
    const plan = planOf(
      graphOf(
        ["image", "input"],
        ["pad", "pad", "image"],
        ["conv", "conv2d", "pad"],
        ["bn", "batchNorm", "conv"],
        ["relu", "activation", "bn"],
        ["flat", "reshape", "relu"],
        ["logits", "dense", "flat"],
        ["probabilities", "softmax", "logits"],
      ),
    );
    expect(plan.map(({ stages, shown, depth }) => ({ stages, shown, depth }))).toEqual([
      { stages: ["image"], shown: "image", depth: 0 },
      { stages: ["pad"], shown: "pad", depth: 1 },
      { stages: ["conv", "bn", "relu", "flat"], shown: "relu", depth: 2 },
      { stages: ["logits", "probabilities"], shown: "logits", depth: 3 },
    ]);
  });

  test("sets branches beside one another, and a sum behind the longer", () => {
    const plan = planOf(
      graphOf(
        ["image", "input"],
        ["a", "conv2d", "image"],
        ["b", "conv2d", "a"],
        ["c", "conv2d", "a"],
        ["d", "conv2d", "c"],
        ["sum", "add", "b", "d"],
      ),
    );
    const at = Object.fromEntries(
      plan.map(({ shown, depth, lane, lanes, from }) => [shown, { depth, lane, lanes, from }]),
    );
    expect(at).toMatchObject({
      a: { depth: 1, lanes: 1 },
      b: { depth: 2, lane: 0, lanes: 2 },
      c: { depth: 2, lane: 1, lanes: 2 },
      d: { depth: 3, lanes: 1 },
      sum: { depth: 4, from: [2, 4] },
    });
  });

  test("leaves an activation by itself where others read what is before it", () => {
    const plan = planOf(
      graphOf(
        ["image", "input"],
        ["conv", "conv2d", "image"],
        ["relu", "activation", "conv"],
        ["sum", "add", "relu", "conv"],
      ),
    );
    expect(plan.map(({ stages }) => stages)).toEqual([["image"], ["conv"], ["relu"], ["sum"]]);
  });
});

const sizes = fc.tuple(
  fc.integer({ min: 1, max: 300 }),
  fc.integer({ min: 1, max: 300 }),
  fc.integer({ min: 1, max: 2048 }),
);

test("from afar no more is drawn than may be, and all of what is small", () => {
  fc.assert(
    fc.property(sizes, fc.integer({ min: 50, max: 500_000 }), ([height, width, channels], most) => {
      const [sy, sx, sc] = strideFor([height, width, channels], most);
      expect(Math.ceil(height / sy) * Math.ceil(width / sx) * Math.ceil(channels / sc)).toBeLessThanOrEqual(
        most,
      );
      if (height * width * channels <= most) expect([sy, sx, sc]).toEqual([1, 1, 1]);
    }),
  );
});

test("pages hold every map once, the one that is asked for, and never more than fits", () => {
  fc.assert(
    fc.property(
      sizes,
      fc.integer({ min: 1, max: 500_000 }),
      fc.integer({ min: -5, max: 3000 }),
      (size, voxels, map) => {
        const [height, width, channels] = size;
        const { first, maps, most } = pageOf(size, voxels, map);
        const chosen = Math.min(Math.max(0, map), channels - 1);
        expect(first).toBeLessThanOrEqual(chosen);
        expect(first + maps).toBeGreaterThan(chosen);
        expect(first % most).toBe(0);
        expect(maps === 1 || maps * height * width <= voxels).toBe(true);
        // The next page begins where this one ends.
        const next = first + maps;
        if (next < channels) expect(pageOf(size, voxels, next).first).toBe(next);
      },
    ),
  );
});

test("a sheet has room for every map, in rows that are all used", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2048 }),
      fc.double({ min: 0.2, max: 5, noNaN: true }),
      (count, aspect) => {
        const [columns, rows] = sheetOf(count, 10, 10, aspect);
        expect(columns * rows).toBeGreaterThanOrEqual(count);
        expect(columns * (rows - 1)).toBeLessThan(count);
      },
    ),
  );
  expect(sheetOf(24, 10, 10, 1.5)).toEqual([6, 4]);
});

test("larger layers stand larger, in their own proportions", () => {
  const largest = { edge: 224, channels: 512 };
  const [large, small] = [extentOf([224, 112, 64], largest), extentOf([14, 7, 64], largest)];
  expect(large.width / large.height).toBeCloseTo(0.5);
  expect(large.height).toBeCloseTo(6);
  expect(small.height).toBeLessThan(large.height);
  expect(extentOf([14, 14, 512], largest).depth).toBeGreaterThan(small.depth);
});
