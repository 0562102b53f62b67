import { describe, expect, test } from "vitest";
import { edgeDensity } from "../../src/lab/edges.ts";
import { pictureAttributes } from "../../src/lab/picture-attributes.ts";
import { random } from "../graph/graphs.ts";

const SIZE = 32;

function drawn(color: (x: number, y: number) => readonly [number, number, number]) {
  const data = new Uint8Array(SIZE * SIZE * 3);
  for (let i = 0; i < SIZE * SIZE; i++) data.set(color(i % SIZE, Math.floor(i / SIZE)), 3 * i);
  return { width: SIZE, height: SIZE, data };
}

describe("pictureAttributes", () => {
  test("a flat picture has brightness and colour, and nothing else", () => {
    const found = pictureAttributes(drawn(() => [0, 0, 255]));
    expect(found.brightness).toBeCloseTo(0.114, 6);
    expect(found.contrast).toBeCloseTo(0, 9);
    expect(found).toMatchObject({ sharpness: expect.closeTo(0, 6), clutter: 0, pixels: SIZE * SIZE });
    expect(found.hue).toBeCloseTo(240, 6);
    expect(found.saturation).toBe(1);
    expect(pictureAttributes(drawn(() => [90, 90, 90])).hue).toBeUndefined();
  });

  test("hues are those of HSV: red 0, yellow 60, green 120", () => {
    const hue = (r: number, g: number, b: number) =>
      pictureAttributes(
        drawn(() => [r, g, b]),
        ["hue"],
      ).hue;
    expect(
      [hue(255, 0, 0), hue(255, 255, 0), hue(0, 255, 0), hue(255, 0, 255)].map((v) => Math.round(v ?? -1)),
    ).toEqual([0, 60, 120, 300]);
  });

  test("a half black and half white picture has RMS contrast .5", () => {
    const half = drawn((x) => (x < SIZE / 2 ? [0, 0, 0] : [255, 255, 255]));
    expect(pictureAttributes(half).contrast).toBeCloseTo(0.5, 9);
    // The Laplacian is 255 and −255 in the two middle columns, 0 elsewhere: its variance is 2 · 255² / 32.
    expect(pictureAttributes(half).sharpness).toBeCloseTo((2 * 255 ** 2) / SIZE, 6);
    // One edge from top to bottom.
    expect(pictureAttributes(half).clutter).toBeCloseTo(1 / SIZE, 9);
  });

  test("only what is named is measured", () => {
    expect(
      Object.keys(
        pictureAttributes(
          drawn(() => [1, 2, 3]),
          ["pixels"],
        ),
      ),
    ).toEqual(["pixels"]);
  });

  test("noise is more cluttered than a square, and a blurred square less sharp than a hard one", () => {
    const next = random(3);
    const noise = pictureAttributes(
      drawn(() => {
        const v = Math.round(127 * (1 + next()));
        return [v, v, v];
      }),
    );
    const square = (edge: number) =>
      pictureAttributes(
        drawn((x, y) => {
          const d = Math.max(Math.abs(x - 15.5), Math.abs(y - 15.5)) - 8;
          const v = Math.round(255 * Math.min(1, Math.max(0, 0.5 - d / edge)));
          return [v, v, v];
        }),
      );
    expect(noise.clutter).toBeGreaterThan(2 * (square(1).clutter ?? 1));
    expect(square(6).sharpness).toBeLessThan((square(1).sharpness ?? 0) / 10);
    // A ridge runs once around the square of 16.
    expect((square(1).clutter ?? 0) * SIZE ** 2).toBeGreaterThan(52);
    expect((square(1).clutter ?? 0) * SIZE ** 2).toBeLessThan(72);
  });
});

test("rounding of 8-bit values is no edge", () => {
  const values = Float64Array.from({ length: 64 }, (_, i) => 0.5 + (i % 2) / 255);
  expect(edgeDensity({ width: 8, height: 8, values })).toBe(0);
});
