import { describe, expect, test } from "vitest";
import { labOf, quickshift } from "../../src/images/quickshift.ts";

const picture = (height: number, width: number, color: (y: number, x: number) => readonly number[]) => ({
  height,
  width,
  data: Uint8Array.from({ length: height * width * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return color(Math.floor(pixel / width), pixel % width)[i % 3] ?? 0;
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

  test("takes the first of equal densities, row by row, for the higher one", () => {
    // Black has the densest pixels. The two greys see each other alone and are equally dense: the second follows the first,
    // and the first, which may follow no later one, the blacks beside it. The other way round they would be a segment.
    const greys = [0, 0, 120, 0, 120];
    const strip = picture(1, 5, (_, x) => Array<number>(3).fill(greys[x] ?? 0));
    expect([...quickshift(strip as never, { kernel: 0.7 }).labels]).toEqual([0, 0, 0, 0, 0]);
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
