import { describe, expect, test } from "vitest";
import { labOf, quickshift } from "../../src/images/quickshift.ts";

const picture = (height: number, width: number, colour: (y: number, x: number) => readonly number[]) => ({
  height,
  width,
  data: Uint8Array.from({ length: height * width * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return colour(Math.floor(pixel / width), pixel % width)[i % 3] ?? 0;
  }),
});

describe("quickshift", () => {
  test("makes one segment of what is flat: equal densities count as higher towards the top left", () => {
    for (const [height, width] of [
      [7, 9],
      [1, 12],
      [12, 1],
    ] as const) {
      const { labels, count } = quickshift(picture(height, width, () => [90, 90, 90]) as never, {
        kernel: 1,
      });
      expect(count).toBe(1);
      expect(new Set(labels)).toEqual(new Set([0]));
    }
  });

  test("parts two flat colours where they meet", () => {
    const halves = picture(6, 8, (_, x) => (x < 4 ? [255, 0, 0] : [0, 0, 255]));
    const { labels, count } = quickshift(halves as never, { kernel: 1, maxDistance: 10 });
    expect(count).toBe(2);
    expect([...labels].every((label, i) => label === Number(i % 8 >= 4))).toBe(true);
  });

  test("of two peaks equally near takes the first, row by row", () => {
    // A ridge that is the same from both ends: the middle pixel's neighbours are as dense and as far as each other.
    const ridge = picture(
      1,
      5,
      (_, x) =>
        [
          [0, 0, 0],
          [40, 40, 40],
          [60, 60, 60],
          [40, 40, 40],
          [0, 0, 0],
        ][x] ?? [],
    );
    const { labels, count } = quickshift(ridge as never, { kernel: 1, ratio: 0.1 });
    const [first, , middle, , last] = labels;
    expect(count).toBe(1);
    expect(middle).toBe(first);
    expect(last).toBe(first);
  });

  test("measures colours in L*a*b* under D65", () => {
    // http://www.brucelindbloom.com: sRGB red, and mid grey.
    for (const [rgb, lab] of [
      [
        [255, 0, 0],
        [53.24, 80.09, 67.2],
      ],
      [
        [119, 119, 119],
        [50.03, 0, 0],
      ],
    ] as const) {
      labOf(rgb).forEach((value, i) => {
        expect(value).toBeCloseTo(lab[i] ?? 0, 1);
      });
    }
  });
});
