import { describe, expect, test } from "vitest";
import { composePatches } from "../../src/figures/patches.ts";
import { InputError } from "../../src/gpu/errors.ts";

const patch = (width: number, height: number, caption = "") => ({
  caption,
  pixels: { width, height, data: new Uint8Array(width * height * 3).fill(90) },
});
const sizes = (svg: string): string[] =>
  [...svg.matchAll(/<image[^>]* width="(\d+)" height="(\d+)"/g)].map(([, w, h]) => `${w}×${h}`);

describe("a figure of patches", () => {
  test("shows small ones at a whole multiple, large ones smaller, and says which unit has none", () => {
    const { svg } = composePatches({
      title: "t",
      units: [
        { name: "unit 1", patches: [patch(7, 5, "0.5 cat"), patch(168, 84)] },
        { name: "unit 2", patches: [] },
      ],
    });
    expect(sizes(svg)).toEqual(["84×60", "84×42"]);
    expect(svg).toContain("0.5 cat");
    expect(svg).toContain("unit 2: none");
  });

  test("of many units sets three side by side, without captions", () => {
    const units = Array.from({ length: 30 }, (_, i) => ({
      name: `unit ${i}`,
      patches: [patch(44, 44, "word")],
    }));
    const { svg, width, height } = composePatches({ title: "t", units });
    expect(sizes(svg)).toHaveLength(30);
    expect(svg).not.toContain("word");
    expect(svg).toContain("unit 29");
    expect(height).toBeGreaterThan(10 * 44);
    expect(width).toBeGreaterThan(3 * 44);
  });

  test("refuses none at all", () => {
    expect(() => composePatches({ title: "t", units: [] })).toThrow(InputError);
  });
});
