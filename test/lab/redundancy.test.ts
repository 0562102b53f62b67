import { describe, expect, test } from "vitest";
import type { LayerReport } from "../../src/dataset/survey/report.ts";
import { InputError } from "../../src/gpu/errors.ts";
import { redundancy } from "../../src/lab/redundancy.ts";

const PLACES = 8;
/** Eight values a channel: one of each kind that there is. */
const VALUES = [
  [0, 0, 0, 0, 0, 0, 0, 0], // 0: dead
  [3, 3, 3, 3, 3, 3, 3, 3], // 1: constant
  [0, 6, 6, 6, 6, 6, 0, 6], // 2: saturated
  [1, 2, 3, 4, 5, 6, 7, 8], // 3
  [2, 4, 6, 8, 10, 12, 14, 16], // 4: twice 3
  [8, 7, 6, 5, 4, 3, 2, 1], // 5: 3 turned round
  [1, 0, 5, 0, 2, 0, 0, 4], // 6: itself
  [5, 1, 5, 1, 1, 5, 1, 5.1], // 7: 8 but for a little
  [5, 1, 5, 1, 1, 5, 1, 5], // 8
];

/** A layer's report by plain loops. */
function report(values: readonly (readonly number[])[]): LayerReport {
  const mean = values.map((own) => own.reduce((a, b) => a + b) / PLACES);
  const joint = (a: number, b: number): number =>
    (values[a] ?? []).reduce(
      (sum, x, i) => sum + (x - (mean[a] ?? 0)) * ((values[b]?.[i] ?? 0) - (mean[b] ?? 0)),
      0,
    );
  const channels = [...values.keys()];
  const statistics = {
    count: PLACES,
    mean,
    m2: channels.map((c) => joint(c, c)),
    min: values.map((own) => Math.min(...own)),
    max: values.map((own) => Math.max(...own)),
    zeros: values.map((own) => own.filter((x) => x === 0).length),
  };
  const bins = 4;
  const ranges = values.map((own) => [Math.min(...own) - 1, Math.max(...own) + 1] as const);
  return {
    layer: "l",
    shape: [values.length],
    statistics,
    top: { k: 0, perImage: true, channels: values.map(() => []) },
    histogram: {
      ranges,
      counts: values.map((own, c) => {
        const [least, most] = ranges[c] ?? [0, 1];
        const counts = Array<number>(bins).fill(0);
        for (const x of own) {
          const bin = Math.floor(((x - least) / (most - least)) * bins);
          counts[bin] = (counts[bin] ?? 0) + 1;
        }
        return counts;
      }),
      below: values.map(() => 0),
      above: values.map(() => 0),
    },
    comoments: { statistics, comoments: channels.flatMap((a) => channels.map((b) => joint(a, b))) },
    labels: [
      { label: "x", pictures: 2, means: [1, 3] },
      { label: "y", pictures: 2, means: [10, 10] },
      { label: "none", pictures: 0, means: [Number.NaN, Number.NaN] },
    ],
  };
}

describe("redundancy", () => {
  const found = redundancy(report(VALUES));

  test("lists dead, constant and saturated channels, each once", () => {
    expect(found.dead).toEqual([0]);
    expect(found.constant).toEqual([1]);
    expect(found.saturated).toEqual([2]);
  });

  test("finds twins of either sign, strongest first, and joins them to groups", () => {
    expect(found.twins?.map(({ a, b }) => [a, b])).toEqual([
      [3, 4],
      [3, 5],
      [4, 5],
      [7, 8],
    ]);
    expect(found.twins?.[1]?.correlation).toBeCloseTo(-1, 12);
    expect(found.groups).toEqual([
      [3, 4, 5],
      [7, 8],
    ]);
    expect(redundancy(report(VALUES), { threshold: 0.99999 }).groups).toEqual([[3, 4, 5]]);
  });

  test("sums means that were standardised over the channels, label by label", () => {
    // (1, 3) becomes (−1, 1), (10, 10) does not vary, the label without pictures does not count.
    expect(found.standardisedMeans).toEqual([-1, 1]);
  });

  test("says nothing of what the survey did not keep", () => {
    const { histogram: _, comoments: __, ...plain } = report(VALUES);
    const bare = redundancy({ ...plain, labels: [] });
    expect([bare.saturated, bare.twins, bare.groups, bare.standardisedMeans]).toEqual(
      Array(4).fill(undefined),
    );
  });

  test.each([-0.1, 1, Number.NaN])("refuses a threshold of %d", (threshold) => {
    expect(() => redundancy(report(VALUES), { threshold })).toThrow(InputError);
    expect(() => redundancy(report(VALUES), { saturation: threshold })).toThrow(InputError);
  });
});
