import { describe, expect, test } from "vitest";
import type { Source } from "../../src/dataset/source.ts";
import { sourceOf } from "../../src/dataset/source-of.ts";
import { HeldOut, type HeldOutOptions, placesOf } from "../../src/lab/held-out.ts";

const data = new Uint8Array(3);

/** Pictures sorted by ten classes, or with the classes in turn. */
function pictures(count: number, order: "sorted" | "in turn", known = true) {
  let decoded = 0;
  const source: Source = sourceOf({
    name: "classes",
    ...(known ? { count } : {}),
    identity: () => [count, order],
    *items() {
      for (let i = 0; i < count; i++) {
        const label = String(order === "sorted" ? Math.floor((10 * i) / count) : i % 10);
        const load = async () => {
          decoded++;
          return { width: 1, height: 1, data };
        };
        yield { id: String(i), label, load };
      }
    },
  });
  return { source, decoded: () => decoded };
}

async function split(source: Source, options: HeldOutOptions) {
  const held = new HeldOut("test", source, options);
  const read = async (half: "train" | "test") => {
    const found: { index: number; label: string | undefined }[] = [];
    for await (const { index, label } of held.read(half)) found.push({ index, label });
    return found;
  };
  return { train: await read("train"), test: await read("test"), held };
}

describe("pictures that are held out", () => {
  test.each([
    [1000, "sorted", 128],
    [1000, "in turn", 128],
    [5000, "sorted", 60],
    [5000, "in turn", 60],
  ] as const)(
    "of %d, %s, are of every class, as those that are fitted to, and no others",
    async (count, order, each) => {
      const { source, decoded } = pictures(count, order);
      const { train, test: judged } = await split(source, { train: each, test: each });
      expect([train.length, judged.length]).toEqual([each, each]);
      expect(new Set([...train, ...judged].map(({ index }) => index)).size).toBe(2 * each);
      for (const half of [train, judged]) {
        expect(new Set(half.map(({ label }) => label)).size).toBe(10);
        expect(half.map(({ index }) => index)).toEqual(
          half.map(({ index }) => index).toSorted((a, b) => a - b),
        );
      }
      // Of a large data set not every picture is decoded, in each of two passes.
      expect(decoded()).toBeLessThan(count > 1000 ? count : 2 * count + 1);
    },
  );

  test("are half of a small data set, and what is left where one number is given", async () => {
    const { source } = pictures(11, "in turn");
    const usual = await split(source, {});
    expect([usual.train.length, usual.test.length]).toEqual([5, 5]);
    const most = await split(source, { train: 9 });
    expect([most.train.length, most.test.length]).toEqual([9, 2]);
  });

  test("of a stream are among the first, and fewer where it ends: that is said", async () => {
    const { source } = pictures(12, "in turn", false);
    const { train, test: judged, held } = await split(source, { train: 8, test: 8 });
    expect(train.length + judged.length).toBe(12);
    expect(held.notes.join()).toMatch(/pictures in place of 8 for/);
  });

  test("differ by the seed, and by nothing else", async () => {
    const { source } = pictures(100, "sorted");
    const of = async (seed: number) =>
      (await split(source, { train: 5, test: 5, seed })).train.map(({ index }) => index);
    expect(await of(1)).toEqual(await of(1));
    expect(await of(1)).not.toEqual(await of(2));
  });
});

test("places of a fit are spread over the map, each once, and all of a small one", () => {
  expect(placesOf(64, 64, 0, 0)).toBeUndefined();
  for (let picture = 0; picture < 50; picture++) {
    const places = placesOf(1000, 10, 3, picture) ?? new Int32Array();
    expect([...places].map((place) => Math.floor(place / 100))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  }
});
