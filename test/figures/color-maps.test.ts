import {
  interpolateCividis,
  interpolateInferno,
  interpolateMagma,
  interpolateTurbo,
  interpolateViridis,
} from "d3-scale-chromatic";
import { describe, expect, test } from "vitest";
import {
  type ColorMapName,
  colorize,
  colorMap,
  DIVERGING_MAPS,
  isUneven,
  SEQUENTIAL_MAPS,
  UNEVEN_MAPS,
} from "../../src/figures/color-maps.ts";
import { InputError } from "../../src/gpu/errors.ts";

const D3 = {
  inferno: interpolateInferno,
  magma: interpolateMagma,
  viridis: interpolateViridis,
  cividis: interpolateCividis,
};

/** Red, green and blue of d3's notations: #rrggbb and rgb(r, g, b). */
function numbersOf(color: string): number[] {
  const found = color.startsWith("#") ? color.match(/[0-9a-f]{2}/g) : color.match(/\d+/g);
  return (found ?? []).map((text) => Number.parseInt(text, color.startsWith("#") ? 16 : 10));
}

/** Lightness in CIELAB of an 8-bit sRGB colour. */
function lightness([r = 0, g = 0, b = 0]: ArrayLike<number> & Iterable<number>): number {
  const [lr = 0, lg = 0, lb = 0] = [r, g, b].map((v) =>
    v <= 10 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4,
  );
  const y = 0.2126 * lr + 0.7152 * lg + 0.0722 * lb;
  return y > 0.008856 ? 116 * Math.cbrt(y) - 16 : 903.3 * y;
}

const entry = (name: ColorMapName, index: number) => [...colorMap(name).subarray(3 * index, 3 * index + 3)];

describe("colour maps", () => {
  test.each(SEQUENTIAL_MAPS)("%s is d3's, and grows lighter", (name) => {
    let before = -1;
    for (let i = 0; i < 256; i++) {
      expect(entry(name, i)).toEqual(numbersOf(D3[name](i / 255)));
      if (i % 8 === 0) {
        expect(lightness(entry(name, i))).toBeGreaterThan(before);
        before = lightness(entry(name, i));
      }
    }
  });

  test("turbo is d3's", () => {
    for (let i = 0; i < 256; i++) expect(entry("turbo", i)).toEqual(numbersOf(interpolateTurbo(i / 255)));
  });

  // Matplotlib 3.9: plt.cm.jet(i, bytes=True), whose channels are straight lines between the points of its _jet_data.
  test.each([
    [0, [0, 0, 127]],
    [255, [127, 0, 0]],
  ])("jet begins and ends in dark blue and dark red", (index, color) => {
    expect(entry("jet", index)).toEqual(color);
  });

  test("jet goes by blue, cyan, yellow and red, and is not uniform, as turbo is not", () => {
    const shape = (index: number) =>
      entry("jet", index).map((v) => (v > 230 ? "full" : v < 25 ? "none" : "part"));
    expect([28, 92, 166, 231].map(shape)).toEqual([
      ["none", "none", "full"],
      ["none", "full", "full"],
      ["full", "full", "none"],
      ["full", "none", "none"],
    ]);
    for (const name of UNEVEN_MAPS) {
      expect(isUneven(name)).toBe(true);
      const light = Array.from({ length: 256 }, (_, i) => lightness(entry(name, i)));
      // Lighter in the middle than at both ends: equal steps cannot look equal.
      expect(Math.max(...light.slice(80, 180))).toBeGreaterThan(
        Math.max(light[0] ?? 0, light[255] ?? 0) + 20,
      );
    }
    expect(SEQUENTIAL_MAPS.some(isUneven)).toBe(false);
  });

  test.each(DIVERGING_MAPS)("%s is neutral in the middle and equally light at both ends", (name) => {
    for (const middle of [127, 128]) {
      const [r = 0, g = 0, b = 0] = entry(name, middle);
      expect(Math.max(r, g, b) - Math.min(r, g, b)).toBeLessThanOrEqual(8);
    }
    expect(Math.abs(lightness(entry(name, 0)) - lightness(entry(name, 255)))).toBeLessThan(6);
    const [red = 0, , blue = 0] = entry(name, 230);
    expect(red).toBeGreaterThan(blue);
  });

  test("colours values between the limits, clamps beyond them and shows NaN as grey", () => {
    const { width, height, data } = colorize([0, 1, 2, -5, 9, Number.NaN], {
      map: "inferno",
      min: 0,
      max: 2,
      width: 3,
    });
    expect([width, height]).toEqual([3, 2]);
    const at = (i: number) => [...data.subarray(3 * i, 3 * i + 3)];
    expect(at(0)).toEqual(entry("inferno", 0));
    expect(at(1)).toEqual(entry("inferno", 128));
    expect(at(2)).toEqual(entry("inferno", 255));
    expect(at(3)).toEqual(entry("inferno", 0));
    expect(at(4)).toEqual(entry("inferno", 255));
    expect(at(5)).toEqual([128, 128, 128]);
  });

  test("refuses what cannot be right", () => {
    expect(() => colorMap("rainbow" as ColorMapName)).toThrow(InputError);
    expect(() => colorize([1, 2, 3], { map: "magma", min: 0, max: 1, width: 2 })).toThrow(/whole rows of 2/);
    expect(() => colorize([1], { map: "magma", min: 1, max: 0 })).toThrow(/min ≤ max/);
    expect(() => colorize([1], { map: "magma", min: 0, max: Number.NaN })).toThrow(/finite/);
  });
});
